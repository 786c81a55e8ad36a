"""Random links against a model that is a set of pairs."""

from __future__ import annotations

import random
from typing import cast

import pytest

from para_core.objects import App, Sysprop
from para_core.pager import Pager
from para_server.para import Para
from para_server.services.store import Save

KEYS = ["x", "X", "x y", "x-y", "y", "a:x", "x:a:y", "1", "дом", "*"]
KINDS = ["cat", "Cat", "dog"]

End = tuple[str, str]


@pytest.mark.parametrize("seed", range(3))
async def test_links_agree_with_a_set_of_pairs(para: Para, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test
    made = await para.services.apps.create(App(id="app:zoo"))
    app = cast("App", made)
    links = para.services.links
    # ids are unique in an app, so each belongs to one object
    objects = {key: Sysprop(id=key, type=chance.choice(KINDS), name=key) for key in KEYS}
    saves = [Save(obj) for obj in objects.values()]
    await para.services.store.save("zoo", "createAll", saves)
    model: set[frozenset[str]] = set()
    for step in range(120):
        one, other = chance.choice(KEYS), chance.choice(KEYS)
        obj, kind = objects[one], objects[other].type
        match chance.randrange(8):
            case 0:
                await links.unlink(app, obj, kind, other)
                model.discard(frozenset((one, other)))
            case 1 if step % 3 == 0:
                await links.unlink_all(app, obj)
                model = {pair for pair in model if one not in pair}
            case 2 if step % 3 == 0:
                await links.unlink_all(app, obj, kind)
                model = {pair for pair in model if not _joins(pair, one, kind, objects)}
            case _:
                assert await links.link(app, obj, other)
                model.add(frozenset((one, other)))
        pair = frozenset((one, other))
        assert await links.is_linked(app, obj, kind, other) == (pair in model)
        expected = {_other(p, one) for p in model if _joins(p, one, kind, objects)}
        found = await links.linked(app, obj, kind, Pager(limit=100))
        assert {record.id for record in found.records} == expected
        assert await links.count(app, obj, kind) == len(expected)


def _other(pair: frozenset[str], key: str) -> str:
    return next(iter(pair - {key}), key)


def _joins(pair: frozenset[str], key: str, kind: str, objects: dict[str, Sysprop]) -> bool:
    return key in pair and objects[_other(pair, key)].type == kind
