"""The signer of the tests, held against documented signatures."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from para_core.testing.signing import Draft, escaped, presign, query_text, sign, stamp_at

KEYS: dict[str, Any] = {
    "key": "app:myapp",
    "secret": "cGFyYS1leGFtcGxlLXNlY3JldC1vZi1mb3J0eS1ieXRlcy0wMDAwMQ==",
}
STAMP = "20260102T030405Z"
BODY = '{"type":"todo","name":"Buy milk ✓","done":false}'.encode()
JSON = {"content-type": "application/json; charset=UTF-8"}
SEARCH = [("q", "buy milk&eggs"), ("limit", "5"), ("tags", "one"), ("tags", "two")]


@pytest.mark.parametrize(
    ("draft", "signature"),
    [
        pytest.param(
            Draft("GET", "/v1/my%20notes/search", SEARCH, stamp=STAMP, **KEYS),
            "SignedHeaders=host;x-amz-date, "
            "Signature=130ad06f175cd41aab5dac8dc623406f640f8e71aae4474979af35134e577910",
            id="a search",
        ),
        pytest.param(
            Draft("POST", "/v1/todo", (), BODY, "api.example.com", STAMP, JSON, **KEYS),
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=0971907ca45f20e35c9929b6254eebf641da42d4ad66648990a2084b505a6ce9",
            id="a new object",
        ),
    ],
)
def test_the_documented_requests_are_signed_as_documented(draft: Draft, signature: str) -> None:
    scope = "Credential=app:myapp/20260102/us-east-1/para/aws4_request"
    assert sign(draft)["authorization"] == f"AWS4-HMAC-SHA256 {scope}, {signature}"
    assert sign(draft)["x-amz-date"] == STAMP


def test_a_signature_in_the_query_stands_at_its_end() -> None:
    pairs = presign(Draft("GET", "/v1/_me", [("a", "1")], stamp=STAMP, **KEYS), expires="60")
    assert [name for name, _ in pairs] == [
        "a",
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-SignedHeaders",
        "X-Amz-Expires",
        "X-Amz-Signature",
    ]


def test_a_stamp_is_in_utc() -> None:
    assert stamp_at(1767323045.9) == STAMP


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_texts_are_escaped_as_addresses_want_it(text: str) -> None:
    assert escaped(text) == quote(text, safe="-_.~")
    assert escaped(text, but=b"/") == quote(text, safe="/-_.~")
    assert query_text([(text, text)]) == urlencode([(text, text)], quote_via=quote, safe="-_.~")
