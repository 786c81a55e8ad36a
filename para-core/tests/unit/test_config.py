from __future__ import annotations

from pathlib import Path

import pytest

from para_core.config import Config, load_config, parse_assignment
from para_core.configfiles import ConfigFile, read_config_file
from para_core.errors import ConfigError


def a_file(folder: Path, text: str, name: str = "para-application.conf") -> ConfigFile:
    path = folder / name
    path.write_text(text, "utf-8")
    return read_config_file(path)


# ---- order -------------------------------------------------------------------------------------


def test_an_override_wins_over_environment_file_and_default(tmp_path: Path) -> None:
    files = [a_file(tmp_path, "para.port = 1")]
    environ = {"PARA_PORT": "2"}
    assert Config({"para.port": "3"}, environ=environ, files=files).number("para.port") == 3
    assert Config(environ=environ, files=files).number("para.port") == 2
    assert Config(files=files).number("para.port") == 1
    assert Config().number("para.port") == 8080


def test_the_upper_case_variable_is_asked_before_the_exact_one() -> None:
    exact = {"para_db_tcpServer": "exact"}
    assert Config(environ=exact).text("para.db.tcpServer") == "exact"
    both = exact | {"PARA_DB_TCPSERVER": "upper"}
    assert Config(environ=both).text("para.db.tcpServer") == "upper"


@pytest.mark.parametrize("blank", ["", " ", "\t\n"], ids=["empty", "space", "white"])
def test_blank_overrides_and_variables_hide_nothing(tmp_path: Path, blank: str) -> None:
    files = [a_file(tmp_path, "para.app_name = shop")]
    environ = {"PARA_APP_NAME": blank, "para_app_name": blank}
    config = Config({"para.app_name": blank}, environ=environ, files=files)
    assert config.text("para.app_name") == "shop"


def test_a_blank_upper_case_variable_does_not_hide_the_exact_one() -> None:
    assert Config(environ={"PARA_Q": " ", "para_q": "AWSQueue"}).text("para.q") == "AWSQueue"


def test_an_empty_text_in_a_file_hides_the_default(tmp_path: Path) -> None:
    assert Config(files=[a_file(tmp_path, 'para.app_name = ""')]).text("para.app_name") == ""


def test_null_is_the_same_as_absent(tmp_path: Path) -> None:
    config = Config(files=[a_file(tmp_path, "para.port = 9\npara.port = null")])
    assert config.number("para.port") == 8080
    assert not config.is_set("para.port")


def test_dotted_keys_and_nested_objects_are_equal(tmp_path: Path) -> None:
    text = "para { security { signin = /a }\n es.bulk { size_limit_mb = 7 } }"
    config = Config(files=[a_file(tmp_path, text)])
    assert config.text("para.security.signin") == "/a"
    assert config.number("para.es.bulk.size_limit_mb") == 7


# ---- conversions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("TRUE", True), ("True", True), ("yes", False), ("1", False), ("on", False)],
)
def test_only_true_in_any_letter_case_is_true(text: str, expected: bool) -> None:  # noqa: FBT001
    assert Config({"para.webhooks_enabled": text}).flag("para.webhooks_enabled") is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9000", 9000),
        ("+5", 5),
        ("-5", -5),
        ("5.0", 0),
        ("5 ", 0),
        ("many", 0),
        ("9" * 30, 0),
        ("٣", 0),
    ],
)
def test_what_is_no_whole_number_is_zero(text: str, expected: int) -> None:
    assert Config({"para.port": text}).number("para.port") == expected


@pytest.mark.parametrize(
    "key",
    [
        "para.request_expires_after",
        "para.jwt_expires_after",
        "para.jwt_refresh_interval",
        "para.id_token_expires_after",
        "para.session_timeout",
        "para.pass_reset_timeout",
        "para.max_pass_matching_attemts",
        "para.pass_matching_lock_period_hours",
        "para.vote_expires_after",
        "para.vote_locked_after",
        "para.worker_id",
    ],
)
def test_some_numbers_fall_back_to_their_default(key: str) -> None:
    assert Config({key: "soon"}).number(key) == Config().number(key) > 0


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1e3", "1000"),
        ("5m", "5m"),
        ("10 days", "10 days"),
        ("true", "true"),
        ("1.50", "1.5"),
        ("2.0", "2"),
        ('"  two spaces "', "  two spaces "),
        ('"caf\\u00e9"', "café"),
    ],
)
def test_values_of_files_are_texts(tmp_path: Path, written: str, expected: str) -> None:
    config = Config(files=[a_file(tmp_path, f"para.app_name = {written}")])
    assert config.text("para.app_name") == expected


def test_a_plain_comma_list_keeps_white_space() -> None:
    config = Config({"para.markdown_allowed_follow_domains": "a.org, b.org,,"})
    assert config.items("para.markdown_allowed_follow_domains") == ["a.org", " b.org"]


def test_a_trimmed_comma_list_drops_white_space() -> None:
    config = Config({"para.dynamodb.replica_regions": " eu-west-1 , us-east-1 "})
    assert config.items("para.dynamodb.replica_regions") == ["eu-west-1", "us-east-1"]
    assert Config().items("para.dynamodb.replica_regions") == []


def test_a_list_of_the_file_replaces_the_default(tmp_path: Path) -> None:
    config = Config(files=[a_file(tmp_path, 'para.security.ignored = ["/", "/about"]')])
    assert config.items("para.security.ignored") == ["/", "/about"]
    assert "/v1/_setup" in Config().items("para.security.ignored")


def test_lists_and_objects_have_no_environment_form() -> None:
    config = Config(environ={"PARA_SECURITY_IGNORED": "/x", "PARA_SECURITY_PROTECTED": "/y"})
    assert "/x" not in config.items("para.security.ignored")
    assert config.raw("para.security.protected") is None


