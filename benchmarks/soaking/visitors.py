"""Clients that use a server evenly for a long time, each on a connection of its own.

A visitor knows what its answers have to be: it reads back what it wrote. What it creates it deletes
again, so that the server holds about as much at the end as at the beginning.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from benchmarks.things import CITIES, COLOURS, WORDS, thing
from benchmarks.wire import Connection, Credentials, Query, Reply

__all__ = ["Tally", "Visitor"]

_OK, _CREATED = 200, 201
_HELD = 50  # objects that a visitor has at a time
_VOTED_ON = 100  # of the objects; each vote is one more
_CLIP = 200


@dataclass
class Tally:
    """What all visitors did, and what went wrong."""

    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, name: str) -> None:
        """Count something that was answered as it should be."""
        with self._lock:
            self.done[name] += 1

    def complain(self, text: str) -> None:
        """Note an answer that is wrong."""
        with self._lock:
            self.wrong.append(text)


class Visitor:
    """One client. ``things``: how many objects were there before, ``thing0`` and so on."""

    def __init__(
        self, port: int, by: Credentials, tally: Tally, *, number: int, things: int
    ) -> None:
        self._connection, self._by, self._tally = Connection(port), by, tally
        self._chance = random.Random(number)
        self._number, self._things = number, things
        self._mine: deque[str] = deque()
        self._made = 0
        self._habits: Sequence[tuple[int, Callable[[], None]]] = (
            (40, self._read),
            (12, self._update),
            (11, self._create),
            (11, self._delete),
            (6, self._search),
            (4, self._filter),
            (6, self._list),
            (4, self._link),
            (3, self._vote),
            (1, self._batch),
            (2, self._count),
        )

    def stay(self, stop: threading.Event, *, per_sec: float) -> None:
        """Do one thing after the other until told to stop, so many a second; then tidy up."""
        weights = [weight for weight, _ in self._habits]
        due = time.monotonic() + self._chance.random() / per_sec
        while not stop.wait(max(0.0, due - time.monotonic())):
            (_, habit) = self._chance.choices(self._habits, weights)[0]
            try:
                habit()
            except OSError as error:
                self._tally.complain(f"{habit.__name__}: {error!r}")
            due = max(due + 1 / per_sec, time.monotonic() - 1)
        while self._mine:
            self._delete()
        self._connection.close()

    # ---- habits -------------------------------------------------------------------------------

    def _read(self) -> None:
        number = self._chance.randrange(self._things)
        reply = self._ask("read", "GET", f"/v1/things/thing{number}")
        self._expect(reply, lambda body: body["id"] == f"thing{number}")

    def _create(self) -> None:
        if len(self._mine) >= _HELD:
            self._delete()
        self._made += 1
        key = f"v{self._number}-{self._made}"
        body = msgspec.json.encode({"id": key, **thing(self._chance, self._made)})
        reply = self._ask("create", "POST", "/v1/visits", body=body, status=_CREATED)
        self._expect(reply, lambda body: body["id"] == key)
        self._mine.append(key)

    def _update(self) -> None:
        price = self._chance.randrange(1000)
        path = (
            f"/v1/visits/{self._chance.choice(self._mine)}" if self._mine else "/v1/things/thing0"
        )
        reply = self._ask("update", "PATCH", path, body=b'{"price":%d}' % price)
        if self._mine:  # nobody else changes these
            self._expect(reply, lambda body: body["price"] == price)

    def _delete(self) -> None:
        if self._mine:
            self._ask("delete", "DELETE", f"/v1/visits/{self._mine.popleft()}")

    def _search(self) -> None:
        one, other = self._chance.sample(WORDS, 2)
        query = [("q", f"{one} AND {other}"), ("limit", "30")]
        self._found(self._ask("search", "GET", "/v1/things/search", query=query))

    def _filter(self) -> None:
        city, colour = self._chance.choice(CITIES), self._chance.choice(COLOURS)
        terms = [("terms", f"properties.city:{city}"), ("terms", f"properties.color:{colour}")]
        query = [*terms, ("matchall", "true"), ("limit", "30")]
        reply = self._ask("filter", "GET", "/v1/things/search/terms", query=query)
        self._expect(reply, lambda body: all(item["city"] == city for item in body["items"]))

    def _list(self) -> None:
        query = [("limit", "30"), ("page", str(self._chance.randrange(1, 20)))]
        self._found(self._ask("list", "GET", "/v1/things", query=query))

    def _link(self) -> None:
        one, other = (self._chance.randrange(self._things) for _ in range(2))
        path = f"/v1/things/thing{one}/links"
        self._ask("link", "POST", f"{path}/thing{other}")
        self._ask("links", "GET", f"{path}/thing")
        self._ask("unlink", "DELETE", f"{path}/thing/thing{other}")

    def _vote(self) -> None:
        number = self._chance.randrange(_VOTED_ON)
        way = self._chance.choice(("_voteup", "_votedown"))
        body = msgspec.json.encode({way: f"voter{self._chance.randrange(20)}"})
        reply = self._ask("vote", "PATCH", f"/v1/things/thing{number}", body=body)
        self._expect(reply, lambda body: body in (True, False))

    def _batch(self) -> None:
        keys = [f"b{self._number}-{at}" for at in range(10)]
        items = [{"type": "visit", "id": key, **thing(self._chance, 0)} for key in keys]
        body = msgspec.json.encode(items)
        reply = self._ask("batch", "POST", "/v1/_batch", body=body)
        self._expect(reply, lambda body: [item["id"] for item in body] == keys)
        self._ask("batch", "DELETE", "/v1/_batch", query=[("ids", key) for key in keys])

    def _count(self) -> None:
        reply = self._ask("count", "GET", "/v1/things/search/count")
        self._expect(reply, lambda body: body["totalHits"] >= self._things)

    # ---- answers ------------------------------------------------------------------------------

    def _ask(  # noqa: PLR0913 - a request has that many parts
        self,
        name: str,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: bytes = b"",
        status: int = _OK,
    ) -> Reply:
        reply = self._connection.ask(method, path, query=query, body=body, by=self._by)
        if reply.status == status:
            self._tally.count(name)
        else:
            self._tally.complain(f"{method} {path}: {reply.status} {reply.body[:_CLIP]!r}")
        return reply

    def _expect(self, reply: Reply, is_right: Callable[[Any], bool]) -> None:
        if reply.status < 300 and not is_right(reply.json):  # noqa: PLR2004 - HTTP
            self._tally.complain(f"not what was asked for: {reply.body[:_CLIP]!r}")

    def _found(self, reply: Reply) -> None:
        self._expect(reply, lambda body: len(body["items"]) > 0)
