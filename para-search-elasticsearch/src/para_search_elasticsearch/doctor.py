"""What ``para-server doctor`` looks at: the cluster, its health, and whether it takes writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from para_core.checks import Check, Finding, advice, bad, good
from para_core.errors import BackendError, ConfigError
from para_search_elasticsearch.connection import Connection, Json
from para_search_elasticsearch.engine import connection_of, is_ordered, settings_of
from para_search_elasticsearch.settings import ElasticSettings

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["CHECK", "examine_cluster"]

_OLDEST = {"opensearch": (2,), "elasticsearch": (8,)}
_OLDEST_OF_NODES = {"opensearch": (2, 12), "elasticsearch": (8,)}  # that know ``must_exist``


async def examine(config: Config) -> list[Finding]:
    """Ask the cluster who it is and how it is; nothing is changed there."""
    try:
        settings = settings_of(config)
        async with connection_of(config, settings) as connection:
            return await examine_cluster(connection, settings, is_ordered=is_ordered(config))
    except (BackendError, ConfigError) as error:
        return [bad(str(error), "set para.es.restclient_host and what belongs to it")]


async def examine_cluster(
    connection: Connection, settings: ElasticSettings, *, is_ordered: bool = False
) -> list[Finding]:
    """Return what is found at a cluster that answers; ``is_ordered`` where several nodes write."""
    about = await connection.request("GET /", doing="tell its version")
    health = await connection.request("GET /_cluster/health", doing="tell its health")
    blocks = await _blocks(connection, settings.index_prefix)
    of_version = _of_version(about, settings, is_ordered=is_ordered)
    return [*of_version, *_of_health(health), *_of_blocks(blocks)]


def _of_version(about: Json, settings: ElasticSettings, *, is_ordered: bool) -> Iterator[Finding]:
    version = about.get("version", {})
    flavor = str(version.get("distribution", "elasticsearch")).lower()
    number = str(version.get("number", "?"))
    said, parts = f"{flavor} {number} answers", _parts(number)
    of_nodes = _OLDEST_OF_NODES.get(flavor, ())
    if flavor != settings.flavor.lower():
        yield advice(f"{said}, not {settings.flavor}", f"set para.es.flavor to {flavor}")
    elif parts < _OLDEST.get(flavor, ()):
        yield advice(f"{said}, which is old", f"use {flavor} {_OLDEST[flavor][0]} or newer")
    elif is_ordered and parts < of_nodes:
        oldest = ".".join(map(str, of_nodes))
        yield bad(f"{said}, where nodes cannot make an index anew", f"use {flavor} {oldest}")
    else:
        yield good(said)


def _parts(number: str) -> tuple[int, ...]:
    """Return a version as numbers, up to the first part that is none."""
    found: list[int] = []
    for part in number.split("."):
        if not (part.isascii() and part.isdecimal()):
            break
        found.append(int(part))
    return tuple(found)


def _of_health(health: Json) -> Iterator[Finding]:
    status, lost = str(health.get("status")), int(health.get("unassigned_shards", 0))
    if status == "green":
        yield good("the cluster is green")
    elif status == "yellow":
        yield advice(
            f"{lost} copies of shards have no node",
            "add a node, or set para.es.replicas and para.es.auto_expand_replicas to what there is",
        )
    else:
        yield bad(f"the cluster is {status}: {lost} shards are missing", "look at its log")


def _of_blocks(blocks: list[str]) -> Iterator[Finding]:
    if blocks:
        shown = ", ".join(blocks[:3])
        yield bad(
            f"{len(blocks)} indexes take no writes, since a disk was full: {shown}",
            "free space on the disks of the cluster",
        )


async def _blocks(connection: Connection, prefix: str) -> list[str]:
    """Return what the cluster made read-only of ours; nothing where it does not let us look."""
    try:
        answer = await connection.request(
            "GET /_cluster/state/blocks", doing="tell which indexes are read-only"
        )
    except BackendError:
        return []
    indexes = answer.get("blocks", {}).get("indices", {})
    return sorted(index for index in indexes if index.startswith(prefix))


CHECK = Check("search cluster", examine)
