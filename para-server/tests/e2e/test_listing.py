"""Pages, orders and the kinds of searches, as far as they are about HTTP."""

from __future__ import annotations

import asyncio

import pytest

from .client import Client


@pytest.fixture
async def cats(app: Client) -> Client:
    sent = [
        {"id": f"c{n:02}", "type": "cat", "n": n, "timestamp": 1_000_000 + n, "name": f"cat {n}"}
        for n in range(95)
    ]
    await app.post("/v1/_batch", sent)
    return app


async def test_pages_by_number_show_everything_once(cats: Client) -> None:
    pages = [(await cats.get("/v1/cat", page=page)).json for page in (1, 2, 3, 4, 5)]
    assert [len(page["items"]) for page in pages] == [30, 30, 30, 5, 0]
    assert [page["page"] for page in pages] == [1, 2, 3, 4, 5]
    assert {page["totalHits"] for page in pages} == {95}
    shown = [cat["id"] for page in pages for cat in page["items"]]
    assert shown == [f"c{n:02}" for n in reversed(range(95))]


@pytest.mark.parametrize("desc", ["true", "false", "1", "0", "True"])
@pytest.mark.parametrize("sort", ["timestamp", "properties.n", "_docid", ""])
async def test_pages_by_cursor_show_everything_once(cats: Client, sort: str, desc: str) -> None:
    shown: list[str] = []
    sizes: list[int] = []
    last: dict[str, str] = {}
    for _ in range(5):
        page = (await cats.get("/v1/cat", sort=sort, desc=desc, **last)).json
        assert page["totalHits"] == 95
        sizes.append(len(page["items"]))
        shown += [cat["id"] for cat in page["items"]]
        last = {"lastKey": page["lastKey"]}
        assert isinstance(page["lastKey"], str)
    assert sizes == [30, 30, 30, 5, 0]
    assert sorted(shown) == [f"c{n:02}" for n in range(95)]


async def test_a_cursor_goes_on_while_objects_come_and_go(cats: Client) -> None:
    first = (await cats.get("/v1/cat", sort="properties.n", desc="false")).json
    await cats.delete("/v1/_batch", ids=[cat["id"] for cat in first["items"][-3:]])
    await cats.post("/v1/cat", {"id": "new", "n": -5})
    await cats.patch("/v1/cat/c29", {"n": 200})
    rest: list[str] = []
    last = first["lastKey"]
    while True:
        page = (await cats.get("/v1/cat", sort="properties.n", desc="false", lastKey=last)).json
        if not page["items"]:
            break
        rest += [cat["id"] for cat in page["items"]]
        last = page["lastKey"]
    assert rest == [*(f"c{n:02}" for n in range(30, 95)), "new"]  # the order of last indexing


