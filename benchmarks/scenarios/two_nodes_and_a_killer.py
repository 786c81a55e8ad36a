"""Do two nodes stay one server while somebody kills them?

Two nodes on one PostgreSQL (``PARA_TEST_POSTGRESQL_URL``), on one Redis as well when
``PARA_TEST_REDIS_URL`` names one, and on one OpenSearch when ``PARA_TEST_OPENSEARCH_URL`` does;
else each has an embedded index. For 20 minutes (``--minutes``) six threads change objects one
number after the other, four read them, three count in five objects by their ``version``, two make
objects and delete a fifth of them again, two search for what was just made, each request through a
node that chance chooses. Meanwhile one node at a time is killed (``kill -9``) and started again, or
stopped for up to 12 seconds, with 6 to 20 seconds between. Seed 11. The bounds are those of
``docs/how-to/run-several-nodes.md``: a read or a search through another node is stale when it lacks
what was acknowledged a second before it began, one through the same node when it lacks anything; a
search may say that its index is behind, after 10 seconds. At the end, what each node finds is
compared with what the database has.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from benchmarks.agreement import (
    Account,
    Counter,
    Creator,
    Load,
    Object,
    Reader,
    Searcher,
    Updater,
)
from benchmarks.hearing import Hearing, a_hearing
from benchmarks.indexed import differences, stored_objects, walked
from benchmarks.killer import Killer, a_schema, an_index, cluster
from benchmarks.peers import ParaServer
from benchmarks.scenario import Bar, Experiment, Extent, Finding

__all__ = ["EXPERIMENT"]

_NODES, _MINUTES = 2, 20.0
_UPDATERS, _READERS, _COUNTERS, _CREATORS, _SEARCHERS, _COUNTED = 6, 4, 3, 2, 2, 5
_SEED = 11
_STALE_SEC = 1.0
_PATIENCE_SEC = 180.0  # for the last events
_PART = 100


def run(_: ParaServer, extent: Extent) -> Sequence[Finding]:
    """Let it go on for a while, and look what became of it."""
    minutes = extent.minutes or _MINUTES
    url = os.environ["PARA_TEST_POSTGRESQL_URL"]
    engine = os.environ.get("PARA_TEST_OPENSEARCH_URL", "")
    with (
        a_schema(url) as place,
        a_hearing() as hearing,
        an_index(engine) as search,
        cluster(_NODES, {**_settings(place), **search}) as nodes,
    ):
        return _measured(nodes, hearing, minutes * 60)


def _settings(place: str) -> Mapping[str, object]:
    redis = os.environ.get("PARA_TEST_REDIS_URL")
    cached = {"para.cache": "RedisCache", "para.redis.url": redis} if redis else {}
    return {
        "para.dao": "SqlDAO",
        "para.sql.url": place,
        "para.nodes.enabled": True,
        "para.nodes.stale_ms": int(_STALE_SEC * 1000),
        "para.webhooks_enabled": True,
        "para.outbound.hosts": ["127.0.0.1"],
        **cached,
    }


def _measured(nodes: list[ParaServer], hearing: Hearing, seconds: float) -> Sequence[Finding]:
    counted = [f"count{number}" for number in range(_COUNTED)]
    _begin(nodes[0], hearing, counted)
    account, killer = Account(), Killer(nodes, _SEED)
    things = [Object(f"grow{number}") for number in range(_UPDATERS)]
    seeds = iter(range(_SEED, 10_000))
    updaters = [Updater(nodes, account, next(seeds), thing) for thing in things]
    counters = [Counter(nodes, account, next(seeds), counted) for _ in range(_COUNTERS)]
    creators = [Creator(nodes, account, next(seeds)) for _ in range(_CREATORS)]
    readers = [
        Reader(nodes, account, next(seeds), things=things, stale_sec=_STALE_SEC)
        for _ in range(_READERS)
    ]
    searchers = [
        Searcher(nodes, account, next(seeds), creators=creators, stale_sec=_STALE_SEC)
        for _ in range(_SEARCHERS)
    ]
    _go_on([*updaters, *counters, *creators, *readers, *searchers], killer, seconds)
    _until(lambda: sum(hearing.lost(one.thing.key, one.number) for one in updaters) == 0)
    for node in nodes:
        node.connection.close()  # the server may have closed it, since nobody used it for long
    made = [key for creator in creators for key in creator.all()]
    gone = {key for creator in creators for key in creator.gone}
    stored = stored_objects(nodes[0])
    differing = [text for node in nodes for text in differences(node, stored)]
    return [
        *_counts({"requests": account.requests, "without an answer": account.unanswered}),
        *_counts({"kills": killer.kills, "stops": killer.stops}),
        *_counts({"objects made": len(made), "objects deleted": len(gone)}),
        Finding("longest start, s", killer.longest_start_sec),
        *_counts({"events told": sum(map(len, hearing.numbers.values()))}),
        *_counts({"events told again": hearing.repeated}),
        *_none("wrong answers", len(account.wrong), account.wrong),
        *_none("stale reads", len(account.stale), account.stale),
        *_counts({"searches": account.searches}),
        *_counts({"searches whose index was behind": account.late}),
        *_none("stale searches", len(account.unfound), account.unfound),
        *_none("lost updates", _lost_updates(nodes[0], counters, counted)),
        *_none("events lost", sum(hearing.lost(one.thing.key, one.number) for one in updaters)),
        *_none("events out of order", hearing.unordered()),
        *_none("ids made twice", len(made) - len(set(made))),
        *_none("objects not read", sum(len(_unread(node, made)) for node in nodes)),
        *_none("objects not found", sum(len({*made} - walked(node, "made")) for node in nodes)),
        *_none("objects found again", sum(len(gone & walked(node, "made")) for node in nodes)),
        *_none("index other than database", len(differing), differing),
    ]


def _begin(node: ParaServer, hearing: Hearing, counted: Iterable[str]) -> None:
    hook = {
        "targetUrl": f"http://127.0.0.1:{hearing.port}/",
        "create": True,
        "update": True,
        "typeFilter": "grow",
    }
    _post(node, "/v1/webhooks", hook)
    for key in counted:
        _post(node, "/v1/count", {"id": key, "type": "count", "n": 0, "version": 1})


def _post(node: ParaServer, path: str, body: Mapping[str, object]) -> None:
    reply = node.connection.ask("POST", path, body=msgspec.json.encode(body), by=node.credentials)
    if reply.status != 201:  # noqa: PLR2004 - HTTP
        raise RuntimeError(f"{path} answered {reply.status} {reply.body[:200]!r}")


def _go_on(loads: Sequence[Load], killer: Killer, seconds: float) -> None:
    """Let all do what they do for a while; all nodes run at the end."""
    killing = threading.Thread(target=killer.run, daemon=True)
    for thread in [*loads, killing]:
        thread.start()
    time.sleep(seconds)
    killer.end()
    killing.join()
    for load in loads:
        load.end.set()
    for load in loads:
        load.join()


def _until(holds: Callable[[], bool]) -> None:
    """Wait until something is so, at most for a while."""
    end = time.monotonic() + _PATIENCE_SEC
    while not holds() and time.monotonic() < end:
        time.sleep(0.2)


# ---- what became of it ---------------------------------------------------------------------------


def _lost_updates(node: ParaServer, counters: Sequence[Counter], counted: Sequence[str]) -> int:
    """Return how many acknowledged counts are missing, and how many there are too many."""
    lost = 0
    for key in counted:
        reply = node.connection.ask("GET", f"/v1/count/{key}", by=node.credentials)
        acked = sum(counter.acked[key] for counter in counters)
        most = acked + sum(counter.unsure[key] for counter in counters)
        found = int(reply.json["n"])
        lost += max(acked - found, found - most, 0)
    return lost


def _unread(node: ParaServer, keys: Sequence[str]) -> set[str]:
    missing: set[str] = set()
    for start in range(0, len(keys), _PART):
        part = keys[start : start + _PART]
        query = [("ids", key) for key in part]
        reply = node.connection.ask("GET", "/v1/_batch", query=query, by=node.credentials)
        missing |= set(part).difference(item["id"] for item in reply.json)
    return missing


def _counts(values: Mapping[str, int]) -> list[Finding]:
    return [Finding(name, value) for name, value in values.items()]


def _none(name: str, value: int, examples: Sequence[str] = ()) -> list[Finding]:
    """Return a figure that has to be 0, with an example when it is not."""
    for example in examples[:3]:
        print(f"{name}: {example}")
    return [Finding(name, value, Bar(0))]


EXPERIMENT = Experiment(run, is_started=False, is_long=True)
