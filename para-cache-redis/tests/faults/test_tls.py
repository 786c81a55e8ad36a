"""Redis behind TLS: it is encrypted, and only who is known is trusted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.errors import ConfigError
from para_core.testing.cache import a_record
from para_core.testing.certificates import NEEDS_OPENSSL, Certificate, make_certificate
from para_core.testing.own_server import free_port

from ..kit import OwnRedis, a_cache, is_back  # noqa: TID252 - no absolute names

pytestmark = [pytest.mark.service("redis"), NEEDS_OPENSSL]


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


@pytest.fixture
async def port(tmp_path: Path, certificate: Certificate) -> AsyncIterator[int]:
    port = await free_port()
    options = (
        *("--tls-port", str(port), "--tls-cert-file", str(certificate.file)),
        *("--tls-key-file", str(certificate.key), "--tls-auth-clients", "no"),
    )
    async with OwnRedis(tmp_path, *options):
        yield port


async def test_a_known_server_is_used(port: int, certificate: Certificate, cluster: str) -> None:
    url = f"rediss://localhost:{port}/0"
    async with a_cache(url, cluster, ca_file=str(certificate.file)) as cache:
        await is_back(cache)
        await cache.put("app", a_record("cat1", 5))
        assert await cache.get("app", "cat1") == a_record("cat1", 5)
        assert cache.peek("app", "cat1") == a_record("cat1", 5)


async def test_an_unknown_authority_stops_the_start(port: int, cluster: str) -> None:
    cache = a_cache(f"rediss://localhost:{port}/0", cluster)
    with pytest.raises(ConfigError, match=r"cannot be trusted.*para\.redis\.ca_file"):
        await cache.open()


async def test_another_name_stops_the_start(
    port: int, certificate: Certificate, cluster: str
) -> None:
    cache = a_cache(f"rediss://127.0.0.1:{port}/0", cluster, ca_file=str(certificate.file))
    with pytest.raises(ConfigError, match=r"cannot be trusted"):
        await cache.open()
