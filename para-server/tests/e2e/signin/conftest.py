"""A whole app on memory implementations, with cheap passwords and a provider of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from para_core.config import Config
from para_core.extensions import ResourceHandler
from para_server.config import ApiSettings
from para_server.para import Para
from para_server.signin.policy import SignInPolicy

from ..backends import MEMORY, backends  # noqa: TID252 - tests have no absolute names
from .people import Clock, Vouching

CHEAP = 4  # the lowest cost of bcrypt


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vouching() -> Vouching:
    return Vouching()


@pytest.fixture
def config_values() -> Mapping[str, object]:
    """Override it in a module, or by parametrizing, for other values of the configuration."""
    return {}


@pytest.fixture
def policy() -> SignInPolicy:
    return SignInPolicy(bcrypt_cost=CHEAP, most_failures=3)


@pytest.fixture
def resources() -> list[ResourceHandler]:
    """Override it for resources of plugins."""
    return []


@pytest.fixture
async def para(  # noqa: PLR0913, PLR0917 - one fixture for each thing that tests replace
    settings: ApiSettings,
    policy: SignInPolicy,
    clock: Clock,
    vouching: Vouching,
    config_values: Mapping[str, object],
    resources: list[ResourceHandler],
    tmp_path: Path,
) -> AsyncIterator[Para]:
    async with backends(MEMORY, tmp_path) as made:
        made.sign_ins = lambda _: [vouching]
        made.resources = resources
        config = Config({"para.trusted_proxies": "127.0.0.1", **config_values})
        async with Para(settings, made, config=config, policy=policy, clock=clock) as para:
            yield para
