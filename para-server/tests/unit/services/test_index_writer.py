from __future__ import annotations

from typing import Any

import pytest

from para_core.contracts.dao import Put, Record, Write
from para_server.services import index_writer
from para_server.services.index_feed import Feed
from para_server.services.index_writer import IndexWriter, is_indexed

from . import index_fakes
from .index_fakes import LateDAO, RecordingSearch, record


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b'{"id":"a"}', True),
        (b'{"id":"a","indexed":true}', True),
        (b'{"id":"a","indexed":false}', False),
        (b'{"id":"a","note":{"indexed":false}}', True),
        (b'{"id":"a","name":"\\"indexed\\":false"}', True),
    ],
    ids=["silent", "yes", "no", "inside", "in a text"],
)
def test_an_object_says_whether_it_wants_to_be_found(data: bytes, *, wanted: bool) -> None:
    assert is_indexed(Record("a", "cat", data)) is wanted


@pytest.mark.parametrize(("page", "wanted"), [(4, [4, 4, 2]), (500, [10])])
async def test_a_rebuild_takes_so_many_objects_at_a_time(
    dao: LateDAO, search: RecordingSearch, page: int, wanted: list[int]
) -> None:
    keys = [f"k{number}" for number in range(10)]
    await dao.write("app", Write("createAll", [Put(record(key)) for key in keys]))
    taken: list[int] = []
    read_page = dao.read_page

    async def reading(appid: str, **how: Any) -> list[Record]:  # noqa: ANN401 - passed on
        found = await read_page(appid, **how)
        taken.append(len(found))
        return found

    dao.read_page = reading  # type: ignore[method-assign]
    writer = IndexWriter(dao, search, rebuild_page=page)
    assert await writer.rebuild(Feed("app")) == 10
    assert taken == [*wanted, 0]


# ---- a long feed ---------------------------------------------------------------------------------


async def test_a_long_feed_is_replayed_in_portions(
    dao: LateDAO, search: RecordingSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_writer, "_REPLAYED", 3)
    search.apps["app"] = index_fakes.Documents({}, 0)
    sizes = [1, 1, 2, 7, 6, 1]
    written: list[str] = []
    for size in sizes:
        keys = [f"k{len(written) + number}" for number in range(size)]
        await dao.write("app", Write("createAll", [Put(record(key)) for key in keys]))
        written += keys
    await dao.write("app", Write("delete", deletes=["k0", "k17"]))
    feed = Feed("app")
    await IndexWriter(dao, search).bring_up(feed)
    assert search.ids() == set(written) - {"k0", "k17"}
    assert max(len(commit.puts) + len(commit.gone) for commit in search.commits) <= 3
    positions = [commit.position for commit in search.commits]
    assert positions == [None, 3, None, None, 4, None, 5, 7]
    assert (feed.position, search.apps["app"].position) == (7, 7)
