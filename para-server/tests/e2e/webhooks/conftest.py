"""A whole app that delivers webhooks, and receivers to deliver them to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from para_core.config import Config
from para_server.config import ApiSettings
from para_server.para import Backends, Para

from ...receivers import Receiver, a_receiver  # noqa: TID252 - tests have no absolute names
from ..backends import MEMORY, backends  # noqa: TID252 - tests have no absolute names


@pytest.fixture
def backend_name() -> str:
    """Override it in a module whose tests need a database on the disk."""
    return MEMORY


@pytest.fixture
def config_values() -> Mapping[str, object]:
    """Override it for other values of the configuration."""
    return {}


@pytest.fixture
def config(config_values: Mapping[str, object]) -> Config:
    return Config(
        {"para.webhooks_enabled": "true", "para.outbound.hosts": "127.0.0.1", **config_values}
    )


@pytest.fixture
async def made(backend_name: str, folder: Path) -> AsyncIterator[Backends]:
    async with backends(backend_name, folder) as made:
        yield made


@pytest.fixture
async def para(settings: ApiSettings, config: Config, made: Backends) -> AsyncIterator[Para]:
    async with Para(settings, made, config=config) as para:
        yield para


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as receiver:
        yield receiver
