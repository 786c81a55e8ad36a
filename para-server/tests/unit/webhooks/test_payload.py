"""The body, its signature, the request around it."""

from __future__ import annotations

import pytest

from para_core.objects import Sysprop, Webhook
from para_core.objects.codec import record_of
from para_server.webhooks.payload import (
    body_of,
    headers_of,
    posted,
    secret_of,
    shown,
    signature,
)

BODY = (
    '{"appid":"myapp","event":"create","items":[{"id":"1","name":"Zoë & co"}],'
    '"timestamp":1486848081865}'
)


def test_the_body_is_compact_and_in_order() -> None:
    items = [{"id": "1", "name": "Zoë & co"}]
    assert body_of("myapp", "create", items, 1486848081865) == BODY


def test_the_signature_is_the_documented_one() -> None:
    assert signature("secret", BODY) == "ECLE9fQl7wWsSg1fB8flyXEpcyT7y8ppDpOnpf2l2cM="
    assert signature("", BODY) == ""


def test_a_hook_signs_with_its_secret_or_with_that_of_its_app() -> None:
    assert secret_of(Webhook(secret="own"), "the app's") == "own"  # noqa: S106 - of a test
    assert secret_of(Webhook(secret="{{secretKey}}"), "the app's") == "the app's"  # noqa: S106
    assert secret_of(Webhook(), "the app's") == ""


def test_a_form_carries_the_body_in_a_field() -> None:
    assert posted('{"a":"ž &+"}', url_encoded=True) == (
        b"payload=%7B%22a%22%3A%22%C5%BE+%26%2B%22%7D"
    )
    assert posted('{"a":"ž"}', url_encoded=False) == '{"a":"ž"}'.encode()


@pytest.mark.parametrize(
    ("event", "sent"),
    [
        ("boat.sold", "boat.sold"),
        ("a\r\nX-Evil: 1", "a%0D%0AX-Evil%3A+1"),
        ("žluť", "%C5%BElu%C5%A5"),
    ],
)
def test_the_name_of_an_event_stays_in_its_header(event: str, sent: str) -> None:
    headers = headers_of(event, "id1", "sig", url_encoded=False)
    assert headers["X-Para-Event"] == sent
    assert headers["X-Para-Delivery"] == "id1"


def test_an_object_is_shown_as_by_the_api_without_secrets() -> None:
    record = record_of(Sysprop(id="1", type="sysprop", properties={"password": "x", "a": 1}))
    fields = shown(record)
    assert "password" not in fields
    assert (fields["a"], fields["objectURI"]) == (1, "/sysprops/1")
