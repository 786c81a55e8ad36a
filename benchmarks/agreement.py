"""Load on several nodes at once that knows what each answer has to be."""

from __future__ import annotations

import random
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from benchmarks.peers import ParaServer
from benchmarks.wire import Connection, Credentials, Query, Reply

__all__ = ["Account", "Counter", "Creator", "Load", "Object", "Reader", "Searcher", "Updater"]

_OK, _MADE, _CONFLICT = 200, 201, 412
_TIMEOUT_SEC = 30
_PAUSE_SEC = 0.05
_WAIT_SEC = 10.0  # for which a search waits for its index
_MARKS, _PASSING = 1000, 200  # objects with marks below the second are deleted again
_RECENT = 200  # objects that searches look for


@dataclass
class Account:
    """What went wrong, and how much went on."""

    requests: int = 0
    unanswered: int = 0
    wrong: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    unfound: list[str] = field(default_factory=list)
    searches: int = 0  # that had to find something
    late: int = 0  # of these, that waited for their index in vain
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def count(self, *, answered: bool) -> None:
        """Count a request."""
        with self._turn:
            self.requests += 1
            self.unanswered += not answered


class Load(threading.Thread, ABC):
    """Sends requests to the nodes, one after the other, until it is told to end."""

    def __init__(self, nodes: Sequence[ParaServer], account: Account, seed: int) -> None:
        super().__init__(daemon=True)
        self.account, self.chance = account, random.Random(seed)
        self.end = threading.Event()
        self._by: Credentials = nodes[0].credentials
        self._lines = [Connection(node.port, timeout_sec=_TIMEOUT_SEC) for node in nodes]

    def run(self) -> None:
        """Do one step after the other."""
        while not self.end.is_set():
            self.step(self.chance.randrange(len(self._lines)))
        for line in self._lines:
            line.close()

    @abstractmethod
    def step(self, node: int) -> None:
        """Send what is to be sent, through one node."""

    def ask(
        self, node: int, method: str, path: str, query: Query = (), **body: object
    ) -> Reply | None:
        """Return the answer of a node; ``None`` when there is none, or it cannot now."""
        data = msgspec.json.encode(body) if body else b""
        try:
            reply = self._lines[node].ask(method, path, query=query, body=data, by=self._by)
        except OSError:
            reply = None
        is_answer = reply is not None and reply.status < 500  # noqa: PLR2004 - HTTP
        self.account.count(answered=is_answer)
        if not is_answer:
            time.sleep(_PAUSE_SEC)
            return None
        return reply

    def blame(self, what: str, reply: Reply) -> None:
        """Write down an answer that should never be."""
        self.account.wrong.append(f"{what}: {reply.status} {reply.body[:120]!r}")


@dataclass
class Object:
    """An object that grows: one thread writes it, others read it.

    ``acked``: when each number was acknowledged and by which node, the last ones only.
    """

    key: str
    acked: deque[tuple[float, int, int]] = field(default_factory=lambda: deque(maxlen=4000))

    def least(self, began: float, node: int, stale_sec: float) -> int:
        """Return the lowest number that a read through a node which began then may see."""
        found = -1
        for at, number, writer in self.acked.copy():
            if at <= began - stale_sec or (writer == node and at <= began):
                found = max(found, number)
        return found


class Updater(Load):
    """Writes an object again and again, each number until it is acknowledged."""

    def __init__(
        self, nodes: Sequence[ParaServer], account: Account, seed: int, thing: Object
    ) -> None:
        super().__init__(nodes, account, seed)
        self.thing, self.number = thing, 0

    def step(self, node: int) -> None:
        """Write the next number."""
        reply = self.ask(node, "PUT", f"/v1/grow/{self.thing.key}", n=self.number)
        if reply is None:
            return
        if reply.status != _OK:
            self.blame("update", reply)
            return
        self.thing.acked.append((time.monotonic(), self.number, node))
        self.number += 1


class Reader(Load):
    """Reads objects that others write, and looks how old the answers are."""

    def __init__(
        self,
        nodes: Sequence[ParaServer],
        account: Account,
        seed: int,
        *,
        things: Sequence[Object],
        stale_sec: float,
    ) -> None:
        super().__init__(nodes, account, seed)
        self._things, self._stale_sec = things, stale_sec

    def step(self, node: int) -> None:
        """Read one object."""
        thing = self.chance.choice(self._things)
        began = time.monotonic()
        least = thing.least(began, node, self._stale_sec)
        reply = self.ask(node, "GET", f"/v1/grow/{thing.key}")
        if reply is None or least < 0:
            return
        if reply.status != _OK:
            self.blame("read", reply)
        elif reply.json["n"] < least:
            self.account.stale.append(f"{thing.key}: {reply.json['n']} instead of {least}")


