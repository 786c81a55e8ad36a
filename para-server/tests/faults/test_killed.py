"""kill -9 at any moment: what was acknowledged is there, nothing is there by half, all is found."""

from __future__ import annotations

import asyncio
import http.client
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from para_core.testing.threads import at_work

from ..e2e.backends import DATABASES, SQLITE, a_place  # noqa: TID252 - tests have no package
from .process import Caller, ServerProcess

ROUNDS = int(os.environ.get("PARA_TEST_ROUNDS", "3"))
WRITERS = 4
KEYS = 12  # of each writer
BATCH = 5
ABSENT = None

State = int | None
"""The stamp of what is stored under an id; ``None`` when nothing is."""


@dataclass
class Writer:
    """Writes to ids of its own, one request after the other, and remembers what it was told."""

    number: int
    random: random.Random
    stored: dict[str, State] = field(default_factory=dict)  # as acknowledged
    asked: dict[str, State] = field(default_factory=dict)  # by the request without an answer
    acknowledged: int = 0
    stamp: int = 0

    @property
    def own_keys(self) -> list[str]:
        return [f"w{self.number}-{key}" for key in range(KEYS)]

    def run(self, port: int, stop: threading.Event) -> None:
        """Write until the server is gone."""
        with closing(Caller(port)) as caller:
            while not stop.is_set():
                try:
                    self._step(caller)
                except (OSError, http.client.HTTPException):
                    return

    def _step(self, caller: Caller) -> None:
        keys = self.random.sample(self.own_keys, BATCH)
        self.stamp += 1
        stamp = self.number + WRITERS * self.stamp
        kind = self.random.choice(["put", "patch", "batch", "batch", "delete", "delete all"])
        if kind == "put":
            body = {"stamp": stamp, "text": f"word{stamp}"}
            self._ask(caller, {keys[0]: stamp}, "PUT", f"/v1/thing/{keys[0]}", body)
        elif kind == "patch":
            if self.stored.get(keys[0]) is not ABSENT:
                body = {"stamp": stamp, "text": f"word{stamp}"}
                self._ask(caller, {keys[0]: stamp}, "PATCH", f"/v1/thing/{keys[0]}", body)
        elif kind == "batch":
            bodies = [
                {"id": key, "type": "thing", "stamp": stamp + place * 1_000_000, "text": "batch"}
                for place, key in enumerate(keys)
            ]
            asked: dict[str, State] = {body["id"]: body["stamp"] for body in bodies}  # type: ignore[misc]
            self._ask(caller, asked, "POST", "/v1/_batch", bodies)
        elif kind == "delete":
            self._ask(caller, {keys[0]: ABSENT}, "DELETE", f"/v1/thing/{keys[0]}")
        else:
            query = [("ids", key) for key in keys]
            self._ask(caller, dict.fromkeys(keys), "DELETE", "/v1/_batch", query=query)

    def _ask(self, caller: Caller, asked: dict[str, State], *request: Any, **more: Any) -> None:  # noqa: ANN401
        self.asked = asked
        reply = caller.ask(*request, **more)
        assert reply.status in (200, 201), reply
        self.stored.update(asked)
        self.asked = {}
        self.acknowledged += 1

    def settle(self, found: dict[str, State]) -> None:
        """Compare what is there with what must and what may be there, and take it for the truth."""
        now = {key: found.get(key) for key in self.own_keys}
        before = {key: self.stored.get(key) for key in self.own_keys}
        after = {**before, **self.asked}
        assert now in (before, after), (self.number, self.asked, now, before)
        self.stored, self.asked = now, {}


def stored_things(caller: Caller, keys: list[str]) -> dict[str, State]:
    """Return the stamps of what the database holds."""
    reply = caller.ask("GET", "/v1/_batch", query=[("ids", key) for key in keys])
    assert reply.status == 200
    return {thing["id"]: thing["stamp"] for thing in reply.json}


