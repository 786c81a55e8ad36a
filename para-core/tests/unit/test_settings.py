from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta, Struct

from para_core.config import Config
from para_core.configfiles import ConfigFile
from para_core.configfiles.plain import read_plain
from para_core.errors import ConfigError
from para_core.settings import KNOWN, Kind
from para_core.settings.key import category, number
from para_core.settings.sections import section_keys
from para_core.settings.unknown import unknown_keys
from para_core.settings.values import REDACTED, shown


class TidesSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.tides``."""

    url: str = "tide://localhost"
    timeout_ms: Annotated[int, Meta(ge=1, description="Longest wait for one tide.")] = 5000
    is_spring: bool = False
    stations: list[str] = []
    limit: float | None = None


def in_file(text: str) -> Config:
    return Config(files=[ConfigFile(Path("tides.conf"), read_plain(text) or {})])


# ---- registry ----------------------------------------------------------------------------------


def test_every_key_is_described_in_a_category_and_says_who_uses_it() -> None:
    for key in KNOWN.values():
        assert key.name.startswith("para.")
        assert key.about.endswith((".", "`")), key.name
        assert key.category, key.name
        assert key.used_by, key.name


def test_every_key_of_the_original_is_known_and_a_file_with_it_is_no_mistake() -> None:
    names = Path(__file__).with_name("keys_of_para_1_54.txt").read_text().split()
    assert len(names) == 314
    assert [name for name in names if name not in KNOWN] == []
    assert list(unknown_keys(in_file("".join(f"{name} = x\n" for name in names)))) == []


def test_every_default_fits_its_kind() -> None:
    config = Config()
    for key in KNOWN.values():
        if key.kind is Kind.FLAG:
            assert config.text(key.name) in ("true", "false"), key.name
        if key.kind is Kind.NUMBER and config.text(key.name):
            assert str(config.number(key.name)) == config.text(key.name), key.name
        if key.kind is Kind.ITEMS:
            assert config.items(key.name) == list(key.elements)


@pytest.mark.parametrize("value", ["deep", "0", "1.5"], ids=["word", "too-small", "fraction"])
def test_a_key_of_our_own_refuses_what_it_cannot_read(value: str) -> None:
    keys = category("Tides", "tests", [number("depth", 5, "How deep.", rule="strict", at_least=1)])
    assert Config().with_keys(keys).number("para.depth") == 5
    config = Config(environ={"PARA_DEPTH": value}).with_keys(keys)
    message = r"environment PARA_DEPTH: para\.depth is a whole number and at least 1, not"
    with pytest.raises(ConfigError, match=message):
        config.number("para.depth")


# ---- sections ----------------------------------------------------------------------------------


def test_a_section_without_values_has_its_defaults() -> None:
    assert Config().section("para.tides", TidesSettings) == TidesSettings()


def test_a_section_takes_values_from_everywhere() -> None:
    config = Config(
        {"para.tides.url": "tide://sea"},
        environ={"PARA_TIDES_TIMEOUT_MS": "10", "PARA_TIDES_STATIONS": "a, b"},
        files=in_file("para.tides.limit = 1.5").files,
    )
    assert config.section("para.tides", TidesSettings) == TidesSettings(
        url="tide://sea", timeout_ms=10, stations=["a", "b"], limit=1.5
    )


def test_values_of_a_file_fit_the_fields_of_a_section() -> None:
    text = 'para.tides.is_spring = true\npara.tides.limit = 1.5\npara.tides.stations = ["x", 7]\n'
    section = in_file(text + "para.tides.url = 7").section("para.tides", TidesSettings)
    assert section == TidesSettings(url="7", is_spring=True, limit=1.5, stations=["x", "7"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("timeout_ms = 0", r"para\.tides\.timeout_ms does not take '0': expected int >= 1"),
        ("timeout_ms = 5s", r"para\.tides\.timeout_ms does not take '5s': expected int"),
        ("is_spring = maybe", r"para\.tides\.is_spring does not take 'maybe': expected bool"),
        (
            "timeout = 5",
            r"para\.tides\.timeout is no known key; did you mean para\.tides\.timeout_",
        ),
        ("zzz = 5", r"para\.tides\.zzz is no known key; there are url, timeout_ms"),
    ],
)
def test_a_section_refuses_what_does_not_fit(line: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"tides\.conf: {message}"):
        in_file(f"para.tides.{line}").section("para.tides", TidesSettings)


def test_a_secret_of_a_section_is_not_in_the_message() -> None:
    class Guarded(Struct, frozen=True):
        password: Annotated[str, Meta(min_length=40)] = ""

    config = Config({"para.guarded.password": "hunter2"})
    with pytest.raises(ConfigError, match=REDACTED) as error:
        config.section("para.guarded", Guarded)
    assert "hunter2" not in str(error.value)


def test_keys_of_the_original_keep_their_conversions_in_a_section() -> None:
    class Elastic(Struct, frozen=True):
        restclient_port: int = 9200
        async_enabled: bool = False
        restclient_host: str = "localhost"

    config = Config({"para.es.restclient_port": "abc", "para.es.async_enabled": "yes"})
    assert config.section("para.es", Elastic) == Elastic(restclient_port=0, async_enabled=False)


def test_a_field_without_default_takes_that_of_its_key() -> None:
    class Db(Struct, frozen=True):
        dir: str

    class Nowhere(Struct, frozen=True):
        place: str

    assert Config().section("para.db", Db).dir == "./data"
    with pytest.raises(ConfigError, match=r"section para\.nowhere is incomplete.*place"):
        Config().section("para.nowhere", Nowhere)


def test_known_keys_of_others_are_not_unknown_in_a_section() -> None:
    class Sql(Struct, frozen=True, forbid_unknown_fields=True):
        url: str = ""

    assert in_file("para.sql.user = me").section("para.sql", Sql) == Sql()


def test_the_fields_of_a_section_are_described_as_keys() -> None:
    keys = {key.name: key for key in section_keys("para.tides", TidesSettings, "para-tides")}
    timeout = keys["para.tides.timeout_ms"]
    assert (timeout.default, timeout.kind) == ("5000", Kind.NUMBER)
    assert timeout.about == "Longest wait for one tide."
    assert keys["para.tides.is_spring"].default == "false"
    assert keys["para.tides.limit"].default == ""
    config = Config({"para.tides.stations": "a,b"}).with_keys(keys.values())
    assert config.items("para.tides.stations") == ["a", "b"]
    assert config.text("para.tides.url") == "tide://localhost"


# ---- showing values ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("para.port", "8080", "8080"),
        ("para.root_secret_override", "abc", REDACTED),
        ("para.security.saml.sp.privatekey", "abc", REDACTED),
        ("para.es.basic_auth_PASSWORD", "abc", REDACTED),
        ("para.aws_credentials", "abc", REDACTED),
        ("para.sensitive", "abc", REDACTED),
        ("para.mail.password", "", ""),
        ("para.min_password_length", "8", "8"),
        ("para.operator.token", "abc", REDACTED),
        ("para.token", "A" * 33, REDACTED),
        ("para.token", "A" * 32, "A" * 32),
        (
            "para.about",
            "words and words and words and words",
            "words and words and words and words",
        ),
        ("para.sql.url", "postgresql://me:pw@host/db", f"postgresql://me:{REDACTED}@host/db"),
        ("para.sql.url", "postgresql://host/db", "postgresql://host/db"),
        (
            "para.sql.url",
            "jdbc:mysql://host/db?user=me&password=p%26w&sslMode=trust",
            f"jdbc:mysql://host/db?user=me&password={REDACTED}&sslMode=trust",
        ),
        (
            "para.sql.url",
            "sqlserver://host;databaseName=db;Password={p;w}}x};user=me",
            f"sqlserver://host;databaseName=db;Password={REDACTED};user=me",
        ),
        (
            "para.sql.url",
            "postgresql://host/db?sslpassword=pw&sslmode=require",
            f"postgresql://host/db?sslpassword={REDACTED}&sslmode=require",
        ),
        ("para.sql.url", "oracle:thin:me/pw@host:1/db", f"oracle:thin:me/{REDACTED}@host:1/db"),
        ("para.sql.url", 'oracle:thin:me/"p@w"@//host', f"oracle:thin:me/{REDACTED}@//host"),
        ("para.sql.url", "oracle:thin:@tcps://host:1/db", "oracle:thin:@tcps://host:1/db"),
    ],
)
def test_secrets_are_not_shown(name: str, value: str, expected: str) -> None:
    assert shown(name, value, KNOWN.get(name)) == expected


def test_unknown_keys_of_a_file_are_described() -> None:
    text = (
        "para.prot = 1\npara.port = 2\npara.security.protected.admin = [x]\n"
        "para.scoold.name = y\npara.gone = null\nother.key = 1\n"
    ).replace("[x]", '["x"]')
    assert list(unknown_keys(in_file(text))) == [
        "tides.conf: para.prot is no known key; did you mean para.port?",
        "tides.conf: para.scoold.name is no known key",
    ]