def test_an_object_of_the_file_is_returned_as_it_is(tmp_path: Path) -> None:
    text = 'para.security.protected { admin = ["/admin/**", ["admin"]] }'
    config = Config(files=[a_file(tmp_path, text)])
    assert config.raw("para.security.protected") == {"admin": ["/admin/**", ["admin"]]}


# ---- defaults that depend on others ------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "elsewhere", "production"),
    [
        ("para.cache_enabled", "false", "true"),
        ("para.cluster_name", "para-dev", "para-prod"),
        ("para.es.restclient_scheme", "http", "https"),
        ("para.dynamodb.backups_enabled", "false", "true"),
    ],
)
def test_production_turns_some_defaults_around(key: str, elsewhere: str, production: str) -> None:
    assert Config().text(key) == elsewhere
    assert Config({"para.env": "production"}).text(key) == production


def test_some_defaults_are_values_of_other_keys() -> None:
    config = Config({"para.security.signin": "/in", "para.support_email": "a@b.co"})
    assert config.text("para.security.signout_success") == "/in"
    assert config.text("para.mail.from") == "a@b.co"
    assert Config({"para.app_name": "My Para!"}).text("para.mongodb.database") == "my-para"


def test_some_defaults_come_from_variables_of_other_programs() -> None:
    config = Config(environ={"AWS_REGION": "eu-north-1"})
    assert config.text("para.hc.aws_region") == "eu-north-1"
    assert config.text("para.s3.bucket") == "org.paraio.eu-north-1"


# ---- messages ----------------------------------------------------------------------------------


def test_sources_are_told_with_their_lines(tmp_path: Path) -> None:
    file = a_file(tmp_path, "# first\npara {\n  env = x\n  security {\n    signin = /s\n  }\n}\n")
    config = Config({"para.port": "1"}, environ={"PARA_Q": "q"}, files=[file])
    assert config.source_of("para.port") == "--set"
    assert config.source_of("para.q") == "environment PARA_Q"
    assert config.source_of("para.env") == f"{file.path}, line 3"
    assert config.source_of("para.security.signin") == f"{file.path}, line 5"
    assert config.source_of("para.dao") == "default"


def test_a_list_where_one_value_belongs_is_refused(tmp_path: Path) -> None:
    file = a_file(tmp_path, "para.app_name = [a]")
    with pytest.raises(ConfigError, match=r"para-application\.conf.*para\.app_name is one value"):
        Config(files=[file]).text("para.app_name")


def test_one_value_where_a_list_belongs_is_refused(tmp_path: Path) -> None:
    file = a_file(tmp_path, "para.security.ignored = /x")
    with pytest.raises(ConfigError, match=r'para\.security\.ignored is a list, such as \["one"'):
        Config(files=[file]).items("para.security.ignored")


def test_a_list_inside_a_list_is_refused(tmp_path: Path) -> None:
    file = a_file(tmp_path, 'para.security.ignored = ["/x", ["/y"]]')
    with pytest.raises(ConfigError, match="list of texts"):
        Config(files=[file]).items("para.security.ignored")


def test_a_key_that_nobody_registered_needs_a_default() -> None:
    with pytest.raises(ConfigError, match=r"para\.tides is no known key"):
        Config().text("para.tides")
    assert Config().text("para.tides", "low") == "low"
    assert Config({"para.tides": "7"}).number("para.tides", 3) == 7
    assert Config().number("para.tides", 3) == 3
    assert Config().flag("para.tides", default=True)


# ---- loading -----------------------------------------------------------------------------------


def test_the_own_file_wins_over_the_application_file_key_by_key(tmp_path: Path) -> None:
    a_file(tmp_path, "para.port = 1")
    a_file(tmp_path, "para.port = 2\npara.q = AWSQueue", "application.conf")
    config = load_config(environ={}, folder=tmp_path)
    assert (config.number("para.port"), config.text("para.q")) == (1, "AWSQueue")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("application.conf", "para { port = 7 }"),
        ("application.json", '{"para": {"port": 7}}'),
        ("application.json", '{"para.port": 7}'),
        ("application.properties", "para.port: 7"),
    ],
)
def test_the_application_file_may_have_three_forms(tmp_path: Path, name: str, text: str) -> None:
    a_file(tmp_path, text, name)
    assert load_config(environ={}, folder=tmp_path).number("para.port") == 7


def test_a_named_file_is_the_only_one(tmp_path: Path) -> None:
    a_file(tmp_path, "para.port = 1")
    named = a_file(tmp_path, "para.q = x", "other.conf").path
    config = load_config(named, environ={}, folder=tmp_path)
    assert (config.number("para.port"), config.text("para.q")) == (8080, "x")


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.conf does not exist; check the path"):
        load_config(tmp_path / "nowhere.conf", environ={})


def test_without_any_file_defaults_hold(tmp_path: Path) -> None:
    assert load_config(environ={}, folder=tmp_path).text("para.env") == "embedded"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("para.port=9000", ("para.port", "9000")),
        ("port=9000", ("para.port", "9000")),
        ("server.port=9000", ("para.port", "9000")),
        ("server.address=10.0.0.9", ("para.address", "10.0.0.9")),
        ("sql.url=postgresql://h/d?a=b", ("para.sql.url", "postgresql://h/d?a=b")),
        ("app_name=", ("para.app_name", "")),
    ],
)
def test_assignments_of_the_command_line(given: str, expected: tuple[str, str]) -> None:
    assert parse_assignment(given) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("port", "takes key=value"),
        ("=5", "takes key=value"),
        ("security.ignored=/", "put it into the configuration file"),
    ],
)
def test_assignments_that_cannot_be(given: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_assignment(given)
