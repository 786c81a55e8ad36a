"""A whole app that takes forms: its emailer keeps what it gets, its captcha service is a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from para_core.config import Config
from para_server.config import ApiSettings
from para_server.para import Para

from ...mail.recorder import Recorder  # noqa: TID252 - tests have no absolute names
from ...signin.web import web  # noqa: TID252
from ..backends import MEMORY, backends  # noqa: TID252
from ..client import Client  # noqa: TID252
from ..signin.people import Clock  # noqa: TID252
from .kit import FORM, Verifier


@pytest.fixture
def emailer() -> Recorder:
    return Recorder()


@pytest.fixture
def verifier() -> Verifier:
    return Verifier()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def more_config() -> Mapping[str, object]:
    return {}


@pytest.fixture
async def para(  # noqa: PLR0913, PLR0917 - one fixture for each thing that tests replace
    settings: ApiSettings,
    emailer: Recorder,
    verifier: Verifier,
    clock: Clock,
    more_config: Mapping[str, object],
    tmp_path: Path,
) -> AsyncIterator[Para]:
    async with web(verifier.answer) as service, backends(MEMORY, tmp_path) as made:
        made.emailer = emailer
        paths = {"recaptcha": "/re", "hcaptcha": "/h", "turnstile": "/cf"}
        urls = {f"para.captcha.{name}_url": service.url + path for name, path in paths.items()}
        named = {"para.captcha.service": "recaptcha"}
        config = Config({**urls, **named, **more_config})
        async with Para(settings, made, config=config, clock=clock) as para:
            yield para


@pytest.fixture
async def form(app: Client) -> dict[str, Any]:
    made = await app.post("/v1/form", FORM)
    assert made.status == 201
    return dict(made.json)
