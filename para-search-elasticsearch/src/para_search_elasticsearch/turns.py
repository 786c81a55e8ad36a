"""Writes of several servers into one index, kept in the order of the database's changes.

Each document is at the number of a change, its *version*, and the cluster refuses what is older. So
does it what was removed later, as long as it remembers that: for minutes, but not for ever. Hence
the pen (``pens.py``): what a server sends that was stopped, and replaced meanwhile, is refused as a
whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass

from para_core.contracts.dao import Record
from para_core.contracts.search import Later
from para_core.errors import BackendError, IndexMovedError, UnavailableError
from para_search_elasticsearch.failures import RefusedError
from para_search_elasticsearch.home import Home
from para_search_elasticsearch.homes import Homes
from para_search_elasticsearch.pens import Pens
from para_search_elasticsearch.positions import Positions, State
from para_search_elasticsearch.writing import Writer

__all__ = ["Turns"]

_BETWEEN = 20  # batches of a rebuild, before what changed meanwhile is taken in
_TRIES = 5  # to replace an index that somebody writes


@dataclass(slots=True)
class _Turn:
    """Where this server writes an app, and how far it is: true for this home only."""

    home: Home
    position: int
    pen: str = ""


@dataclass(slots=True)
class _Step:
    """Where a rebuild is: when the answer to its last request is lost, its index may be in use."""

    is_unsure: bool = False


class Turns:
    """Writes indexes as one of several servers."""

    def __init__(self, homes: Homes, pens: Pens, writer: Writer, positions: Positions) -> None:
        self._homes, self._pens = homes, pens
        self._writer, self._positions = writer, positions
        self._turns: dict[str, _Turn] = {}

    async def begin(self, appid: str) -> int | None:
        """Return how far an index is; if this server writes it, it goes on from there.

        The pen is taken by the first write, so that indexes which nobody writes cost nothing.
        """
        self._turns.pop(appid, None)
        home, state = await self._look(appid)
        if home is None or state is None:
            return None
        self._turns[appid] = _Turn(home, state.position)
        return state.position

    async def _look(self, appid: str) -> tuple[Home | None, State | None]:
        home = await self._homes.look_up(appid)
        state = None if home is None else await self._positions.read(home)
        if state is not None:
            self._writer.start_at(appid, state.last)
        return home, state

    async def index(
        self,
        appid: str,
        puts: Sequence[Record],
        deletes: Sequence[str],
        position: int | None,
        as_of: int,
    ) -> None:
        """Index and remove what is not newer in the index; see ``Search.index_as_of``."""
        try:
            if position is None:
                await self._index_beside(appid, puts, deletes, as_of)
            else:
                await self._index_on(appid, puts, deletes, position, as_of)
        except (IndexMovedError, RefusedError) as error:
            self.forget(appid)
            self._homes.forget(appid)
            if isinstance(error, RefusedError) and error.is_missing:
                raise IndexMovedError(appid) from error
            raise

    async def _index_on(
        self,
        appid: str,
        puts: Sequence[Record],
        deletes: Sequence[str],
        position: int,
        as_of: int,
    ) -> None:
        turn = self._turns.get(appid)
        if turn is None:
            raise IndexMovedError(appid)
        home = turn.home
        if not turn.pen:
            turn.pen = await self._take(appid, turn)
        place = home.place(turn.pen)
        await self._writer.apply(appid, home, puts, deletes, place=place, as_of=as_of)
        state = State(position, self._writer.last(appid))
        await self._positions.write_as_of(home, place, state)
        turn.position = position

    async def _take(self, appid: str, turn: _Turn) -> str:
        """Take the pen, unless another server has written since this one looked.

        Then what is to be written was read before that, however long ago; and the cluster may have
        forgotten what was removed meanwhile.
        """
        pen = await self._pens.take(appid, turn.home)
        state = await self._positions.read(turn.home)
        if state is None or state.position != turn.position:
            raise IndexMovedError(appid)
        return pen

    async def _index_beside(
        self, appid: str, puts: Sequence[Record], deletes: Sequence[str], as_of: int
    ) -> None:
        home = await self._homes.look_up(appid)
        if home is None:
            raise IndexMovedError(appid)
        await self._writer.apply(appid, home, puts, deletes, as_of=as_of)

    # ---- rebuilding ---------------------------------------------------------------------------

    async def rebuild(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int, later: Later
    ) -> int:
        """Replace an index while another server writes it; see ``Search.rebuild_as_of``."""
        await self._look(appid)
        home, taken, count = await self._homes.make(appid), 0, 0
        step = _Step()
        try:
            async for batch in records:
                taken += await self._writer.fill(appid, home, batch, as_of=0)
                count += 1
                if count % _BETWEEN == 0:
                    position = await self._catch_up(appid, home, position, later)
            position = await self._catch_up(appid, home, position, later)
            await self._move_in(appid, home, position, later, step)
        except BaseException as error:
            if not step.is_unsure:
                await asyncio.shield(self._clear(home))
            if isinstance(error, RefusedError) and error.is_missing:
                raise IndexMovedError(appid) from error  # another rebuild has removed it
            raise
        return taken

    async def _catch_up(self, appid: str, home: Home, position: int, later: Later) -> int:
        """Index what has changed after a position, and return which position that is."""
        place = home.filling_place()
        async for delta in later(position):
            await self._writer.apply(
                appid, home, delta.puts, delta.deletes, place=place, as_of=delta.position
            )
            position = delta.position
        return position

    async def _move_in(
        self, appid: str, home: Home, position: int, later: Later, step: _Step
    ) -> None:
        """Take the pen of the old index, so that nobody writes it, and replace it.

        Where there is none, several servers may make the first one: the pen says who is to.
        """
        for tried in range(1, _TRIES + 1):
            try:
                old = await self._homes.look_up(appid)
                if old is None:
                    pen = await self._pens.take_first(appid, home)
                else:
                    pen = await self._pens.take(appid, old)
                position = await self._catch_up(appid, home, position, later)
                state = State(position, self._writer.last(appid))
                await self._positions.write_as_of(home, home.filling_place(), state)
                await self._positions.show(home)
                step.is_unsure = True
                if old is None:
                    await self._pens.place(appid, home, pen)
                else:
                    await self._pens.replace(appid, old, home, pen)
            except IndexMovedError:
                step.is_unsure = False
                if tried == _TRIES:
                    raise
            except UnavailableError:
                raise
            except BackendError:
                step.is_unsure = False  # it was refused
                raise
            else:
                return

    async def _clear(self, home: Home) -> None:
        """Remove what a failed rebuild made."""
        try:
            await self._homes.clear(home)
        except (UnavailableError, RefusedError):
            self._homes.forget()  # the next rebuild removes it

    def forget(self, appid: str | None = None) -> None:
        """Forget that this server writes an index, or any."""
        if appid is None:
            self._turns.clear()
        else:
            self._turns.pop(appid, None)
