"""Names of tables."""

from __future__ import annotations

import re

import pytest

from para_core.tables import table_name


@pytest.mark.parametrize(
    ("appid", "name"),
    [
        ("para", "objects_7_para"),
        ("My-App", "objects_7_my_app"),
        ("a; DROP TABLE x", "objects_7_a_drop_table_x"),
        ("猫", "objects_7"),
        ("", "objects_7"),
        ("-_-", "objects_7"),
        ("a\x00b", "objects_7_a_b"),
    ],
)
def test_names_show_the_app(appid: str, name: str) -> None:
    assert table_name(7, appid) == name


def test_names_of_similar_apps_differ() -> None:
    appids = ["x", "para-x", "a-b", "a_b", "A-B", "1", "11", "猫", "犬", "", "x" * 100, "x" * 101]
    names = [table_name(number, appid) for number, appid in enumerate(appids)]
    assert len(set(names)) == len(appids)


@pytest.mark.parametrize("appid", ["x" * 1000, "_" * 100, "ab-" * 100, "select", "a\"b'c`d"])
def test_names_need_no_quotes_and_fit(appid: str) -> None:
    assert re.fullmatch(r"objects_[a-z0-9_]{1,54}", table_name(2**31, appid))
