"""What Para's own Python client signs, by its own code, nothing sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
import requests
from aws_requests_auth.aws_auth import AWSRequestsAuth
from paraclient.auth import AWSAuth

from para_server.access.request import RawRequest
from para_server.access.signing import Verifier

from .signer import APP_KEY

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

CALLS: list[tuple[str, str, Sequence[tuple[str, str]], str]] = [
    ("GET", "/v1/_me", [], ""),
    ("POST", "/v1/notes", [], '{"name": "\\u0436"}'),
    ("GET", "/v1/tag/tag%3Ax%201", [], ""),
    ("GET", "/v1/search", [("q", "type:note AND a*"), ("limit", "5"), ("empty", "")], ""),
    ("GET", "/v1/_batch", [("ids", "vote:1:2"), ("ids", "x")], ""),
    ("GET", "/v1/search/terms", [("terms", "email:a@b.c"), ("terms", "name:a b+c")], ""),
    ("GET", "/v1/search/similar", [("fields", "a"), ("fields", "b"), ("like", "two words, ж")], ""),
    ("DELETE", "/v1/_batch", [("ids", "a/b"), ("ids", "~*'()")], ""),
]


def signed(
    endpoint: str, method: str, path: str, query: Sequence[tuple[str, str]], body: str
) -> RawRequest:
    """The request as it would go on the wire."""
    auth = AWSRequestsAuth(
        aws_access_key="app:myapp",
        aws_secret_access_key=APP_KEY,
        aws_host=endpoint.removeprefix("http://"),
        aws_region="us-east-1",
        aws_service="para",
    )
    params = list(query)
    call = requests.Request(method, endpoint + path, params=params, data=body, auth=AWSAuth(auth))
    prepared = call.prepare()
    wire_path, _, wire_query = str(prepared.url).removeprefix(endpoint).partition("?")
    headers = {
        name.lower().encode(): str(prepared.headers[name]).encode() for name in prepared.headers
    }
    host = {b"host": endpoint.removeprefix("http://").removesuffix(":80").encode()}
    return RawRequest(
        method, wire_path.encode(), wire_query.encode(), headers | host, body.encode()
    )


@pytest.mark.parametrize("endpoint", ["http://localhost:8080", "http://localhost:80"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
def test_every_call_of_the_python_client_is_accepted(
    endpoint: str, call: tuple[str, str, Sequence[tuple[str, str]], str]
) -> None:
    request = signed(endpoint, *call)
    verifier = Verifier()
    found = verifier.read(request.headers[b"authorization"], request)
    assert verifier.check_date(found, request.query, datetime.now(UTC).timestamp()) is None
    assert verifier.check(found, APP_KEY, request) is None
