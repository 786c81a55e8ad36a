"""Sends many changes in few requests, and tells what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from para_core.errors import UnavailableError
from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.failures import (
    STALE,
    BusyError,
    cause_of,
    error_of,
    is_full,
    is_of_index,
    is_rejection,
)
from para_search_elasticsearch.settings import BulkSettings

__all__ = ["Action", "Bulk", "Failed"]

_MIB = 1024 * 1024
_LONGEST_PAUSE_SEC = 30.0
_NOT_FOUND, _ERRORS = 404, 300

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Action:
    """One change of one document."""

    key: str
    """The id of the object, for messages."""

    lines: bytes
    """What is sent for it."""

    @classmethod
    def put(cls, key: str, doc: str, body: dict[str, Any], version: int | None = None) -> Action:
        """Make a change that replaces a document, unless it is at a later version."""
        return cls(key, _head("index", doc, version) + _encode(body) + b"\n")

    @classmethod
    def delete(cls, key: str, doc: str, version: int | None = None) -> Action:
        """Make a change that removes a document, unless it is at a later version or not there."""
        return cls(key, _head("delete", doc, version))


def _head(verb: str, doc: str, version: int | None) -> bytes:
    about: dict[str, Any] = {"_id": doc}
    if version is not None:
        about |= {"version": version, "version_type": "external_gte"}
    return _encode({verb: about}) + b"\n"


@dataclass(frozen=True, slots=True)
class Failed:
    """A change that the cluster will not take, however often it is sent."""

    action: Action
    reason: str


class Bulk:
    """Sends bulks to one cluster."""

    def __init__(self, connection: Connection, settings: BulkSettings, timeout_ms: int) -> None:
        self._connection, self._settings, self._timeout_ms = connection, settings, timeout_ms

    async def send(
        self,
        index: str,
        actions: Iterable[Action],
        *,
        params: dict[str, str],
        guard: Action | None = None,
    ) -> list[Failed]:
        """Apply changes, at most one of each document, in portions.

        ``para.es.bulk.concurrent_requests`` portions are on their way at once. Changes that the
        cluster has no time for are sent again, after longer and longer pauses
        (``para.es.bulk.backoff_initial_delay_ms``, ``max_num_retries``).

        Args:
            index: Name of an index or alias.
            actions: The changes.
            params: Of the request: ``refresh``, ``require_alias``, ``routing``.
            guard: Put in front of each portion. For removals with versions alone a cluster makes a
                missing index, even where an alias is required; for anything else it does not.

        Returns:
            The changes that cannot be applied; all others were.

        Raises:
            UnavailableError: The cluster is away or has no time; some changes may be applied.
            StorageFullError: It takes no writes; some changes may be applied.
            RefusedError: It refuses the whole request, as when the index is missing.
        """
        failed: list[Failed] = []
        running: set[asyncio.Task[list[Failed]]] = set()
        try:
            for portion in self._portions(actions):
                if len(running) >= max(self._settings.concurrent_requests, 1):
                    done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    failed += _results(done)
                running.add(asyncio.create_task(self._until_taken(index, portion, params, guard)))
            while running:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
                failed += _results(done)
        finally:
            await _end(running)
        return failed

    def _portions(self, actions: Iterable[Action]) -> Iterator[list[Action]]:
        """Yield the changes in portions of a size that the cluster likes."""
        portion: list[Action] = []
        size, most = 0, self._settings.size_limit_mb * _MIB
        for action in actions:
            is_full = size + len(action.lines) > most
            if portion and (is_full or len(portion) >= self._settings.action_limit):
                yield portion
                portion, size = [], 0
            portion.append(action)
            size += len(action.lines)
        if portion:
            yield portion

    async def _until_taken(
        self, index: str, portion: list[Action], params: dict[str, str], guard: Action | None
    ) -> list[Failed]:
        failed: list[Failed] = []
        reason = ""
        pause = self._settings.backoff_initial_delay_ms / 1000
        retries = max(self._settings.max_num_retries, 0)
        for attempt in range(retries + 1):
            try:
                rejected, refused = await self._once(index, portion, params, guard)
            except BusyError:
                if attempt == retries:
                    raise
            else:
                failed += refused
                if not rejected:
                    return failed
                portion, reason = [one.action for one in rejected], rejected[0].reason
            if attempt < retries:
                await asyncio.sleep(min(pause, _LONGEST_PAUSE_SEC))
                pause *= 2
        raise UnavailableError(
            f"the search cluster has not taken {len(portion)} changes, asked {retries + 1} times "
            f"(para.es.bulk.max_num_retries): {reason}"
        )

    async def _once(
        self,
        index: str,
        portion: Sequence[Action],
        params: dict[str, str],
        guard: Action | None,
    ) -> tuple[list[Failed], list[Failed]]:
        """Send a portion; return what may be taken a moment later and what never will be."""
        if guard is not None:
            portion = [guard, *portion]
        answer = await self._connection.request(
            f"POST /{index}/_bulk",
            b"".join(action.lines for action in portion),
            doing="index objects",
            params=params,
            timeout_ms=self._timeout_ms,
        )
        items = answer.get("items", [])
        if len(items) != len(portion):
            raise self._connection.no_cluster()
        if not answer.get("errors"):
            return [], []
        rejected, refused = _told(portion, items)
        return (
            [one for one in rejected if one.action is not guard],
            [one for one in refused if one.action is not guard],
        )


def _told(portion: Sequence[Action], items: Sequence[Any]) -> tuple[list[Failed], list[Failed]]:
    """Read an answer: return what may be taken a moment later and what never will be.

    Raises:
        BackendError: The cluster takes nothing into this index, whatever it is.
    """
    rejected: list[Failed] = []
    refused: list[Failed] = []
    for action, item in zip(portion, items, strict=True):
        ((operation, outcome),) = item.items()
        status = outcome["status"]
        if status < _ERRORS:
            continue
        kind, reason = cause_of(outcome)
        if kind == STALE:
            continue  # what the index has is newer
        if is_full(kind, reason) or is_of_index(status, kind):
            raise error_of(status, outcome, "index objects")
        failed = Failed(action, f"{kind}: {reason}")
        if is_rejection(status, kind, reason):
            rejected.append(failed)
        elif operation != "delete" or status != _NOT_FOUND:
            refused.append(failed)
    return rejected, refused


def _results(done: set[asyncio.Task[list[Failed]]]) -> list[Failed]:
    """Return what the portions that ended could not change.

    Raises:
        BackendError: Of one of them; the other errors say the same.
    """
    errors = [error for task in done if (error := task.exception()) is not None]
    if errors:
        raise errors[0]
    return [one for task in done for one in task.result()]


async def _end(running: set[asyncio.Task[list[Failed]]]) -> None:
    """End what is still on its way, when another portion failed or the call was cancelled."""
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
