"""What ``doctor`` says of the settings of a database server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from para_core.checks import Verdict
from para_core.config import Config
from para_dao_sql import plugin
from para_dao_sql.mariadb.doctor import Needs, ServerSettings, findings

FINE = ServerSettings("10.11.6-MariaDB", flush=1, packet=2**24, connections=151, log="MIXED")
NEEDS = Needs(entity_bytes=2**20, connections=8)


def test_a_server_with_its_defaults_is_fine() -> None:
    (found,) = findings(FINE, NEEDS)
    assert (found.verdict, found.advice) == (Verdict.GOOD, "")
    assert "10.11.6-MariaDB" in found.said


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"flush": 2}, "innodb_flush_log_at_trx_commit"),
        ({"packet": 2**20}, "max_allowed_packet"),
        ({"connections": 7}, "max_connections"),
        ({"log": "STATEMENT"}, "binlog_format"),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_settings_that_lose_or_refuse_something(changed: dict[str, object], words: str) -> None:
    (found,) = findings(replace(FINE, **changed), NEEDS)  # type: ignore[arg-type]
    assert found.verdict is Verdict.BAD
    assert words in found.advice


def test_several_troubles_are_told_each_for_itself() -> None:
    found = findings(replace(FINE, flush=0, packet=9), replace(NEEDS, connections=1000))
    assert [one.verdict for one in found] == [Verdict.BAD] * 3


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"para.dao": "SqlDAO"},
        {"para.dao": "SqlDAO", "para.sql.url": "postgresql://h/db"},
        {"para.dao": "SqlDAO", "para.sql.url": "db2://h/db"},
        {"para.dao": "H2DAO", "para.sql.url": "mysql://h/db"},
        {"para.dao": "SqlDAO", "para.sql.url": "mysql://127.0.0.1:1/db"},
    ],
    ids=["embedded", "SQLite", "PostgreSQL", "no product", "not used", "not there"],
)
async def test_where_there_is_no_such_server_there_is_nothing_to_say(
    settings: dict[str, str],
) -> None:
    (check,) = plugin.para_register_checks()
    assert list(await check.examine(Config(settings))) == []
