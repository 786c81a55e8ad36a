"""Cookies, written as one header each."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

__all__ = ["SAME_SITE", "SetCookie"]

SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None"}
"""What ``SameSite`` may be, by its lower-case name."""

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCookie:
    """A cookie to set; ``max_age_sec`` 0 deletes it, ``None`` lets it end with the browser."""

    name: str
    value: str = ""
    path: str = "/"
    max_age_sec: int | None = None
    is_hidden: bool = True  # from scripts
    is_secure: bool = False
    same_site: str = ""

    def header(self, now: float | None = None) -> tuple[bytes, bytes]:
        """Return the header that sets it.

        Raises:
            ValueError: The name or the value cannot stand in a header.
        """
        if not _NAME.fullmatch(self.name) or not _VALUE.fullmatch(self.value):
            message = f"the cookie {self.name!r} has characters that cookies cannot have"
            raise ValueError(message)
        parts = [f"{self.name}={self.value}", f"Path={self.path}"]
        if self.max_age_sec is not None:
            ends = (time.time() if now is None else now) + self.max_age_sec
            moment = time.gmtime(ends if self.max_age_sec else 0)
            parts.append(time.strftime("Expires=%a, %d-%b-%Y %H:%M:%S GMT", moment))
            parts.append(f"Max-Age={self.max_age_sec}")
        if self.is_hidden:
            parts.append("HttpOnly")
        if self.is_secure:
            parts.append("Secure")
        if self.same_site:
            parts.append(f"SameSite={self.same_site}")
        return b"set-cookie", ";".join(parts).encode()
