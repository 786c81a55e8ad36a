"""The way to a directory: what comes before TLS is never taken for what comes by it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from para_core.errors import UnavailableError
from para_server.signin.providers.ldap.settings import LdapSettings, ldap_settings
from para_server.signin.providers.ldap.tunnel import tunnel

from .certificates import self_signed
from .kit import Settings, tools_of

ASKED = 31  # bytes of the request for TLS
AGREED = bytes.fromhex("300c02010178070a010004000400")
REFUSED = bytes.fromhex("300c02010178070a010204000400")
FORGED = bytes.fromhex("300c02010161070a010004000400")  # the next answer: the bind has succeeded
TOLD = b"from the directory"


@dataclass
class Directory:
    """Answers a request for TLS, and speaks TLS if it was told to."""

    tls: ssl.SSLContext
    answer: bytes = AGREED
    parts: int = 1  # in which the answer comes
    port: int = 0
    heard: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.heard.append(await reader.readexactly(ASKED))
            size = -(-len(self.answer) // self.parts)
            for at in range(0, len(self.answer), size):
                await asyncio.sleep(0.01 if at else 0)
                writer.write(self.answer[at : at + size])
            if self.answer.startswith(AGREED):
                await writer.start_tls(self.tls)
                self.heard.append(await reader.read(100))
                writer.write(TOLD)
        except (OSError, EOFError):
            pass  # the other side has gone
        finally:
            writer.close()


@pytest.fixture
async def directory(tmp_path: Path) -> AsyncIterator[Directory]:
    made = Directory(self_signed(tmp_path, "localhost"))
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    async with server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


def settings_of(directory: Directory, folder: Path) -> LdapSettings:
    values = {
        "server_url": f"ldap://localhost:{directory.port}",
        "start_tls": "true",
        "ca_cert": (folder / "cert.pem").read_text(),
    }
    return ldap_settings(Settings({f"security.ldap.{k}": value for k, value in values.items()}))


@asynccontextmanager
async def through(settings: LdapSettings) -> AsyncIterator[asyncio.StreamReader]:
    """Give what the library would read, with a word already sent."""
    async with tools_of() as tools, tunnel(settings, tools.outbound) as end:
        reader, writer = await asyncio.open_connection(sock=end.dup())
        writer.write(b"hello")
        await writer.drain()
        try:
            yield reader
        finally:
            writer.close()


async def first_told(settings: LdapSettings) -> bytes:
    async with asyncio.timeout(3), through(settings) as reader:
        return await reader.read(100)


@pytest.mark.parametrize("parts", [1, 2, 14])
async def test_what_the_directory_says_comes_by_tls(
    directory: Directory, tmp_path: Path, parts: int
) -> None:
    directory.parts = parts
    async with through(settings_of(directory, tmp_path)) as reader:
        assert await reader.readexactly(len(TOLD)) == TOLD
    assert directory.heard[1] == b"hello"


async def test_what_somebody_adds_before_tls_is_no_answer(
    directory: Directory, tmp_path: Path
) -> None:
    """Whoever sits in between could tell that any password fits."""
    directory.answer = AGREED + FORGED
    with pytest.raises(UnavailableError, match="cannot be reached"):
        assert not await first_told(settings_of(directory, tmp_path))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (REFUSED, "refuses StartTLS"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no directory"),
        (bytes.fromhex("3084ffffffff"), "no directory"),
        (AGREED[:-1], "cannot be reached"),
    ],
    ids=["refused", "another protocol", "endless", "cut off"],
)
async def test_what_does_not_agree_is_not_used(
    directory: Directory, tmp_path: Path, answer: bytes, reason: str
) -> None:
    directory.answer = answer
    with pytest.raises(UnavailableError, match=reason):
        assert not await first_told(settings_of(directory, tmp_path))


async def test_certificates_of_authorities_have_a_size(
    directory: Directory, tmp_path: Path
) -> None:
    """They are kept from one sign-in to the next, for all apps together."""
    settings = settings_of(directory, tmp_path)
    filler = "\n# a comment" * 6000
    async with through(replace(settings, ca_cert=settings.ca_cert + filler[:60_000])):
        pass
    large = replace(settings, ca_cert=settings.ca_cert + filler)
    with pytest.raises(UnavailableError, match=r"security\.ldap\.ca_cert has more than 65536"):
        assert not await first_told(large)
