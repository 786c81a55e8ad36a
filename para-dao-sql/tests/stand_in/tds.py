"""A listener that speaks as much of TDS 7.4 as python-tds needs, and asks the engine.

The layout of packets and tokens is that of [MS-TDS], https://learn.microsoft.com/openspecs.
"""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from .engine import Answer, Engine, RefusedError, Talk
from .grammar import Said
from .secure import encrypted
from .wire import (
    Reader,
    Refusal,
    column_types,
    done,
    environment,
    error,
    login_answer,
    prelogin_answer,
    refusal_of,
    rows_of,
)

__all__ = ["ENCRYPTED", "NOT_ENCRYPTED", "ONLY_ENCRYPTED", "Listener", "Manner", "listen", "serve"]

_BATCH, _RPC, _LOGIN, _PRELOGIN = 1, 3, 16, 18
_PACKET = 4096
_NUMBERS: dict[str | int, int] = {"unique": 2627, "exists": 2714, "other": 50000}
_LOCK = re.compile(r"@Resource = N'(.*?)', @LockMode = N'(\w+)', @LockOwner = N'(\w+)'")
_UNLOCK = re.compile(r"sp_releaseapplock @Resource = N'(.*?)'")
ENCRYPTED, NOT_ENCRYPTED, ONLY_ENCRYPTED = 1, 2, 3  # what the server says of it


@dataclass(frozen=True)
class Manner:
    """How the listener treats whoever comes."""

    refusal: Refusal | None = None
    encryption: int = NOT_ENCRYPTED
    certificate: ssl.SSLContext | None = None


class _Handler(socketserver.BaseRequestHandler):
    """One connection."""

    server: Listener

    def handle(self) -> None:
        """Answer until the other side has gone."""
        with (
            contextlib.suppress(OSError),
            contextlib.closing(self.server.engine.talk()) as talk,
        ):
            self.server.talks[self.request] = talk
            session, manner = _Session(talk), self.server.manner
            while (message := self._receive()) is not None:
                kind, body = message
                if kind == _PRELOGIN:
                    self._send(prelogin_answer(manner.encryption))
                    if manner.certificate is not None:
                        self.request = encrypted(self.request, manner.certificate)
                elif kind == _LOGIN:
                    self._send(login_answer(manner.refusal or refusal_of(body)))
                else:
                    self._send(_answer(session, kind, body))

    def _receive(self) -> tuple[int, bytes] | None:
        body, is_last, kind = b"", False, 0
        while not is_last:
            head = self._exactly(8)
            if head is None:
                return None
            kind, status, size = struct.unpack_from(">BBH", head)
            part = self._exactly(size - 8)
            if part is None:
                return None
            body += part
            is_last = bool(status & 1)
        return kind, body

    def _exactly(self, size: int) -> bytes | None:
        found = b""
        while len(found) < size:
            part = self.request.recv(size - len(found))
            if not part:
                return None
            found += part
        return found

    def _send(self, body: bytes) -> None:
        parts = [body[start : start + _PACKET - 8] for start in range(0, len(body), _PACKET - 8)]
        packets = b""
        for number, part in enumerate(parts, 1):
            status = 1 if number == len(parts) else 0
            packets += struct.pack(">BBHHBB", 4, status, len(part) + 8, 0, number & 255, 0) + part
        self.request.sendall(packets)


class Listener(socketserver.ThreadingTCPServer):
    """Stands where a SQL Server would."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, engine: Engine, manner: Manner, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.engine, self.manner = engine, manner
        self.port = int(self.server_address[1])
        self.talks: dict[socket.socket, Talk] = {}
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Remember each connection."""
        request, address = super().get_request()
        self._open.add(request)
        return request, address

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 (as it is declared)
        """Forget a connection that has ended."""
        self._open.discard(request)
        self.talks.pop(request, None)
        super().shutdown_request(request)

    def end_connections(self, *, of_locks: bool = False) -> int:
        """End all connections, or those that keep a lock, and return how many there were."""
        ended = 0
        for request in list(self._open):
            talk = self.talks.get(request)
            if not of_locks or (talk is not None and talk.has_locks()):
                ended += 1
                if talk is not None:
                    talk.release()
                with contextlib.suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)
        return ended


def _answer(session: _Session, kind: int, body: bytes) -> bytes:
    if kind == _BATCH:
        return session.batch(body)
    if kind == _RPC:
        return session.call(body)
    return done(0x20)  # a cancellation is acknowledged


