"""The file of small things that all workers use, and its bounds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from para_core.contracts.dao import Record
from para_core.errors import UnavailableError
from para_server.workers import values as values_module
from para_server.workers.values import SharedValues

MOST_BYTES = 1 << 21
DATA = b'{"text":"%s"}' % (b"x" * 50_000)


@pytest.fixture
def values(tmp_path: Path) -> Iterator[SharedValues]:
    values = SharedValues(tmp_path / "values.db")
    values.open()
    yield values
    values.close()


def test_records_take_no_more_room_than_they_may(
    values: SharedValues, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values_module, "_MOST_BYTES", MOST_BYTES)
    values.put_value("app", "state", "kept", ttl_sec=60)
    values.increment("app", "failures", 3, ttl_sec=60)
    for number in range(400):
        values.put_record("app", Record(f"r{number}", "film", DATA), ttl_sec=600)
    assert (tmp_path / "values.db").stat().st_size < 2 * MOST_BYTES
    held = [number for number in range(400) if values.record("app", f"r{number}") is not None]
    assert held[-1] == 399
    assert held == list(range(held[0], 400)), "those that end first go first"
    assert values.value("app", "state") == "kept"
    assert values.increment("app", "failures", 1, ttl_sec=60) == 4


def test_values_take_no_more_room_either(
    values: SharedValues, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values_module, "_MOST_BYTES", MOST_BYTES)
    for number in range(400):
        values.put_value("app", f"v{number}", DATA.decode(), ttl_sec=600)
    assert (tmp_path / "values.db").stat().st_size < 2 * MOST_BYTES
    assert values.value("app", "v399") == DATA.decode()


def test_a_file_that_fails_is_a_cache_that_is_away(values: SharedValues, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "values.db")) as other:
        other.execute("DROP TABLE held")
    uses: list[Callable[[], object]] = [
        lambda: values.value("app", "a"),
        lambda: values.put_value("app", "a", 1, ttl_sec=60),
        lambda: values.increment("app", "a", 1, ttl_sec=60),
        lambda: values.record("app", "a"),
        lambda: values.put_record("app", Record("a", "film", b"{}"), ttl_sec=60),
        lambda: values.remove_records("app", ["a"]),
        lambda: values.clear("app"),
    ]
    for use in uses:
        with pytest.raises(UnavailableError, match="no such table"):
            use()
