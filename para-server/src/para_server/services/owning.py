"""What a search has to look for, so that it counts only what a caller may see, and such counts.

A page leaves out the objects that ``OWN`` keeps from its reader after they were found. A count
shows no objects, so it has to be told beforehand which ones do not count.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from para_core.objects import App
from para_core.query.tree import All, Bool, Exact, Node, Prefix
from para_core.types import SINGULARS
from para_server.access.ownership import own_rule_applies
from para_server.access.permissions import EVERYBODY, OWN
from para_server.access.principal import Principal

if TYPE_CHECKING:
    from para_server.services.finder import Finder

__all__ = ["counts_of", "seen_by"]

_AT_ONCE = 16  # counts that run at the same time


async def counts_of(
    finder: Finder, app: App, caller: Principal, kinds: Collection[str]
) -> dict[str, int]:
    """Return how many indexed objects of each type there are that a caller may see."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def count(kind: str) -> int:
        async with turn:
            return await finder.count(app, seen_by(app, caller, kind) or All(), kind=kind)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = {kind: group.create_task(count(kind)) for kind in kinds}
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None  # it has a status of its own
    return {kind: task.result() for kind, task in tasks.items()}


def seen_by(app: App, caller: Principal, kind: str | None) -> Node | None:
    """Return what matches the objects that a caller may see; ``None`` when that is all of them.

    Args:
        app: The app.
        caller: Who counts.
        kind: The type that is counted; ``None`` for all types.
    """
    if caller.is_app or caller.is_admin:
        return None
    own = _own(caller.userid)
    hidden: list[Node] = [
        Bool(must=[of_others], must_not=[own] if own else [])
        for of_others in _limited(app, caller.userid, kind)
    ]
    return Bool(must_not=hidden) if hidden else None


def _own(userid: str) -> Node | None:
    """Return what matches a user's own objects, as ``ownership.owns`` has it."""
    if not userid:
        return None
    parts = Prefix("creatorid", f"{userid}:", folded=False)
    fields = ("creatorid", "id", "parentid")
    return Bool(should=[*(Exact(field, userid) for field in fields), parts])


def _limited(app: App, userid: str, kind: str | None) -> Iterator[Node]:
    """Yield what matches the types and the objects for which ``OWN`` holds."""
    kinds = {kind} if kind else {*app.datatypes.values(), *SINGULARS.values()}
    named: set[tuple[str, str]] = set()
    for subject in (EVERYBODY, userid):
        entries = app.resource_permissions.get(subject) if subject else None
        if not isinstance(entries, Mapping):
            continue
        for name, flags in entries.items():
            if OWN not in (flags or ()):
                continue
            first, slash, key = name.partition("/")
            one = app.datatypes.get(first) or SINGULARS.get(first) or first
            if kind in (None, one):
                kinds.add(one)
                if slash:
                    named.add((one, key))
    limited = {one for one in kinds if own_rule_applies(app, userid, one)}
    for one in sorted(limited):
        yield Exact("type", one)
    for one, key in sorted(named):
        if one not in limited and own_rule_applies(app, userid, one, key):
            yield Bool(must=[Exact("type", one), Exact("id", key)])