@pytest.mark.parametrize(
    ("query", "size", "page"),
    [
        ({"limit": "5"}, 5, 0),
        ({"limit": "-5"}, 5, 0),
        ({"limit": "0"}, 0, 0),
        ({"limit": "abc"}, 30, 0),
        ({"limit": ""}, 30, 0),
        ({"limit": "1e3"}, 30, 0),
        ({"limit": "9" * 40}, 95, 0),
        ({"page": "abc"}, 30, 0),
        ({"page": "-2"}, 30, 2),
        ({"page": "9" * 40}, 0, 1000),
        ({"page": "٣"}, 30, 0),
        ({"page": "4", "limit": "25"}, 20, 4),
        ({"desc": "maybe"}, 30, 0),
        ({"sort": "no such field"}, 30, 0),
        ({"sort": "properties..x:;"}, 30, 0),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_bad_paging_is_read_as_something_sensible(
    cats: Client, query: dict[str, str], size: int, page: int
) -> None:
    reply = await cats.get("/v1/cat", **query)
    assert reply.status == 200
    assert reply.json["totalHits"] == 95
    assert reply.json["page"] == page
    assert len(reply.json["items"]) == size


@pytest.mark.parametrize("key", ["nonsense", "\U0001f408\x00", "-1", "1e9", "9" * 400])
async def test_a_cursor_of_nowhere_is_no_failure(cats: Client, key: str) -> None:
    reply = await cats.get("/v1/cat", lastKey=key)
    assert reply.status == 200
    assert reply.json["items"] == []


@pytest.mark.parametrize(
    ("path", "query", "total"),
    [
        ("/v1/cat", {"q": "properties.n:[10 TO 19]"}, 10),
        ("/v1/cat/search", {"q": "*"}, 95),
        ("/v1/cat/search/nosuchtype", {}, 95),
        ("/v1/search", {}, 95),
        ("/v1/search/default", {"type": "cat", "q": ""}, 0),
        ("/v1/search", {"type": "dog"}, 0),
        ("/v1/cats/search/count", {"q": "ignored"}, 95),
        ("/v1/search/count", {"type": ""}, 95),
        ("/v1/cat/search/terms", {"terms": ["properties.n:7"]}, 1),
        ("/v1/cat/search/terms", {"terms": ["properties.n>:89"]}, 5),
        ("/v1/cat/search/terms", {"terms": ["id:c01", "id:c02"], "count": ""}, 1),
        ("/v1/cat/search/terms", {"terms": [":"]}, 0),
        ("/v1/cat/search/terms", {"terms": [" :bad", "none"]}, 0),
        ("/v1/cat/search/terms", {}, 0),
        ("/v1/cat/search/in", {"field": "id", "terms": ["c01", "c02", "no"]}, 2),
        ("/v1/cat/search/prefix", {"field": "id", "prefix": "c0"}, 10),
        ("/v1/cat/search/prefix", {"field": "", "prefix": "c0"}, 0),
        ("/v1/cat/search/wildcard", {"field": "id", "q": "c?5"}, 9),
        ("/v1/cat/search/wildcard", {"field": ""}, 0),
        ("/v1/cat/search/tagged", {}, 0),
        ("/v1/cat/search/nearby", {"latlng": "900,900"}, 0),
        ("/v1/cat/search/nearby", {"latlng": "x"}, 0),
        ("/v1/cat/search/similar", {"like": "", "fields": "name"}, 0),
        ("/v1/cat/search/ids", {"ids": ["c05", "c04", "no"]}, 2),
        ("/v1/cat/search/id", {"id": "c05"}, 1),
        ("/v1/cat/search/id", {}, 0),
        ("/v1/cat/search/count", {"querytype": "id", "id": "c05"}, 1),
        ("/v1/search/search/id", {"id": "c05"}, 1),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_every_kind_of_search_counts(
    cats: Client, path: str, query: dict[str, object], total: int
) -> None:
    reply = await cats.get(path, **query)
    assert reply.status == 200, reply.text
    assert reply.json["totalHits"] == total
    assert isinstance(reply.json["items"], list)


@pytest.mark.parametrize(
    ("raw", "total"),
    [("q=*&type", 95), ("type&q=*", 95), ("", 95), ("type=", 95), ("q&type", 0), ("q=", 0)],
)
async def test_a_name_without_a_value_is_an_empty_value(cats: Client, raw: str, total: int) -> None:
    """An empty ``q`` finds nothing, as in the original; an empty ``type`` means all types."""
    reply = await cats.send("GET", "/v1/search/default", raw_query=raw)
    assert reply.json["totalHits"] == total


async def test_searches_during_writes_answer_whole_objects(cats: Client) -> None:
    async def write(number: int) -> None:
        await cats.put(f"/v1/cat/x{number}", {"n": 1000 + number, "pair": [number, number]})
        await cats.delete(f"/v1/cat/x{number}")

    async def search() -> None:
        page = (await cats.get("/v1/cat", q="properties.n:[1000 TO *]", limit=100)).json
        for cat in page["items"]:
            assert cat["pair"] == [cat["n"] - 1000] * 2

    await asyncio.gather(*(call for n in range(60) for call in (write(n), search())))
