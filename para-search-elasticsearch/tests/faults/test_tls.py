"""A cluster behind TLS: it is used when it is known, and told of when it is not."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from para_core.config import Config
from para_core.errors import UnavailableError
from para_core.query.tree import All
from para_core.testing.certificates import NEEDS_OPENSSL, Certificate, make_certificate
from para_search_elasticsearch.engine import engine_of
from para_search_elasticsearch.search import ElasticSearch

from ..standin import stand_in  # noqa: TID252 - tests have no absolute names

pytestmark = NEEDS_OPENSSL

PAGE = (200, '{"hits": {"hits": [{"_source": {"_key": "a"}, "sort": [7]}]}}')


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


@pytest.fixture
def tls(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.file, certificate.key)
    return context


def at(port: int, *, host: str = "localhost", scheme: str = "https") -> ElasticSearch:
    keys = {"restclient_host": host, "restclient_port": port, "restclient_scheme": scheme}
    return engine_of(Config({f"para.es.{name}": value for name, value in keys.items()}))


async def test_a_known_cluster_is_used(
    tls: ssl.SSLContext, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    async with stand_in([PAGE], tls=tls) as port, at(port) as engine:
        assert (await engine.find("app", All())).keys == ["a"]


async def test_an_unknown_authority_is_told(tls: ssl.SSLContext) -> None:
    async with stand_in([PAGE], tls=tls) as port, at(port) as engine:
        with pytest.raises(UnavailableError, match=r"trusted.*self-signed.*SSL_CERT_FILE"):
            await engine.find("app", All())


async def test_another_name_is_told(
    tls: ssl.SSLContext, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    async with stand_in([PAGE], tls=tls) as port, at(port, host="127.0.0.1") as engine:
        with pytest.raises(UnavailableError, match=r"trusted.*127\.0\.0\.1.*restclient_host"):
            await engine.find("app", All())


async def test_a_cluster_that_speaks_without_tls_is_told() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, at(server.sockets[0].getsockname()[1]) as engine:
        with pytest.raises(UnavailableError, match=r"TLS.*para\.es\.restclient_scheme"):
            await engine.find("app", All())


async def test_a_cluster_that_speaks_with_tls_is_told(tls: ssl.SSLContext) -> None:
    async with stand_in([PAGE], tls=tls) as port, at(port, scheme="http") as engine:
        async with asyncio.timeout(60):
            with pytest.raises(UnavailableError, match=r"para\.es\.restclient_scheme"):
                await engine.find("app", All())
