"""Query strings: what each construct finds."""

from __future__ import annotations

import time
from typing import Any

import pytest

from para_core.contracts.search import Search
from para_core.errors import QueryTooLargeError
from para_core.query.parser import MAX_CLAUSES, MAX_DEPTH, parse
from para_core.query.tree import Bool, Exact, Node, Term
from para_core.testing.search.rows import ROWS
from para_core.testing.search.samples import a_record, count_of, fill, found, zoo

__all__ = ["QueryTests"]

_SPACE, _TEAM = "scooldspace:default", "scooldspace:team-a:Team A"


class QueryTests:
    """The query language, over a zoo and over what a forum stores."""

    async def test_query_strings_find_what_they_mean(self, search: Search) -> None:
        await fill(search, zoo())
        answers = {row: await found(search, row.query, kind=row.kind) for row in ROWS}
        assert [(row, answer) for row, answer in answers.items() if answer != row.found] == []

    async def test_a_forum_finds_its_posts(self, search: Search) -> None:
        team: dict[str, Any] = {"space": _TEAM, "title": "How to bake red bread", "answercount": 2}
        await fill(
            search,
            [
                a_record("q1", "question", timestamp=1, space=_SPACE, answercount=0, tags=["java"]),
                a_record("q2", "question", timestamp=2, answerid="r1", tags=["b c"], **team),
                a_record("q3", "sticky", timestamp=3, space=_SPACE, answercount=1, tags=["javafx"]),
                a_record("r1", "reply", timestamp=4, creatorid="u1:profile", parentid="q2"),
                a_record("r2", "reply", timestamp=5, creatorid="u2:profile", parentid="q2"),
                a_record(
                    "p1",
                    "profile",
                    timestamp=6,
                    name="Joe Doe",
                    spaces=[_TEAM, _SPACE],
                    favtags=["c#", "java"],
                    favtagsEmailsEnabled=True,
                    followers={"u1": "someone@example.com"},
                ),
            ],
        )
        space, team_space = f'properties.space:"{_SPACE}"', f'properties.space:"{_TEAM}"'
        answers = {
            "type:(question)": "q2 q1",
            f"type:(question OR sticky) AND {space}": "q3 q1",
            f"{team_space} AND (red bread)": "q2",
            f"({space} OR {team_space})": "q3 q2 q1",
            "properties.answercount:0": "q1",
            "properties.answercount:[1 TO *] NOT properties.answerid:[* TO *]": "q3",
            "properties.answercount:[1 TO *] AND properties.answerid:[* TO *]": "q2",
            f"{space} AND tags:(java OR spring)": "q1",
            f"{space} AND tags:java*": "q3 q1",
            f'{team_space} AND (tags:"a" OR tags:"b c")': "q2",
            '"someone@example.com"': "p1",
            'properties.favtags:("java" "c#") AND properties.favtagsEmailsEnabled:true': "p1",
            f'properties.spaces:("{_TEAM}")': "p1",
            f'properties.spaces:(+"{_TEAM}" -"scooldspace:b:B")': "p1",
            "(name:(jo*) OR name:(Jo* OR properties.originalName:jo* OR joe))": "p1",
            'type:(question OR reply) AND creatorid:("u1:profile")': "r1",
            'parentid:"q2" AND !(creatorid:"u1:profile")': "r2",
            "how AND type:(question OR reply OR comment)": "q2",
        }
        assert {query: await found(search, query) for query in answers} == answers

    async def test_words_of_all_scripts_are_found(self, search: Search) -> None:
        texts = {
            "de": "Über den Fluß führt keine Brücke",
            "bg": "Овощната градина цъфти",
            "ja": "日本語 の テスト です。港",
            "emoji": "Old captain 😀 with a pipe",
            "tr": "İSTANBUL",
        }
        await fill(search, [a_record(key, text=text) for key, text in texts.items()])
        answers = {"ÜBER": "de", "fluß": "de", "градин*": "bg", "港": "ja", "テスト": "ja"}
        answers |= {
            "😀": "emoji",
            "istanbul": "tr",
            "テ*": "ja",
            "brücke~1": "de",
            '"日 本 語"': "ja",
        }
        assert {query: await found(search, query) for query in answers} == answers

    @pytest.mark.parametrize("place", ["{}", "name:{}", "{}:x", "f:[{} TO *]", '"{} x"', "{}*"])
    async def test_half_a_character_finds_nothing(self, search: Search, place: str) -> None:
        await fill(search, zoo())
        assert await found(search, place.format(r"\ud800")) == ""

    async def test_values_of_a_list_follow_each_other(self, search: Search) -> None:
        await fill(search, [a_record("1", lines=["hello world", "foo bar"], more=[1, True, None])])
        for query in ['"world foo"', "properties.more:1", "properties.more:true", "bar"]:
            assert await found(search, query) == "1"
        assert await found(search, "properties.more:null") == "1"

    async def test_objects_in_lists_are_found_by_their_text(self, search: Search) -> None:
        await fill(search, [a_record("1", legend=[{"sign": "buoy"}, {"sign": "wreck"}])])
        assert await found(search, "properties.legend:wreck") == "1"
        assert await found(search, "properties.legend.sign:wreck") == ""

    async def test_long_values_are_found_by_their_words(self, search: Search) -> None:
        text = " ".join(f"word{n}" for n in range(20_000)) + " " + "x" * 300
        await fill(search, [a_record("long", text=text), a_record("short", text="word7")])
        assert await found(search, "word19999") == "long"
        assert await found(search, "x" * 255) == "long"
        assert await found(search, '"word18000 word18001"') == "long"
        assert await found(search, "word7", sort="id", desc=False) == "long short"

    async def test_long_keyword_values_are_found_whole(self, search: Search) -> None:
        await fill(search, [a_record("1", name="n" * 40_000), a_record("2", name="n" * 39_999)])
        assert await found(search, Exact("name", "n" * 40_000)) == "1"

    async def test_many_fields_change_nothing(self, search: Search) -> None:
        many: dict[str, Any] = {f"field{n}": f"value{n}" for n in range(1500)}
        await fill(search, [a_record("many", **many), a_record("one", field7="value7")])
        assert await found(search, "value1499") == "many"
        assert await found(search, "value7 AND value8") == "many"
        assert await found(search, "nothing") == ""

    async def test_as_many_clauses_as_allowed_are_answered(self, search: Search) -> None:
        await fill(search, [a_record(f"k{n}", word=f"w{n}") for n in range(20)])
        text = " OR ".join(f"w{n}" for n in range(MAX_CLAUSES))
        assert await count_of(search, text) == 20
        assert (
            await count_of(search, Bool(should=[Exact("id", f"k{n}") for n in range(5000)])) == 20
        )

    async def test_groups_as_deep_as_allowed_are_answered(self, search: Search) -> None:
        await fill(search, zoo())
        text = "(" * MAX_DEPTH + "quick" + " AND NOT lazy)" * MAX_DEPTH
        assert await found(search, text) == "a2 a1"
        node: Node = Term(None, "quick")
        for _ in range(100):
            node = Bool(must_not=[Bool(must_not=[node])])
        assert await found(search, node) == "a2 a1"

    @pytest.mark.parametrize(
        "text",
        [" OR ".join(["fox"] * 10_000), "fox " * 10_000, "(" * 10_000 + "fox" + ")" * 10_000],
        ids=["10,000 clauses", "10,000 words", "10,000 groups"],
    )
    def test_larger_queries_are_refused_quickly(self, text: str) -> None:
        started = time.thread_time()
        with pytest.raises(QueryTooLargeError, match="more than"):
            parse(text)
        assert time.thread_time() - started < 1

    @pytest.mark.parametrize(
        "text",
        [
            *["a*" * 5000, "a?" * 5000 + "*", "/(a|aa)*(a*)*b/", "a~2"],
            *[f"/{'a' * 1000}/", f"/a{'+' * 999}/", f"/a{'&a' * 499}/", f"/{'(a|b)' * 200}/"],
        ],
        ids=lambda text: text[:8],
    )
    async def test_no_pattern_takes_long(self, search: Search, text: str) -> None:
        await fill(search, [a_record(f"k{n}", text="a" * n) for n in range(1, 250, 10)])
        started = time.process_time()
        await found(search, text)
        assert time.process_time() - started < 5
