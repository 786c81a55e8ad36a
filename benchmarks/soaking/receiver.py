"""A receiver of webhooks that checks each signature, counts, and keeps nothing."""

from __future__ import annotations

import base64
import hmac
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

__all__ = ["Receiver"]

_OK, _FORBIDDEN = 200, 403


class Receiver:
    """Listens on a free port of this machine as long as its block lasts."""

    def __init__(self) -> None:
        self.secret = ""
        self.received = 0
        self.refused = 0  # not signed with the secret
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.take(body, self.headers["X-Webhook-Signature"] or "")
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def take(self, body: bytes, signature: str) -> int:
        """Count a delivery; return the status that answers it."""
        digest = hmac.digest(self.secret.encode(), body, "sha256")
        is_right = hmac.compare_digest(base64.b64encode(digest).decode(), signature)
        with self._lock:
            self.received += is_right
            self.refused += not is_right
        return _OK if is_right else _FORBIDDEN

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
