"""Redis behind TLS: it is encrypted, and only who is known is trusted."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.errors import ConfigError
from para_core.testing.cache import a_record
from para_core.testing.own_server import free_port

from ..kit import OwnRedis, a_cache, is_back  # noqa: TID252 - no absolute names

pytestmark = [
    pytest.mark.service("redis"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl for a certificate"),
]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate for the name localhost, which is its own authority."""
    subprocess.run(  # noqa: S603 - fixed words
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return tmp_path / "cert.pem"


@pytest.fixture
async def port(tmp_path: Path, certificate: Path) -> AsyncIterator[int]:
    port = await free_port()
    options = (
        *("--tls-port", str(port), "--tls-cert-file", str(certificate)),
        *("--tls-key-file", str(tmp_path / "key.pem"), "--tls-auth-clients", "no"),
    )
    async with OwnRedis(tmp_path, *options):
        yield port


async def test_a_known_server_is_used(port: int, certificate: Path, cluster: str) -> None:
    url = f"rediss://localhost:{port}/0"
    async with a_cache(url, cluster, ca_file=str(certificate)) as cache:
        await is_back(cache)
        await cache.put("app", a_record("cat1", 5))
        assert await cache.get("app", "cat1") == a_record("cat1", 5)
        assert cache.peek("app", "cat1") == a_record("cat1", 5)


async def test_an_unknown_authority_stops_the_start(port: int, cluster: str) -> None:
    cache = a_cache(f"rediss://localhost:{port}/0", cluster)
    with pytest.raises(ConfigError, match=r"cannot be trusted.*para\.redis\.ca_file"):
        await cache.open()


async def test_another_name_stops_the_start(port: int, certificate: Path, cluster: str) -> None:
    cache = a_cache(f"rediss://127.0.0.1:{port}/0", cluster, ca_file=str(certificate))
    with pytest.raises(ConfigError, match=r"cannot be trusted"):
        await cache.open()
