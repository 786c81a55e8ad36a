"""The mails that the server writes itself, and how an app puts its own in their place.

A template is an HTML document: its title is the subject, and ``{{app}}``, ``{{link}}`` and
``{{minutes}}`` are filled in, escaped. What a stranger has written, such as the name at sign-up, is
no part of a mail: anybody could then have the server write to anybody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape

__all__ = ["CONFIRM", "RESET", "fill"]

_NAME = re.compile(r"\{\{\s*([a-z]+)\s*\}\}")
_TITLE = re.compile(r"<title>(.*?)</title>", re.IGNORECASE | re.DOTALL)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="font:1rem/1.5 sans-serif;color:#1c2430">
<p>{reason}</p>
<p><a href="{{{{link}}}}">{{{{link}}}}</a></p>
<p style="color:#5b6676">The link works once, within {{{{minutes}}}} minutes. {otherwise}</p>
</body></html>
"""

CONFIRM = _PAGE.format(
    title="Confirm your address for {{app}}",
    reason="Somebody has signed up for {{app}} with this address. Please confirm that it is yours:",
    otherwise="If it was not you, nothing has to be done.",
)
RESET = _PAGE.format(
    title="A new password for {{app}}",
    reason="Somebody has asked for a new password for your account in {{app}}. Set it here:",
    otherwise="If it was not you, nothing has to be done, and your password stays.",
)


def fill(template: str, values: Mapping[str, str]) -> tuple[str, str]:
    """Return subject and HTML of a mail; names that have no value are left out."""
    html = _NAME.sub(lambda found: escape(values.get(found[1], "")), template)
    title = _TITLE.search(html)
    return " ".join(unescape(title[1]).split()) if title else "", html
