"""What the plugin offers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from para_core.checks import Verdict
from para_core.config import Config
from para_core.errors import ConfigError
from para_core.testing.dao import a_record
from para_dao_sql import plugin
from para_dao_sql.sqlite import SqliteDAO


async def test_the_embedded_database_has_no_use_for_an_address_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "deep" / "data"
    config = Config({"para.db.dir": str(folder), "para.sql.url": "mysql://user:hidden@h/db"})
    async with plugin.para_register_daos()["H2DAO"](config) as dao:
        await dao.create("app", a_record("cat1"))
    assert (folder / "para.db").is_file()
    (warning,) = caplog.records
    assert (warning.levelname, warning.place) == ("WARNING", "--set")  # type: ignore[attr-defined]
    assert "para.sql.url" in warning.message
    assert "SqlDAO" in warning.message
    assert "hidden" not in str(vars(warning))


def test_the_embedded_database_without_an_address_says_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plugin.para_register_daos()["H2DAO"](Config({"para.db.dir": str(tmp_path)}))
    assert caplog.records == []


async def test_without_an_address_the_database_is_embedded(tmp_path: Path) -> None:
    config = Config({"para.db.dir": str(tmp_path)})
    async with plugin.para_register_daos()["SqlDAO"](config):
        assert (tmp_path / "para.db").is_file()


async def test_both_names_open_the_same_file(tmp_path: Path) -> None:
    config = Config({"para.db.dir": str(tmp_path), "para.sql.url": f"sqlite:{tmp_path}/para.db"})
    for name, count in (("SqlDAO", 1), ("H2DAO", 2)):
        dao = plugin.para_register_daos()[name](config)
        assert isinstance(dao, SqliteDAO)
        async with dao:
            await dao.create("app", a_record(name))
            assert len(await dao.read_page("app")) == count


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("postgresql://h/db", "PostgresDAO"),
        ("mysql://h/db", "MariaDBDAO"),
        ("jdbc:mariadb://h/db", "MariaDBDAO"),
        ("jdbc:sqlserver://h;databaseName=db", "SqlServerDAO"),
        ("jdbc:oracle:thin:@h:1521/XE", "OracleDAO"),
    ],
)
def test_the_address_selects_the_product(url: str, kind: str) -> None:
    dao = plugin.para_register_daos()["SqlDAO"](Config({"para.sql.url": url}))
    assert type(dao).__name__ == kind


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://ann:hidden@h/db?application_name=para", "postgresql://h/db"),
        ("jdbc:mysql://ann:hidden@h/db", "mariadb://h:3306/db"),
        ("sqlserver://h;databaseName=db;user=ann;password=hidden", "sqlserver://h:1433/db"),
        ("oracle:thin:ann/hidden@h:1521/XE", "h:1521/XE"),
    ],
    ids=["PostgreSQL", "MariaDB", "SQL Server", "Oracle"],
)
def test_the_place_has_no_login(url: str, place: str) -> None:
    shown = plugin.para_register_daos()["SqlDAO"](Config({"para.sql.url": url})).place
    assert place in shown
    assert "hidden" not in shown
    assert "ann" not in shown


def test_the_place_of_a_file_is_the_same_whatever_leads_to_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    make = plugin.para_register_daos()["SqlDAO"]
    ways = ({"para.db.dir": "link"}, {"para.sql.url": f"sqlite:{tmp_path}/link/../real/para.db"})
    places = [make(Config({**way, "para.db.dir": str(tmp_path / "link")})).place for way in ways]
    assert places == [str(tmp_path / "real" / "para.db")] * 2


@pytest.mark.parametrize(
    ("url", "driver", "extra"),
    [
        ("postgresql://h/db", "asyncpg", "postgresql"),
        ("mysql://h/db", "asyncmy", "mariadb"),
        ("sqlserver://h/db", "pytds", "sqlserver"),
        ("oracle:thin:@h/db", "oracledb", "oracle"),
    ],
)
def test_without_the_driver_the_start_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, url: str, driver: str, extra: str
) -> None:
    for name in [name for name in sys.modules if name.startswith(f"para_dao_sql.{extra}")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, driver, None)
    config = Config({"para.sql.url": url})
    with pytest.raises(ConfigError, match=rf'pip install "para-dao-sql\[{extra}\]"'):
        plugin.para_register_daos()["SqlDAO"](config)


@pytest.mark.parametrize(
    ("url", "loaded"),
    [
        ("", ""),
        ("postgresql://h/db", "asyncpg"),
        ("mysql://h/db", "asyncmy"),
        ("sqlserver://h/db", "pytds"),
        ("oracle:thin:@h/db", "oracledb"),
    ],
)
def test_only_the_driver_of_the_address_is_loaded(url: str, loaded: str) -> None:
    program = (
        "import sys; from para_core.config import Config; import para_dao_sql.plugin as p; "
        "names = {'asyncpg', 'asyncmy', 'pytds', 'oracledb'}; daos = p.para_register_daos(); "
        "p.para_register_sections(); p.para_register_checks(); assert not names & set(sys.modules);"
        "daos['SqlDAO'](Config({'para.sql.url': sys.argv[1]})); print(*names & set(sys.modules))"
    )
    command = [sys.executable, "-c", program, url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    assert done.stdout.strip() == loaded


_EXPERIMENTS = [("sqlserver://h/db", "SQL Server"), ("oracle:thin:@h/db", "Oracle")]


@pytest.mark.parametrize(("url", "product"), _EXPERIMENTS)
def test_an_experiment_is_called_one(
    url: str, product: str, caplog: pytest.LogCaptureFixture
) -> None:
    plugin.para_register_daos()["SqlDAO"](Config({"para.sql.url": url}))
    (warning,) = caplog.records
    assert warning.levelname == "WARNING"
    assert f"{product} is an experiment: no test has run against a server" in warning.getMessage()


@pytest.mark.parametrize("url", ["postgresql://h/db", "mariadb://h/db"])
def test_other_products_are_none(url: str, caplog: pytest.LogCaptureFixture) -> None:
    dao = plugin.para_register_daos()["SqlDAO"](Config({"para.sql.url": url}))
    assert caplog.records == []
    assert dao.unfit_for_nodes == ""


@pytest.mark.parametrize("url", [url for url, _ in _EXPERIMENTS])
def test_experiments_are_not_for_several_nodes(url: str) -> None:
    dao = plugin.para_register_daos()["SqlDAO"](Config({"para.sql.url": url}))
    assert "the locks of a killed server" in dao.unfit_for_nodes


@pytest.mark.parametrize(("url", "product"), _EXPERIMENTS)
async def test_the_doctor_says_it_too(url: str, product: str) -> None:
    config = Config({"para.sql.url": url, "para.dao": "SqlDAO"})
    (found,) = await plugin.examine_database(config)
    assert found.verdict is Verdict.ADVICE
    assert found.said.startswith(f"{product} is an experiment")
    assert "PostgreSQL" in found.advice
    other = Config({"para.sql.url": url, "para.dao": "H2DAO"})
    assert list(await plugin.examine_database(other)) == []


@pytest.mark.parametrize("value", ["0", "soon", "-1"])
def test_time_limits_are_positive_numbers(value: str) -> None:
    config = Config({"para.sql.timeout_ms": value})
    with pytest.raises(ConfigError, match=r"para\.sql\.timeout_ms"):
        plugin.para_register_daos()["SqlDAO"](config)


@pytest.mark.parametrize("name", ["SqlDAO", "H2DAO"])
async def test_settings_of_h2_are_known_and_mean_nothing(tmp_path: Path, name: str) -> None:
    more = {"para.db.hostname": "h", "para.db.tcpServer": "-x", "para.sql.driver": "org.h2.Driver"}
    config = Config({"para.db.dir": str(tmp_path), **more})
    async with plugin.para_register_daos()[name](config) as dao:
        number = await dao.create("app", a_record("cat1"))
        found = await dao.read("app", "cat1")
    assert found is not None
    assert found.change == number
    assert (tmp_path / "para.db").is_file()
