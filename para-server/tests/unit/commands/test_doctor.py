"""``para-server doctor``: each thing that can be wrong is found, with a line on what to do."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from para_core.checks import Check, Finding, bad
from para_core.config import Config, load_config
from para_core.contracts.dao import Record
from para_core.plugins import load_plugins
from para_server.cli import main
from para_server.commands import doctor
from para_server.copies.marker import Mark, Marker

from ...faults.authority import Authority  # noqa: TID252 - tests have no absolute names
from ...processes import free_port  # noqa: TID252 - tests have no absolute names

pytestmark = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("para_dao_sql", "para_search_lucene"))),
    reason="needs para-dao-sql and para-search-lucene",
)

SECRET = "a secret that is long enough to be one of an app"  # noqa: S105 - of a test


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory, and an environment without settings."""
    for name in list(os.environ):
        if name.lower().startswith("para_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Doctor:
    """Runs the command with a configuration file, and reads what it prints."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.file, self._capsys = folder / "application.conf", capsys
        self.settings: dict[str, object] = {"para.port": free_port()}
        self.code = -1

    def ask(self, *options: str) -> list[dict[str, str]]:
        lines = [f"{k} = {msgspec.json.encode(v).decode()}\n" for k, v in self.settings.items()]
        self.file.write_text("".join(lines))
        self.file.chmod(0o600)
        return self.ask_again(*options)

    def ask_again(self, *options: str) -> list[dict[str, str]]:
        self.code = main(["--config", str(self.file), "doctor", "--json", *options])
        return msgspec.json.decode(self._capsys.readouterr().out, type=list[dict[str, str]])

    def finds(self, subject: str, verdict: str, words: str) -> bool:
        found = [
            f"{one['said']} -> {one['advice']}"
            for one in self.ask()
            if one["subject"] == subject and one["verdict"] == verdict
        ]
        assert any(words in one for one in found), found
        assert self.code == int(verdict == "bad")
        return True


@pytest.fixture
def patient(folder: Path, capsys: pytest.CaptureFixture[str]) -> Doctor:
    return Doctor(folder, capsys)


def test_a_fresh_folder_has_nothing_wrong(patient: Doctor) -> None:
    found = patient.ask()
    assert {one["verdict"] for one in found} <= {"ok", "advice"}
    assert {one["subject"] for one in found if one["verdict"] == "advice"} <= {"clock", "limits"}
    assert patient.code == 0


def test_it_makes_nothing(patient: Doctor, folder: Path) -> None:
    patient.ask()
    assert [file.name for file in folder.iterdir()] == ["application.conf"]


def test_every_complaint_has_advice_in_one_line(patient: Doctor) -> None:
    patient.settings |= {"para.prot": 1, "para.app_secret_key": "secret", "para.dao": "NoDAO"}
    complaints = [one for one in patient.ask() if one["verdict"] != "ok"]
    assert len(complaints) >= 3
    assert all(one["advice"] and "\n" not in one["advice"] + one["said"] for one in complaints)


def test_advice_counts_when_it_is_asked_to(patient: Doctor) -> None:
    patient.settings["para.prot"] = 1
    patient.ask()
    assert patient.code == 0
    patient.ask("--strict")
    assert patient.code == 1


def test_it_speaks_to_people_too(patient: Doctor, capsys: pytest.CaptureFixture[str]) -> None:
    patient.settings |= {"para.app_secret_key": "secret"}
    patient.ask()
    assert main(["--config", str(patient.file), "doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("bad     secrets: para.app_secret_key is a word that everybody tries")
    assert lines[at + 1].startswith("        -> set what `openssl rand")
    assert lines[-1].startswith("1 to put right, ")


# ---- configuration and secrets -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "subject", "verdict", "words"),
    [
        ({"para.prot": 80}, "configuration", "advice", "did you mean para.port?"),
        ({"para.dao": "NoDAO"}, "configuration", "bad", "NoDAO"),
        ({"para.trusted_proxies": "proxy.test"}, "configuration", "bad", "proxy.test"),
        ({"para.caffeine.max_bytes": -1}, "configuration", "bad", "para.caffeine.max_bytes"),
        ({"para.webhooks_enabled": "yes"}, "configuration", "advice", "counts as false"),
        ({"para.gzip_enabled": 1}, "configuration", "advice", "counts as false"),
        ({"para.max_items_per_page": "many"}, "configuration", "advice", "no whole number"),
        ({"para.context_path": "backend"}, "configuration", "advice", "slash"),
        ({"para.mcp_server_mode": "write"}, "configuration", "advice", "counts as off"),
        ({"para.outbound.hosts": ["http://a.lan"]}, "configuration", "advice", "'http://a.lan'"),
        ({"para.root_secret_override": "changeme"}, "secrets", "bad", "everybody tries"),
        ({"para.app_secret_key": "0123456789"}, "secrets", "bad", "10 bytes"),
        ({"para.sql.url": "postgresql://db/para"}, "secrets", "bad", "para.sql.password"),
        ({"para.sql.url": "jdbc:mysql://db/para"}, "secrets", "bad", "para.sql.password"),
        ({"para.env": "production"}, "https", "advice", "plain HTTP"),
        ({"para.tls.cert_file": "none.pem"}, "https", "bad", "none.pem"),
        ({"para.port": 70_000}, "port", "bad", "65535"),
        ({"para.address": "192.0.2.1"}, "port", "bad", "leave it blank for all"),
        ({"para.workers": 64}, "workers", "advice", "share the cores"),
        ({"para.workers": 2, "para.worker_id": 1024}, "workers", "bad", "1023 at most"),
        ({"para.worker_id": 5000}, "workers", "bad", "1024 at most"),
        ({"para.worker_id": "first"}, "workers", "advice", "'first', which is no number"),
        ({"para.workers": 2, "para.worker_id": "x"}, "workers", "advice", "1023 at most"),
        ({"para.workers": 2, "para.dao": "MemoryDAO"}, "workers", "bad", "MemoryDAO lives in one"),
        ({"para.db.dir": "application.conf"}, "folders", "bad", "no folder"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_settings_that_are_wrong(
    patient: Doctor, settings: dict[str, object], subject: str, verdict: str, words: str
) -> None:
    patient.settings |= settings
    found = [one for one in patient.ask() if (one["subject"], one["verdict"]) == (subject, verdict)]
    assert any(words in one["said"] + one["advice"] for one in found), found


def test_a_complaint_is_made_once(patient: Doctor) -> None:
    patient.settings["para.trusted_proxies"] = "proxy.test"
    said = [one["said"] for one in patient.ask()]
    assert len(said) == len(set(said))


def test_a_file_with_secrets_that_everybody_can_read(patient: Doctor) -> None:
    patient.settings["para.root_secret_override"] = SECRET
    patient.ask()
    assert patient.code == 0
    patient.file.chmod(0o644)
    found = [one for one in patient.ask_again() if one["verdict"] == "bad"]
    assert [one["advice"] for one in found] == [f"chmod o= {patient.file}"]


def test_no_secret_is_printed(patient: Doctor) -> None:
    patient.settings |= {"para.root_secret_override": "changeme", "para.app_secret_key": "0123456"}
    text = str(patient.ask())
    assert "changeme" not in text
    assert "0123456" not in text


@pytest.mark.parametrize(
    ("days", "verdict", "words"),
    [(90, "ok", "ends on"), (5, "advice", "renew it"), (-1, "bad", "clients refuse it")],
    ids=["long", "soon", "over"],
)
def test_certificates_end(
    patient: Doctor, folder: Path, days: int, verdict: str, words: str
) -> None:
    cert, key = Authority().pair("server", days=days)
    (folder / "pair.pem").write_bytes(cert + key)
    patient.settings["para.tls.cert_file"] = str(folder / "pair.pem")
    assert patient.finds("https", verdict, words)


# ---- the machine -------------------------------------------------------------------------------


def test_another_program_at_the_port(patient: Doctor) -> None:
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        other.settimeout(0.1)
        patient.settings["para.port"] = other.getsockname()[1]
        with hung_up(other):
            assert patient.finds("port", "bad", "taken by another program")


def test_the_port_of_the_operator(patient: Doctor) -> None:
    patient.settings["para.operator.port"] = patient.settings["para.port"]
    assert patient.finds("port", "bad", "para.operator.port is para.port")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        patient.settings["para.operator.port"] = other.getsockname()[1]
        assert patient.finds("port", "bad", "set para.operator.port")
    assert patient.finds("port", "ok", f"{patient.settings['para.operator.port']} is free")


@contextlib.contextmanager
def hung_up(listener: socket.socket) -> Iterator[None]:
    """Answer nobody: close each connection."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                listener.accept()[0].close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


def test_a_clock_that_was_put_back(patient: Doctor, folder: Path) -> None:
    (folder / "data").mkdir(mode=0o700)
    file = folder / "data" / "para.db-wal"
    file.touch()
    later = file.stat().st_mtime + 7200
    os.utime(file, (later, later))
    found = [one for one in patient.ask() if one["subject"] == "clock"]
    assert [one["verdict"] for one in found] == ["bad"]
    assert "120 minutes behind" in found[0]["said"]


def test_a_folder_that_others_can_look_into(patient: Doctor, folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data").chmod(0o755)
    assert patient.finds("folders", "advice", "chmod 700")


def test_a_folder_for_archives_that_is_not_there(patient: Doctor, folder: Path) -> None:
    patient.settings["para.http.import_folder"] = str(folder / "archives")
    assert patient.finds("folders", "bad", "archives is not there")
    (folder / "archives").write_text("a file")
    assert patient.finds("folders", "bad", "archives is no folder")
    (folder / "archives").unlink()
    (folder / "archives").mkdir()
    assert patient.finds("folders", "ok", "archives")


# ---- index and database ------------------------------------------------------------------------


def filled(patient: Doctor) -> None:
    """Store twenty objects, and index them."""
    patient.ask()
    config = load_config(patient.file, environ={})
    plugins = load_plugins(config)

    async def fill() -> None:
        async with plugins.dao(config) as dao, plugins.search(config) as search:
            records = [record(f"t{n}") for n in range(20)]
            number = await dao.create_all("myapp", records)
            await search.index("myapp", records, [], number)
            root = Record("app:para", "app", b'{"id":"app:para","type":"app"}')
            await search.index("para", [root], [], await dao.create("para", root))

    asyncio.run(fill())


def record(key: str, change: int = 1) -> Record:
    return Record(key, "thing", b'{"id":"%s","type":"thing"}' % key.encode(), change)


def unindex(patient: Doctor, key: str) -> None:
    config = load_config(patient.file, environ={})

    async def remove() -> None:
        async with load_plugins(config).search(config) as search:
            await search.index("myapp", [], [key], None)

    asyncio.run(remove())


def test_an_index_that_fits(patient: Doctor) -> None:
    filled(patient)
    assert patient.finds("back-ends", "ok", "the root app 'para' is there")
    assert patient.finds("back-ends", "ok", "the indexes of 2 apps fit the database")


def test_a_database_of_an_earlier_version_is_not_changed(patient: Doctor, folder: Path) -> None:
    filled(patient)
    with contextlib.closing(sqlite3.connect(folder / "data" / "para.db")) as connection:
        connection.execute("PRAGMA user_version = 1")
        assert patient.finds("back-ends", "ok", "next start changes the tables from format 1 to")
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert patient.code == 0
    assert not [one for one in patient.ask_again() if one["verdict"] == "bad"]


def test_a_copy_that_is_not_finished(patient: Doctor) -> None:
    filled(patient)
    config = load_config(patient.file, environ={})

    async def mark() -> None:
        async with load_plugins(config).dao(config) as dao:
            await Marker(dao).put(Mark("restore monday.backup", "x"))

    asyncio.run(mark())
    assert patient.finds("back-ends", "bad", "run `para-server restore monday.backup` again")


def test_an_index_that_lacks_objects(patient: Doctor) -> None:
    filled(patient)
    unindex(patient, "t7")
    assert patient.finds("back-ends", "bad", "app myapp: 1 of 20 objects are not in the index")


def test_an_index_that_is_gone(patient: Doctor, folder: Path) -> None:
    filled(patient)
    shutil.rmtree(folder / "data" / "myapp-lucene")
    assert patient.finds("back-ends", "advice", "app myapp: there is no usable index")


def test_a_root_app_of_another_name(patient: Doctor) -> None:
    filled(patient)
    patient.settings["para.app_name"] = "other"
    assert patient.finds("back-ends", "bad", "no root app 'other'")


# ---- plugins -----------------------------------------------------------------------------------


async def test_checks_of_plugins_are_made_and_one_that_fails_stops_no_other() -> None:
    async def examine(_: Config) -> list[Finding]:
        return [bad("the tide is out", "wait")]

    async def fail(_: Config) -> list[Finding]:
        raise RuntimeError("no\nmoon")

    checks = [Check("moon", fail), Check("sea", examine)]
    found = await doctor.examined(checks, Config())
    assert [(subject, finding.said) for subject, finding in found] == [
        ("moon", "cannot be looked at: no moon"),
        ("sea", "the tide is out"),
    ]
