"""Requests that are signed, with keys and a time of the tests, as the server gets them."""

from __future__ import annotations

from dataclasses import dataclass

from para_core.testing import signing
from para_core.testing.signing import Pairs

APP_KEY = "cGFyYS1leGFtcGxlLXNlY3JldC1vZi1mb3J0eS1ieXRlcy0wMDAwMQ=="
NOW = 1767323045.0


@dataclass(frozen=True)
class Draft(signing.Draft):
    """A request that needs no more than what a test is about."""

    method: str = "GET"
    path: str = "/v1/notes"
    stamp: str = "20260102T030405Z"  # NOW
    key: str = "app:myapp"
    secret: str = APP_KEY


def wire(pairs: Pairs) -> bytes:
    return signing.query_text(pairs).encode()


def sign(draft: Draft) -> dict[bytes, bytes]:
    """The request's headers with the signature among them."""
    headers = {"host": draft.host, **signing.sign(draft)}
    return {name.encode(): value.encode() for name, value in headers.items()}


def presign(draft: Draft, *, expires: str = "") -> bytes:
    """The request's query with the signature in it."""
    return wire(signing.presign(draft, expires=expires))
