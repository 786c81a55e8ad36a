"""Addresses of databases."""

from __future__ import annotations

import pytest

from para_core.errors import ConfigError
from para_dao_mongodb.address import address_of
from para_dao_mongodb.settings import MongoSettings

WORD = "hidden word"


@pytest.mark.parametrize(
    ("settings", "uri", "place"),
    [
        (MongoSettings(), "mongodb://localhost:27017", "mongodb://localhost:27017/para"),
        (
            MongoSettings(host="db.example.org", port=1234, database="my-para"),
            "mongodb://db.example.org:1234",
            "mongodb://db.example.org:1234/my-para",
        ),
        (MongoSettings(host="::1"), "mongodb://[::1]:27017", "mongodb://[::1]:27017/para"),
        (
            MongoSettings(uri="mongodb+srv://u:p@c.example.org/?w=1", host="x", database="d"),
            "mongodb+srv://u:p@c.example.org/?w=1",
            "mongodb+srv://c.example.org/d",
        ),
        (
            MongoSettings(uri="mongodb://u:p%40@a:1,b:2/admin?replicaSet=r"),
            "mongodb://u:p%40@a:1,b:2/admin?replicaSet=r",
            "mongodb://a:1,b:2/para",
        ),
    ],
)
def test_the_uri_wins_over_host_and_port(settings: MongoSettings, uri: str, place: str) -> None:
    address = address_of(settings, "para")
    assert (address.uri, address.place) == (uri, place)
    assert address.database == place.rpartition("/")[2]


@pytest.mark.parametrize(
    ("user", "password", "login"),
    [
        ("ann", WORD, {"username": "ann", "password": WORD, "authSource": "para"}),
        ("ann", "", {}),
        ("", WORD, {}),
    ],
)
def test_a_login_has_user_and_password(user: str, password: str, login: dict[str, str]) -> None:
    address = address_of(MongoSettings(user=user, password=password), "para")
    assert address.options == login
    assert WORD not in repr(address)


@pytest.mark.parametrize(
    ("is_enabled", "allows_all", "options"),
    [
        (False, True, {}),
        (True, False, {"tls": True, "tlsAllowInvalidCertificates": False}),
        (True, True, {"tls": True, "tlsAllowInvalidCertificates": True}),
    ],
)
def test_encryption_checks_certificates_unless_told_otherwise(
    *, is_enabled: bool, allows_all: bool, options: dict[str, bool]
) -> None:
    for uri in ("", "mongodb://h/"):
        settings = MongoSettings(uri=uri, ssl_enabled=is_enabled, ssl_allow_all=allows_all)
        assert address_of(settings, "para").options == options


@pytest.mark.parametrize("uri", ["postgresql://u:hidden@h/db", "localhost:27017", "mongodb:x"])
def test_an_address_of_something_else_is_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match=r"para\.mongodb\.uri is no address") as caught:
        address_of(MongoSettings(uri=uri), "para")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        MongoSettings(uri="mongodb://ann:hidden/"),
        MongoSettings(uri="mongodb://ann:hidden"),
        MongoSettings(uri="mongodb://ann:hi@dden:hidden@a:1,ann:hidden/?w=1"),
        MongoSettings(uri="mongodb://ann:hid/hidden@h"),
        MongoSettings(host="ann:hidden@h"),
    ],
)
def test_a_login_that_is_written_wrongly_is_not_shown(settings: MongoSettings) -> None:
    address = address_of(settings, "para")
    assert "hidden" not in f"{address.place} {address!r}"


@pytest.mark.parametrize("name", ["a b", "a.b", "a/b", "$a", "x" * 64, "a\x00b", 'a"b'])
def test_a_name_that_no_database_can_have_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"para\.mongodb\.database"):
        address_of(MongoSettings(database=name), "para")
