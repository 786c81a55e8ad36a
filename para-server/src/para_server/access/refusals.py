"""Explains refused signatures in the log, where ``para.debug_request_signatures`` asks for it.

The signature that would have been right is never logged: whoever reads the log could send the
request with it. What was taken for signed is, since that is where clients and proxies differ.
"""

from __future__ import annotations

import logging

from para_server.access.canonical import body_hash
from para_server.access.request import RawRequest
from para_server.access.signing import Signed, SigningFault

__all__ = ["explain"]

logger = logging.getLogger(__name__)

_LONGEST_KEY = 40  # characters; who mixes up the two keys sends a longer one, which is the secret


def explain(fault: SigningFault, signed: Signed, request: RawRequest) -> None:
    """Log why a signed request is refused, and what the server saw of it."""
    names = sorted(name.decode("latin-1") for name in signed.claim.names or ())
    key, spool = signed.claim.access_key, request.spool
    extra = {
        "reason": fault.value,
        "access_key": key if len(key) <= _LONGEST_KEY else "a text that is too long for one",
        "method": request.method,
        "path": request.path.decode("latin-1"),
        "parameters": len(request.query.split(b"&")) if request.query else 0,
        "date": signed.date,
        "host": request.headers.get(b"host", b"").decode("latin-1"),
        "signed_headers": ";".join(names),
        "missing_headers": ";".join(n for n in names if n.encode("latin-1") not in request.headers),
        "body_bytes": spool.size if spool else len(request.body),
        "body_sha256": (spool.digest if spool else body_hash(request.body)).decode(),
    }
    logger.info("a signature was refused", extra=extra)
