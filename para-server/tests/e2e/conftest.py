"""A whole app, once on each combination of back-ends, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.config import Config
from para_server.config import ApiSettings
from para_server.para import Para

from .backends import ALL, backends
from .client import ROOT_SECRET, Client


@pytest.fixture
def settings() -> ApiSettings:
    """Override it in a module that needs other settings."""
    return ApiSettings(root_secret_override=ROOT_SECRET, cache_enabled=True)


@pytest.fixture(params=ALL)
def backend_name(request: pytest.FixtureRequest) -> str:
    """Override it in a module whose tests are not about back-ends."""
    name: str = request.param
    return name


@pytest.fixture
def keys() -> dict[str, object]:
    """Override it in a module that needs other configuration."""
    return {}


@pytest.fixture
async def para(
    settings: ApiSettings, keys: dict[str, object], backend_name: str, folder: Path
) -> AsyncIterator[Para]:
    async with (
        backends(backend_name, folder) as made,
        Para(settings, made, config=Config(keys)) as para,
    ):
        yield para


@pytest.fixture
def root(para: Para) -> Client:
    return Client(para, "app:para", ROOT_SECRET)


@pytest.fixture
def nobody(para: Para) -> Client:
    return Client(para)


@pytest.fixture
async def app(para: Para, root: Client) -> Client:
    made = await root.get("/v1/_setup/myapp")
    return Client(para, "app:myapp", made.json["secretKey"])
