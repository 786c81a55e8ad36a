"""The acceptance cases of the original's own suites, as trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from para_core.contracts.dao import Record
from para_core.contracts.search import Search
from para_core.pager import Pager
from para_core.query import builders
from para_core.query.fields import Value
from para_core.query.parser import parse_leniently
from para_core.query.tree import All, Node, Nothing
from para_core.testing.search.samples import APP, a_record, count_of, fill, find, found

__all__ = ["AcceptanceTests", "people"]

_NOW = 1_750_000_000_000
_TEXT1 = "A small demo phrase here. Demoing, red, green, blue."
_TEXT2 = "We try demoing some stuff. A phrase here is demo. Red, green."


def people() -> list[Record]:
    """Return three users, a tag, two generic objects, two addresses and a link."""
    john: dict[str, Any] = {"name": "John Doe", "email": "john@asd.com", "timestamp": 1_000_000_000}
    joe: dict[str, Any] = {"name": "Joe Black", "email": "joe@asd.com", "timestamp": _NOW}
    ann: dict[str, Any] = {"name": "Ann Smith", "email": "ann@asd.com", "timestamp": _NOW + 1}
    first = {"id": "n1", "type": "sysprop", "name": "n1", "properties": {"text": "hello kitty"}}
    second = {"id": "n2", "type": "sysprop", "name": "n2", "properties": {"text": "hello doggy"}}
    return [
        a_record("111", "user", tags=["one", "two", "three"], **john),
        a_record("222", "user", tags=["two", "four", "three"], **joe),
        a_record("333", "user", tags=["four", "five", "three"], identifier="ann@asd.com", **ann),
        a_record("tag:test", "tag", tag="test", count=3, timestamp=_NOW + 2),
        a_record("s1", "sysprop", text=_TEXT1, number=5, timestamp=_NOW + 3),
        a_record("s2", "sysprop", text=_TEXT2, number=10, timestamp=_NOW + 4),
        a_record("adr1", "address", latlng="40.67,-73.94", parentid="111", country="US"),
        a_record("adr2", "address", latlng="40.69,-73.95", parentid="tag:test", country="US"),
        a_record("l1", "linker", name="cat:dog", id1="id1", id2="id2", nstd=[first, second]),
    ]


class AcceptanceTests:
    """Each method of the original's search, as its suites use it."""

    async def test_ids(self, search: Search) -> None:
        await fill(search, people())
        assert await found(search, builders.ids_query(["111"])) == "111"
        assert await found(search, builders.ids_query(["111", "tag:test"])) == "tag:test 111"
        assert await found(search, builders.ids_query(["nosuch", "", "222"])) == "222"
        assert builders.ids_query([]) == builders.ids_query([" "]) == Nothing()

    async def test_query_strings(self, search: Search) -> None:
        await fill(search, people())
        assert await count_of(search, "*") == 9
        assert await found(search, "type:user", kind="user") == "333 222 111"
        assert await found(search, "Ann*", kind="user") == "333"
        assert await found(search, "name:(Ann Smith)", kind="user") == "333"
        assert await found(search, "country:US", sort="id", desc=False) == "adr1 adr2"

    @pytest.mark.parametrize("text", ["AND", "AND ? OR", "? OR"])
    async def test_what_cannot_be_read_finds_everything_of_the_type(
        self, search: Search, text: str
    ) -> None:
        await fill(search, people())
        assert await found(search, text, kind="user") == "333 222 111"

    async def test_prefixes(self, search: Search) -> None:
        await fill(search, people())
        assert await found(search, builders.prefix_query("name", "Ann"), kind="user") == "333"
        assert await found(search, builders.prefix_query("name", "ann"), kind="user") == ""
        assert builders.prefix_query("", "xx") == builders.prefix_query("name", "") == Nothing()

    async def test_wildcards(self, search: Search) -> None:
        await fill(search, people())
        assert await found(search, builders.wildcard_query("email", "ann*")) == "333"
        assert await found(search, builders.wildcard_query("name", "An*")) == "333"
        assert await found(search, builders.wildcard_query("name", "*o?n*")) == "111"
        assert await found(search, builders.wildcard_query("email", "*")) == "333 222 111"
        assert builders.wildcard_query("", "") == Nothing()

    @pytest.mark.parametrize(
        ("tags", "keys"),
        [
            ([], ""),
            (["two"], "222 111"),
            (["one", "two"], "111"),
            (["three"], "333 222 111"),
            (["four", "three"], "333 222"),
            (["five", "three"], "333"),
            (["Two"], ""),
        ],
        ids=str,
    )
    async def test_tagged_objects_carry_all_tags(
        self, search: Search, tags: list[str], keys: str
    ) -> None:
        await fill(search, people())
        query = builders.tagged_query(tags)
        assert await found(search, query, kind="user") == keys
        assert await found(search, query, kind="tag") == ""

    async def test_tags_by_keyword(self, search: Search) -> None:
        await fill(search, people())
        assert await found(search, builders.tags_query("test"), kind="tag") == "tag:test"
        assert await found(search, builders.tags_query("t*s"), kind="tag") == "tag:test"
        assert await found(search, builders.tags_query("unknown"), kind="tag") == ""
        assert builders.tags_query("") == Nothing()

    async def test_terms_in_a_list(self, search: Search) -> None:
        await fill(search, people())
        mails = ["email@test.com", "joe@asd.com"]
        assert await found(search, builders.terms_in_query("email", mails)) == "222"
        keys = ["111", "222", "333", "xxx", "yyy"]
        assert await found(search, builders.terms_in_query("id", keys)) == "333 222 111"
        assert builders.terms_in_query("email", []) == Nothing()

    @pytest.mark.parametrize(
        ("terms", "keys"),
        [
            ({"id": "111"}, "111"),
            ({"type": None, "id": ""}, ""),
            ({" ": "bad", "": ""}, ""),
            ({"": None}, ""),
            ({"term": None}, ""),
            ({}, ""),
            ({"name": "Ann Smith"}, "333"),
            ({"name": "ann smith"}, ""),
            ({"identifier": "ann@asd.com"}, "333"),
            ({"email": "john@asd.com"}, "111"),
            ({"type": "user"}, "333 222 111"),
            ({"timestamp <": 1_111_111_111}, "111"),
            ({"timestamp<=": 1_000_000_000}, "111"),
            ({"timestamp <": "1000000000"}, ""),
            ({"timestamp>": "1000000000"}, "333 222"),
            ({"id": " "}, ""),
        ],
        ids=str,
    )
    async def test_terms(
        self, search: Search, terms: Mapping[str, Value | None], keys: str
    ) -> None:
        await fill(search, people())
        query = builders.terms_query(terms, match_all=True)
        assert await found(search, query, kind="user") == keys
        assert await search.count(APP, query, kind="user") == len(keys.split())

    async def test_all_terms_or_any(self, search: Search) -> None:
        await fill(search, people())
        terms: dict[str, Any] = {"timestamp>": 1_000_000_000, "tags": "one"}
        both, any_of = (
            builders.terms_query(terms, match_all=match_all) for match_all in (True, False)
        )
        assert await found(search, both, kind="user") == ""
        assert await found(search, any_of, kind="user") == "333 222 111"

    async def test_what_is_nearby(self, search: Search) -> None:
        await fill(search, people())
        near = builders.near_query("40.60,-73.90", "10")
        assert await found(search, near, kind="address") == "adr1"
        assert await found(search, builders.near_query("40.60,-73.90", "11")) == "adr1 adr2"
        owners = builders.children_of_places_query(["111"], "*")
        assert await found(search, owners, kind="user") == "111"
        assert await found(search, builders.near_query("1,1", "100")) == ""

    async def test_links_are_found_by_what_they_join(self, search: Search) -> None:
        await fill(search, people())
        for word in ("kitty", "doggy", "hello"):
            query = builders.nested_query("properties.text", word)
            assert await found(search, query, kind="linker") == "l1"
        assert builders.nested_query("", "kitty") == Nothing()

    async def test_similar_texts(self, search: Search) -> None:
        await fill(search, people())
        like = builders.similar_query(["properties.text"], _TEXT1, "s1")
        assert await found(search, like, kind="sysprop") == "s2"
        assert builders.similar_query([], "") == Nothing()

    async def test_counts(self, search: Search) -> None:
        await fill(search, people())
        kinds = {"user": 3, "test": 0, "linker": 1, "address": 2}
        assert {kind: await search.count(APP, All(), kind=kind) for kind in kinds} == kinds
        assert await search.count("testapp1", All(), kind="user") == 0

    async def test_pages(self, search: Search) -> None:
        await fill(search, people())
        sizes = [len((await find(search, "type:user", limit=2, page=n)).keys) for n in (1, 2, 3)]
        assert sizes == [2, 1, 0]
        by_id: dict[str, Any] = {"page": 0, "limit": 3, "sort": "id"}
        assert await found(search, "*", kind="user", desc=False, **by_id) == "111 222 333"
        assert await found(search, "*", kind="user", desc=True, **by_id) == "333 222 111"

    async def test_a_search_that_sorts_by_a_custom_field(self, search: Search) -> None:
        await fill(search, people())
        query = builders.terms_in_query("properties.text", ["phrase"])
        assert await found(search, query, kind="sysprop", sort="number") == "s1 s2"
        assert await found(search, query, kind="sysprop", sort="properties.number") == "s2 s1"

    async def test_one_pager_goes_on_where_it_ended(self, search: Search) -> None:
        await fill(search, [a_record(f"s{n:02}", "sysprop", timestamp=1 + n) for n in range(22)])
        node: Node = parse_leniently("*")
        pager, sizes, totals = Pager(limit=10, sort="_docid"), [], set()
        for _ in range(4):
            hits = await search.find(APP, node, pager=pager)
            sizes.append(len(hits.keys))
            totals.add(hits.total)
            key = hits.last_key or pager.last_key
            pager = Pager(limit=10, sort="_docid", last_key=key)
        assert (sizes, totals) == ([10, 10, 2, 0], {22})
