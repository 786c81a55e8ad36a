"""Can the back-ends be opened, is the root app there, and does the index fit the database?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from para_core.checks import Finding, advice, bad, good
from para_core.contracts.dao import DAO
from para_core.contracts.queue import Queue
from para_core.contracts.search import Search
from para_core.errors import ParaError
from para_core.plugins import load_plugins
from para_core.query.tree import All
from para_core.selection import CACHES, DAOS, EMAILERS, FILESTORES, QUEUES, SEARCHES
from para_core.types import app_identifier
from para_server.copies.marker import Marker
from para_server.doctor.folders import is_there, other_owner
from para_server.doctor.machine import ask_server, running_server
from para_server.localqueue import LocalQueue
from para_server.services.index_writer import is_indexed

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.contracts.component import Component
    from para_core.plugins import Plugins

__all__ = ["examine_backends"]

_MOST_COUNTED = 200_000  # objects that are counted: some seconds
_PAGE = 1000
_ANOTHER = (
    "the server that runs has another database",
    "to look at that one, use the configuration with which it was started",
)


async def examine_backends(config: Config) -> Iterable[Finding]:
    """Open them one after the other; where a server runs that has them, ask that one."""
    plugins = load_plugins(config)
    plugins.register_core_types()
    folder = Path(config.text("para.db.dir") or "data")
    owner = other_owner(folder)
    runs = await asyncio.to_thread(running_server, config) is not None
    if runs and (owner is not None or await _may_be_its_own(plugins, config)):
        return [await _as_the_server_says(config)]
    if owner is not None:
        command = f"sudo -u {owner} para-server doctor"
        return [advice(f"not opened: {folder} belongs to {owner}", f"run `{command}` instead")]
    if not is_there(folder) and not config.text("para.sql.url").strip():
        return [good("not made yet; the first start makes them")]
    found = [finding async for finding in _opened(plugins, config)]
    return [advice(*_ANOTHER), *found] if runs else found


async def _may_be_its_own(plugins: Plugins, config: Config) -> bool:
    """Return whether the server that runs may have the database of this configuration."""
    try:
        dao = plugins.make(DAOS, config)
        if dao.is_shared or not dao.place or await dao.what_opening_changes():
            return True
        async with dao:  # which nobody else has, then
            return False
    except ParaError:
        return True


async def _as_the_server_says(config: Config) -> Finding:
    told = await asyncio.to_thread(ask_server, config, "/v1/_health")
    if told is not None and told.get("message") == "healthy":
        return good("in use by the server that runs, which is healthy")
    return bad("the server that runs says that it is not healthy", "look into its log")


async def _opened(plugins: Plugins, config: Config) -> AsyncIterator[Finding]:
    async with AsyncExitStack() as stack:
        dao: DAO | None = None
        search: Search | None = None
        for family in (DAOS, SEARCHES, CACHES, QUEUES, FILESTORES, EMAILERS):
            name = f"{family.key} = {plugins.selected(family, config).name}"
            try:
                made: Component = plugins.make(family, config)  # type: ignore[misc]
                if isinstance(made, DAO) and (pending := await made.what_opening_changes()):
                    yield good(f"{name} is not opened, since the next start {pending}")
                    continue
                if isinstance(made, Queue) and dao is not None:
                    made.keep_in(dao)  # as the server does
                elif isinstance(made, LocalQueue):
                    continue  # it is in the database
                await stack.enter_async_context(made)
            except ParaError as error:
                yield bad(f"{name}: {error}", f"put it right, or select another {family.key}")
                continue
            yield good(f"{name} can be opened")
            dao = made if isinstance(made, DAO) else dao
            search = made if isinstance(made, Search) else search
        if dao is not None:
            async for finding in _of_content(dao, search, config):
                yield finding


async def _of_content(dao: DAO, search: Search | None, config: Config) -> AsyncIterator[Finding]:
    try:
        mark = await Marker(dao).find()
        if mark is not None and not mark.is_finished:
            yield bad(
                "the database holds a copy that is not finished",
                f"run `para-server {mark.command}` again",
            )
        yield await _of_root(dao, config)
        if search is not None and config.flag("para.search_enabled"):
            async for finding in _of_indexes(dao, search):
                yield finding
    except ParaError as error:
        yield bad(str(error), "look at the database")


async def _of_root(dao: DAO, config: Config) -> Finding:
    root = app_identifier(config.text("para.app_name"))
    if await dao.read(root, f"app:{root}") is not None:
        return good(f"the root app {root!r} is there")
    if await dao.apps():
        return bad(
            f"there are apps, but no root app {root!r}",
            "set para.app_name to what it was; another name makes another root app",
        )
    return good("there is no app yet; the first start makes the root app")


# ---- index and database --------------------------------------------------------------------------


async def _of_indexes(dao: DAO, search: Search) -> AsyncIterator[Finding]:
    counted, fine, uncounted = 0, 0, 0
    for appid in await dao.apps():
        position, last = await search.position(appid), await dao.last_change(appid)
        if position is None and last:
            yield advice(
                f"app {appid}: there is no usable index",
                "the next start makes it from the database",
            )
        elif position is not None and position > last:
            yield advice(
                f"app {appid}: the index is ahead of the database, which was put back",
                "the next start makes it anew",
            )
        elif position is not None and position < last:
            fine += 1  # the next start catches up
        elif counted >= _MOST_COUNTED:
            uncounted += 1
        else:
            stored = await _count(dao, appid)
            counted += stored
            held = await search.count(appid, All()) if stored else 0
            if held < stored:
                yield bad(
                    f"app {appid}: {stored - held} of {stored} objects are not in the index",
                    "start the server and send POST /v1/_reindex with the keys of the app",
                )
            else:
                fine += 1
    more = f"; {uncounted} too large to be counted here" if uncounted else ""
    yield good(f"the indexes of {fine} apps fit the database{more}")


async def _count(dao: DAO, appid: str) -> int:
    """Return how many objects of an app want to be found."""
    count, after = 0, ""
    while page := await dao.read_page(appid, after=after, limit=_PAGE):
        count += sum(map(is_indexed, page))
        after = page[-1].id
    return count
