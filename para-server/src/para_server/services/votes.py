"""Votes: who voted on what, and what that does to the number on the object.

A vote is an object of its own beside the ``votes`` of its target. Both change in one write that
holds only if the target is still as it was read, so every vote counts exactly once however many
come at the same time. Source: Para 1.54, ``Vote`` and ``ParaObject.voteUp``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from para_core.errors import UnusableBodyError
from para_core.objects import App, ParaObject, Vote
from para_core.objects.codec import decode
from para_server.services.store import Save, Store

if TYPE_CHECKING:
    from para_core.contracts.dao import Record
    from para_server.services.container import Clock

__all__ = ["Ballot", "Votes", "is_vote", "parse_vote"]

_UP, _DOWN = "_voteup", "_votedown"
_EXPIRES, _LOCKED = "_vote_expires_after", "_vote_locked_after"


@dataclass(frozen=True, slots=True)
class Ballot:
    """What somebody wants to vote; ``voter`` may be blank, which counts for nothing."""

    voter: str
    direction: int  # 1 or -1
    expires_after: int | None = None  # seconds, 0 never; None the server's default
    locked_after: int | None = None  # seconds in which it can be taken back


def is_vote(body: Mapping[str, Any]) -> bool:
    """Return whether the body of a PATCH is a vote: nothing else in it counts then."""
    return _UP in body or _DOWN in body


def parse_vote(body: Mapping[str, Any]) -> Ballot:
    """Return what a body wants to vote; a voter for it wins over one against.

    Raises:
        UnusableBodyError: The voter is no text, or a time no whole number.
    """
    up, down = _voter(body, _UP), _voter(body, _DOWN)
    expires, locked = _seconds(body, _EXPIRES), _seconds(body, _LOCKED)
    return Ballot(up, 1, expires, locked) if up.strip() else Ballot(down, -1, expires, locked)


def _voter(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str | None):
        message = f"{name} must be the id of a voter."
        raise UnusableBodyError(message)
    return value or ""


def _seconds(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | None):
        message = f"{name} must be a whole number of seconds."
        raise UnusableBodyError(message)
    return value


class Votes:
    """Counts votes on the objects of all apps; the times are defaults, in seconds."""

    def __init__(
        self, store: Store, *, clock: Clock, expires_after: int, locked_after: int
    ) -> None:
        self._store, self._clock = store, clock
        self._expires_after, self._locked_after = expires_after, locked_after

    async def cast(self, app: App, key: str, body: Mapping[str, Any]) -> bool | None:
        """Vote as the body of a PATCH asks. See ``vote``.

        Raises:
            UnusableBodyError: The voter is no text, or a time no whole number.
        """
        return await self.vote(app, key, parse_vote(body))

    async def vote(self, app: App, key: str, ballot: Ballot) -> bool | None:
        """Count a vote on an object, or take an earlier one back.

        A vote in the other direction takes the earlier one back while that can still be changed;
        an expired one is replaced, and what it did to the number stays.

        Returns:
            Whether the vote did something. ``False`` for voters who may not vote on this object or
            have done so; ``None`` when there is no such object.

        Raises:
            ConflictError: Others changed the object all the time.
        """
        attempt = partial(self._vote, app, key, ballot)
        return await self._store.turns.change(attempt, app.identifier, key)

    async def _vote(self, app: App, key: str, ballot: Ballot) -> bool | None:
        votekey = f"vote:{ballot.voter}:{key}"
        found = await self._store.dao.read_all(app.identifier, [key, votekey])
        if key not in found:
            return None
        target = decode(found[key])
        if not _may_vote(ballot.voter, target):
            return False
        earlier = found.get(votekey)
        if earlier is not None and not self._replaces(earlier, ballot):
            return False
        await self._store_vote(app, found[key], target, ballot, earlier)
        return True

    def _replaces(self, earlier: Record, ballot: Ballot) -> bool:
        """Return whether a vote can follow this earlier one of the same voter."""
        vote = decode(earlier)
        if not isinstance(vote, Vote):
            return False  # another object took this id
        return self._has_expired(vote) or (
            self._is_amendable(vote) and _direction(vote) != ballot.direction
        )

    async def _store_vote(
        self, app: App, read: Record, target: ParaObject, ballot: Ballot, earlier: Record | None
    ) -> None:
        now = self._clock()
        target.votes += ballot.direction
        target.updated = now
        if target.version > 0:
            target.version += 1
        saves = [Save(target, read.change)]
        vote = decode(earlier) if earlier is not None else None
        if isinstance(vote, Vote) and not self._has_expired(vote):
            await self._store.save(app.identifier, "update", saves, deletes=[vote.id])
            return
        expect = earlier.change if earlier is not None else 0
        saves.append(Save(self._new_vote(app, target.id, ballot, now), expect))
        await self._store.save(app.identifier, "update", saves)

    def _new_vote(self, app: App, key: str, ballot: Ballot, now: int) -> Vote:
        expires, locked = ballot.expires_after, ballot.locked_after
        return Vote(
            id=f"vote:{ballot.voter}:{key}",
            appid=app.identifier,
            creatorid=ballot.voter,
            parentid=key,
            timestamp=now,
            tags=[],
            value="up" if ballot.direction > 0 else "down",
            expires_after=self._expires_after if expires is None else expires,
            locked_after=self._locked_after if locked is None else locked,
        )

    def _has_expired(self, vote: Vote) -> bool:
        end = (vote.timestamp or 0) + vote.expires_after * 1000
        return vote.expires_after != 0 and end <= self._clock()

    def _is_amendable(self, vote: Vote) -> bool:
        return (vote.timestamp or 0) + vote.locked_after * 1000 > self._clock()


def _may_vote(voter: str, target: ParaObject) -> bool:
    is_own = voter in (target.creatorid, target.id)
    return bool(voter.strip()) and not is_own and not isinstance(target, Vote)


def _direction(vote: Vote) -> int:
    return 1 if vote.value == "up" else -1
