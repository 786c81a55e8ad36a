"""What the configuration comes to."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from para_core.config import Config
from para_core.errors import ConfigError
from para_queue_sqs.place import place_of

_LOCAL = "http://localhost:9324"


def place(environ: Mapping[str, str] | None = None, **keys: str) -> tuple[object, ...]:
    overrides = {f"para.{key.replace('__', '.')}": value for key, value in keys.items()}
    found = place_of(Config(overrides, environ=environ or {}))
    return found.endpoint, found.region, found.access_key, found.secret_key


def test_at_home_it_is_the_local_server_of_the_original_with_any_key() -> None:
    assert place() == (_LOCAL, "local", "local", "local")


def test_in_production_the_driver_looks_for_everything() -> None:
    assert place(env="production") == (None, None, None, None)


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "us-east-1"}, "us-east-1"),
        ({"AWS_REGION": "eu-west-1", "PARA_SQS_REGION": "eu-north-1"}, "eu-north-1"),
    ],
)
def test_the_region_is_that_of_the_configuration_or_of_the_tools(
    environ: dict[str, str], region: str
) -> None:
    assert place(environ, env="production")[1] == region


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"])
def test_an_address_for_all_tools_of_aws_counts(name: str) -> None:
    assert place({name: "http://127.0.0.1:1"})[0] is None


def test_keys_of_the_environment_are_not_replaced() -> None:
    assert place({"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"})[2:] == (None, None)


def test_another_server_gets_no_made_up_keys() -> None:
    made = place(sqs__endpoint="https://sqs.example.com")
    assert made == ("https://sqs.example.com", None, None, None)


def test_keys_of_the_configuration_are_used() -> None:
    assert place(sqs__access_key="AKIA", sqs__secret_key="s")[2:] == ("AKIA", "s")  # noqa: S106


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"sqs__access_key": "AKIA"}, "belong together"),
        ({"sqs__secret_key": "s"}, "belong together"),
        ({"sqs__endpoint": "localhost:9324"}, r"para\.sqs\.endpoint"),
        ({"default_queue_name": "a queue"}, r"para\.default_queue_name.*letters"),
        ({"default_queue_name": "x" * 81}, "1 to 80"),
        ({"default_queue_name": "orders.fifo"}, "FIFO"),
        ({"sqs__dead_letter_queue": "a.b"}, r"para\.sqs\.dead_letter_queue"),
        ({"sqs__timeout_ms": "1"}, r"para\.sqs\.timeout_ms"),
    ],
)
def test_what_cannot_be_used_stops_the_start(keys: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        place({}, **keys)


def test_dead_letters_go_beside_the_queue_in_a_name_that_is_not_too_long() -> None:
    found = place_of(Config({"para.default_queue_name": "x" * 80}))
    assert found.usual_dead_letters == "x" * 75 + "-dead"
