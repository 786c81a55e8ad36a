"""Addresses of H2, for which SQLite stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from para_core.errors import ConfigError
from para_dao_sql.address import SqliteAddress, parse_address
from para_dao_sql.settings import SqlSettings


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("h2:./data/para", "./data/para.db"),
        ("jdbc:h2:file:/srv/para;MODE=MySQL;AUTO_SERVER=TRUE", "/srv/para.db"),
        ("JDBC:H2:~/para", f"{Path.home()}/para.db"),
    ],
)
def test_a_file_of_h2_is_one_of_sqlite_beside_it(url: str, file: str) -> None:
    assert parse_address(SqlSettings(url=url), "") == SqliteAddress(Path(file))


def test_objects_in_a_file_of_h2_are_not_forgotten(tmp_path: Path) -> None:
    (tmp_path / "para.mv.db").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"which cannot be read; leave para\.sql\.url empty"):
        parse_address(SqlSettings(url=f"h2:{tmp_path}/para"), "")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("h2:mem:test", "set para.dao to MemoryDAO"),
        ("jdbc:h2:", "names no file of H2"),
        ("h2:tcp://h/~/para", "a server or an archive of H2"),
        ("h2:ssl:h/para", "a server or an archive of H2"),
    ],
)
def test_an_address_of_h2_that_names_no_file_stops_the_start(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"para\.sql\.url") as caught:
        parse_address(SqlSettings(url=url), "")
    assert words in str(caught.value)
