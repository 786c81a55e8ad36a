"""The operations guide: its pages install, configure and look after a server as they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
from configparser import RawConfigParser
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from para_core.config import Config

from ..faults.process import ROOT_SECRET, Caller  # noqa: TID252 - tests have no absolute names
from .machine import Machine, unknown_options
from .pages import DOCS, ROOT, blocks_of
from .server import running

HOW_TO = DOCS / "how-to"
GUIDE = HOW_TO / "operate-a-server.md"
TOM = {"type": "cat", "color": "grey", "name": "Tom"}
CONTAINER = (ROOT / "deploy" / "container" / "Containerfile").read_text()

TESTED = {  # how many blocks of commands a page has; a new one needs a test that runs it
    "back-up-and-restore.md": 3,  # the third here, the others in test_copies_pages
    "check-a-server.md": 3,  # the second here, the others in test_doctor_page
    "configure.md": 1,
    "install-a-plugin.md": 2,
    "monitor-a-server.md": 0,  # what it has people ask is in test_how_to
    "move-from-the-original.md": 0,  # the same, in test_copies_pages
    "move-to-another-database.md": 2,  # in test_copies_pages
    "operate-a-server.md": 2,  # in test_copies_pages
    "run-as-a-service.md": 3,
    "run-behind-a-proxy.md": 0,
    "run-in-a-container.md": 3,
    "run-several-workers.md": 2,  # in test_workers_page
    "upgrade.md": 2,  # in test_copies_pages
    "use-https.md": 3,  # in test_https_page
    "use-mariadb.md": 1,
    "use-mongodb.md": 1,
    "use-postgresql.md": 2,
}


def commands(name: str) -> list[str]:
    return [block.text for block in blocks_of(HOW_TO / name) if block.language == "sh"]


def configuration(name: str) -> str:
    return next(block.text for block in blocks_of(HOW_TO / name) if block.language == "hocon")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_every_block_of_commands_in_the_guide_is_run() -> None:
    linked = set(re.findall(r"\(([\w-]+\.md)\)", GUIDE.read_text())) | {GUIDE.name}
    assert {name: len(commands(name)) for name in sorted(linked)} == TESTED


# ---- install ----------------------------------------------------------------------------------


@pytest.fixture
def installed(machine: Machine) -> Machine:
    """The machine after the first block of the page about services."""
    pytest.importorskip("ensurepip")
    machine.stand_in("useradd", "systemctl", "journalctl")
    users, environment, install, folders = commands("run-as-a-service.md")[0].splitlines()
    machine.run(f"{users}\n{environment}")
    machine.install_server(machine.at("/opt/para"))
    said = machine.run(f"{install}\n{folders}")
    assert "does not provide the extra" not in said
    machine.at("/etc/para/application.conf").write_text(configuration("run-as-a-service.md"))
    return machine


def test_a_server_is_installed_as_a_service(installed: Machine) -> None:
    _, enable, look = commands("run-as-a-service.md")
    units = installed.at("/etc/systemd/system")
    units.mkdir(parents=True)
    shutil.copytree(ROOT / "deploy", installed.folder / "deploy")
    installed.run(enable)
    installed.run(look.replace(" --follow", ""))
    user, *others = installed.calls
    assert user.startswith("useradd --system")
    assert others == [
        "systemctl daemon-reload",
        "systemctl enable --now para",
        "systemctl status para",
        "journalctl --unit para",
    ]
    unit = RawConfigParser(strict=False)
    unit.read(units / "para.service")
    assert unit["Service"]["User"] == user.split()[-1]
    start = unit["Service"]["ExecStart"]
    assert "listening" not in installed.run(f"{start} config")  # what the unit starts is there


@pytest.mark.skipif(not shutil.which("systemctl"), reason="needs systemctl")
def test_systemd_takes_the_unit_for_the_start_of_the_machine(tmp_path: Path) -> None:
    units = tmp_path / "etc" / "systemd" / "system"
    units.mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "systemd" / "para.service", units)
    subprocess.run(["systemctl", f"--root={tmp_path}", "enable", "para"], check=True)  # noqa: S603, S607
    assert (units / "multi-user.target.wants" / "para.service").is_symlink()


@pytest.mark.parametrize(
    "call",
    [
        line
        for name in ("run-as-a-service.md", "use-postgresql.md")
        for block in commands(name)
        for line in block.splitlines()
        if line.split()[0] in ("useradd", "systemctl", "journalctl", "createuser", "createdb")
    ],
)
def test_programs_of_the_system_take_the_options_of_the_page(call: str) -> None:
    assert unknown_options(call) == []


def test_a_container_is_what_the_page_says(machine: Machine) -> None:
    machine.stand_in("podman")
    shutil.copytree(ROOT / "deploy", machine.folder / "deploy")
    for block in commands("run-in-a-container.md"):
        machine.run(block)
    build, run, show = (call.split() for call in machine.calls)
    assert build[1] == "build"
    assert (machine.folder / build[build.index("--file") + 1]).is_file()
    assert Path(build[-1]) == Path()  # the folder of the repository
    assert build[build.index("--tag") + 1] == run[-1]
    outside, inside = run[run.index("--publish") + 1].rsplit(":", 1)
    assert f"EXPOSE {inside}" in CONTAINER
    assert outside.startswith("127.0.0.1:")
    volume, file = (run[at + 1] for at, part in enumerate(run) if part == "--volume")
    assert f'"{volume.partition(":")[2]}"' in CONTAINER.partition("VOLUME")[2]
    assert file.split(":")[1] == "/para/application.conf"
    assert int(run[run.index("--stop-timeout") + 1]) > Config().number("para.stop_timeout_sec")
    assert show[1:4] == ["exec", run[run.index("--name") + 1], "cat"]
    assert show[-1].startswith(volume.partition(":")[2])


def test_the_keys_of_the_root_app_are_where_the_page_about_containers_says(tmp_path: Path) -> None:
    with running(tmp_path):
        name = Path(commands("run-in-a-container.md")[2].split()[-1]).name
        assert "para.root_secret_key" in (tmp_path / "data" / name).read_text()


def test_a_plugin_is_installed_and_listed(machine: Machine) -> None:
    pytest.importorskip("ensurepip")
    install, show = commands("install-a-plugin.md")
    machine.run("python3 -m venv .venv")
    machine.install_server(machine.folder / ".venv")
    name = install.split()[-1]
    assert f"already satisfied: {name}" in machine.run(install)
    assert re.search(rf"^{name} ", machine.run(show), re.MULTILINE)


# ---- configure, check, back up ----------------------------------------------------------------


def test_what_holds_is_shown(machine: Machine) -> None:
    (machine.folder / "application.conf").write_text(configuration("configure.md"))
    said = machine.run(commands("configure.md")[0])
    assert "para.port = 8080  # application.conf, line 2" in said
    assert said.count("para.sql.url =") == 2


def test_a_service_is_checked_as_its_user(machine: Machine) -> None:
    for name in ("/opt/para/bin", "/etc/para", "/var/lib/para"):
        machine.at(name).mkdir(parents=True)
    shutil.copy(machine.folder / "programs" / "para-server", machine.at("/opt/para/bin"))
    file = machine.at("/etc/para/application.conf")
    file.write_text("para.port = 0\n")
    file.chmod(0o600)
    said = machine.run(f"{commands('check-a-server.md')[1].rstrip()} || true")
    assert "configuration" in said
    assert str(machine.at("/var/lib/para")) in machine.run(f"cd {machine.at('/var/lib/para')}; pwd")


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="needs sqlite3")
def test_the_tool_of_the_database_copies_it_while_the_server_runs(machine: Machine) -> None:
    pytest.importorskip("para_dao_sql")
    with running(machine.folder):
        machine.run(commands("back-up-and-restore.md")[2])
    data = machine.folder / "data"
    connection = sqlite3.connect(machine.folder / "backup.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    (machine.folder / "backup.db").replace(data / "para.db")
    for left in data.glob("para.db-*"):
        left.unlink()
    for index in [path.parent for path in machine.folder.rglob("meta.json")]:
        shutil.rmtree(index)
    with running(machine.folder):  # it is healthy with the copy in the place of the database
        pass


# ---- databases -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["use-mariadb.md", "use-postgresql.md"])
def test_the_driver_of_a_database_is_an_extra(machine: Machine, name: str) -> None:
    pytest.importorskip("ensurepip")
    machine.run("python3 -m venv .venv")
    machine.install_server(machine.folder / ".venv")
    said = machine.run(commands(name)[0])
    assert "does not provide the extra" not in said
    assert "already satisfied: para-dao-sql[" in said


def test_mongodb_is_a_package_of_its_own(machine: Machine) -> None:
    pytest.importorskip("ensurepip")
    pytest.importorskip("para_dao_mongodb")
    machine.run("python3 -m venv .venv")
    machine.install_server(machine.folder / ".venv")
    assert "already satisfied: para-dao-mongodb" in machine.run(commands("use-mongodb.md")[0])


@pytest.mark.service("mongodb")
def test_objects_are_where_the_page_about_mongodb_looks(tmp_path: Path) -> None:
    pymongo = pytest.importorskip("pymongo")
    address, name = os.environ["PARA_TEST_MONGODB_URL"], f"para_docs_{os.getpid()}"
    (tmp_path / "application.conf").write_text(
        f'para.dao = "MongoDBDAO"\npara.mongodb.uri = "{address}"\n'
        f'para.mongodb.database = "{name}"\npara.root_secret_override = "{ROOT_SECRET}"\n'
    )
    *_, looks = [b.text for b in blocks_of(HOW_TO / "use-mongodb.md") if b.language == "js"]
    calls = re.findall(r"db\.(\w+)\.find\((.*)\)", looks)
    assert len(calls) == len(looks.splitlines())
    with pymongo.MongoClient(address) as client:
        try:
            with running(tmp_path) as port:
                with closing(Caller(port)) as caller:
                    assert caller.ask("POST", "/v1/cats", TOM).status == 201
                asked = [
                    (collection, json.loads("[" + re.sub(r"(\w+):", r'"\1":', what) + "]"))
                    for collection, what in calls
                ]
                apps, cats = [list(client[name][coll].find(*how)) for coll, how in asked]
        finally:
            client.drop_database(name)
    assert apps == [{"_id": "para", "app": 1}]  # the number is in the names of its collections
    assert [cat["name"] for cat in cats] == ["Tom"]


@pytest.mark.service("postgresql")
@pytest.mark.skipif(not shutil.which("createuser"), reason="needs the clients of PostgreSQL")
def test_a_database_is_made_and_used(tmp_path: Path) -> None:
    name, password = f"para_docs_{os.getpid()}", "change me"
    where = urlsplit(os.environ["PARA_TEST_POSTGRESQL_URL"])
    own = {
        **os.environ,
        "PGHOST": where.hostname or "",
        "PGPORT": str(where.port or 5432),
        "PGUSER": where.username or "",
        "PGPASSWORD": where.password or "",
    }

    def do(command: str, said: str = "") -> str:
        done = subprocess.run(  # noqa: S602 - commands of our own page
            command,
            shell=True,
            check=True,
            env=own,
            input=said,
            text=True,
            stdout=subprocess.PIPE,
            start_new_session=True,  # no terminal: the password comes from us
        )
        return done.stdout

    user, database = commands("use-postgresql.md")[1].replace("para", name).splitlines()
    do(user, f"{password}\n{password}\n")
    try:
        do(database)
        text = configuration("use-postgresql.md").replace('"para"', f'"{name}"')
        address = f"{where.hostname}:{where.port or 5432}/{name}"
        text = text.replace("db.example.com:5432/para", address)
        (tmp_path / "application.conf").write_text(text)
        with running(tmp_path):
            pass
        assert "para" in do(f"psql --dbname {name} --tuples-only --command '\\dt'")
    finally:
        do(f"dropdb --if-exists {name} && dropuser {name}")
