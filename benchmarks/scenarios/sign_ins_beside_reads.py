"""How much slower are reads while people sign in with passwords?

20,000 objects of 500 bytes (seed 7), of which 2,000 (seed 3) are read by id over 8 signed
connections; and 8 users who sign in without pause, each on a connection of its own. Rounds of 3
seconds without and with them take turns, 5 of each; the ratio is that of the median p99.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import msgspec

from benchmarks.peers import ParaServer
from benchmarks.reads import ROUND_SEC, ROUNDS, median_p99, median_per_sec, read_round
from benchmarks.scenario import Bar, Experiment, Extent, Finding
from benchmarks.wire import Connection
from benchmarks.wrk import Load
from para_core.testing.threads import at_work

__all__ = ["EXPERIMENT"]

_OBJECTS = 20_000
_CLIENTS = 8
_SETTLE_SEC = 0.5  # until all clients are at work
_OK, _BUSY = 200, 503


@dataclass
class _Crowd:
    """People who sign in again and again."""

    server: ParaServer
    times_ms: list[float] = field(default_factory=list)
    busy: int = 0  # answers that ask to come back later

    def sign_up(self) -> None:
        """Make the accounts; the app asks for them, so no limit of attempts holds."""
        path = "/v1/_settings/security.allow_unverified_emails"
        self.server.connection.ask("PUT", path, body=b'{"value":true}', by=self.server.credentials)
        for number in range(_CLIENTS):
            reply = self.server.connection.ask(
                "POST", "/jwt_auth", body=self._body(number), by=self.server.credentials
            )
            if reply.status != _OK:
                raise RuntimeError(f"cannot sign up: {reply.status} {reply.body[:200]!r}")

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let everybody sign in without pause meanwhile."""
        stop = threading.Event()
        jobs = [partial(self._sign_in, number, stop) for number in range(_CLIENTS)]
        with at_work(jobs, stop):
            time.sleep(_SETTLE_SEC)
            yield

    def _sign_in(self, number: int, stop: threading.Event) -> None:
        connection = Connection(self.server.port, timeout_sec=60)
        while not stop.is_set():
            began = time.perf_counter()
            reply = connection.ask("POST", "/jwt_auth", body=self._body(number))
            if reply.status == _OK:
                self.times_ms.append((time.perf_counter() - began) * 1000)
            elif reply.status == _BUSY:
                self.busy += 1
            else:
                raise RuntimeError(f"a sign-in was answered {reply.status} {reply.body[:200]!r}")
        connection.close()

    def _body(self, number: int) -> bytes:
        token = f"user{number}@example.com:User {number}:correct horse {number:08}"
        appid = self.server.credentials.access_key
        return msgspec.json.encode({"appid": appid, "provider": "password", "token": token})


def run(server: ParaServer, _: Extent) -> Sequence[Finding]:
    """Read without and with the crowd, in turns."""
    server.fill(_OBJECTS)
    crowd = _Crowd(server)
    crowd.sign_up()
    read_round(server, 0)  # warms up
    alone, beside = list[Load](), list[Load]()
    for turn in range(1, ROUNDS + 1):
        alone.append(read_round(server, turn))
        with crowd.at_work():
            beside.append(read_round(server, turn))
    before, during = median_p99(alone), median_p99(beside)
    return [
        Finding("reads a second, nobody signs in", median_per_sec(alone)),
        Finding("reads a second, 8 sign in", median_per_sec(beside)),
        Finding("p99 of reads, nobody signs in, ms", before),
        Finding("p99 of reads, 8 sign in, ms", during),
        Finding("ratio of p99", during / before, Bar(4)),
        Finding("sign-ins a second", len(crowd.times_ms) / (ROUNDS * (ROUND_SEC + _SETTLE_SEC))),
        Finding("sign-in, p50 ms", statistics.median(crowd.times_ms)),
        Finding("sign-ins that were asked to come back", crowd.busy),
    ]


EXPERIMENT = Experiment(run)
