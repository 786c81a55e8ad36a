"""Addresses, names of keys, and what errors of the driver become."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from redis import exceptions as driver

from para_cache_redis.address import parse_address
from para_cache_redis.errors import as_away, as_start_error
from para_cache_redis.names import (
    Names,
    change_text,
    decode_record,
    encode_record,
    new_token,
)
from para_cache_redis.settings import RedisSettings
from para_core.contracts.dao import Record
from para_core.errors import ConfigError, UnavailableError


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://localhost", "redis://localhost:6379/0"),
        ("redis://10.0.0.1:7000/3", "redis://10.0.0.1:7000/3"),
        ("rediss://cache.example.com/", "rediss://cache.example.com:6379/0"),
        (" redis://ann:secret@host:1/2 ", "redis://host:1/2"),
        ("redis://[::1]:7000", "redis://::1:7000/0"),
    ],
)
def test_an_address_is_shown_without_login(url: str, place: str) -> None:
    assert parse_address(RedisSettings(url=url)).place == place


def test_a_login_in_the_address_comes_before_the_keys() -> None:
    address = parse_address(RedisSettings(url="redis://a%40b:p%2Fw@h", user="u", password="p"))  # noqa: S106
    assert (address.user, address.password) == ("a@b", "p/w")
    assert "p/w" not in repr(address)
    address = parse_address(RedisSettings(url="redis://h", user=" u ", password="p "))  # noqa: S106
    assert (address.user, address.password) == ("u", "p ")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost",
        "redis://",
        "redis://h:x",
        "redis://h/db",
        "redis://h:0:1",
    ],
)
def test_what_is_no_address_stops_the_start(url: str) -> None:
    with pytest.raises(ConfigError, match=r"para\.redis\.url .* write redis://"):
        parse_address(RedisSettings(url=url))


def test_parameters_belong_into_keys() -> None:
    with pytest.raises(ConfigError, match=r"use the other keys"):
        parse_address(RedisSettings(url="redis://h?timeout=3"))


def test_a_file_of_authorities_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"para\.redis\.ca_file"):
        parse_address(RedisSettings(url="rediss://h", ca_file=str(tmp_path / "ca.pem")))


def test_names_never_run_together() -> None:
    names = Names("a:b")
    made = {
        names.record("a", "b:c"),
        names.record("a:b", "c"),
        names.record("a%3Ab", "c"),
        names.marker("a", "b:c"),
        names.value("a", "b:c"),
        names.counter("a", "b:c"),
        names.generation("a"),
        names.generation("a:g"),
        Names("a").record("b:a", "b:c"),
        names.epoch,
        names.news,
        names.nodes,
    }
    assert len(made) == 12


@pytest.mark.parametrize("is_short", [True, False], ids=["short", "usual"])
@pytest.mark.parametrize("kind", ["cat", "", "Bär\n\x00"], ids=repr)
def test_a_record_comes_back_as_it_was(kind: str, *, is_short: bool) -> None:
    record = Record("cat1", kind, b'{"a":"\xc3\xa4"}', 2**62)
    stored = new_token() + new_token() + change_text(2**62)
    stored += encode_record(record, is_short=is_short)
    assert decode_record("cat1", stored) == (record, is_short)


def test_numbers_of_changes_compare_as_texts() -> None:
    numbers = [0, 1, 9, 10, 99, 2**53, 2**53 + 1, 2**62]
    assert sorted(map(change_text, numbers)) == [change_text(n) for n in numbers]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "para.redis.timeout_ms"),
        (driver.TimeoutError("Timeout"), "para.redis.timeout_ms"),
        (driver.AuthenticationError("invalid"), "check para.redis.user and para.redis.password"),
        (driver.NoPermissionError("no permissions"), "para.redis.user"),
        (driver.ConnectionError("Error 111\nrefused"), "redis://h:1/0: Error 111 refused"),
        (ConnectionResetError(), "ConnectionResetError"),
    ],
    ids=["late", "late driver", "login", "permission", "away", "reset"],
)
def test_an_error_says_what_helps(error: Exception, words: str) -> None:
    assert words in str(as_away(error, "redis://h:1/0"))


def test_an_error_of_ours_stays_what_it_is() -> None:
    error = UnavailableError("known")
    assert as_away(error, "place") is error


def test_what_cannot_get_better_stops_the_start() -> None:
    hidden = driver.ConnectionError("certificate")
    hidden.__cause__ = ssl.SSLCertVerificationError("self-signed")
    for error, words in (
        (driver.AuthenticationError("invalid"), "para.redis.password"),
        (driver.NoPermissionError("no permissions"), "para.redis.user"),
        (hidden, "para.redis.ca_file"),
        (driver.ResponseError("DB index is out of range"), "para.redis.url"),
    ):
        assert words in str(as_start_error(error, "place"))
    assert as_start_error(driver.ConnectionError("refused"), "place") is None
    assert as_start_error(driver.BusyLoadingError("loading"), "place") is None
    assert as_start_error(TimeoutError(), "place") is None
