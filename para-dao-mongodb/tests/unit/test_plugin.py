"""What the plugin offers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from para_core.config import Config
from para_core.errors import ConfigError
from para_dao_mongodb import plugin
from para_dao_mongodb.dao import MongoDBDAO


def test_the_dao_has_the_name_that_it_has_in_the_original() -> None:
    config = Config({"para.mongodb.host": "db.example.org", "para.app_name": "my app"})
    dao = plugin.para_register_daos()["MongoDBDAO"](config)
    assert isinstance(dao, MongoDBDAO)
    assert dao.place == "mongodb://db.example.org:27017/my-app"
    assert "a minute" in dao.unfit_for_nodes


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ({}, "data"),
        ({"para.db.dir": "/srv/para"}, "/srv/para"),
        ({"para.db.dir": "/srv/para", "para.mongodb.journal_dir": "/fast"}, "/fast"),
    ],
    ids=["usual", "beside the data", "of its own"],
)
def test_the_journal_has_the_name_of_its_database(settings: dict[str, str], folder: str) -> None:
    config = Config({"para.mongodb.database": "objects", **settings})
    dao = plugin.para_register_daos()["MongoDBDAO"](config)
    assert isinstance(dao, MongoDBDAO)
    assert dao._journal == Path(folder, "mongodb-objects.journal")


@pytest.mark.parametrize("key", ["para.mongodb.timeout_ms", "para.mongodb.pool_size"])
def test_numbers_are_numbers(key: str) -> None:
    with pytest.raises(ConfigError, match=key.replace(".", r"\.")):
        plugin.para_register_daos()["MongoDBDAO"](Config({key: "soon"}))


def test_the_driver_is_loaded_only_when_the_dao_is_selected() -> None:
    program = "import sys, para_dao_mongodb.plugin as p; p.para_register_daos(); "
    program += "sys.exit('pymongo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603
