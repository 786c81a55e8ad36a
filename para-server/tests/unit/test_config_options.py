from __future__ import annotations

import json
from pathlib import Path

import pytest

from para_core.config import Config, load_config
from para_core.settings import KNOWN
from para_core.settings.key import Kind
from para_server.config_options import render_options

CATEGORIES = [
    "Core",
    "Basic Authentication",
    "Security",
    "River & Queue",
    "Metrics",
    "LDAP Authentication",
    "File Storage",
    "Para Client",
    "Elasticsearch Search",
    "Lucene Search",
    "MongoDB DAO",
    "SQL DAO",
    "Cassandra DAO",
    "AWS DynamoDB DAO",
    "Caffeine Cache",
    "Hazelcast Cache",
    "Miscellaneous",
]


def as_json(wanted: str | None = None, group: str | None = None) -> dict[str, dict[str, object]]:
    kind, body = render_options(wanted, group)
    assert kind == "application/json"
    found: dict[str, dict[str, object]] = json.loads(body)
    return found


@pytest.mark.parametrize("wanted", [None, "", " ", "json", "JSON"])
def test_json_is_grouped_in_the_official_order(wanted: str | None) -> None:
    found = as_json(wanted)
    assert list(found)[: len(CATEGORIES)] == CATEGORIES
    assert next(iter(found["Core"])) == "para.app_name"
    assert found["Core"]["para.port"] == {
        "description": KNOWN["para.port"].about,
        "defaultValue": "8080",
        "type": "Integer",
        "tags": "requires restart",
    }


def test_a_flat_list_has_no_categories() -> None:
    found = as_json("json", "none")
    assert found["para.cors_enabled"]["type"] == "Boolean"
    assert next(iter(found)) == "para.app_name"
    assert as_json("json", "category").keys() == as_json().keys()


@pytest.mark.parametrize(
    "name",
    [
        "para.env",
        "para.client.ssl_truststore_password",
        "para.db.password",
        "para.security.protected",
        "para.security.remember_me",
        "para.core_package_name",
        "para.app_secret_key",
        "para.logs_dir",
        "para.mail.host",
        "para.security.oauth.profile_url",
        "para.security.ldap.server_url",
        "para.hc.jmx_enabled",
    ],
)
def test_some_keys_are_not_listed(name: str) -> None:
    assert name in KNOWN
    assert name not in as_json("json", "none")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("para.api_enabled", "false"),
        ("para.cluster_name", "para-prod"),
        ("para.security.ignored", ""),
        ("para.security.access_denied", "/403"),
        ("para.lucene.dir", "./"),
        ("para.dynamodb.max_write_capacity", ""),
        ("para.cache", "CaffeineSearch"),
    ],
)
def test_the_documented_default_is_published(name: str, expected: str) -> None:
    assert as_json("json", "none")[name]["defaultValue"] == expected


def test_types_are_those_of_the_original() -> None:
    kinds = {option["type"] for option in as_json("json", "none").values()}
    assert kinds == {"String", "Boolean", "Integer", "ConfigList"}


def test_markdown_has_a_table_for_each_category() -> None:
    kind, body = render_options("markdown", None)
    lines = body.decode().splitlines()
    assert kind == "text/markdown"
    assert lines[:4] == [
        "## Core",
        "",
        "| Property key & Description | Default Value | Type |",
        "|  ---                       | ---           | ---  |",
    ]
    about = f"<kbd>requires restart</kbd><br>{KNOWN['para.port'].about}"
    assert f"|`para.port` {about} | `8080` | `Integer`|" in lines
    blank = KNOWN["para.admin_ident"].about
    assert f"|`para.admin_ident`<br>{blank} | ` ` | `String`|" in lines


def test_flat_markdown_has_one_table() -> None:
    lines = render_options("markdown", "none")[1].decode().splitlines()
    assert lines[0].startswith("| Property key")
    assert not [line for line in lines if line.startswith("## ")]
    assert len([line for line in lines if line.startswith("| Property key")]) == 1


def test_hocon_has_a_description_above_each_key() -> None:
    kind, body = render_options("hocon", None)
    lines = body.decode().splitlines()
    assert kind == "application/hocon"
    assert lines[:2] == ["#############  CORE  #############", ""]
    about = KNOWN["para.port"].about
    at = lines.index("para.port = 8080")
    assert lines[at - 1] == f"# {about}[type: Integer] [requires restart] "


@pytest.mark.parametrize("group", [None, "none"])
def test_hocon_as_a_configuration_file_changes_nothing(tmp_path: Path, group: str | None) -> None:
    file = tmp_path / "application.conf"
    file.write_bytes(render_options("hocon", group)[1])
    config, without = load_config(file, environ={}), Config()
    listed = [key for key in KNOWN.values() if key.listed]
    assert {key.name for key in listed if config.is_set(key.name)} >= {
        "para.port",
        "para.markdown_soft_break",
    }
    for key in listed:
        read = Config.items if key.kind is Kind.ITEMS else Config.text
        assert read(config, key.name) == read(without, key.name)


def test_hocon_tells_of_defaults_that_it_cannot_set() -> None:
    lines = render_options("hocon", None)[1].decode().splitlines()
    assert "# para.api_enabled = false" in lines  # what is documented; it is true
    assert '# para.context_path = ""' in lines


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [("HOCON", "application/hocon"), ("Markdown", "text/markdown"), ("xml", "text/plain")],
)
def test_other_spellings_have_a_type_and_no_text(wanted: str, kind: str) -> None:
    assert render_options(wanted, None) == (kind, b"")
