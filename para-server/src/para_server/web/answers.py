"""Answers to browsers: redirects and pages."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from para_server.http.answers import Answer, error_answer
from para_server.pages import error_page
from para_server.web.request import WebRequest

__all__ = ["HTML", "page_answer", "redirect", "refusal"]

HTML = b"text/html;charset=UTF-8"
_RULES = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
_POLICY = (b"content-security-policy", _RULES.encode())
_SAFE = "!#$%&'()*+,/:;=?@[]-._~"  # what an address is made of, and escapes that are there already


def redirect(
    request: WebRequest, target: str, headers: Sequence[tuple[bytes, bytes]] = ()
) -> Answer:
    """Send the browser to a target; a path becomes absolute."""
    location = quote(request.absolute(target), safe=_SAFE).encode()
    return Answer(302, headers=[(b"location", location), *headers])


def page_answer(
    html: str, status: int = 200, headers: Sequence[tuple[bytes, bytes]] = ()
) -> Answer:
    """Show a page; it runs no scripts and loads nothing."""
    return Answer(status, html.encode(), HTML, [_POLICY, *headers])


def refusal(
    request: WebRequest,
    status: int,
    message: str = "",
    headers: Sequence[tuple[bytes, bytes]] = (),
    *,
    as_json: bool | None = None,
) -> Answer:
    """Refuse: programs get the envelope, people a page.

    Args:
        request: The request.
        status: The status.
        message: For the envelope; people are told what the status means.
        headers: More headers.
        as_json: Whether it is the envelope; unless given, that is up to the request.
    """
    if request.is_script if as_json is None else as_json:
        answer = error_answer(status, message, headers)
        answer.kind = b"application/json;charset=UTF-8"
        return answer
    return page_answer(error_page(status, request.context), status, headers)
