"""What settings come to in the requests that a cluster gets; who answers here is none."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from para_core.config import Config
from para_core.errors import UnavailableError
from para_core.query.tree import All
from para_core.testing.search import a_record
from para_search_elasticsearch.engine import engine_of
from para_search_elasticsearch.search import ElasticSearch

from ..standin import stand_in, taken  # noqa: TID252 - tests have no absolute names

DONE = (200, "{}")
PLACE = (200, '{"app_p1_x": {"aliases": {"app": {}}}}')
PAGE = (200, '{"hits": {"hits": [{"_source": {"_key": "a"}, "sort": [7]}]}}')
ACCESS, SECRET, TOKEN = "AKIDEXAMPLE", "a key of this test", "of a session"


def at(port: int, **keys: str) -> ElasticSearch:
    """Return the engine of a server with these keys of ``para.es``, at a port of this machine."""
    where = {"restclient_host": "127.0.0.1", "restclient_port": str(port)}
    settings = {f"para.es.{name}": value for name, value in (where | keys).items()}
    environ = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
    environ["AWS_SESSION_TOKEN"] = TOKEN
    return engine_of(Config({"para.app_name": "My Shop", **settings}, environ=environ))


@dataclass(frozen=True)
class Request:
    """What came over the line."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return msgspec.json.decode(self.body, type=dict[str, Any])


def read(request: bytes) -> Request:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Request(method, path, query, headers, body)


async def test_the_index_of_the_root_app_is_made_as_its_keys_say() -> None:
    sent: list[bytes] = []
    keys = {"shards": "5", "replicas": "2", "shards_for_child_apps": "3"}
    keys |= {"replicas_for_child_apps": "1", "auto_expand_replicas": "0-4"}
    async with stand_in([DONE, DONE], sent) as port, at(port, **keys) as engine:
        for appid in ("my-shop", "cats"):
            await engine.homes.make(appid)
    made = [read(request).json["settings"]["index"] for request in sent]
    told = ("number_of_shards", "number_of_replicas", "auto_expand_replicas")
    assert [[one[name] for name in told] for one in made] == [[5, 2, "0-4"], [3, 1, "0-4"]]


async def test_the_root_app_shares_its_index_whatever_it_is_called() -> None:
    async with stand_in([DONE]) as port, at(port, root_index_sharing_enabled="true") as engine:
        assert (await engine.homes.make("my-shop")).is_shared


async def test_requests_go_below_the_context_path_with_the_login() -> None:
    sent: list[bytes] = []
    keys = {"restclient_context_path": "/search/"}
    keys |= {"basic_auth_login": "ann", "basic_auth_password": "a word: and more"}
    async with stand_in([PAGE], sent) as port, at(port, **keys) as engine:
        await engine.find("app", All())
    (request,) = map(read, sent)
    assert (request.method, request.path) == ("POST", "/search/app/_search")
    kind, _, login = request.headers["authorization"].partition(" ")
    assert (kind, base64.b64decode(login).decode()) == ("Basic", "ann:a word: and more")


async def test_half_a_login_is_none() -> None:
    sent: list[bytes] = []
    async with stand_in([PAGE], sent) as port, at(port, basic_auth_login="ann") as engine:
        await engine.find("app", All())
    assert "authorization" not in read(sent[0]).headers


async def test_requests_are_signed_for_amazon_as_they_are_sent() -> None:
    sent: list[bytes] = []
    keys = {"sign_requests_to_aws": "true", "aws_region": "eu-central-1"}
    async with stand_in([PLACE, taken(3), DONE, PAGE], sent) as port, at(port, **keys) as engine:
        await engine.index("app", [a_record("ä b"), a_record("c")], ["d"], 7)
        await engine.find("app", All())
    requests = [read(request) for request in sent]
    assert [request.method for request in requests] == ["GET", "POST", "PUT", "POST"]
    assert "%1E" in requests[2].path
    assert [bool(request.query) for request in requests] == [False, True, True, True]
    for request in requests:
        assert request.headers["x-amz-content-sha256"] == hashlib.sha256(request.body).hexdigest()
        assert request.headers["authorization"] == signed_by_botocore(request, "eu-central-1")


def signed_by_botocore(request: Request, region: str) -> str:
    """Return the signature that AWS itself would make of what arrived."""
    auth = pytest.importorskip("botocore.auth")
    credentials = pytest.importorskip("botocore.credentials").Credentials(ACCESS, SECRET, TOKEN)
    of_aws = pytest.importorskip("botocore.awsrequest").AWSRequest(
        method=request.method,
        url=f"http://{request.headers['host']}{request.path}?{request.query}".rstrip("?"),
        data=request.body,
        headers={name: value for name, value in request.headers.items() if name[:5] == "x-amz"},
    )
    of_aws.context["timestamp"] = request.headers["x-amz-date"]
    signer = auth.SigV4Auth(credentials, "es", region)
    names = signer.signed_headers(signer.headers_to_sign(of_aws))
    to_sign = signer.string_to_sign(of_aws, signer.canonical_request(of_aws))
    signature = signer.signature(to_sign, of_aws)
    credential = f"{ACCESS}/{signer.credential_scope(of_aws)}"
    told = f"Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return f"AWS4-HMAC-SHA256 {told}"


@pytest.mark.parametrize(
    ("keys", "is_shown"),
    [
        ({}, True),
        ({"async_enabled": "true"}, False),
        ({"bulk.flush_immediately": "false"}, False),
    ],
    ids=["usual", "asynchronous", "not at once"],
)
async def test_who_need_not_see_it_leaves_the_refresh_to_the_cluster(
    keys: dict[str, str], *, is_shown: bool
) -> None:
    sent: list[bytes] = []
    async with stand_in([PLACE, taken(1)], sent) as port, at(port, **keys) as engine:
        await engine.index("app", [a_record("a")], [], None)
    assert ("refresh=true" in read(sent[1]).query) is is_shown


@pytest.mark.parametrize(
    ("setting", "asked"), [("true", True), ("false", False), ("500", 500)], ids=str
)
async def test_totals_are_as_exact_as_the_key_says(setting: str, asked: object) -> None:
    sent: list[bytes] = []
    async with stand_in([PAGE], sent) as port, at(port, track_total_hits=setting) as engine:
        hits = await engine.find("app", All())
    assert read(sent[0]).json["track_total_hits"] == asked
    assert (hits.keys, hits.total) == (["a"], 1)


@pytest.mark.parametrize("said", ['{"message": "ok"}', "{}", "[]", "7"])
async def test_who_answers_otherwise_is_no_cluster(said: str) -> None:
    """A gateway may answer whatever it is asked with 200 and some JSON."""
    async with stand_in([(200, said)] * 9) as port, at(port) as engine:
        with pytest.raises(UnavailableError, match="not as a search cluster does"):
            await engine.find("app", All())
        if said != "{}":  # which says that there is no alias
            for call in (engine.position("app"), engine.index("app", [a_record("a")], [], 1)):
                with pytest.raises(UnavailableError, match="not as a search cluster does"):
                    await call


@pytest.mark.parametrize("answer", [DONE, taken(0), taken(1)], ids=["nothing", "none", "too few"])
async def test_what_a_cluster_has_not_confirmed_is_not_indexed(answer: tuple[int, str]) -> None:
    async with stand_in([PLACE, answer]) as port, at(port) as engine:
        with pytest.raises(UnavailableError, match="not as a search cluster does"):
            await engine.index("app", [a_record("a"), a_record("b")], [], 7)