def found_things(caller: Caller) -> dict[str, State]:
    """Return the stamps of what a walk through the index finds."""
    found: dict[str, State] = {}
    last: list[tuple[str, str]] = []
    while True:
        query = [("limit", "20"), ("sort", "_docid"), *last]
        page = caller.ask("GET", "/v1/thing", query=query).json
        if not page["items"]:
            assert page["totalHits"] == len(found)
            return found
        for thing in page["items"]:
            assert thing["id"] not in found, "met twice"
            found[thing["id"]] = thing["stamp"]
        last = [("lastKey", page["lastKey"])]


def is_index_like_database(caller: Caller, stored: dict[str, State]) -> bool:
    """Tell whether everything is found by what is stored now, and nothing by what was before."""
    assert found_things(caller) == stored
    stamps = [("terms", str(stamp)) for stamp in stored.values()]
    query = [("field", "properties.stamp"), ("limit", "200"), *stamps]
    page = caller.ask("GET", "/v1/thing/search/in", query=query).json
    assert {thing["id"] for thing in page["items"]} == set(stored)
    total = caller.ask("GET", "/v1/thing/search/count").json["totalHits"]
    assert total == page["totalHits"] == len(stored)
    return True


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, object]]:
    """The settings of a database."""
    if request.param == SQLITE:
        yield {}
        return
    place = a_place(request.param)
    with asyncio.Runner() as runner:
        url = runner.run(place.__aenter__())
        yield {"para.sql.url": url}
        runner.run(place.__aexit__(None, None, None))


def test_killed_during_mixed_writes(server: ServerProcess, database: dict[str, object]) -> None:
    server.settings.update(database)
    chance = random.Random(20_240_601)  # noqa: S311 - a seed, not a secret
    writers = [Writer(number, random.Random(number)) for number in range(WRITERS)]  # noqa: S311
    keys = [key for writer in writers for key in writer.own_keys]
    server.start()
    server.wait_until_ready()
    for round_ in range(ROUNDS):
        stop = threading.Event()
        with at_work([partial(writer.run, server.port, stop) for writer in writers], stop):
            time.sleep(chance.uniform(0.02, 0.4))
            server.kill()
        assert "Traceback" not in server.log
        if round_ % 2:  # and once more while it comes up
            server.start()
            time.sleep(chance.uniform(0.1, 1.2))
            server.kill()
        server.start()
        server.wait_until_ready()
        with closing(Caller(server.port)) as caller:
            stored = stored_things(caller, keys)
            assert is_index_like_database(caller, stored), round_
        for writer in writers:
            writer.settle(stored)
    assert sum(writer.acknowledged for writer in writers) > 10 * ROUNDS


def test_killed_right_after_an_answer(server: ServerProcess) -> None:
    """A single write is as durable as any: the answer is all that it waits for."""
    for number in range(2):
        server.start()
        server.wait_until_ready()
        with closing(Caller(server.port)) as caller:
            assert caller.ask("PUT", f"/v1/thing/t{number}", {"stamp": number}).status == 200
            server.kill()
    server.start()
    server.wait_until_ready()
    with closing(Caller(server.port)) as caller:
        assert is_index_like_database(caller, {"t0": 0, "t1": 1})


def test_killed_during_a_rebuild_of_the_index(running: ServerProcess, caller: Caller) -> None:
    things = [{"id": f"t{n}", "type": "thing", "stamp": n} for n in range(60)]
    assert caller.ask("POST", "/v1/_batch", things).status == 200
    bulk = [{"type": "bulk", "text": f"some words {n}"} for n in range(5_000)]
    assert caller.ask("POST", "/v1/_batch", bulk).status == 200
    at_once = {"x-para-respond-immediately": "true"}
    assert caller.ask("POST", "/v1/_reindex", headers=at_once).status == 200
    time.sleep(0.05)
    running.kill()
    running.start()
    running.wait_until_ready()
    with closing(Caller(running.port)) as again:
        assert is_index_like_database(again, {f"t{n}": n for n in range(60)})
        assert again.ask("GET", "/v1/bulk", query=[("limit", "0")]).json["totalHits"] == 5_000
