"""The certificate that new connections see."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.testing.cancelling import until
from para_server.tls import Certificate, TlsSettings

from ..faults.authority import Authority  # noqa: TID252 - tests have no absolute names


class Watched(Certificate):
    """Counts how often the files were looked at."""

    looks = 0

    def _stamps(self) -> list[tuple[int, int, int] | None]:
        self.looks += 1
        return super()._stamps()

    async def some_looks(self) -> None:
        seen = self.looks
        await until(lambda: self.looks > seen + 5)


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    put_pair(tmp_path)
    settings = TlsSettings(cert_file=str(tmp_path / "cert.pem"), key_file=str(tmp_path / "key.pem"))
    watched = Watched(settings)
    task = asyncio.create_task(watched._watch(0.001))
    yield watched
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def put_pair(folder: Path) -> None:
    certificate, key = Authority().pair("somebody")
    for name, content in (("cert.pem", certificate), ("key.pem", key)):
        (folder / f"{name}.new").write_bytes(content)
        (folder / f"{name}.new").rename(folder / name)


async def test_files_are_read_again_when_they_changed_and_only_then(
    watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "para_server.tls")
    await watched.some_looks()
    assert caplog.messages == []
    put_pair(tmp_path)
    await until(lambda: "read the certificate again" in caplog.messages)
    await watched.some_looks()
    assert caplog.messages.count("read the certificate again") == 1
