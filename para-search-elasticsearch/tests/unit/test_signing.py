"""Signatures for AWS, by the vectors that AWS publishes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from para_core.errors import ConfigError
from para_search_elasticsearch.signing import AwsSigner, Credentials, credentials_of

EMPTY = hashlib.sha256(b"").hexdigest()
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
URL = "https://example.amazonaws.com/"


def a_signer(token: str = "") -> AwsSigner:
    now = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    return AwsSigner(Credentials(KEY, SECRET, token), "us-east-1", "service", lambda: now)


@pytest.mark.parametrize(
    ("method", "query", "signature"),
    [
        ("GET", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        (
            "GET",
            "Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        ("POST", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ],
    ids=["get-vanilla", "get-vanilla-query-order-key-case", "post-vanilla"],
)
def test_the_published_vectors_are_signed_so(method: str, query: str, signature: str) -> None:
    headers = a_signer().sign(method, URL, query, EMPTY, {})
    assert headers["x-amz-date"] == "20150830T123600Z"
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}"
    )


def test_the_body_and_a_token_are_signed() -> None:
    signer = a_signer("of-a-session")
    headers = signer("POST", URL, "", b"{}")
    assert headers["x-amz-content-sha256"] == hashlib.sha256(b"{}").hexdigest()
    assert headers["x-amz-security-token"] == "of-a-session"
    names = "host;x-amz-content-sha256;x-amz-date;x-amz-security-token"
    assert f"SignedHeaders={names}," in headers["authorization"]
    other = signer("POST", URL, "", b"{ }")["authorization"]
    assert other != headers["authorization"]


def test_the_usual_port_is_not_part_of_the_host() -> None:
    signer = a_signer()
    with_port = signer.sign("GET", "https://example.amazonaws.com:443/", "", EMPTY, {})
    assert with_port == signer.sign("GET", URL, "", EMPTY, {})
    elsewhere = signer.sign("GET", "https://example.amazonaws.com:9243/", "", EMPTY, {})
    assert elsewhere != with_port


def test_paths_are_escaped_once_more() -> None:
    """``%1E`` of a document's id is signed as ``%251E``."""
    signer = a_signer()
    assert signer.sign("GET", f"{URL}a/_doc/%1Ea", "", EMPTY, {}) != signer.sign(
        "GET", f"{URL}a/_doc/%251Ea", "", EMPTY, {}
    )


def test_keys_come_from_the_environment() -> None:
    found = credentials_of({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"})
    assert (found.access_key, found.secret_key, found.token) == ("a", "b", "")
    with pytest.raises(ConfigError, match="AWS_SECRET_ACCESS_KEY"):
        credentials_of({"AWS_ACCESS_KEY_ID": "a"})
