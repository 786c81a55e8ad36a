"""Searches that are no query strings: exact values, ranges, places, likeness, links."""

from __future__ import annotations

from typing import Any

import pytest

from para_core.contracts.search import Search
from para_core.query import builders
from para_core.query.tree import Bool, Exact, Exists, Near, Nothing, Prefix, Range, Similar, Term
from para_core.testing.search.samples import a_record, count_of, fill, found

__all__ = ["KindTests"]

_SIZES = [5, 20, 9.5, 100, -3, 20.0, 0, 9]


class KindTests:
    """What is found by value, place and likeness."""

    # ---- exact values -------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("value", "keys"),
        [
            ("Norway", "a"),
            ("norway", "a b"),
            ("norway north", ""),
            ("Norway South", "b"),
            ("20", "n t"),
            ("20.0", "n"),
            ("-3", "m"),
            ("3", "m"),
            ("true", "f"),
            ("", ""),
        ],
    )
    async def test_exact_values(self, search: Search, value: str, keys: str) -> None:
        """Custom texts are found whole and by word, numbers by value too."""
        await fill(
            search,
            [
                a_record("a", v="Norway"),
                a_record("b", v="Norway South"),
                a_record("n", v=20),
                a_record("t", v="20"),
                a_record("m", v=-3),
                a_record("f", v=True),
            ],
        )
        node = Exact("properties.v", value)
        assert await found(search, node, sort="id", desc=False) == keys

    async def test_exact_values_of_keyword_fields_are_whole(self, search: Search) -> None:
        await fill(search, [a_record("a", name="Red Fox", tags=["x y"], votes=3)])
        good = [Exact("name", "Red Fox"), Exact("tags", "x y"), Exact("votes", "3.0")]
        bad = [Exact("name", "red fox"), Exact("name", "Red"), Exact("tags", "x")]
        assert [await found(search, node) for node in good] == ["a", "a", "a"]
        assert [await found(search, node) for node in bad] == ["", "", ""]

    @pytest.mark.parametrize("key", ["Old-Mill", "NORTH", "two words", "per:son", 'a"b', "é", "*"])
    async def test_ids_in_links_are_exact(self, search: Search, key: str) -> None:
        await fill(
            search,
            [
                a_record("l1", "linker", id1=key, id2="x", timestamp=1),
                a_record("l2", "linker", id1=f"{key} more", id2="x", timestamp=2),
            ],
        )
        assert await found(search, Exact("id1", key)) == "l1"
        assert await found(search, Exact("id2", "x")) == "l2 l1"

    async def test_prefixes_of_custom_texts_are_lower_case_words(self, search: Search) -> None:
        await fill(search, [a_record("a", flag="Norway Sea")])
        assert await found(search, builders.prefix_query("properties.flag", "nor")) == "a"
        assert await found(search, builders.prefix_query("properties.flag", "se")) == "a"
        assert await found(search, builders.prefix_query("properties.flag", "Nor")) == ""
        assert await found(search, Prefix("properties.flag", "Nor")) == "a"

    async def test_wildcards_take_signs_literally_after_a_backslash(self, search: Search) -> None:
        await fill(search, [a_record("a", name="A*B?"), a_record("b", name="AxB?")])
        assert await found(search, builders.wildcard_query("name", r"A\*B\?")) == "a"
        assert await found(search, builders.wildcard_query("name", r"A?B\?"), sort="id") == "b a"

    # ---- numbers ------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("query", "keys"),
        [
            ("properties.size:[9 TO 100]", "p8 p6 p4 p3 p2"),
            ("properties.size:[10 TO 20]", "p6 p2"),
            ("votes:[5 TO 12]", "p3 p2"),
            ("properties.size:[* TO 9}", "p7 p5 p1"),
            ("properties.size:[-5 TO 0]", "p7 p5"),
            ("properties.size:{-3 TO 0.0}", ""),
            ("properties.size:[9.4 TO 9.6]", "p3"),
            ("properties.size:[1e1 TO 1e2}", "p6 p2"),
            ("properties.size:20.0", "p6"),
            ("properties.size:20", "p2"),
            ("properties.size:[* TO *]", "p8 p7 p6 p5 p4 p3 p2 p1"),
            ("properties.size:[100 TO 9]", ""),
        ],
    )
    async def test_numbers_are_compared_by_value(
        self, search: Search, query: str, keys: str
    ) -> None:
        await fill(
            search,
            [
                a_record(f"p{n}", timestamp=n, votes=n * 4, size=size)
                for n, size in enumerate(_SIZES, 1)
            ],
        )
        assert await found(search, query) == keys

    async def test_numbers_are_as_exact_as_doubles(self, search: Search) -> None:
        sizes = [2**53, 2**53 - 1, 0.1, 0.1 + 2**-56, 1e308, -1e308, 5e-324, 10**400]
        await fill(search, [a_record(str(n), size=size) for n, size in enumerate(sizes)])
        size = "properties.size"
        assert await found(search, Range(size, str(2**53), str(2**53))) == "0"
        assert await found(search, Range(size, "0.1", "0.1")) == "2"
        assert await found(search, Range(size, "0", "1e-300", includes_low=False)) == "6"
        assert await found(search, Range(size, "1e300", None), sort="id") == "7 4"
        assert await found(search, "*", sort=size, desc=False) == "5 6 2 3 1 0 4 7"

    async def test_operators_of_terms_compare_numbers(self, search: Search) -> None:
        records = [a_record(f"p{n}", timestamp=n, size=size) for n, size in enumerate(_SIZES, 1)]
        await fill(search, records)
        for terms, keys in {
            "properties.size>": "p6 p4 p3 p2",
            "properties.size <=": "p8 p7 p5 p1",
            "properties.size >= ": "p8 p6 p4 p3 p2",
            "properties.size<": "p7 p5 p1",
        }.items():
            assert await found(search, builders.terms_query({terms: "9"}, match_all=True)) == keys

    async def test_texts_that_write_numbers_are_compared_by_value(self, search: Search) -> None:
        values = ["10115", "9000", "five", "5", True, ["7", "x"]]
        await fill(search, [a_record(str(n), zip=value) for n, value in enumerate(values)])
        node = Range("properties.zip", "5", "9999")
        assert await found(search, node, sort="id", desc=False) == "1 3 5"

    async def test_dates_are_compared_as_texts(self, search: Search) -> None:
        days = ["2020-01-31", "2020-02-01", "2021-01-01"]
        await fill(search, [a_record(day, on=day) for day in days])
        node = Range("properties.on", "2020-02-01", "2020-12-31")
        assert await found(search, node) == "2020-02-01"

    # ---- presence -----------------------------------------------------------------------------

    async def test_a_field_is_there_when_it_has_a_value(self, search: Search) -> None:
        values = ["x", 0, False, [1], "", None, [], ["", " "], {"inner": 1}, "!!!"]
        await fill(search, [a_record(str(n), v=value) for n, value in enumerate(values)])
        for node in (Exists("properties.v"), Range("properties.v")):
            assert await found(search, node, sort="id", desc=False) == "0 1 2 3 9"
        assert await found(search, Exists("properties.v.inner")) == "8"

    # ---- places -------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("lat", "lng", "radius", "keys"),
        [
            (42.6977, 23.3219, 1, "sofia"),
            (42.6977, 23.3219, 20, "vitosha sofia"),
            (42.6977, 23.3219, 200, "plovdiv pernik vitosha sofia"),
            (42.6977, 23.3219, 0, "sofia"),
            (0, 0, 1, "words zero"),
            (-17.5, -179.9, 50, "dateline"),
            (-17.5, 179.9, 1, "dateline"),
            (90, 0, 10, "pole"),
            (89.99, 120, 10, "pole"),
            (42, 23, 30000, "pole words dateline zero plovdiv pernik vitosha sofia"),
        ],
    )
    async def test_places_within_a_radius(
        self, search: Search, lat: float, lng: float, radius: float, keys: str
    ) -> None:
        spots = {
            "sofia": "42.6977,23.3219",
            "vitosha": "42.5640,23.2780",
            "pernik": "42.6050,23.0378",
            "plovdiv": "42.1354,24.7453",
            "zero": "0,0",
            "dateline": "-17.5,179.9",
            "words": "north,south",
            "pole": "90,-70",
        }
        made = [
            a_record(key, "address", latlng=spot, timestamp=n)
            for n, (key, spot) in enumerate(spots.items(), 1)
        ]
        nowhere = [
            a_record("off", "address", latlng="95,4.9", country="NL"),
            a_record("vague", "address", latlng="somewhere", country="NL"),
            a_record("custom", "cat", latlng="42.6977,23.3219"),
        ]
        await fill(search, made + nowhere)
        assert await found(search, Near(lat, lng, radius)) == keys
        assert await count_of(search, "country:nl") == 2
        assert await count_of(search, 'latlng:"42.6977,23.3219"') == 0

    @pytest.mark.parametrize("latlng", ["95,4.9", "1,181", "1;2", "", "-90.1,0"])
    def test_places_off_the_map_have_nothing_near(self, latlng: str) -> None:
        assert builders.near_query(latlng, "10") == Nothing()

    async def test_a_place_moves_with_its_object(self, search: Search) -> None:
        await fill(search, [a_record("a", "address", latlng="42.7,23.3")])
        await fill(search, [a_record("a", "address", latlng="43.8,25.9")])
        assert await found(search, Near(42.7, 23.3, 20)) == ""
        assert await found(search, Near(43.8, 25.9, 20)) == "a"

    # ---- likeness -----------------------------------------------------------------------------

    async def test_similar_objects_share_the_telling_words(self, search: Search) -> None:
        texts = {
            "log1": "storm broke the mast near skagen",
            "log2": "storm near skagen took the mast",
            "log3": "calm sea and nothing to report",
            "log4": "mast painted",
        }
        await fill(
            search,
            [a_record(k, "log", text=t, timestamp=n) for n, (k, t) in enumerate(texts.items(), 1)],
        )
        field = ["properties.text"]
        assert await found(search, builders.similar_query(field, texts["log1"], "log1")) == "log2"
        assert await found(search, builders.similar_query(field, "Storm near mast")) == "log2 log1"
        assert await found(search, builders.similar_query(field, "volcano erupts")) == ""
        assert await found(search, builders.similar_query(field, "painted volcano")) == "log4"
        assert await found(search, Similar(["properties.nosuch"], "mast")) == ""

    async def test_all_given_fields_count(self, search: Search) -> None:
        await fill(search, [a_record("1", one="fox", two="bear"), a_record("2", one="fox")])
        both = Similar(["properties.one", "properties.two"], "fox bear")
        assert await found(search, both, sort="id", desc=False) == "1 2"
        assert await found(search, Similar(["properties.two"], "fox bear")) == "1"

    # ---- links --------------------------------------------------------------------------------

    async def test_links_are_counted_once(self, search: Search) -> None:
        adam = {"id": "p1", "type": "person", "name": "Adam", "properties": {"text": "lives here"}}
        house = {"id": "h1", "type": "house", "name": "House", "properties": {"text": "house 1"}}
        await fill(
            search,
            [
                a_record("l1", "linker", name="house:person", nstd=[adam, house], timestamp=1),
                a_record("l2", "linker", name="house:person", nstd=[house, adam], timestamp=2),
            ],
        )
        assert await found(search, "*", kind="linker") == "l2 l1"
        assert await found(search, "*", kind="linker", limit=1, page=2) == "l1"
        assert await count_of(search, builders.nested_query("properties.text", "*")) == 2
        assert await found(search, builders.nested_query("name", "Ad*")) == "l2 l1"
        assert await found(search, builders.nested_query("id", "h1")) == "l2 l1"
        assert await found(search, "lives") == "l2 l1"

    async def test_a_link_is_not_taken_for_what_it_joins(self, search: Search) -> None:
        inner = {"id": "p1", "type": "person", "creatorid": "me", "votes": 9, "email": "a@b.org"}
        await fill(search, [a_record("l1", "linker", nstd=[inner]), a_record("p1", "person")])
        nodes = [Exact("id", "p1"), Exact("creatorid", "me"), Exact("votes", "9")]
        assert [await found(search, node) for node in nodes] == ["p1", "", ""]
        assert await found(search, Term("type", "person")) == "p1"

    async def test_words_of_two_linked_objects_make_no_phrase(self, search: Search) -> None:
        one = {"id": "1", "type": "cat", "properties": {"text": "hello kitty"}}
        two = {"id": "2", "type": "dog", "properties": {"text": "good doggy"}}
        await fill(search, [a_record("l1", "linker", nstd=[one, two])])
        assert await found(search, 'properties.text:"hello kitty"') == "l1"
        assert await found(search, 'properties.text:"kitty good"') == ""
        assert await found(search, 'properties.text:"kitty good"~5') == ""

    async def test_a_new_copy_in_a_link_replaces_the_old_one(self, search: Search) -> None:
        for text in ("lives here", "moved away"):
            inner = {"id": "p1", "type": "person", "properties": {"text": text}}
            await fill(search, [a_record("l1", "linker", nstd=[inner])])
        assert await found(search, builders.nested_query("properties.text", "away")) == "l1"
        assert await found(search, builders.nested_query("properties.text", "lives")) == ""
        assert await count_of(search, "*") == 1

    async def test_fields_of_other_objects_are_not_in_links(self, search: Search) -> None:
        await fill(search, [a_record("p1", "probe", text="small")])
        assert await found(search, builders.nested_query("properties.text", "small")) == ""

    # ---- secrets ------------------------------------------------------------------------------

    async def test_secrets_are_not_found(self, search: Search) -> None:
        secrets: dict[str, Any] = {
            "tokenSecret": "hiddenA",
            "twoFAkey": "hiddenB",
            "idpAccessToken": "hiddenC",
        }
        await fill(
            search,
            [
                a_record("u", "user", **secrets),
                a_record("w", "webhook", secret="hiddenD"),  # noqa: S106 - of a test
                a_record("i", "sysprop", name="identifier", password="hiddenE"),  # noqa: S106 - of a test
            ],
        )
        assert await count_of(search, "hidden*") == 0
        assert await count_of(search, Bool(should=[Exists(name) for name in secrets])) == 0
