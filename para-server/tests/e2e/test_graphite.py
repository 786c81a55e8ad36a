"""Metrics arrive at a Graphite server that listens for real."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from para_core.metrics import Metrics
from para_core.testing.closing import closed_at_the_end
from para_server.metrics import graphite as reports
from para_server.metrics.graphite import lines_for_graphite
from para_server.metrics.lines import ATTRIBUTES
from para_server.metrics.target import target_of

from .backends import MEMORY
from .client import Client

LINE = re.compile(r"(\S+) (-?\d+(?:\.\d\d)?) (\d+)")


class Listener:
    """Takes what Graphite would: lines over TCP, one connection for each report."""

    def __init__(self) -> None:
        self.reports: list[str] = []
        self.port = 0
        self._came = asyncio.Condition()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Listener]:
        server = await asyncio.start_server(self._take, "127.0.0.1", self.port)
        async with closed_at_the_end(server) as self.port:
            yield self

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        text = (await reader.read()).decode()
        writer.close()
        async with self._came:
            self.reports.append(text)
            self._came.notify_all()

    async def next_with(self, word: str) -> dict[str, float]:
        """Wait for a report with a word in it, from now on; return its values by name."""
        seen = len(self.reports)
        async with asyncio.timeout(10), self._came:
            await self._came.wait_for(lambda: any(word in text for text in self.reports[seen:]))
        text = next(text for text in self.reports[seen:] if word in text)
        assert text.endswith("\n")
        return values_of(text)


def values_of(text: str) -> dict[str, float]:
    found = {}
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        assert match is not None, line
        assert abs(time.time() - int(match[3])) < 60
        found[match[1]] = float(match[2])
    return found


@pytest.fixture
async def graphite() -> AsyncIterator[Listener]:
    async with Listener().running() as listener:
        yield listener


@pytest.fixture
def keys(graphite: Listener) -> dict[str, object]:
    return {
        "para.metrics.graphite.host": "127.0.0.1",
        "para.metrics.graphite.port": graphite.port,
        "para.metrics.graphite.period": 1,
        "para.metrics.graphite.prefix_system": "para of {{INSTANCE_ID}}",
        "para.metrics.graphite.prefix_apps": "apps.{{INSTANCE_ID}}.{{APP_ID}}",
        "para.outbound.hosts": f"127.0.0.1:{graphite.port}",
    }


@pytest.fixture
def backend_name() -> str:
    return MEMORY


async def test_the_server_s_metrics_arrive(app: Client, graphite: Listener) -> None:
    for n in range(7):
        await app.post("/v1/cats", {"id": f"c{n}"})
    found = await graphite.next_with("para-of-1.")
    name = "para-of-1.RestUtils.crud.create"
    assert found[f"{name}.count"] == 7
    assert 0 < found[f"{name}.p50"] < 1000
    assert {f"{name}.{attribute}" for attribute in ATTRIBUTES} <= set(found)
    assert found["para-of-1.RestUtils.links.read.count"] == 0  # it is expected, and never was


async def test_an_app_has_its_metrics_sent_where_it_says(
    root: Client, app: Client, graphite: Listener
) -> None:
    here = {"value": {"host": "127.0.0.1", "port": graphite.port}}
    assert (await app.put("/v1/_settings/metricsGraphiteReporter", here)).status == 200
    await app.get("/v1/cats/none")
    found = await graphite.next_with("apps.1.myapp.")
    assert found["apps.1.myapp.RestUtils.crud.read.count"] == 1
    assert not any(name.startswith("para") for name in found)
    kept = await root.get("/v1/_id/Registry:GraphiteReporter")
    assert kept.json["myapp"] == here["value"]

    assert (await app.delete("/v1/_settings/metricsGraphiteReporter")).status == 200
    await graphite.next_with("para-of-1.")  # one that may have begun before
    before = len(graphite.reports)
    await graphite.next_with("para-of-1.")
    await graphite.next_with("para-of-1.")
    assert not any("apps.1.myapp" in text for text in graphite.reports[before:])
    kept = await root.get("/v1/_id/Registry:GraphiteReporter")
    assert "myapp" not in kept.json


async def test_an_app_that_is_deleted_sends_nothing(
    root: Client, app: Client, graphite: Listener
) -> None:
    here = {"metricsGraphiteReporter": {"host": "127.0.0.1", "port": graphite.port}}
    await app.put("/v1/_settings", here)
    await graphite.next_with("apps.1.myapp.")
    assert (await app.delete("/v1/apps/myapp")).status == 200
    kept = await root.get("/v1/_id/Registry:GraphiteReporter")
    assert "myapp" not in kept.json


async def test_another_server_s_entry_is_noticed(
    root: Client, app: Client, graphite: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"myapp": {"host": "127.0.0.1", "port": graphite.port}}
    await graphite.next_with("para-of-1.")  # the registry was read, and was empty
    await root.put("/v1/sysprops/Registry:GraphiteReporter", {"type": "sysprop", **entry})
    monkeypatch.setattr(reports, "_SYNC_SEC", 0.5)  # rather than a minute
    await app.get("/v1/cats/none")
    found = await graphite.next_with("apps.1.myapp.")
    assert found["apps.1.myapp.RestUtils.crud.read.count"] == 1


async def test_an_app_cannot_make_the_server_connect_inside(
    app: Client, graphite: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    async with Listener().running() as inside:  # its port is not in para.outbound.hosts
        here = {"value": {"host": "127.0.0.1", "port": inside.port}}
        await app.put("/v1/_settings/metricsGraphiteReporter", here)
        await graphite.next_with("para-of-1.")
        await graphite.next_with("para-of-1.")
        assert inside.reports == []
    told = [r.__dict__ for r in caplog.records if "could not be sent" in r.getMessage()]
    assert {t["registry"] for t in told} == {"myapp"}
    assert all("private or local address" in t["reason"] for t in told)


async def test_a_server_that_is_away_is_tried_again(
    app: Client, graphite: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    other = Listener()
    async with other.running():
        pass  # now its port is known and closed
    here = {"value": {"host": "127.0.0.1", "port": other.port}}
    await app.put("/v1/_settings/metricsGraphiteReporter", here)
    await graphite.next_with("para-of-1.")
    await graphite.next_with("para-of-1.")
    assert "could not be sent to Graphite" in caplog.text


async def test_a_server_that_hangs_keeps_no_other_from_its_metrics(
    root: Client, app: Client, graphite: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver = reports._deliver

    async def hang(host: str, port: int, data: bytes) -> None:
        if b"apps.1.myapp." in data:
            await asyncio.Event().wait()
        await deliver(host, port, data)

    monkeypatch.setattr(reports, "_deliver", hang)
    monkeypatch.setattr(reports, "_AT_ONCE", 1)
    monkeypatch.setattr(reports, "_TIMEOUT_SEC", 600)
    here = {"value": {"host": "127.0.0.1", "port": graphite.port}}
    assert (await app.put("/v1/_settings/metricsGraphiteReporter", here)).status == 200
    keys = (await root.get("/v1/_setup/other")).json
    other = Client(app.para, "app:other", keys["secretKey"])
    assert (await other.put("/v1/_settings/metricsGraphiteReporter", here)).status == 200
    await graphite.next_with("apps.1.other.")
    for _ in range(3):
        await graphite.next_with("para-of-1.")
    await graphite.next_with("apps.1.other.")


@pytest.mark.parametrize(
    "value",
    [
        "localhost:2003", {}, {"host": "a"}, {"host": "", "port": 2003}, {"host": "a", "port": "1"},
        {"host": "a", "port": 0}, {"host": "a", "port": 65_536}, {"host": "a", "port": True},
        {"host": 1, "port": 2003}, {"host": "a", "port": 2003.5},
    ],
)  # fmt: skip
async def test_a_setting_that_names_no_server_sends_nothing(
    root: Client, app: Client, value: object
) -> None:
    assert target_of(value) is None
    assert (await app.put("/v1/_settings/metricsGraphiteReporter", {"value": value})).status == 200
    assert (await root.get("/v1/_id/Registry:GraphiteReporter")).status == 404


async def test_a_full_report_looks_as_the_original_s() -> None:
    metrics = Metrics(time.perf_counter_ns)
    metrics.counter("", "Tides", "b").add(2)
    metrics.counter("", "Tides", "a").add(1)
    metrics.timer("", "SqlDAO", "read").record(1_500_000)
    metrics.expect(["A.first"])
    lines = list(lines_for_graphite(metrics.system, "", 1234))
    assert lines[:2] == ["Tides.a.count 1 1234\n", "Tides.b.count 2 1234\n"]
    order = "max mean min stddev p50 p75 p95 p98 p99 p999 count m1_rate m5_rate m15_rate mean_rate"
    names = [line.split(" ")[0] for line in lines[2:]]
    timers = [f"{name}.{a}" for name in ("A.first", "SqlDAO.read") for a in order.split()]
    assert names == timers
    assert "A.first.max 0.00 1234\n" in lines
    assert "A.first.count 0 1234\n" in lines
    (mean,) = [line for line in lines if line.startswith("SqlDAO.read.mean ")]
    assert mean == "SqlDAO.read.mean 1.50 1234\n"


async def test_who_takes_nothing_is_hung_up_on() -> None:
    """An app names the address: it must not stop the reports of all others, nor keep a socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reports._deliver("127.0.0.1", listener.getsockname()[1], b"x" * (64 << 20))
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(60)
            with contextlib.suppress(ConnectionResetError):
                while connection.recv(1 << 20):  # noqa: ASYNC110
                    await asyncio.sleep(0)
