"""What a start does without until somebody needs it, and what is left of one that fails."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from para_core.errors import ConfigError
from para_server.config import ApiSettings
from para_server.para import Para

from .backends import MEMORY, backends

_STARTED = """
import asyncio, sys
from para_core.config import Config
from para_core.plugins import load_plugins
from para_server.serving import Para, backends_of, server_config, settings_of

async def start():
    config = Config({"para.dao": "MemoryDAO", "para.search": "MemorySearch", "para.port": 0})
    backends = backends_of(config, load_plugins(config))
    async with Para(settings_of(config), backends, config=config) as para:
        server_config(para).load()
        answers = await ask(para, b"/v1/"), await ask(para, b"/nothing/here")
        heavy = {"aiosmtplib", "anyio", "httpcore", "mcp", "starlette.routing"}
        print(*answers, sorted(heavy & set(sys.modules)))

async def ask(para, path):
    told = []
    scope = {"type": "http", "method": "GET", "raw_path": path, "path": path.decode(),
             "query_string": b"", "headers": [], "root_path": "", "scheme": "http",
             "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "http_version": "1.1"}
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}
    async def send(message):
        told.append(message)
    await para(scope, receive, send)
    return told[0]["status"]

asyncio.run(start())
"""


def test_a_start_loads_no_client_of_other_systems_and_no_framework(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", _STARTED]
    said = subprocess.run(  # noqa: S603
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert said.stdout.split(" ", 2) == ["200", "404", "[]\n"], said.stderr


async def test_a_start_that_fails_ends_what_had_begun(
    settings: ApiSettings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise ConfigError("it cannot be")

    before = asyncio.all_tasks()
    async with backends(MEMORY, folder) as made:
        para = Para(settings, made)
        monkeypatch.setattr(para._reporting, "open", fail)
        with pytest.raises(ConfigError):
            await para.open()
    assert asyncio.all_tasks() == before
