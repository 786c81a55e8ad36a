"""A server on a socket that answers without an error in its log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from para_server.config import ApiSettings

from ..backends import MEMORY  # noqa: TID252 - tests have no absolute names
from ..client import ROOT_SECRET  # noqa: TID252 - tests have no absolute names
from ..wire import Server, running  # noqa: TID252 - tests have no absolute names
from .samples import LARGE


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    settings = ApiSettings(root_secret_override=ROOT_SECRET, cache_enabled=True)
    with TemporaryDirectory() as folder, running(settings, MEMORY, Path(folder)) as server:
        server.call(server.app.put("/v1/cat/small", {"name": "Tom"}))
        server.call(server.app.put("/v1/cat/large", {"text": LARGE}))
        many = [{"id": f"m{n}", "type": "many", "text": "y" * 10_000} for n in range(100)]
        server.call(server.app.post("/v1/_batch", many))
        yield server


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No test here may make the server log an error."""
    yield
    records = caplog.get_records("call")
    loud = [record for record in records if record.levelno >= logging.ERROR]
    assert not loud, [record.getMessage() for record in loud]
