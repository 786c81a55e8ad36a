"""Does the server hold more and more when it works for a long time?

20,000 objects of 500 bytes (seed 7); 8 visitors (seeds 0 to 7) on a connection each, together some
200 signed requests a second for 30 minutes (``--minutes``): reads, creates, changes, deletes,
searches, lists, links, votes, batches. A webhook tells a receiver of each change, an export is
taken every minute, metrics and health are read every ten seconds. Memory, files and connections
are looked at every five seconds; the means of the second and the last third are compared.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

import msgspec

from benchmarks.peers import ParaServer
from benchmarks.scenario import Bar, Experiment, Extent, Finding
from benchmarks.soaking.receiver import Receiver
from benchmarks.soaking.visitors import Tally, Visitor
from benchmarks.soaking.watch import Sample, Watch, look, thirds
from benchmarks.wire import Connection
from para_core.testing.threads import at_work

__all__ = ["EXPERIMENT"]

_OBJECTS = 20_000
_MINUTES = 30.0
_VISITORS = 8
_PER_SEC = 25.0  # of each visitor
_SAMPLES = 360  # in all, at most one in _SAMPLE_SEC
_SAMPLE_SEC = 5.0
_EXPORT_SEC, _LOOK_SEC = 60.0, 10.0
_SETTLE_SEC = 300.0  # for the last webhooks to arrive
_OK, _CREATED = 200, 201
_OPERATOR_TOKEN = "benchmark-operator-token"  # noqa: S105 - of a throw-away
_SHOWN = 20  # answers and lines that are printed at most


def run(server: ParaServer, extent: Extent) -> Sequence[Finding]:
    """Let them all work; compare."""
    objects, minutes = extent.objects or _OBJECTS, extent.minutes or _MINUTES
    server.fill(objects)
    tally = Tally()
    with Receiver() as receiver:
        _hook(server, receiver)
        before = _at_rest(server)
        every = min(_SAMPLE_SEC, minutes * 60 / _SAMPLES)
        with (
            Watch(lambda: look(server.process), every_sec=every) as watch,
            _visits(server, tally, objects),
        ):
            time.sleep(minutes * 60)
        _settle(server, receiver)
        after = _at_rest(server)
    complaints = tally.wrong + _complaints(server)
    for text in complaints[:_SHOWN]:
        print(f"  {text}")
    return [
        *_thirds(watch.samples),
        Finding("files open, more than at the beginning", after.files - before.files, Bar(0)),
        Finding(
            "connections open, more than before", after.connections - before.connections, Bar(0)
        ),
        Finding(
            "deleted files held, more than before", after.gone_files - before.gone_files, Bar(0)
        ),
        Finding("errors", len(complaints) + receiver.refused, Bar(0)),
        Finding("requests a second", sum(tally.done.values()) / (minutes * 60)),
        *(Finding(f"  {name}", count) for name, count in sorted(tally.done.items())),
        Finding("webhooks received", receiver.received),
    ]


def _thirds(samples: Sequence[Sample]) -> list[Finding]:
    first, second, last = thirds(samples)
    found = []
    for title, name in (
        ("memory, MB", "rss_mb"),
        ("memory in shares, MB", "pss_mb"),
        ("memory without files, MB", "private_mb"),
        ("files", "files"),
        ("connections", "connections"),
    ):
        values = [getattr(one, name) for one in (first, second, last)]
        parts = zip(("first", "second", "last"), values, strict=True)
        found += [Finding(f"{title}, {part} third", value) for part, value in parts]
        found.append(Finding(f"{title}, last by second", values[2] / values[1], Bar(1.05)))
    return found


def _hook(server: ParaServer, receiver: Receiver) -> None:
    """Tell the receiver of all changes of what visitors make."""
    events = ("create", "update", "delete", "createAll", "deleteAll")
    hook = {"targetUrl": receiver.url, "typeFilter": "visit", **dict.fromkeys(events, True)}
    body = msgspec.json.encode(hook)
    reply = server.connection.ask("POST", "/v1/webhooks", body=body, by=server.credentials)
    if reply.status != _CREATED:
        raise RuntimeError(f"no webhook: {reply.status} {reply.body[:200]!r}")
    receiver.secret = reply.json["secret"]


@contextmanager
def _visits(server: ParaServer, tally: Tally, objects: int) -> Iterator[None]:
    """Let visitors come, and those who export and look at the server."""
    stop = threading.Event()
    visitors = [
        Visitor(server.port, server.credentials, tally, number=number, things=objects)
        for number in range(_VISITORS)
    ]
    jobs = [partial(visitor.stay, stop, per_sec=_PER_SEC) for visitor in visitors]
    jobs += [partial(job, server, tally, stop) for job in (_export, _observe)]
    with at_work(jobs, stop):
        yield


def _export(server: ParaServer, tally: Tally, stop: threading.Event) -> None:
    """Take an export every minute."""
    while not stop.wait(_EXPORT_SEC):
        connection = Connection(server.port, timeout_sec=120)
        reply = connection.ask("GET", "/v1/_export", by=server.credentials)
        connection.close()
        if reply.status == _OK and b'{"paraExport"' in reply.body:
            tally.count("export")
        else:
            tally.complain(f"export: {reply.status}, {len(reply.body)} bytes")


def _observe(server: ParaServer, tally: Tally, stop: threading.Event) -> None:
    """Read metrics and health every ten seconds, each time over a new connection."""
    token = {"Authorization": f"Bearer {_OPERATOR_TOKEN}"}
    while not stop.wait(_LOOK_SEC):
        for path, headers in (("/metrics", token), ("/v1/_health", {})):
            connection = Connection(server.port)
            reply = connection.ask("GET", path, headers=headers)
            connection.close()
            if reply.status == _OK:
                tally.count(path)
            else:
                tally.complain(f"{path}: {reply.status} {reply.body[:200]!r}")


def _at_rest(server: ParaServer) -> Sample:
    """Look after a search, which waits for the index, when nobody is connected."""
    server.connection.ask("GET", "/v1/things", query=[("limit", "1")], by=server.credentials)
    server.connection.close()
    time.sleep(_SAMPLE_SEC)
    return look(server.process)


def _settle(server: ParaServer, receiver: Receiver) -> None:
    """Wait until no more webhooks arrive."""
    end = time.monotonic() + _SETTLE_SEC
    seen = -1
    while seen != receiver.received and time.monotonic() < end:
        seen = receiver.received
        time.sleep(_SAMPLE_SEC)


def _complaints(server: ParaServer) -> list[str]:
    """Return what the server logged as a warning or an error; to be slow is neither here."""
    with suppress(OSError):
        lines = server.process.log.read_text(errors="replace").splitlines()
        bad = (line for line in lines if "WARN" in line or "ERROR" in line)
        return [line for line in bad if "para_server.slow" not in line]
    return ["the server has no log"]


EXPERIMENT = Experiment(
    run,
    is_long=True,
    settings={
        "para.webhooks_enabled": True,
        "para.outbound.allow_private": True,
        "para.operator.token": _OPERATOR_TOKEN,
    },
)
