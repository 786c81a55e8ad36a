"""What mails look like: small HTML documents that load nothing."""

from __future__ import annotations

from html import escape

__all__ = ["html_of_text", "with_sender"]

_FROM = '{body}\n<p style="color:#5b6676">&#8212; {sender}</p>\n'


def html_of_text(text: str) -> str:
    """Return plain text as HTML that shows the same lines."""
    return f"<p>{escape(text, quote=False).replace(chr(10), '<br>' + chr(10))}</p>"


def with_sender(body_html: str, name: str, address: str) -> str:
    """Return a message with the person who wrote it below."""
    sender = escape(name, quote=False)
    if address:
        shown = escape(address)
        sender += f' &lt;<a href="mailto:{shown}">{shown}</a>&gt;'
    return _FROM.format(body=body_html, sender=sender)
