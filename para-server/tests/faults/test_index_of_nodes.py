"""Two servers on one database and one search engine: what the index has is what is stored."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from .nodes import LEASE_SEC, a_cluster, an_engine_of_all, connected, eventually
from .process import Caller, ServerProcess
from .writers import Writer, ports_from, wait_for_writes, writing

pytestmark = [
    pytest.mark.service("postgresql"),
    pytest.mark.service("opensearch"),
    pytest.mark.long,
]

APPS = ["boats", "trains", "planes", "bikes"]
ENOUGH = 10  # writes of each writer between two blows
PATIENCE_SEC = 120


@contextmanager
def nodes_in(folder: Path) -> Iterator[list[ServerProcess]]:
    with an_engine_of_all() as settings, a_cluster(folder, settings) as nodes:
        yield nodes


@pytest.fixture
def nodes(folder: Path) -> Iterator[list[ServerProcess]]:
    """Start nodes that a test may kill."""
    with nodes_in(folder) as nodes:
        yield nodes


@pytest.fixture(scope="module")
def lasting() -> Iterator[list[ServerProcess]]:
    """Start nodes for all tests that leave them alive."""
    with TemporaryDirectory() as folder, nodes_in(Path(folder)) as nodes:
        yield nodes


@pytest.fixture
def callers(lasting: list[ServerProcess]) -> Iterator[list[Caller]]:
    with ExitStack() as stack:
        yield connected(lasting, stack)


def total(caller: Caller, query: str) -> int:
    return int(caller.ask("GET", "/v1/thing", query=[("q", query)]).json["totalHits"])


def test_a_search_finds_at_once_what_its_node_stored_and_soon_what_others_did(
    callers: list[Caller],
) -> None:
    for number in range(12):
        writer, other = callers if number % 2 else callers[::-1]
        assert writer.ask("PUT", f"/v1/thing/t{number}", {"n": number}).status == 200
        query = f"properties.n:{number}"
        assert total(writer, query) == 1
        eventually(lambda other=other, query=query: total(other, query) == 1)  # type: ignore[misc]
    assert callers[0].ask("DELETE", "/v1/thing/t3").status == 200
    assert total(callers[0], "properties.n:3") == 0
    eventually(lambda: total(callers[1], "properties.n:3") == 0)


def test_objects_that_are_stored_nowhere_are_found_through_all_nodes(
    callers: list[Caller],
) -> None:
    """As long as the index is not made anew, which takes what the database has."""
    assert callers[0].ask("PUT", "/v1/thing/first", {"mark": "first"}).status == 200
    eventually(lambda: total(callers[0], "properties.mark:first") == 1)  # there is an index
    made = {"id": "passing", "stored": False, "mark": "passing"}
    assert callers[0].ask("POST", "/v1/thing", made).status == 201
    for caller in callers:
        assert total(caller, "properties.mark:passing") == 1


def test_an_app_that_one_node_deleted_and_made_again_is_empty(callers: list[Caller]) -> None:
    one, two = callers
    first = one.ask("GET", "/v1/_setup/ships").json
    two.sign_as(first["accessKey"], first["secretKey"])
    eventually(lambda: two.ask("GET", "/v1/_me").status == 200)
    assert two.ask("POST", "/v1/thing", {"id": "old"}).status == 201
    assert total(two, "*") == 1
    one.sign_as(first["accessKey"], first["secretKey"])
    eventually(lambda: one.ask("DELETE", "/v1/app/ships").status == 200)
    one.sign_as_root()
    again = one.ask("GET", "/v1/_setup/ships").json
    two.sign_as(again["accessKey"], again["secretKey"])
    eventually(lambda: two.ask("GET", "/v1/_me").status == 200)
    assert two.ask("POST", "/v1/thing", {"id": "new"}).status == 201
    eventually(lambda: total(two, "*") == 1)
    assert total(two, "id:new") == 1


def test_an_index_is_made_anew_while_it_is_written_and_searched(callers: list[Caller]) -> None:
    """What a search has found once it finds again, whichever index answers."""
    one, two = callers
    for number in range(300):
        assert two.ask("PUT", f"/v1/thing/old{number}", {"mark": "old"}).status == 200
    done, counts = threading.Event(), list[int]()

    def rebuild() -> None:
        for _ in range(4):
            counts.append(one.ask("POST", "/v1/_reindex").json["reindexed"])
        done.set()

    thread = threading.Thread(target=rebuild)
    thread.start()
    written = 0
    while not done.is_set():
        query = f"properties.n:{100 + written}"
        two.ask("PUT", f"/v1/thing/new{written}", {"mark": "new", "n": 100 + written})
        eventually(lambda query=query: total(two, query) == 1)  # type: ignore[misc]
        for _ in range(5):
            assert total(two, query) == 1
        assert total(two, "properties.mark:old") == 300
        two.ask("DELETE", f"/v1/thing/new{written - 1}")
        written += 1
    thread.join()
    assert min(counts) >= 300
    for caller in callers:
        eventually(lambda caller=caller: total(caller, "properties.mark:new") == 1)  # type: ignore[misc]


# ---- nodes that end, or stop -------------------------------------------------------------------


@dataclass(kw_only=True)
class Things(Writer):
    """Changes some objects, and deletes one now and then."""

    stored: dict[str, int | None] = field(default_factory=dict)

    def write(self, caller: Caller, number: int) -> bool:
        key = f"k{number % 7}"
        value = None if number % 5 == 4 else number
        if value is None:
            reply = caller.ask("DELETE", f"/v1/thing/{key}")
        else:
            reply = caller.ask("PUT", f"/v1/thing/{key}", {"n": value})
        if reply.status != 200:
            return False
        self.stored[key] = value
        return True


@contextmanager
def writers_of(nodes: list[ServerProcess]) -> Iterator[list[Things]]:
    """Let a writer for each app write until the end; then the index must have what was stored."""
    stop = threading.Event()
    writers = [
        Things(ports=ports_from(nodes, turn), keys=keys, stop=stop)
        for turn, keys in enumerate(keys_of_apps(nodes))
    ]
    with writing(writers, stop):
        yield writers
    for node in nodes:
        with closing(Caller(node.port)) as caller:
            for writer in writers:
                caller.sign_as(*writer.keys)
                eventually(partial(agrees, caller, writer), PATIENCE_SEC)


def keys_of_apps(nodes: list[ServerProcess]) -> list[tuple[str, str]]:
    """Make apps, which several shares have, and return their keys."""
    with closing(Caller(nodes[0].port)) as caller:
        made = [caller.ask("GET", f"/v1/_setup/{app}").json for app in APPS]
    keys = [(one["accessKey"], one["secretKey"]) for one in made]
    for node in nodes:
        with closing(Caller(node.port)) as caller:
            for pair in keys:
                caller.sign_as(*pair)
                eventually(lambda caller=caller: caller.ask("GET", "/v1/_me").status == 200)  # type: ignore[misc]
    return keys


def agrees(caller: Caller, writer: Things) -> bool:
    """Return whether the index has the objects as they were stored last, and no others."""
    left = {key: n for key, n in writer.stored.items() if n is not None}
    if total(caller, "*") != len(left):
        return False
    return all(total(caller, f"id:{key} AND properties.n:{n}") == 1 for key, n in left.items())


@pytest.mark.parametrize("which", [0, 1], ids=["first", "second"])
def test_after_a_node_is_killed_the_other_goes_on_with_the_index(
    nodes: list[ServerProcess], which: int
) -> None:
    left = [node for number, node in enumerate(nodes) if number != which]
    with writers_of(nodes) as writers:
        wait_for_writes(writers, ENOUGH)
        nodes[which].kill()
        before = [writer.count for writer in writers]
        wait_for_writes(writers, ENOUGH)
        assert all(w.count > n for w, n in zip(writers, before, strict=True))
        with closing(Caller(left[0].port)) as caller:
            for writer in writers:
                caller.sign_as(*writer.keys)
                eventually(lambda caller=caller: total(caller, "*") > 0, PATIENCE_SEC)  # type: ignore[misc]
        nodes[which].start()
        nodes[which].wait_until_ready()


def test_a_node_that_was_stopped_overwrites_nothing_newer(nodes: list[ServerProcess]) -> None:
    with writers_of(nodes) as writers:
        for node in [*nodes, *nodes]:
            wait_for_writes(writers, ENOUGH)
            assert node.process is not None
            node.process.send_signal(signal.SIGSTOP)
            try:
                time.sleep(LEASE_SEC * 1.5)  # so long that the other takes over
            finally:
                node.process.send_signal(signal.SIGCONT)
