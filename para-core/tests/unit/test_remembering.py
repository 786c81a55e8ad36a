"""Answers are kept, but not for whatever clients send."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from para_core.contracts.dao import Record
from para_core.dates import format_date
from para_core.objects.codec import wire_bytes
from para_core.patterns import matches_whole
from para_core.remembering import remembered
from para_core.types import object_uri, plural_of


def test_an_answer_is_given_again() -> None:
    asked: list[str] = []

    @remembered(most=2, longest=3)
    def shout(text: str) -> str:
        asked.append(text)
        return text.upper()

    assert [shout(text) for text in ["a", "a", "abcd", "abcd"]] == ["A", "A", "ABCD", "ABCD"]
    assert asked == ["a", "abcd", "abcd"]
    assert [shout(text) for text in ["b", "c", "a"]] == ["B", "C", "A"]
    assert asked == ["a", "abcd", "abcd", "b", "c", "a"]


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(plural_of, id="plurals"),
        pytest.param(object_uri, id="paths"),
        pytest.param(lambda kind: wire_bytes(Record("1", kind, b"{}")), id="records"),
        pytest.param(lambda text: format_date(datetime(2026, 1, 1, tzinfo=UTC), text), id="dates"),
        pytest.param(lambda text: matches_whole(text, "b"), id="patterns"),
    ],
)
def test_long_texts_of_clients_do_not_stay_in_memory(use: Callable[[str], object]) -> None:
    text = "'" + "s" * 2000 + "'"
    before = sys.getrefcount(text)
    use(text)
    assert sys.getrefcount(text) == before
