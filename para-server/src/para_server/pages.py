"""The pages that the server shows to people: greeting, sign-in, errors.

They are plain HTML with a few rules of style in it: nothing is loaded, no script runs, and they
follow the light or dark mode of the browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus

__all__ = ["OWN_PAGE", "Entrance", "SignInForm", "error_page", "landing_page", "sign_in_page"]

OWN_PAGE = "own_page"
"""The field by which the forms of the sign-in page are known."""

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6676;--page:#f4f6f9;--card:#fff;
--line:#cfd6df;--act:#1f5fbf;--act-ink:#fff;--bad:#a3212b;--bad-page:#fdecee}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf2;--soft:#a3aebd;--page:#12161c;--card:#1b212a;
--line:#3a4451;--act:#7db0ff;--act-ink:#0d1623;--bad:#ffb3b8;--bad-page:#3a1c20}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem 1rem;
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
color:var(--ink);background:var(--page)}
main{width:100%;max-width:25rem;padding:2rem;background:var(--card);border:1px solid var(--line);
border-radius:.75rem}
h1{margin:0 0 .25rem;font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere}
p{margin:.25rem 0 0;color:var(--soft)}
a{color:var(--act)}
form{margin:1.5rem 0 0;display:grid;gap:1rem}
label{display:grid;gap:.25rem;font-weight:600}
label small{font-weight:400;color:var(--soft)}
input{width:100%;padding:.6rem .75rem;font:inherit;color:inherit;background:var(--page);
border:1px solid var(--line);border-radius:.5rem}
button,.way{display:block;width:100%;padding:.65rem 1rem;font:inherit;font-weight:600;
text-align:center;text-decoration:none;border:1px solid var(--act);border-radius:.5rem;
cursor:pointer}
button{color:var(--act-ink);background:var(--act)}
.way{color:var(--act)}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
.ways{display:grid;gap:.75rem;margin:1.5rem 0 0;padding:1.5rem 0 0;border-top:1px solid var(--line)}
.bad{margin:1rem 0 0;padding:.65rem .75rem;color:var(--bad);background:var(--bad-page);
border-radius:.5rem}
summary{cursor:pointer;color:var(--act)}
details form{margin:1rem 0 0}
@media(max-width:30rem){body{place-items:start center;padding:0}
main{min-height:100vh;border:0;border-radius:0;padding:2rem 1.25rem}}
"""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title><style>{style}</style></head>
<body><main>{body}</main></body></html>
"""

_PASSWORD = 'type="password" autocomplete="current-password" required'  # noqa: S105 - attributes

_WHY = {
    400: "The address or what was sent with it cannot be understood.",
    401: "You have to sign in first.",
    403: "You may not do this here.",
    404: "There is nothing at this address.",
    429: "That was too often. Please wait a while.",
    503: "Too many people want this at once. Please try again in a moment.",
}


@dataclass(frozen=True, slots=True)
class Entrance:
    """A way to sign in that begins somewhere else: what it is called, and where."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInForm:
    """What the sign-in page shows.

    Attributes:
        name: Of the app; blank for the server itself.
        action: Where the form of passwords is sent.
        directory: Where the form of the directory is sent; blank when the app uses none.
        directory_fields: The names of its fields: user and password.
        entrances: The other ways to sign in.
        returnto: Where the person wants to go afterwards.
        has_failed: Whether the last try went wrong.
    """

    name: str = ""
    action: str
    directory: str = ""
    directory_fields: tuple[str, str] = ("username", "password")
    entrances: Sequence[Entrance] = field(default_factory=tuple)
    returnto: str = ""
    has_failed: bool = False


def landing_page(context: str) -> str:
    """Return the greeting of a server."""
    api = escape(f"{context}/v1")
    link = f'<a href="{api}">{api}</a>'
    return _page("Para", f"<h1>Hello from Para!</h1><p>The API is at {link}.</p>")


def error_page(status: int, context: str = "") -> str:
    """Return a page that says what went wrong, as far as it is anybody's business."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Error"
    why = _WHY.get(status, "Something went wrong.")
    home = escape(f"{context}/")
    body = f'<h1>{phrase}</h1><p>{why}</p><p><a href="{home}">Home</a></p>'
    return _page(f"{status} {phrase}", body)


def sign_in_page(form: SignInForm) -> str:
    """Return the sign-in page of an app."""
    where = f" to {escape(form.name)}" if form.name.strip() else ""
    parts = [f"<h1>Sign in{where}</h1>"]
    if form.has_failed:
        parts.append(
            '<p class="bad" role="alert">That did not work. Check what you typed and try again.</p>'
        )
    parts.append(_password_form(form))
    ways = [_link(entrance) for entrance in form.entrances]
    if form.directory:
        ways.insert(0, _directory_form(form))
    if ways:
        parts.append(f'<div class="ways">{"".join(ways)}</div>')
    return _page(f"Sign in{where}", "".join(parts))


def _password_form(form: SignInForm) -> str:
    email = 'type="email" autocomplete="username" required autofocus'
    return (
        f'<form method="post" action="{escape(form.action)}">{_hidden(form)}'
        + _input("E-mail address", "email", email)
        + _input("Password", "password", _PASSWORD)
        + _input(
            "Code <small>if you use two-factor sign-in</small>",
            "code",
            'inputmode="numeric" autocomplete="one-time-code"',
        )
        + "<button>Sign in</button></form>"
    )


def _directory_form(form: SignInForm) -> str:
    user, password = form.directory_fields
    return (
        f'<details><summary>Use your company account</summary><form method="post" '
        f'action="{escape(form.directory)}">{_hidden(form)}'
        + _input("User name", user, 'autocomplete="username" required')
        + _input("Password", password, _PASSWORD)
        + "<button>Sign in</button></form></details>"
    )


def _input(label: str, name: str, attributes: str) -> str:
    return f'<label>{label}<input name="{escape(name)}" {attributes}></label>'


def _hidden(form: SignInForm) -> str:
    """Return what brings a failed try back to this page, and a good one to where it began."""
    fields = {OWN_PAGE: "1", "returnto": form.returnto}
    return "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in fields.items()
        if value
    )


def _link(entrance: Entrance) -> str:
    url, title = escape(entrance.url), escape(entrance.title)
    return f'<a class="way" href="{url}">Continue with {title}</a>'


def _page(title: str, body: str) -> str:
    return _PAGE.format(title=title, style=_STYLE, body=body)
