"""Random operations, held against a few dictionaries."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from para_core.contracts.dao import DAO, Change, Put, Record, Write
from para_core.errors import ConflictError
from para_core.testing.dao.samples import a_record, value_of

__all__ = ["ModelTests"]

_APPS = ["x", "para-x", "a_b", "a-b"]
_KEYS = [*"abcdefgh", "A", "é", "a b", "a/b", "a%", "a\x00", "🐈", "x" * 1100, "y" * 1100]
_KINDS = ["cat", "dog", "Cat"]


@dataclass
class _App:
    records: dict[str, Record] = field(default_factory=dict)
    feed: list[Change] = field(default_factory=list)
    last_change: int = 0


class _Model:
    """What should be stored."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - the same every time
        self.apps: dict[str, _App] = {}
        self.highest = 0

    async def step(self, dao: DAO) -> None:
        """Do something to both."""
        appid = self.chance.choice(_APPS)
        dice = self.chance.random()
        if dice < 0.03:
            await dao.delete_table(appid)
            self.apps.pop(appid, None)
        elif dice < 0.08:
            await dao.create_table(appid, shared=self.chance.random() < 0.5)
            self.apps.setdefault(appid, _App())
        elif dice < 0.15:
            app = self.apps.get(appid, _App())
            upto = self.chance.randint(0, self.highest)
            await dao.forget_changes(appid, upto)
            app.feed = [change for change in app.feed if change.number > upto]
        else:
            await self._write(dao, appid)

    async def _write(self, dao: DAO, appid: str) -> None:
        known = self.apps.get(appid, _App())
        keys = self.chance.sample(_KEYS, self.chance.choice([1, 1, 1, 2, 5]))
        cut = self.chance.randint(0, len(keys))
        puts = [Put(self._record(key), self._expectation(known, key)) for key in keys[:cut]]
        write = Write("updateAll", puts, keys[cut:])
        stale = [
            put.record.id
            for put in puts
            if put.expect is not None and put.expect != _change_of(known, put.record.id)
        ]
        if stale:
            with pytest.raises(ConflictError) as caught:
                await dao.write(appid, write)
            assert caught.value.keys == stale
            return
        number = await dao.write(appid, write)
        assert number > known.last_change
        self.highest = max(self.highest, number)
        app = self.apps.setdefault(appid, _App())
        for put in puts:
            record = put.record
            app.records[record.id] = Record(record.id, record.type, record.data, number)
        for key in write.deletes:
            app.records.pop(key, None)
        app.feed.append(Change(number, write.event, keys))
        app.last_change = number

    def _record(self, key: str) -> Record:
        kind = self.chance.choice(_KINDS)
        return a_record(key, kind=kind, text=str(self.chance.random()))

    def _expectation(self, app: _App, key: str) -> int | None:
        usual = _change_of(app, key)
        return self.chance.choice([None, None, usual, usual, usual, 0, app.last_change])

    async def check(self, dao: DAO) -> None:
        """Compare everything."""
        assert sorted(await dao.apps()) == sorted(self.apps)
        for appid in _APPS:
            app = self.apps.get(appid, _App())
            _same(await dao.read_page(appid), [app.records[key] for key in sorted(app.records)])
            some = self.chance.sample(_KEYS, 8)
            wanted = [app.records[key] for key in some if key in app.records]
            _same(list((await dao.read_all(appid, some)).values()), wanted)
            assert await dao.changes(appid, 0) == app.feed
            assert await dao.last_change(appid) == app.last_change


def _same(found: list[Record], wanted: list[Record]) -> None:
    assert [(r.id, r.type, r.change) for r in found] == [(r.id, r.type, r.change) for r in wanted]
    assert [value_of(record) for record in found] == [value_of(record) for record in wanted]


def _change_of(app: _App, key: str) -> int:
    return app.records[key].change if key in app.records else 0


class ModelTests:
    """Sequences that nobody thought of."""

    @pytest.mark.parametrize("seed", range(4))
    async def test_random_operations_come_to_what_they_should(self, dao: DAO, seed: int) -> None:
        model = _Model(seed)
        for _ in range(30):
            for _ in range(8):
                await model.step(dao)
            await model.check(dao)