class Counter(Load):
    """Counts in objects by their version, as others do at the same time."""

    def __init__(
        self, nodes: Sequence[ParaServer], account: Account, seed: int, keys: Sequence[str]
    ) -> None:
        super().__init__(nodes, account, seed)
        self._keys = keys
        self.acked = dict.fromkeys(keys, 0)
        self.unsure = dict.fromkeys(keys, 0)

    def step(self, node: int) -> None:
        """Add one, if nobody else did meanwhile."""
        key = self.chance.choice(self._keys)
        found = self.ask(node, "GET", f"/v1/count/{key}")
        if found is None:
            return
        if found.status != _OK:
            self.blame("count", found)
            return
        held: dict[str, Any] = found.json
        changed = {"n": held["n"] + 1, "version": held["version"]}
        reply = self.ask(node, "PATCH", f"/v1/count/{key}", **changed)
        if reply is None:
            self.unsure[key] += 1
        elif reply.status == _OK:
            self.acked[key] += 1
        elif reply.status != _CONFLICT:
            self.blame("count", reply)


class Creator(Load):
    """Makes objects, whose ids the nodes choose, and deletes some of them again.

    ``recent``: when the last ones of those that stay were acknowledged, and by which node.
    """

    def __init__(self, nodes: Sequence[ParaServer], account: Account, seed: int) -> None:
        super().__init__(nodes, account, seed)
        self.made: list[str] = []
        self.gone: list[str] = []
        self.unsure: list[str] = []
        self.recent: deque[tuple[float, str, int]] = deque(maxlen=_RECENT)
        self._passing: list[str] = []

    def step(self, node: int) -> None:
        """Make one, and now and then delete one."""
        mark = self.chance.randrange(_MARKS)
        reply = self.ask(node, "POST", "/v1/made", mark=mark)
        if reply is None:
            return
        if reply.status != _MADE:
            self.blame("create", reply)
            return
        key = reply.json["id"]
        if mark >= _PASSING:
            self.made.append(key)
            self.recent.append((time.monotonic(), key, node))
        else:
            self._passing.append(key)
        if len(self._passing) > _RECENT:
            self._remove(node, self._passing.pop(self.chance.randrange(_RECENT)))
        time.sleep(_PAUSE_SEC)

    def _remove(self, node: int, key: str) -> None:
        reply = self.ask(node, "DELETE", f"/v1/made/{key}")
        if reply is None:
            self.unsure.append(key)
        elif reply.status == _OK:
            self.gone.append(key)
        else:
            self.blame("delete", reply)

    def all(self) -> list[str]:
        """Return all objects that must be there."""
        return [*self.made, *self._passing]


class Searcher(Load):
    """Looks for objects that were just made."""

    def __init__(
        self,
        nodes: Sequence[ParaServer],
        account: Account,
        seed: int,
        *,
        creators: Sequence[Creator],
        stale_sec: float,
    ) -> None:
        super().__init__(nodes, account, seed)
        self._creators, self._stale_sec = creators, stale_sec

    def step(self, node: int) -> None:
        """Look for one object."""
        time.sleep(_PAUSE_SEC)
        recent = self.chance.choice(self._creators).recent.copy()
        if not recent:
            return
        at, key, writer = recent[-1] if self.chance.random() < 0.5 else self.chance.choice(recent)  # noqa: PLR2004 - half of them
        began = time.monotonic()
        must = at <= began - self._stale_sec or (writer == node and at <= began)
        reply = self.ask(node, "GET", "/v1/made", query=[("q", f"id:{key}")])
        if reply is None:
            return
        if reply.status != _OK:
            self.blame("search", reply)
        elif must:
            self._judge(reply, began, f"{key}, made through node {writer}, by node {node}")

    def _judge(self, reply: Reply, began: float, what: str) -> None:
        self.account.searches += 1
        if reply.json["totalHits"] != 1:
            if time.monotonic() - began >= _WAIT_SEC:
                self.account.late += 1
            else:
                self.account.unfound.append(what)
