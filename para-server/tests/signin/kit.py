"""What providers are given in tests: settings, browsers, and the server's tools."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from para_core.contracts.signin import Redirect, SignInTools
from para_core.memory.cache import CaffeineSettings, MemoryCache
from para_core.memory.filestore import MemoryFileStore
from para_server.outbound import Addresses, OutboundClient

APP = "shop"


@dataclass(frozen=True)
class Settings:
    """Settings of one app."""

    values: Mapping[str, str] = field(default_factory=dict)
    appid: str = APP

    def text(self, key: str, default: str = "") -> str:
        return self.values.get(key, default)

    def flag(self, key: str, *, default: bool = False) -> bool:
        return self.text(key, str(default)).lower() == "true"

    def credentials(self, prefix: str) -> tuple[str, str]:
        return self.text(f"{prefix}_app_id"), self.text(f"{prefix}_secret")


@dataclass
class Visit:
    """A browser at an endpoint."""

    settings: Settings
    params: Mapping[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    method: str = "GET"
    path: str = "/x_auth"
    redirect_uri: str = f"https://para.example/x_auth?appid={APP}"

    def param(self, name: str) -> str:
        return self.params.get(name, "")

    def cookie(self, name: str) -> str:
        return self.cookies.get(name, "")

    def after(self, redirect: Redirect, **params: str) -> Visit:
        """Return the same browser when it comes back, with the cookies it was given."""
        given = {cookie.name: cookie.value for cookie in redirect.cookies}
        return Visit(
            self.settings, params, {**self.cookies, **given}, redirect_uri=self.redirect_uri
        )


class Clock:
    """Time that tests move."""

    def __init__(self) -> None:
        self.ms = int(time.time() * 1000)

    def __call__(self) -> int:
        return self.ms


@asynccontextmanager
async def tools_of(clock: Clock | None = None) -> AsyncIterator[SignInTools]:
    """Open the tools that the server lends; private addresses are allowed."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading the system's authorities takes a while
    outbound = OutboundClient(Addresses(allow_private=True), timeout_ms=3000, tls=tls)
    now = clock or Clock()
    cache = MemoryCache(CaffeineSettings(), clock=lambda: now.ms / 1000)
    files = MemoryFileStore()
    async with outbound, cache, files:
        yield SignInTools(outbound, files, cache, now)
