"""What ``doctor`` says of the settings of a PostgreSQL server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from para_core.checks import Verdict
from para_core.config import Config
from para_dao_sql import plugin
from para_dao_sql.postgresql.doctor import ServerSettings, findings

FINE = ServerSettings("15.18", "on", "on", "on", connections=97)


@pytest.mark.parametrize("commit", ["on", "local", "remote_write", "remote_apply"])
def test_a_server_that_waits_for_its_disk_is_fine(commit: str) -> None:
    (found,) = findings(replace(FINE, synchronous_commit=commit), 97)
    assert (found.verdict, found.advice) == (Verdict.GOOD, "")
    assert "15.18" in found.said


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"fsync": "off"}, "fsync"),
        ({"synchronous_commit": "off"}, "synchronous_commit"),
        ({"full_page_writes": "off"}, "full_page_writes"),
        ({"connections": 7}, "max_connections"),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_settings_that_lose_or_refuse_something(changed: dict[str, object], words: str) -> None:
    (found,) = findings(replace(FINE, **changed), 8)  # type: ignore[arg-type]
    assert found.verdict is Verdict.BAD
    assert words in found.advice


def test_several_troubles_are_told_each_for_itself() -> None:
    found = findings(replace(FINE, fsync="off", full_page_writes="off"), 1000)
    assert [one.verdict for one in found] == [Verdict.BAD] * 3


@pytest.mark.parametrize(
    "settings",
    [
        {"para.dao": "H2DAO", "para.sql.url": "postgresql://127.0.0.1:1/db"},
        {"para.dao": "SqlDAO", "para.sql.url": "postgresql://127.0.0.1:1/db"},
    ],
    ids=["not used", "not there"],
)
async def test_where_there_is_no_such_server_there_is_nothing_to_say(
    settings: dict[str, str],
) -> None:
    (check,) = plugin.para_register_checks()
    assert list(await check.examine(Config(settings))) == []
