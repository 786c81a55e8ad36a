"""``para-server access explain`` on a database that a server left behind."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from pathlib import Path

import msgspec
import pytest

from para_core.config import load_config
from para_core.contracts.dao import DAO, Put, Write
from para_core.objects import App, Sysprop, User
from para_core.objects.codec import record_of
from para_server.cli import main

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("para_dao_sql") is None, reason="needs para-dao-sql"
)

GRANTS = {"*": {"cats": ["GET"], "notes": ["?", "GET", "OWN"]}, "tom": {"cats": ["GET", "PUT"]}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a database in it, and an environment without settings."""
    for name in list(os.environ):
        if name.lower().startswith("para_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    asyncio.run(fill(database(tmp_path)))
    return tmp_path


def database(folder: Path) -> DAO:
    from para_dao_sql.plugin import open_sql_dao

    return open_sql_dao(load_config(overrides={"para.db.dir": str(folder)}, environ={}))


async def fill(dao: DAO) -> None:
    app = App(id="app:shop", name="Shop", secret="s" * 40, resource_permissions=GRANTS)
    boss = User(id="boss", identifier="boss@example.com", groups="admins", active=True)
    note = Sysprop(id="n1", type="note", name="a note", creatorid="boss")
    async with dao:
        await dao.create_table("para")
        await dao.create_table("shop")
        await dao.write("para", Write("create", [Put(record_of(app))]))
        await dao.write("shop", Write("create", [Put(record_of(boss)), Put(record_of(note))]))


def explain(*arguments: str) -> int:
    return main(["--set", "para.db.dir=.", "access", "explain", "--app", "shop", *arguments])


@pytest.mark.parametrize(
    ("arguments", "code", "lines"),
    [
        (
            ["--user", "tom", "PUT", "cats/1"],
            0,
            [
                "PUT cats/1 by tom of app:shop: allowed",
                "rule: above",
                'because: the entry "cats" of the user tom holds GET, PUT; an entry for what ',
                "note: there is no user tom now",
            ],
        ),
        (["--user", "boss", "DELETE", "/v1/x/1"], 0, ["rule: administrator"]),
        (["--user", "ann", "GET", "notes/n1"], 1, ["rule: own", "refused, 404"]),
        (["GET", "notes"], 0, ["by any user", "but: with the flag OWN, objects of others are"]),
        (["--guest", "get", "cats"], 1, ["GET cats by a guest", "refused, 403", "rule: guest"]),
    ],
    ids=["user", "administrator", "own", "any-user", "guest"],
)
def test_the_rule_is_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, lines: list[str]
) -> None:
    assert explain(*arguments) == code
    out, err = capsys.readouterr()
    assert err == ""
    for line in lines:
        assert line in out


def test_the_same_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain("--json", "--user", "tom", "GET", "cats") == 0
    found = msgspec.json.decode(capsys.readouterr().out)
    assert found["entry"] == {"subject": "tom", "resource": "cats", "flags": ["GET", "PUT"]}
    assert (found["allowed"], found["rule"], found["app"]) == (True, "exact", "app:shop")


def test_an_unknown_app_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("nowhere", "!!!"):
        assert main(["--set", "db.dir=.", "access", "explain", "--app", name, "GET", "x"]) == 2
        out, err = capsys.readouterr()
        assert (out, err) == ("", f"para-server: there is no app {name!r} in H2DAO\n")


def test_a_database_that_is_in_use_is_one_line_with_the_way_to_ask(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def ask() -> int:
        async with database(folder):
            return await asyncio.to_thread(explain, "--user", "tom", "GET", "cats/1")

    assert asyncio.run(ask()) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "is in use by process" in err
    assert "GET /v1/_permissions/tom/Y2F0cy8x/GET?explain=true" in err


def test_nothing_to_explain_shows_how_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["access"])
    assert ended.value.code == 2
    assert "explain" in capsys.readouterr().err