class _Session:
    """What a connection has begun."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._sees_versions = False

    def batch(self, body: bytes) -> bytes:
        """Answer statements without values."""
        statement = body[_headers(body) :].decode("utf-16-le")
        return self._answered(statement, {}, in_procedure=False)

    def call(self, body: bytes) -> bytes:
        """Answer a call of ``sp_executesql``."""
        reader = Reader(body[_headers(body) :])
        assert reader.integer(2) == 0xFFFF
        assert reader.integer(2) == 10, "no other procedure is known here"
        reader.integer(2)  # flags
        (_, statement), _, *values = list(reader.parameters())
        assert isinstance(statement, str)
        for name, value in values:
            assert not (isinstance(value, bytes) and b"\0" in value), f"{name} has a zero byte"
        named = {name.removeprefix("@"): value for name, value in values}
        return self._answered(statement, named, in_procedure=True)

    def _answered(
        self, statement: str, values: Mapping[str, object], *, in_procedure: bool
    ) -> bytes:
        had_begun = self._talk.is_in_transaction
        try:
            answers = list(self._answers(statement, values))
        except RefusedError as refused:
            self._talk.end(keeps=False)  # SET XACT_ABORT ON
            changed = environment(10, b"", bytes(8)) if had_begun else b""
            return changed + error(_number(refused), str(refused)) + done(2)
        changed = self._changed(had_begun=had_begun)
        made = b"".join(
            _told(
                answer,
                0xFF if in_procedure else 0xFD,
                more=in_procedure or answer is not answers[-1],
            )
            for answer in answers
        )
        end = b"\x79" + bytes(4) + done(0, token=0xFE) if in_procedure else b""
        return changed + made + end

    def _changed(self, *, had_begun: bool) -> bytes:
        if self._talk.is_in_transaction == had_begun:
            return b""
        return environment(9, b"", bytes(8)) if had_begun else environment(8, b"\1" * 8, b"")

    def _answers(self, statement: str, values: Mapping[str, object]) -> Iterator[Answer]:
        heard = self._talk.hear(statement)
        if not heard:
            self._sees_versions = True  # SET TRANSACTION ISOLATION LEVEL SNAPSHOT
            yield Answer(None, 0)
        elif any(isinstance(one.tree, exp.Execute) for one in heard):
            yield self._locked(statement)
        else:
            for one in heard:
                yield self._done(one, values)

    def _done(self, said: Said, values: Mapping[str, object]) -> Answer:
        match said.tree:
            case exp.Transaction():
                self._talk.begin(reads=self._sees_versions)
            case exp.Commit():
                self._talk.end(keeps=True)
            case exp.IfBlock():  # IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION
                self._talk.end(keeps=False)
            case exp.Set():
                pass
            case _:
                return self._talk.ask(said, values)
        return Answer(None, 0)

    def _locked(self, statement: str) -> Answer:
        if (found := _UNLOCK.search(statement)) is not None:
            self._talk.give_back(found[1])
            return Answer([(0,)], 1)
        found = _LOCK.search(statement)
        assert found is not None
        name, mode, owner = found.groups()
        # SQLite has one transaction that writes at a time, so its locks need no place here.
        is_free = owner == "Transaction" or self._talk.take(name, alone=mode == "Exclusive")
        return Answer([(0 if is_free else -1,)], 1)


def _number(refused: RefusedError) -> int:
    return _NUMBERS.get(refused.kind, refused.kind if isinstance(refused.kind, int) else 0)


def _told(answer: Answer, token: int, *, more: bool) -> bytes:
    status = (1 if more else 0) | 0x10
    if answer.rows is None:
        return done(status if answer.count >= 0 else status & 1, max(answer.count, 0), token=token)
    rows: Sequence[Sequence[Any]] = answer.rows
    return rows_of(rows, column_types(rows)) + done(status, len(rows), token=token)


def _headers(body: bytes) -> int:
    return int(struct.unpack_from("<I", body)[0])


@contextmanager
def listen(engine: Engine, manner: Manner | None = None, port: int = 0) -> Iterator[Listener]:
    """Return a listener on this machine, which is gone at the end."""
    with Listener(engine, manner or Manner(), port) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield listener
        finally:
            listener.shutdown()
            listener.end_connections()
            thread.join()


@contextmanager
def serve(engine: Engine, manner: Manner | None = None, port: int = 0) -> Iterator[int]:
    """Return the port of a listener."""
    with listen(engine, manner, port) as listener:
        yield listener.port
