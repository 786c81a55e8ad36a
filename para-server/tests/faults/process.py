"""A server in a process of its own, as people run it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from para_core.testing.signing import Draft, query_text, sign, stamp_at

from ..processes import free_port  # noqa: TID252 - tests have no absolute names

_encode = msgspec.json.encode

ROOT_SECRET = "root-secret-of-the-tests-0123456789-0123456789"  # noqa: S105 - not a secret
START_SEC = 20


@dataclass
class Reply:
    """What came back."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        return msgspec.json.decode(self.body)


class Caller:
    """One client with one connection, which signs as the root app."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._host = f"127.0.0.1:{port}"
        self.sign_as_root()

    def sign_as_root(self) -> None:
        """Sign with the keys of the root app from now on."""
        self.sign_as("app:para", ROOT_SECRET)

    def sign_as(self, key: str, secret: str) -> None:
        """Sign with these keys from now on."""
        self.key, self.secret = key, secret

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Sequence[tuple[str, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send a request and return its answer.

        Raises:
            OSError, HTTPException: There was no answer, or not a whole one.
        """
        data = body if isinstance(body, bytes) else b"" if body is None else _encode(body)
        target = f"{path}?{query_text(query)}" if query else path
        told = {**self._signed(method, path, query, data), **(headers or {})}
        self._connection.request(method, target, data or None, told)
        return self._reply()

    def begin(self, method: str, path: str, body: object) -> Callable[[], Reply]:
        """Send the head of a request and wait until the server asks for the body.

        The value sends the body, and returns the answer.
        """
        data = msgspec.json.encode(body)
        self._connection.putrequest(method, path)
        more = {"content-length": str(len(data)), "expect": "100-continue"}
        for name, value in {**self._signed(method, path, (), data), **more}.items():
            self._connection.putheader(name, value)
        self._connection.endheaders()
        assert self._connection.sock.recv(1_000) == b"HTTP/1.1 100 Continue\r\n\r\n"

        def finish() -> Reply:
            self._connection.send(data)
            return self._reply()

        return finish

    def _signed(
        self, method: str, path: str, query: Sequence[tuple[str, str]], body: bytes
    ) -> dict[str, str]:
        stamp = stamp_at(time.time())
        draft = Draft(
            method, path, query, body, self._host, stamp, key=self.key, secret=self.secret
        )
        return sign(draft)

    def _reply(self) -> Reply:
        answer = self._connection.getresponse()
        return Reply(answer.status, answer.read())

    def close(self) -> None:
        self._connection.close()


@dataclass
class ServerProcess:
    """The command ``para-server`` in a folder; all its data lies there."""

    folder: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, object] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Start the process, and do not wait for it."""
        self.starts += 1
        values: dict[str, object] = {
            "para.address": "127.0.0.1",
            "para.port": self.port,
            "para.dao": "SqlDAO",
            "para.search": "LuceneSearch",
            "para.cache": "CaffeineCache",
            "para.db.dir": str(self.data),
            "para.lucene.dir": str(self.folder),
            "para.plugin_folder": str(self.folder / "lib"),
            "para.root_secret_override": ROOT_SECRET,
            **self.settings,
        }
        config = self.folder / "para.conf"
        lines = [
            f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in values.items()
        ]
        config.write_text("".join(lines))
        environ = {k: v for k, v in os.environ.items() if not k.lower().startswith("para_")}
        environ["XDG_CACHE_HOME"] = str(self.folder / "cache")
        environ |= self.environ
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own server
                [sys.executable, "-m", "para_server", "--config", str(config)],
                cwd=self.folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def log_file(self) -> Path:
        return self.folder / f"log-{self.starts}.txt"

    @property
    def log(self) -> str:
        """What the process wrote since its last start."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self) -> None:
        """Wait for the first answer."""
        assert self.process is not None
        end = time.monotonic() + START_SEC
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log
            try:
                with closing(Caller(self.port)) as caller:
                    if caller.ask("GET", "/v1").status == 200:
                        return
            except OSError:
                time.sleep(0.02)
        message = f"not ready: {self.log}"
        raise AssertionError(message)

    def ends(self, within_sec: float = START_SEC) -> int:
        """Wait for the process to end and return its exit code."""
        assert self.process is not None
        return self.process.wait(within_sec)

    def kill(self) -> None:
        """End it without a warning, as kill -9 and a lack of memory do."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)

    def tell_to_stop(self) -> None:
        """Send SIGTERM."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def is_refused_in_one_line(self, *words: str) -> bool:
        """Start it and tell whether it ends with exit code 2 and one line with these words."""
        self.start()
        code = self.ends()
        lines = [line for line in self.log.splitlines() if line.strip()]
        assert code == 2, (code, self.log)
        assert len(lines) == 1, self.log
        assert lines[0].startswith("para-server: "), self.log
        missing = [word for word in words if word not in lines[0]]
        assert not missing, (missing, lines[0])
        return True
