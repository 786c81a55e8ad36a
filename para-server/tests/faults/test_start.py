"""What keeps a server from starting: one line that says what to do, no traceback, exit code 2."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from para_core.testing.wheels import WheelRecipe

from ..processes import free_port  # noqa: TID252 - tests have no absolute names
from .process import ServerProcess

OFFERS = """
from para_core.hookspecs import hookimpl
{prelude}
@hookimpl
def para_register_daos():
    return {{"{name}": lambda config: None}}
"""


def wheel(server: ServerProcess, name: str, source: str, *, requires: str = "") -> None:
    recipe = WheelRecipe(
        name=name,
        files={f"{name}.py": source},
        plugin=name,
        requires=[requires] if requires else [],
    )
    recipe.build(server.folder / "lib")


def test_a_port_in_use(server: ServerProcess) -> None:
    with socket.create_server(("127.0.0.1", server.port)):
        words = (str(server.port), "Address already in use", "para.port")
        assert server.is_refused_in_one_line(*words)


def test_an_address_of_another_machine(server: ServerProcess) -> None:
    server.settings["para.address"] = "192.0.2.1"
    assert server.is_refused_in_one_line("192.0.2.1", "Cannot assign", "para.address")


@pytest.mark.parametrize("workers", [1, 2])
def test_only_the_given_address_is_open(server: ServerProcess, workers: int) -> None:
    server.settings |= {"para.address": "127.0.0.1", "para.workers": workers}
    server.start()
    server.wait_until_ready()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", server.port), timeout=10)
    assert f"listening on http://localhost:{server.port}" in server.log


def test_a_data_folder_that_is_a_file(server: ServerProcess) -> None:
    server.data.write_text("no folder")
    assert server.is_refused_in_one_line(str(server.data), "para.db.dir")


def test_an_index_folder_that_is_a_file(server: ServerProcess) -> None:
    blocked = server.folder / "blocked"
    blocked.write_text("no folder")
    server.settings["para.lucene.dir"] = str(blocked)
    assert server.is_refused_in_one_line(str(blocked), "para.lucene.dir")


def test_a_second_server_on_the_same_folder(running: ServerProcess) -> None:
    second = ServerProcess(running.folder / "second")
    second.folder.mkdir()
    second.settings = {
        "para.db.dir": str(running.data),
        "para.lucene.dir": str(running.folder),
    }
    assert second.is_refused_in_one_line(str(running.data))
    assert running.process is not None
    assert running.process.poll() is None


def test_a_second_server_on_the_same_index(running: ServerProcess) -> None:
    second = ServerProcess(running.folder / "second")
    second.folder.mkdir()
    second.settings = {"para.lucene.dir": str(running.folder)}
    assert second.is_refused_in_one_line(str(running.folder))


@pytest.fixture(scope="module")
def database_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database that a server left behind."""
    server = ServerProcess(tmp_path_factory.mktemp("first"))
    server.start()
    try:
        server.wait_until_ready()
        server.tell_to_stop()
        server.ends()
    finally:
        server.kill()
    [file] = [path for path in server.data.iterdir() if path.suffix in (".db", ".sqlite")]
    return file


@pytest.mark.parametrize("what", ["text", "half a file", "zeros in front"])
def test_a_damaged_database_file(server: ServerProcess, database_file: Path, what: str) -> None:
    server.data.mkdir()
    file = server.data / database_file.name
    content = database_file.read_bytes()
    damaged = {
        "text": b"this is no database, whatever its name says; " * 500,
        "half a file": content[: len(content) // 2],
        "zeros in front": bytes(4096) + content[4096:],
    }[what]
    file.write_bytes(damaged)
    assert server.is_refused_in_one_line(str(file))
    assert file.read_bytes() == damaged


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("para.dao", "CassandraDAO", ["para.dao", "CassandraDAO", "install a plugin", "SqlDAO"]),
        ("para.dao", "NoSuchDAO", ["para.dao", "NoSuchDAO", "SqlDAO"]),
        ("para.search", "NoSuchSearch", ["para.search", "NoSuchSearch", "LuceneSearch"]),
        ("para.cache", "NoSuchCache", ["para.cache", "NoSuchCache", "CaffeineCache"]),
        ("para.port", 700_000, ["para.port", "700000"]),
        ("para.sql.url", "db2://h/x", ["para.sql.url"]),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_setting_that_cannot_be(
    server: ServerProcess, key: str, value: object, words: list[str]
) -> None:
    server.settings[key] = value
    assert server.is_refused_in_one_line(*words)


def test_a_database_server_that_is_not_there(server: ServerProcess) -> None:
    server.settings["para.sql.url"] = f"postgresql://127.0.0.1:{free_port()}/para"
    assert server.is_refused_in_one_line("127.0.0.1")


def test_a_configuration_that_is_not_there_or_broken(server: ServerProcess) -> None:
    server.settings = {'para.app_name = "a" \n broken {': 1}
    assert server.is_refused_in_one_line("para.conf")


def test_a_broken_plugin(server: ServerProcess) -> None:
    wheel(server, "broken", "raise RuntimeError('out of tea')\n")
    assert server.is_refused_in_one_line("broken", "out of tea")


def test_a_plugin_that_lacks_a_library(server: ServerProcess) -> None:
    wheel(server, "lacking", "import no_such_library_anywhere\n")
    assert server.is_refused_in_one_line("lacking", "no_such_library_anywhere")


def test_plugins_that_clash_by_name(server: ServerProcess) -> None:
    for name in ("one", "two"):
        wheel(server, name, OFFERS.format(prelude="", name="TideDAO"))
    assert server.is_refused_in_one_line("TideDAO", "one", "two")


def test_a_plugin_that_clashes_with_one_of_ours(server: ServerProcess) -> None:
    wheel(server, "mine", OFFERS.format(prelude="", name="sqldao"))
    assert server.is_refused_in_one_line("sqldao", "mine")


def test_a_plugin_for_a_newer_host(server: ServerProcess) -> None:
    wheel(server, "newer", OFFERS.format(prelude="para_plugin_api = 99", name="TideDAO"))
    assert server.is_refused_in_one_line("newer", "99")


def test_a_plugin_that_asks_for_a_newer_core(server: ServerProcess) -> None:
    source = OFFERS.format(prelude="", name="TideDAO")
    wheel(server, "newer", source, requires="para-core>=99")
    assert server.is_refused_in_one_line("newer", "para-core >=99")


def test_a_file_that_is_no_wheel(server: ServerProcess, folder: Path) -> None:
    library = folder / "lib"
    library.mkdir()
    (library / "odd-1.0-py3-none-any.whl").write_text("no zip")
    assert server.is_refused_in_one_line("odd-1.0-py3-none-any.whl")


def test_a_plugin_that_fails_when_it_is_opened(server: ServerProcess) -> None:
    source = """
from para_core.errors import ConfigError
from para_core.hookspecs import hookimpl

def fail(config):
    raise ConfigError("para.tide.url is missing; set it")

@hookimpl
def para_register_daos():
    return {"TideDAO": fail}
"""
    wheel(server, "tide", source)
    server.settings["para.dao"] = "TideDAO"
    assert server.is_refused_in_one_line("para.tide.url is missing; set it")
