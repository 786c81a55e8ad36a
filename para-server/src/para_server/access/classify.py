"""Which credential a request carries, before anything is looked up.

The order is Para's. An ``Authorization`` header that is there decides; without one the query may
hold a signature, or name the app a guest asks for. Cookies are never read.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from para_server.access.canonical import parameters

__all__ = ["Credential", "CredentialKind", "classify"]

_BEARER = b"Bearer"
_ANONYMOUS = b"Anonymous"


class CredentialKind(Enum):
    """What a request shows of itself."""

    SIGNATURE = "a signature in the Authorization header"
    PRESIGNED = "a signature in the query"
    TOKEN = "a bearer token"  # noqa: S105 - a kind of credential, none itself
    GUEST = "nothing but the app it asks for"
    NONE = "nothing that can be understood"


class Credential(NamedTuple):
    """The credential found in a request; not verified yet.

    ``access_key`` is set for guests, as sent, not blank. ``token`` is set for bearer tokens, and
    may be empty or nonsense. Signatures are read by ``signing``.
    """

    kind: CredentialKind
    access_key: str = ""
    token: bytes = b""


_NOTHING = Credential(CredentialKind.NONE)
_SIGNATURE = Credential(CredentialKind.SIGNATURE)
_PRESIGNED = Credential(CredentialKind.PRESIGNED)


def classify(authorization: bytes, query: bytes, *, takes_parameter: bool = False) -> Credential:
    """Tell which credential a request carries.

    Args:
        authorization: The header's value; empty when there is none.
        query: The raw query string.
        takes_parameter: Whether a parameter ``Authorization`` counts when the header is missing,
            which holds for ``GET`` and ``DELETE /jwt_auth`` and ``GET /v1/_me`` only.

    Source: Para 1.54, ``RestAuthFilter`` and ``JWTRestfulAuthFilter``.
    """
    authorization = authorization.strip()
    if not authorization:
        return _in_query(query, takes_parameter=takes_parameter) if query else _NOTHING
    if authorization.startswith(_ANONYMOUS):
        key = authorization[len(_ANONYMOUS) :].strip()
        return _guest(key or _named_in(parameters(query)))
    if authorization.startswith(_BEARER):
        return _bearer(authorization)
    key, slash, _ = authorization.partition(b"=")[2].partition(b"/")
    if key and slash:
        return _SIGNATURE
    return _bearer(authorization) if _BEARER in authorization else _NOTHING


def _in_query(query: bytes, *, takes_parameter: bool) -> Credential:
    found = parameters(query)
    if takes_parameter and _BEARER in found.get(b"Authorization", b""):
        return _bearer(found[b"Authorization"].strip())
    if b"X-Amz-Algorithm" in found or b"X-Amz-Signature" in found:
        has_key = found.get(b"X-Amz-Credential", b"").partition(b"/")
        return _PRESIGNED if has_key[0].rpartition(b"=")[2] and has_key[1] else _NOTHING
    return _guest(_named_in(found))


def _named_in(found: dict[bytes, bytes]) -> bytes:
    key, slash, _ = found.get(b"X-Amz-Credential", b"").partition(b"=")[2].partition(b"/")
    return key if slash and key.strip() else found.get(b"accessKey", b"")


def _guest(key: bytes) -> Credential:
    name = key.decode(errors="replace").strip()
    return Credential(CredentialKind.GUEST, access_key=name) if name else _NOTHING


def _bearer(authorization: bytes) -> Credential:
    token = authorization[len(_BEARER) :].strip()
    return Credential(CredentialKind.TOKEN, token=token)
