"""The canonical forms that AWS Signature Version 4 signs, from the raw bytes of a request.

Para differs from plain Version 4 in two places: a path is percent-encoded once more as it stands on
the wire, and of a repeated parameter only the first value is signed.

Source: Para 1.54, the ``Signer`` classes of server and clients.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from urllib.parse import unquote_to_bytes

from para_core.remembering import remembered

__all__ = [
    "body_hash",
    "canonical_path",
    "canonical_query",
    "header_lines",
    "host_forms",
    "parameters",
    "wire_query",
]

_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
_IN_PATHS = _UNRESERVED + b"/"
_ENCODED = [bytes([byte]) if byte in _UNRESERVED else b"%%%02X" % byte for byte in range(256)]
_ENCODED_IN_PATHS = [b"/" if byte == ord("/") else _ENCODED[byte] for byte in range(256)]
_HASH_OF_NOTHING = sha256(b"").hexdigest().encode()
_WHITE_SPACE = re.compile(rb"\s+")
_DEFAULT_PORTS = (b":80", b":443")


def canonical_path(path: bytes) -> bytes:
    """Percent-encode a raw path once more, slashes excepted; an empty path becomes ``/``."""
    if not path.translate(None, _IN_PATHS):
        return path or b"/"
    return b"".join([_ENCODED_IN_PATHS[byte] for byte in path])


def parameters(query: bytes) -> dict[bytes, bytes]:
    """Return the first value of each parameter, names and values decoded.

    A parameter without ``=`` has the empty value; one without a name is left out. Escapes that are
    none stay as they are, so that nothing in a query escapes the signature.
    """
    found: dict[bytes, bytes] = {}
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if name:
            found.setdefault(_decode(name), _decode(value))
    return found


def canonical_query(query: bytes, *, without: bytes = b"") -> bytes:
    """Encode the first value of each parameter, sorted by encoded name, but not ``without``."""
    if not query:
        return b""
    return _sorted_query(query, without) if without else _whole_query(query)


@remembered(most=1024, longest=256)
def _whole_query(query: bytes) -> bytes:
    """Return the canonical form of a query; the same lists and searches are asked for often."""
    return _sorted_query(query, b"")


def _sorted_query(query: bytes, without: bytes) -> bytes:
    pairs = sorted(
        (_encode(name), _encode(value))
        for name, value in parameters(query).items()
        if name != without
    )
    return b"&".join([name + b"=" + value for name, value in pairs])


def wire_query(query: bytes) -> bytes | None:
    """Return the second canonical query, which Para's Python client signs; ``None`` without need.

    When a name is repeated, that client encodes each first value once more as it stands on the
    wire, leaves names as they are, and sorts the resulting text. It covers the same parameters as
    ``canonical_query``. Source: the Python client 1.37, ``paraclient.auth``.
    """
    first: dict[bytes, bytes] = {}
    repeats = False
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if name in first:
            repeats = True
        elif name:
            first[name] = value
    if not repeats:
        return None
    return b"&".join(sorted(name + b"=" + _encode(value) for name, value in first.items()))


def header_lines(
    names: Iterable[bytes], headers: Mapping[bytes, bytes], fixed: Mapping[bytes, bytes]
) -> tuple[bytes, bytes]:
    """Return the lines of the listed headers that are there, and their names joined by ``;``.

    Args:
        names: Lower-case names; those that the request lacks are left out.
        headers: First values; runs of white space count as one space.
        fixed: Lines that are signed whether listed or not, such as ``host``.
    """
    lines = {name: headers[name] for name in names if name in headers}
    lines.update(fixed)
    ordered = sorted(lines)
    text = [name + b":" + _WHITE_SPACE.sub(b" ", lines[name]) + b"\n" for name in ordered]
    return b"".join(text), b";".join(ordered)


def body_hash(body: bytes) -> bytes:
    """Return the hex SHA-256 of a body."""
    return sha256(body).hexdigest().encode() if body else _HASH_OF_NOTHING


def host_forms(host: bytes) -> Iterator[bytes]:
    """Yield the other ways to write a host: clients sign the default port or leave it out."""
    name, colon, port = host.rpartition(b":")
    if colon and port.isdigit():
        if colon + port in _DEFAULT_PORTS:
            yield name
    else:
        for port in _DEFAULT_PORTS:
            yield host + port


def _decode(text: bytes) -> bytes:
    if b"%" in text or b"+" in text:
        return unquote_to_bytes(text.replace(b"+", b" "))
    return text


def _encode(text: bytes) -> bytes:
    if not text.translate(None, _UNRESERVED):
        return text
    return b"".join([_ENCODED[byte] for byte in text])
