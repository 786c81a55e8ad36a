"""Several processes on one port: they are as one, and go on when one of them is killed."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from para_core.testing.threads import at_work

from ..e2e.backends import a_schema  # noqa: TID252 - tests have no package
from .crew import CONNECTIONS, WORKERS, a_crew, connected, end_of, eventually, pids, served
from .process import Caller, ServerProcess

ROUNDS = int(os.environ.get("PARA_TEST_ROUNDS", "3"))


@pytest.fixture
def server(folder: Path) -> Iterator[ServerProcess]:
    with a_crew(folder, {"para.env": "production"}) as server:
        yield server


@pytest.fixture
def callers(running: ServerProcess) -> Iterator[list[Caller]]:
    with ExitStack() as stack:
        yield connected(running, stack)


def leader_of(server: ServerProcess) -> int:
    """Return the process of the worker that leads."""
    return int(re.findall(r"this worker leads.* pid=(\d+)", server.log)[-1])


# ---- as one --------------------------------------------------------------------------------------


def test_what_one_worker_wrote_no_other_remembers_otherwise(callers: list[Caller]) -> None:
    for number in range(60):
        writer = callers[number % len(callers)]
        assert writer.ask("PUT", "/v1/thing/t", {"n": number}).status == 200
        for _ in range(2):  # the second time from the cache of the worker
            seen = [caller.ask("GET", "/v1/thing/t").json["n"] for caller in callers]
            assert seen == [number] * len(callers)
    assert callers[0].ask("DELETE", "/v1/thing/t").status == 200
    assert {caller.ask("GET", "/v1/thing/t").status for caller in callers} == {404}


def test_a_search_finds_what_was_stored_through_any_worker(callers: list[Caller]) -> None:
    for number in range(20):
        writer = callers[number % len(callers)]
        assert writer.ask("PUT", f"/v1/thing/t{number}", {"n": number}).status == 200
        for caller in callers:
            query = [("q", f"properties.n:{number}")]
            assert caller.ask("GET", "/v1/thing", query=query).json["totalHits"] == 1
    assert callers[0].ask("DELETE", "/v1/thing/t3").status == 200
    totals = [caller.ask("GET", "/v1/thing").json["totalHits"] for caller in callers]
    assert totals == [19] * len(callers)


def test_objects_that_live_in_the_index_only_are_found_through_any_worker(
    callers: list[Caller],
) -> None:
    for number, writer in enumerate(callers):
        body = {"id": f"u{number}", "type": "thing", "stored": False}
        assert writer.ask("POST", "/v1/thing", body).status == 201
        totals = [caller.ask("GET", "/v1/thing").json["totalHits"] for caller in callers]
        assert totals == [number + 1] * len(callers)
        read = [caller.ask("GET", f"/v1/thing/u{number}").status for caller in callers]
        assert read == [200] * len(callers)


def test_an_app_is_what_it_was_changed_to_for_all_workers(callers: list[Caller]) -> None:
    for number in range(10):
        writer = callers[number % len(callers)]
        assert writer.ask("PUT", "/v1/_settings/mood", {"value": f"m{number}"}).status == 200
        seen = [c.ask("GET", "/v1/_settings/mood").json["value"] for c in callers]
        assert seen == [f"m{number}"] * len(callers)


def test_an_app_that_is_deleted_is_gone_for_all_workers(callers: list[Caller]) -> None:
    for number in range(4):
        secret = callers[number].ask("GET", "/v1/_setup/shop").json["secretKey"]
        for caller in callers:
            caller.sign_as("app:shop", secret)
        assert callers[0].ask("PUT", "/v1/thing/t", {"n": number}).status == 200
        assert {c.ask("GET", "/v1/thing/t").status for c in callers} == {200}
        totals = [c.ask("GET", "/v1/thing").json["totalHits"] for c in callers]
        assert totals == [1] * len(callers)
        assert callers[number + 1].ask("DELETE", "/v1/apps/shop").status == 200
        assert {c.ask("GET", "/v1/thing/t").status for c in callers} <= {401, 403, 404}
        for caller in callers:
            caller.sign_as_root()


def test_ids_of_all_workers_differ(callers: list[Caller]) -> None:
    made = [
        caller.ask("POST", "/v1/thing", {"n": 1}).json["id"]
        for _ in range(25)
        for caller in callers
    ]
    assert len(set(made)) == len(made)


def test_the_keys_of_a_first_start_are_handed_out_once(server: ServerProcess) -> None:
    server.settings["para.root_secret_override"] = ""
    server.start()
    server.wait_until_ready()
    eventually(lambda: server.log.count("a worker is ready") >= WORKERS)
    answers = []
    for _ in range(CONNECTIONS):
        with closing(Caller(server.port)) as caller:
            answers.append(caller.ask("GET", "/v1/_setup", headers={"authorization": ""}).json)
    with_keys = [answer for answer in answers if "secretKey" in answer]
    assert len(with_keys) == 1


# ---- the end of one, and of all ------------------------------------------------------------------


@dataclass
class Writer:
    """Writes, one after the other, and again what was not acknowledged."""

    number: int
    port: int
    stop: threading.Event
    stored: list[str] = field(default_factory=list)
    again: int = 0

    def run(self) -> None:
        count = 0
        while not self.stop.is_set():
            with closing(Caller(self.port)) as caller:
                try:
                    while not self.stop.is_set():
                        key = f"w{self.number}-{count}"
                        assert caller.ask("PUT", f"/v1/thing/{key}", {"n": count}).status == 200
                        self.stored.append(key)
                        count += 1
                except (OSError, http.client.HTTPException):
                    self.again += 1
                    time.sleep(0.01)


def writing(port: int, kill: Callable[[], None]) -> list[Writer]:
    """Let four write, kill something meanwhile some times, and return what they know."""
    stop = threading.Event()
    writers = [Writer(number, port, stop) for number in range(4)]
    with at_work([writer.run for writer in writers], stop):
        for _ in range(ROUNDS):
            before = sum(len(writer.stored) for writer in writers)
            eventually(lambda: sum(len(w.stored) for w in writers) > before + 40)  # noqa: B023
            kill()
        before = sum(len(writer.stored) for writer in writers)
        eventually(lambda: sum(len(w.stored) for w in writers) > before + 40)
    return writers


def is_all_there(callers: list[Caller], writers: list[Writer]) -> bool:
    """Check that everything that was acknowledged is read and found, through each worker."""
    keys = [key for writer in writers for key in writer.stored]
    for caller in callers:
        for start in range(0, len(keys), 100):
            part = keys[start : start + 100]
            query = [("ids", key) for key in part]
            assert len(caller.ask("GET", "/v1/_batch", query=query).json) == len(part)
        found: set[str] = set()
        page = 1
        while items := caller.ask(
            "GET", "/v1/thing", query=[("limit", "256"), ("page", str(page)), ("sort", "_docid")]
        ).json["items"]:
            found |= {item["id"] for item in items}
            page += 1
        assert set(keys) <= found, sorted(set(keys) - found)[:5]
    return True


def test_the_leader_is_killed_again_and_again_and_nothing_is_lost(
    running: ServerProcess,
) -> None:
    eventually(lambda: running.log.count("a worker is ready") >= WORKERS)
    killed: list[int] = []

    def kill_leader() -> None:
        eventually(lambda: leader_of(running) not in killed)
        killed.append(leader_of(running))
        os.kill(killed[-1], signal.SIGKILL)
        eventually(lambda: killed[-1] not in pids(running) and len(pids(running)) == WORKERS)

    writers = writing(running.port, kill_leader)
    assert len(set(killed)) == ROUNDS
    assert sum(writer.again for writer in writers) > 0
    with ExitStack() as stack:
        assert is_all_there(connected(running, stack), writers)
    running.tell_to_stop()
    assert running.ends() == 0


def test_a_worker_that_does_not_lead_is_killed_and_replaced(running: ServerProcess) -> None:
    eventually(lambda: running.log.count("a worker is ready") >= WORKERS)
    leader = leader_of(running)

    def kill_other() -> None:
        [other] = [pid for pid in pids(running) if pid != leader]
        os.kill(other, signal.SIGKILL)
        eventually(lambda: other not in pids(running) and len(pids(running)) == WORKERS)

    writers = writing(running.port, kill_other)
    assert leader_of(running) == leader
    with ExitStack() as stack:
        assert is_all_there(connected(running, stack), writers)


def test_a_search_waits_for_the_next_leader(running: ServerProcess) -> None:
    with ExitStack() as stack:
        callers = connected(running, stack)
        assert callers[0].ask("PUT", "/v1/thing/t", {"n": 1}).status == 200
        os.kill(leader_of(running), signal.SIGKILL)
        with closing(Caller(running.port)) as caller:
            answer = caller.ask("GET", "/v1/thing")
    assert answer.json["totalHits"] == 1


def test_workers_end_with_their_supervisor(running: ServerProcess) -> None:
    with closing(Caller(running.port)) as caller:
        assert caller.ask("PUT", "/v1/thing/t", {"n": 1}).status == 200
    eventually(lambda: running.log.count("a worker is ready") >= WORKERS)
    workers = pids(running)
    running.kill()
    for pid in workers:
        end_of(pid)
    running.start()
    running.wait_until_ready()
    with closing(Caller(running.port)) as caller:
        assert caller.ask("GET", "/v1/thing").json["totalHits"] == 1


def test_all_stop_and_leave_a_complete_index(running: ServerProcess) -> None:
    with ExitStack() as stack:
        for number, caller in enumerate(connected(running, stack) * 8):
            assert caller.ask("PUT", f"/v1/thing/t{number}", {"n": number}).status == 200
    workers = pids(running)
    running.tell_to_stop()
    assert running.ends() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    assert "Traceback" not in running.log
    assert running.log.count("this worker leads") == 1
    running.start()
    running.wait_until_ready()
    assert "from the database" not in running.log
    with closing(Caller(running.port)) as again:
        assert again.ask("GET", "/v1/thing", query=[("limit", "0")]).json["totalHits"] >= 64


@pytest.mark.parametrize("is_told_to_all", [False, True], ids=["supervisor", "all processes"])
def test_requests_under_way_are_answered_by_all_workers(
    running: ServerProcess,
    is_told_to_all: bool,  # noqa: FBT001
) -> None:
    with ExitStack() as stack:
        callers = connected(running, stack)
        under_way = [c.begin("PUT", f"/v1/thing/t{n}", {"n": n}) for n, c in enumerate(callers)]
        for pid in pids(running) if is_told_to_all else []:
            os.kill(pid, signal.SIGTERM)
        running.tell_to_stop()
        time.sleep(0.3)
        assert {finish().status for finish in under_way} == {200}
    assert running.ends() == 0


# ---- what cannot be shared -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"para.dao": "MemoryDAO"}, ["MemoryDAO lives in one process", "para.workers"]),
        ({"para.search": "MemorySearch"}, ["MemorySearch lives in one process"]),
        ({"para.worker_id": 1024}, ["para.worker_id is 1024", "at most 1023"]),
        ({"para.workers": 0}, ["para.workers"]),
    ],
    ids=["database", "index", "numbers", "none"],
)
def test_what_several_cannot_use_stops_the_start(
    server: ServerProcess, settings: dict[str, object], words: list[str]
) -> None:
    server.settings |= settings
    assert server.is_refused_in_one_line(*words)


def test_another_server_is_kept_out(running: ServerProcess, folder: Path) -> None:
    other = ServerProcess(folder, starts=10)
    try:
        assert other.is_refused_in_one_line("in use by process")
        taken = ServerProcess(folder, port=running.port, starts=20)
        assert taken.is_refused_in_one_line("cannot listen on port")
    finally:
        other.kill()


def test_no_read_is_older_than_what_was_acknowledged_before_it(running: ServerProcess) -> None:
    """Writers and readers at the same time, on few objects, through both workers."""
    keys = [f"k{number}" for number in range(4)]
    acknowledged = dict.fromkeys(keys, 0)
    stop, wrong, reads = threading.Event(), list[tuple[str, int, int]](), list[int]()

    def write(key: str) -> None:
        with ExitStack() as stack:
            callers = connected(running, stack)
            count = 0
            while not stop.is_set():
                count += 1
                caller = callers[count % len(callers)]
                assert caller.ask("PUT", f"/v1/thing/{key}", {"n": count}).status == 200
                acknowledged[key] = count

    def read(number: int) -> None:
        with ExitStack() as stack:
            callers = connected(running, stack)
            count = number
            while not stop.is_set():
                count += 1
                key = keys[count % len(keys)]
                before = acknowledged[key]
                reply = callers[count % len(callers)].ask("GET", f"/v1/thing/{key}")
                seen = reply.json["n"] if reply.status == 200 else 0
                if seen < before:
                    wrong.append((key, before, seen))
            reads.append(count)

    jobs = [threading.Thread(target=write, args=(key,)) for key in keys[:2]]
    jobs += [threading.Thread(target=read, args=(number,)) for number in range(3)]
    for job in jobs:
        job.start()
    eventually(lambda: min(acknowledged[key] for key in keys[:2]) > 150, within_sec=60)
    stop.set()
    for job in jobs:
        job.join(60)
    assert wrong == []
    assert len(reads) == 3
    assert min(reads) > 100


def test_a_second_signal_waits_for_nobody(server: ServerProcess) -> None:
    server.settings["para.stop_timeout_sec"] = 600  # far more than the test waits
    server.start()
    server.wait_until_ready()
    with ExitStack() as stack:
        for number, caller in enumerate(connected(server, stack)):
            caller.begin("PUT", f"/v1/thing/t{number}", {"n": 1})
        server.tell_to_stop()
        time.sleep(0.3)
        server.tell_to_stop()
        assert server.ends() == 0


def test_a_service_manager_hears_of_the_server_as_one(server: ServerProcess) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(server.folder / "notify"))
        manager.settimeout(20)
        server.environ = {"NOTIFY_SOCKET": str(server.folder / "notify"), "WATCHDOG_USEC": "900000"}
        server.start()
        assert manager.recv(100) == b"READY=1"
        server.wait_until_ready()
        assert manager.recv(100) == b"WATCHDOG=1"
        server.tell_to_stop()
        while (said := manager.recv(100)) != b"STOPPING=1":
            assert said == b"WATCHDOG=1"
        assert server.ends() == 0


def test_what_is_typed_at_a_terminal_reaches_the_supervisor_only(running: ServerProcess) -> None:
    eventually(lambda: running.log.count("a worker is ready") >= WORKERS)
    assert running.process is not None
    groups = {os.getpgid(pid) for pid in pids(running)}
    assert os.getpgid(running.process.pid) not in groups
    assert len(groups) == WORKERS


# ---- on a database server ------------------------------------------------------------------------


@pytest.fixture
def on_postgresql(server: ServerProcess) -> Iterator[ServerProcess]:
    """The workers on a schema of their own."""
    schema = a_schema()
    with asyncio.Runner() as runner:
        server.settings["para.sql.url"] = runner.run(schema.__aenter__())
        server.start()
        server.wait_until_ready()
        yield server
        if server.process is not None and server.process.poll() is None:
            server.tell_to_stop()
            assert server.ends() == 0
        runner.run(schema.__aexit__(None, None, None))


@pytest.mark.service("postgresql")
def test_workers_on_postgresql_are_as_one(on_postgresql: ServerProcess) -> None:
    with ExitStack() as stack:
        callers = connected(on_postgresql, stack)
        test_what_one_worker_wrote_no_other_remembers_otherwise(callers)
        test_a_search_finds_what_was_stored_through_any_worker(callers)
        test_an_app_that_is_deleted_is_gone_for_all_workers(callers)
        assert len(served(on_postgresql)) == WORKERS
    assert not list(on_postgresql.data.rglob("*.db"))


@pytest.mark.service("postgresql")
def test_a_killed_leader_on_postgresql_loses_nothing(on_postgresql: ServerProcess) -> None:
    eventually(lambda: on_postgresql.log.count("a worker is ready") >= WORKERS)
    killed: list[int] = []

    def kill_leader() -> None:
        eventually(lambda: leader_of(on_postgresql) not in killed)
        killed.append(leader_of(on_postgresql))
        os.kill(killed[-1], signal.SIGKILL)
        eventually(lambda: killed[-1] not in pids(on_postgresql))

    writers = writing(on_postgresql.port, kill_leader)
    with ExitStack() as stack:
        assert is_all_there(connected(on_postgresql, stack), writers)
