"""Order, pages, totals and cursors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from para_core.contracts.dao import Record
from para_core.contracts.search import Search
from para_core.pager import Pager
from para_core.query.tree import All
from para_core.testing.search.samples import APP, a_record, fill, find, found

__all__ = ["PageTests"]

_PLACES = ["Orion", "orion", "Lyra", "Ursa", "Äolus", "ursa minor", "zeta", "Ωmega"]


def _stars() -> list[Record]:
    """Return 45 objects with numbers, fractions and texts, of which some are missing."""
    made = []
    for n in range(45):
        fields: dict[str, Any] = {"votes": n % 4, "distance": n * 1.25 + 0.1, "timestamp": 1 + n}
        if n % 9:
            fields["magnitude"] = (n * 7) % 19 - 6
        if n % 11:
            fields["place"] = _PLACES[n % 8]
        if n % 5 == 0:
            fields["orbit"] = {"days": n * 100, "of": {"body": f"sun{n % 3}"}}
        made.append(a_record(f"s{n:02}", "star", name=f"Star {n}", **fields))
    return made


class PageTests:
    """Which of the hits make a page."""

    sorted_bytes = 1000
    """How many bytes of a text count when an engine sorts by it."""

    @pytest.mark.parametrize(
        ("sort", "desc", "first"),
        [
            ("timestamp", True, "s44 s43 s42 s41"),
            ("", True, "s44 s43 s42 s41"),
            ("timestamp", False, "s00 s01 s02 s03"),
            ("name", True, "s09 s08 s07 s06"),
            ("name", False, "s00 s01 s10 s11"),
            ("id", False, "s00 s01 s02 s03"),
            ("name:asc", True, "s00 s01 s10 s11"),
            ("name:desc", False, "s09 s08 s07 s06"),
            ("name:asc,", True, "s00 s01 s10 s11"),
            ("properties.magnitude", False, "s19 s38 s11 s30"),
            ("properties.magnitude", True, "s08 s16 s35 s05"),
            ("properties.distance", False, "s00 s01 s02 s03"),
            ("properties.place", False, "s00 s11 s22 s33"),
            ("properties.place", True, "s07 s15 s23 s31"),
            ("properties.orbit.days", True, "s40 s35 s30 s25"),
            ("properties.orbit.of.body", True, "s05 s20 s35 s10"),
            ("votes", False, "s00 s04 s08 s12"),
            ("votes", True, "s03 s07 s11 s15"),
            ("properties.colour", True, "s00 s01 s02 s03"),
            ("magnitude", True, "s00 s01 s02 s03"),
            ("updated", True, "s00 s01 s02 s03"),
            ("latlng", True, "s00 s01 s02 s03"),
            ("properties", True, "s00 s01 s02 s03"),
            ("_docid", False, "s00 s01 s02 s03"),
            ("_docid", True, "s44 s43 s42 s41"),
            ("votes:asc,name:desc", True, "s08 s44 s40 s04"),
            ("votes:desc,properties.distance:asc", True, "s03 s07 s11 s15"),
            ("votes,name", False, "s07 s43 s39 s35"),
            ("votes:asc,properties.place:asc,name:asc", True, "s00 s44 s16 s24"),
            ("nosuch:asc,name:asc", True, "s00 s01 s10 s11"),
            ("votes:asc,_docid:desc", True, "s44 s40 s36 s32"),
        ],
    )
    async def test_order(self, search: Search, sort: str, *, desc: bool, first: str) -> None:
        await fill(search, _stars())
        whole = await found(search, "*", sort=sort, desc=desc, limit=45)
        assert whole.startswith(first)
        assert len(set(whole.split())) == 45
        pages = [
            await found(search, "*", sort=sort, desc=desc, limit=7, page=n) for n in range(1, 8)
        ]
        assert " ".join(pages).split() == whole.split()

    async def test_missing_numbers_count_as_zero(self, search: Search) -> None:
        values = [3, -1, None, 0, 0.5, -0.5, None]
        await fill(search, [a_record(str(n), v=value) for n, value in enumerate(values)])
        page: dict[str, Any] = {"sort": "properties.v"}
        assert await found(search, "*", desc=False, **page) == "1 5 2 3 6 4 0"
        assert await found(search, "*", desc=True, **page) == "0 4 2 3 6 5 1"

    async def test_missing_texts_count_as_empty(self, search: Search) -> None:
        values = ["b", None, "", "B", "é", "ab", "a", "a" * 20]
        await fill(search, [a_record(str(n), v=value) for n, value in enumerate(values)])
        page: dict[str, Any] = {"sort": "properties.v"}
        assert await found(search, "*", desc=False, **page) == "1 2 3 6 7 5 0 4"
        assert await found(search, "*", desc=True, **page) == "4 0 5 7 6 3 1 2"

    async def test_numbers_and_texts_of_one_field_have_an_order(self, search: Search) -> None:
        """Texts stand where 0 does, in their own order."""
        values = [5, "five", [5, 6], True, -2, None, 0]
        await fill(search, [a_record(str(n), v=value) for n, value in enumerate(values)])
        page: dict[str, Any] = {"sort": "properties.v"}
        assert await found(search, "*", desc=False, **page) == "4 5 6 2 1 3 0"
        assert await found(search, "*", desc=True, **page) == "0 3 1 2 5 6 4"

    async def test_long_texts_are_sorted_by_their_bytes(self, search: Search) -> None:
        size = self.sorted_bytes - 1
        texts = ["é" * (size // 2) + end for end in ("b", "a", "c")]
        await fill(search, [a_record(str(n), v=text) for n, text in enumerate(texts)])
        assert await found(search, "*", sort="properties.v", desc=False) == "1 0 2"

    async def test_equal_ones_are_in_the_order_of_their_last_indexing(self, search: Search) -> None:
        await fill(search, [a_record(key) for key in "abcd"])
        await fill(search, [a_record("b")])
        for desc in (True, False):
            assert await found(search, "*", sort="votes", desc=desc) == "a c d b"

    async def test_pages_and_totals(self, search: Search) -> None:
        await fill(search, _stars())
        pages: Sequence[tuple[int, int, int]] = [
            (0, 30, 30),
            (1, 30, 30),
            (2, 30, 15),
            (3, 30, 0),
            (1000, 256, 0),
            (5, 10, 5),
            (1, 0, 0),
            (1, 256, 45),
        ]
        for page, limit, size in pages:
            hits = await find(search, "*", page=page, limit=limit)
            assert (len(hits.keys), hits.total) == (size, 45)
            assert (hits.last_key is None) == (size == 0)

    async def test_the_default_page_is_the_newest_thirty(self, search: Search) -> None:
        await fill(search, _stars())
        hits = await search.find(APP, All())
        assert (hits.keys[0], len(hits.keys), hits.total) == ("s44", 30, 45)

    async def test_totals_are_exact_beyond_a_page(self, search: Search) -> None:
        await fill(search, [a_record(f"{n}", n=n) for n in range(3000)])
        hits = await find(search, "properties.n:[100 TO 2999]", limit=1, sort="properties.n")
        assert (hits.keys, hits.total) == (["2999"], 2900)
        deep = await find(search, "*", sort="properties.n", desc=False, limit=100, page=30)
        assert deep.keys == [str(n) for n in range(2900, 3000)]

    # ---- cursors ------------------------------------------------------------------------------

    @pytest.mark.parametrize("desc", [True, False])
    async def test_cursors_meet_every_document_once(self, search: Search, *, desc: bool) -> None:
        await fill(search, _stars())
        walk = await _walk(search, limit=10, sort="_docid", desc=desc)
        assert walk == sorted(walk, reverse=desc)
        assert len(walk) == 45

    async def test_after_the_first_page_a_walk_is_in_the_order_of_indexing(
        self, search: Search
    ) -> None:
        await fill(search, _stars())
        first = await find(search, "*", sort="name", limit=20)
        assert first.keys[-1] == "s31"
        then = await find(search, "*", sort="name", limit=3, last_key=first.last_key)
        assert (then.keys, then.total) == (["s30", "s29", "s28"], 45)

    async def test_cursors_keep_to_the_query(self, search: Search) -> None:
        await fill(search, _stars())
        first = await find(search, "votes:2", limit=7, sort="_docid", desc=False)
        page: dict[str, Any] = {
            "limit": 7,
            "sort": "_docid",
            "desc": False,
            "last_key": first.last_key,
        }
        then = await find(search, "votes:2", **page)
        assert (then.keys, then.total) == (["s30", "s34", "s38", "s42"], 11)
        page["last_key"] = then.last_key
        last = await find(search, "votes:2", **page)
        assert (last.keys, last.total, last.last_key) == ([], 11, None)

    async def test_from_the_second_page_on_a_cursor_does_not_count(self, search: Search) -> None:
        await fill(search, _stars())
        first = await find(search, "*", limit=5, sort="_docid", desc=False)
        page: dict[str, Any] = {
            "limit": 5,
            "sort": "_docid",
            "desc": False,
            "last_key": first.last_key,
        }
        assert await found(search, "*", page=1, **page) == "s05 s06 s07 s08 s09"
        assert await found(search, "*", page=2, **page) == "s05 s06 s07 s08 s09"
        assert await found(search, "*", page=3, **page) == "s10 s11 s12 s13 s14"

    async def test_a_cursor_survives_its_document(self, search: Search) -> None:
        await fill(search, [a_record(f"p{n}") for n in range(1, 9)])
        page: dict[str, Any] = {"limit": 3, "sort": "_docid", "desc": False}
        first = await find(search, "*", **page)
        await search.index(APP, [a_record("p3", touched=True)], ["p2"], 2)
        assert await found(search, "*", last_key=first.last_key, **page) == "p4 p5 p6"
        await search.index(APP, [], ["p3"], 3)
        assert await found(search, "*", last_key=first.last_key, **page) == "p4 p5 p6"

    async def test_a_walk_meets_what_is_written_meanwhile(self, search: Search) -> None:
        await fill(search, [a_record(f"p{n}") for n in range(5)])
        first = await find(search, "*", limit=3, sort="_docid", desc=False)
        await fill(search, [a_record("new"), a_record("p0")])
        rest = await found(search, "*", sort="_docid", desc=False, last_key=first.last_key)
        assert rest == "p3 p4 new p0"

    @pytest.mark.parametrize("key", ["nonsense", "-1x", "1.5", "9" * 40, "\u0661"])
    async def test_a_cursor_that_is_none_finds_nothing(self, search: Search, key: str) -> None:
        await fill(search, _stars())
        hits = await find(search, "*", sort="_docid", last_key=key)
        assert (hits.keys, hits.total, hits.last_key) == ([], 0, None)


async def _walk(search: Search, *, limit: int, sort: str, desc: bool) -> list[str]:
    keys: list[str] = []
    pager = Pager(limit=limit, sort=sort, desc=desc)
    while True:
        hits = await search.find(APP, All(), pager=pager)
        keys += hits.keys
        if hits.last_key is None:
            return keys
        pager = Pager(limit=limit, sort=sort, desc=desc, last_key=hits.last_key)
