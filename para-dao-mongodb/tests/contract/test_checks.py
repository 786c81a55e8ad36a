"""What ``para-server doctor`` says of the database."""

from __future__ import annotations

import os
import socket

import pytest

from para_core.checks import Verdict
from para_core.config import Config
from para_dao_mongodb.address import address_of
from para_dao_mongodb.checks import _of_line, _of_members
from para_dao_mongodb.plugin import para_register_checks
from para_dao_mongodb.settings import MongoSettings

from ..databases import AWAY  # noqa: TID252 - tests have no absolute names

pytestmark = AWAY


async def findings(**settings: str) -> list[tuple[Verdict, str]]:
    (check,) = para_register_checks()
    below = {f"para.mongodb.{name}": value for name, value in settings.items()}
    found = await check.examine(Config({"para.dao": "mongodbDAO", **below}))
    return [(one.verdict, f"{one.said}: {one.advice}") for one in found]


async def test_another_database_is_none_of_its_business() -> None:
    (check,) = para_register_checks()
    assert list(await check.examine(Config({"para.dao": "SqlDAO"}))) == []


@pytest.mark.service("mongodb")
async def test_a_server_of_one_member_is_told() -> None:
    ((verdict, said),) = await findings(uri=os.environ["PARA_TEST_MONGODB_URL"])
    assert verdict is Verdict.ADVICE
    assert "replica set of one member" in said


async def test_a_server_that_is_not_there_is_bad() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        ((verdict, said),) = await findings(host="127.0.0.1", port=port, timeout_ms="300")
    assert verdict is Verdict.BAD
    assert "para.mongodb.host" in said


async def test_an_address_of_something_else_is_bad() -> None:
    ((verdict, said),) = await findings(uri="postgresql://h/db")
    assert verdict is Verdict.BAD
    assert "para.mongodb.uri" in said


@pytest.mark.parametrize(
    ("told", "has_transactions", "verdict", "words"),
    [
        ({}, False, Verdict.ADVICE, "no transactions"),
        ({"hosts": ["a:1"]}, True, Verdict.ADVICE, "one member"),
        ({"hosts": ["a:1", "b:1", "c:1"]}, True, Verdict.GOOD, "3 members"),
        ({"msg": "isdbgrid"}, True, Verdict.GOOD, "sharded cluster"),
    ],
)
def test_members_are_counted(
    told: dict[str, object], verdict: Verdict, words: str, *, has_transactions: bool
) -> None:
    finding = _of_members(address_of(MongoSettings(), "para"), told, has_transactions)
    assert finding.verdict is verdict
    assert words in finding.said


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (MongoSettings(), []),
        (MongoSettings(uri="mongodb://u:p@127.0.0.1:5/"), []),
        (MongoSettings(host="db.example.org"), ["unencrypted"]),
        (MongoSettings(uri="mongodb://db.example.org/?tls=true"), []),
        (MongoSettings(uri="mongodb+srv://db.example.org/"), []),
        (MongoSettings(host="db.example.org", ssl_enabled=True), []),
        (MongoSettings(host="h", ssl_enabled=True, ssl_allow_all=True), ["any certificate"]),
    ],
)
def test_the_line_is_looked_at(settings: MongoSettings, words: list[str]) -> None:
    found = [one.said for one in _of_line(address_of(settings, "para"), settings)]
    assert len(found) == len(words)
    assert all(word in said for word, said in zip(words, found, strict=True))
