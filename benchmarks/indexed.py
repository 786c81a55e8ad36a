"""Does an index have what the database has? Asked through a node, when nobody writes any more."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from benchmarks.peers import ParaServer

__all__ = ["differences", "stored_objects", "walked"]

_PAGE = "256"


def stored_objects(node: ParaServer) -> list[dict[str, Any]]:
    """Return all objects of the app, as its export has them: from the database, not the index."""
    reply = node.connection.ask("GET", "/v1/_export", by=node.credentials)
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".json")]
        parts = [msgspec.json.decode(archive.read(name)) for name in names]
    items = [item for part in parts for item in part if isinstance(item, dict)]
    return [{**item, **item.get("properties", {})} for item in items]


def walked(node: ParaServer, kind: str) -> set[str]:
    """Return the ids of all objects of a type that searches find."""
    found, last = set[str](), ""
    while True:
        query = [("limit", _PAGE), ("sort", "_docid"), *([("lastKey", last)] if last else [])]
        page = node.connection.ask("GET", f"/v1/{kind}", query=query, by=node.credentials).json
        if not page["items"]:
            return found
        found.update(item["id"] for item in page["items"])
        last = page["lastKey"]


def differences(node: ParaServer, stored: list[dict[str, Any]]) -> list[str]:
    """Return what of these objects the index does not have as they are, and what it has besides."""
    made = {item["id"]: item["mark"] for item in stored if item["type"] == "made"}
    found = walked(node, "made")
    return [
        *(f"{key} is stored and not found" for key in made.keys() - found),
        *(f"{key} is found and not stored" for key in found - made.keys()),
        *_marks(node, made),
        *_numbers(node, stored),
    ]


def _marks(node: ParaServer, made: Mapping[str, int]) -> Iterator[str]:
    """Compare how many objects have each mark: the index is asked, not the objects it names."""
    total = _total(node, "made", "*")
    if total != len(made):
        yield f"{total} objects instead of {len(made)}"
    for mark, count in Counter(made.values()).items():
        found = _total(node, "made", f"properties.mark:{mark}")
        if found != count:
            yield f"mark {mark}: {found} objects instead of {count}"


def _numbers(node: ParaServer, stored: list[dict[str, Any]]) -> Iterator[str]:
    for item in stored:
        if item["type"] in ("grow", "count"):
            key, number = item["id"], item["n"]
            if _total(node, item["type"], f"id:{key} AND properties.n:{number}") != 1:
                yield f"{key} is not found with the number {number}"


def _total(node: ParaServer, kind: str, text: str) -> int:
    query = [("q", text), ("limit", "1")]
    reply = node.connection.ask("GET", f"/v1/{kind}", query=query, by=node.credentials)
    return int(reply.json["totalHits"])
