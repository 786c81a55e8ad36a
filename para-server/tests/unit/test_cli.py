from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from para_core.testing.wheels import WheelRecipe
from para_server import __version__, serving
from para_server.cli import main

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.plugins import Plugins

TIDE_COMMAND = """
from para_core.errors import ParaError
from para_core.extensions import Command
from para_core.hookspecs import hookimpl

def run(config, options):
    if options.station == "nowhere":
        raise ParaError("there is no such station")
    if options.station == "endless":
        raise KeyboardInterrupt
    print(f"{options.station} {config.number('para.port')}")
    return 3

def configure(parser):
    parser.add_argument("station")

@hookimpl
def para_register_commands():
    return {"tide": Command("tell the tide", run, configure)}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory, and an environment without settings."""
    for name in list(os.environ):
        if name.lower().startswith("para_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    path = list(sys.path)
    yield tmp_path
    sys.path[:] = path
    sys.modules.pop("tides", None)


@pytest.fixture
def broken_plugin(folder: Path) -> None:
    """One that imports what is not there."""
    recipe = WheelRecipe(name="para-tides", files={"tides.py": "import moon"}, plugin="tides")
    recipe.build(folder / "lib")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """The configurations that a server was started with."""
    configs: list[Config] = []

    def serve(config: Config, plugins: Plugins) -> int:
        assert plugins.found
        configs.append(config)
        return 0

    monkeypatch.setattr(serving, "serve", serve)
    return configs


# ---- options -----------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["run"]], ids=["no-command", "run"])
def test_the_server_starts_with_the_usual_file(
    folder: Path, served: list[Config], arguments: list[str]
) -> None:
    (folder / "para-application.conf").write_text("para.port = 9001")
    assert main(arguments) == 0
    assert served[0].number("para.port") == 9001


@pytest.mark.parametrize(
    "arguments",
    [
        ["--config", "my.conf", "--set", "para.q=x", "--set", "fs=y"],
        ["run", "--config", "my.conf", "--set", "para.q=x", "--set", "fs=y"],
        ["--set", "para.q=x", "run", "--config=my.conf", "--set", "fs=y"],
    ],
    ids=["before", "after", "both-sides"],
)
def test_options_stand_before_or_after_the_command(
    folder: Path, served: list[Config], arguments: list[str]
) -> None:
    (folder / "my.conf").write_text("para.port = 9002")
    assert main(arguments) == 0
    config = served[0]
    found = (config.number("para.port"), config.text("para.q"), config.text("para.fs"))
    assert found == (9002, "x", "y")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config", "none.conf"], "the configuration file none.conf does not exist"),
        (["--set", "nonsense"], "--set takes key=value"),
        (["--config", "bad.conf"], "bad.conf, line 2, key para.port: this cannot be read"),
        (["plugins", "--config", "none.conf"], "the configuration file none.conf does not exist"),
        (["config", "--config", "none.conf"], "the configuration file none.conf does not exist"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_code_2(
    folder: Path,
    served: list[Config],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    (folder / "bad.conf").write_text("para.q = x\npara.port = @@\n")
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"para-server: {message}")
    assert served == []


@pytest.mark.usefixtures("broken_plugin")
def test_a_broken_plugin_is_one_line_without_traceback() -> None:
    command = [sys.executable, "-m", "para_server"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "cannot be imported: ModuleNotFoundError: No module named 'moon'" in done.stderr


def test_an_unknown_command_shows_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fly"])
    assert ended.value.code == 2
    assert "run" in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"para-server {__version__}\n"


# ---- commands of plugins -----------------------------------------------------------------------


def test_a_plugin_adds_a_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = WheelRecipe(name="para-tides", files={"tides.py": TIDE_COMMAND}, plugin="tides")
    recipe.build(folder / "lib")
    assert main(["--set", "port=7", "tide", "pier"]) == 3
    assert capsys.readouterr().out == "pier 7\n"
    assert main(["tide", "nowhere"]) == 2
    assert capsys.readouterr().err == "para-server: there is no such station\n"
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "tell the tide" in capsys.readouterr().out


def test_who_stops_a_command_gets_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = WheelRecipe(name="para-tides", files={"tides.py": TIDE_COMMAND}, plugin="tides")
    recipe.build(folder / "lib")
    assert main(["tide", "endless"]) == 130
    assert capsys.readouterr() == ("", "para-server: stopped before the end\n")


@pytest.mark.usefixtures("broken_plugin")
def test_help_is_there_when_plugins_are_broken(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "list the plugins" in capsys.readouterr().out


# ---- plugins and config ------------------------------------------------------------------------


def test_plugins_are_listed_with_what_they_offer_and_what_is_selected(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = (
        "from para_core.hookspecs import hookimpl\n"
        "@hookimpl\n"
        "def para_register_daos(): return {'TidesDAO': object}\n"
    )
    recipe = WheelRecipe(name="para-tides", files={"tides.py": source}, plugin="tides")
    path = recipe.build(folder / "lib").relative_to(folder)
    search = ["--set", "para.search=MemorySearch"]
    main(["plugins", "--set", "para.dao=tidesdao", *search])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["PLUGIN", "VERSION", "SOURCE", "HOOK", "OFFERS", "SELECTED", "BY"]
    assert lines[1][:3] == ["para-core", "0.1.0", "installed"]
    tides = ["para-tides", "1.0", str(path), "para_register_daos", "TidesDAO"]
    assert [*tides, "para.dao", "=", "TidesDAO"] in lines


def test_a_selected_name_that_nobody_offers_ends_the_list(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.metadata.entry_points

    def without_mongodb(*, group: str) -> list[importlib.metadata.EntryPoint]:
        return [point for point in found(group=group) if point.name != "mongodb"]

    monkeypatch.setattr(importlib.metadata, "entry_points", without_mongodb)
    assert main(["plugins", "--set", "para.dao=MongoDBDAO"]) == 2
    out, err = capsys.readouterr()
    assert out.startswith("PLUGIN")
    assert "pip install para-dao-mongodb" in err


def test_every_key_is_listed_with_value_source_and_meaning(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "para-application.conf").write_text(
        'para.app_name = "shop"\npara.root_secret_override = "hush-hush"\npara.prot = 1\n'
        'para.security.ignored = ["/"]\npara.security.protected = {"a": ["/x"]}\n'
    )
    monkeypatch.setenv("PARA_ENV", "production")
    assert main(["config", "--set", "port=9"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    place = "para-application.conf, line"
    assert "para.port = 9  # --set" in lines
    assert f'para.app_name = "shop"  # {place} 1' in lines
    assert 'para.env = "production"  # environment PARA_ENV' in lines
    assert "para.cache_enabled = true  # default" in lines
    assert f'para.security.ignored = ["/"]  # {place} 4' in lines
    assert f'para.security.protected = {{"a": ["/x"]}}  # {place} 5' in lines
    assert f"para.root_secret_override = <redacted>  # {place} 2" in lines
    assert "hush" not in out
    assert lines[lines.index("para.port = 9  # --set") - 2] == "# TCP port of the HTTP interface."
    assert lines[-1].endswith("para.prot is no known key; did you mean para.port?")
    assert any(line.startswith("para.caffeine.max_bytes = ") for line in lines)


@pytest.mark.usefixtures("broken_plugin")
def test_keys_are_listed_when_plugins_are_broken(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config"]) == 2
    out, err = capsys.readouterr()
    assert "para.port = 8080  # default" in out
    assert "No module named 'moon'" in err


def test_a_reader_may_stop_in_the_middle_of_a_list() -> None:
    command = f"{sys.executable} -m para_server config | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert done.stdout == "# ---- Core ----\n"
    assert "Traceback" not in done.stderr


def test_hook_calls_are_traced_on_stderr() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "para_server", "plugins"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PARA_TRACE_PLUGINS": "1"},
    )
    assert "para_core.plugins: para_register_daos of para-core 0.1.0 took" in done.stderr
