"""What counts as an e-mail address and as a URL, and the parts of a URL."""

from __future__ import annotations

import re
from functools import cache

__all__ = ["base_of", "host_of", "is_email", "is_mailbox", "is_url"]

_EMAIL = re.compile(r"[A-Za-z0-9.%'+_\-]+@[A-Za-z0-9.\-]+\.[A-Za-z\S]{2,20}", re.ASCII)

_MAX_LOCAL, _MAX_DOMAIN = 64, 255  # characters, RFC 5321 section 4.5.3.1
_DOMAIN_NUMBER = re.compile(r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]+)\]")

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*):"
    r"(?:(?P<slashes>//)(?P<authority>[^/?#]*))?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_UNUSABLE = re.compile(r"""[\x00-\x20\x7f-\xa0"<>\\^`{|}\s]|%(?![0-9A-Fa-f]{2})""")
_AUTHORITY = re.compile(r"(?:[^@\[\]]*@)?(?:\[[0-9A-Fa-f:.%]+\]|[^:@\[\]]*)(?::\d*)?")
_HOST = re.compile(r"(?:[^@]*@)?(?P<host>\[[^\]]*\]|[^:@]*)")
_WITH_HOST = frozenset(["http", "https"])
_SCHEMES = _WITH_HOST | {"ftp", "file", "jar", "mailto"}
_MOST_JARS = 8  # inside each other


def is_email(text: object) -> bool:
    """Whether a value is a text in the form of an e-mail address, as constraints read it."""
    return isinstance(text, str) and _EMAIL.fullmatch(text) is not None


def is_mailbox(text: str) -> bool:
    """Whether mail could be delivered to an address in principle: the stricter check for users.

    Dots separate non-empty parts, labels of the domain do not start or end with a dash, and the
    parts have at most 64 and 255 characters. The domain may be a single word.
    """
    local, at, domain = text.rpartition("@")
    if not at or len(local) > _MAX_LOCAL or len(domain) > _MAX_DOMAIN:
        return False
    local_part, domain_label = _mailbox_patterns()
    if local_part.fullmatch(local) is None:
        return False
    if _DOMAIN_NUMBER.fullmatch(domain):
        return True
    return all(domain_label.fullmatch(label) for label in domain.removesuffix(".").split("."))


@cache
def _mailbox_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a local part and of a label, made when they are needed.

    So many characters in a set take 10 ms, which no start should wait for.
    """
    characters = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\uffff"
    letter, atom = f"[{characters}]", f"[{characters}-]+"
    return (
        re.compile(rf'{atom}(?:\.{atom})*|"(?:[^"\\\r\n]|\\["\\])+"'),
        re.compile(rf"{letter}(?:(?:{letter}|-)*{letter})?"),
    )


def is_url(text: str) -> bool:
    """Whether a text is an absolute URL of a scheme that the server knows.

    These are ``http``, ``https`` (both need a host), ``ftp``, ``file``, ``jar`` and ``mailto``.
    """
    return _is_url(text, _MOST_JARS)


def _is_url(text: str, jars: int) -> bool:
    found = _URL.fullmatch(text)
    if found is None or _UNUSABLE.search(text) or found["scheme"].lower() not in _SCHEMES:
        return False
    if set("[]") & set(found["path"]) or "#" in (found["fragment"] or ""):
        return False
    if found["slashes"] and _AUTHORITY.fullmatch(found["authority"]) is None:
        return False
    return _has_its_parts(found["scheme"].lower(), found["authority"] or "", found["path"], jars)


def _has_its_parts(scheme: str, authority: str, path: str, jars: int) -> bool:
    if scheme in _WITH_HOST:
        host = _HOST.match(authority)
        return host is not None and bool(host["host"])
    if scheme == "jar":
        inner, mark, _ = path.rpartition("!/")
        return bool(mark) and jars > 0 and _is_url(inner, jars - 1)
    return bool(authority or path)


def host_of(url: str) -> str:
    """The host in a URL, as written; empty when there is none."""
    found = _URL.fullmatch(url)
    host = _HOST.match(found["authority"] or "") if found else None
    return host["host"] if host else ""


def base_of(url: str) -> str | None:
    """Scheme and authority of a URL, the authority as written; ``None`` when it has none."""
    found = _URL.fullmatch(url) if is_url(url) else None
    if found is None or not found["authority"]:
        return None
    return f"{found['scheme'].lower()}://{found['authority']}"
