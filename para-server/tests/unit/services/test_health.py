from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from para_core.errors import UnavailableError
from para_server.services.health import Health, is_healthy


class Store:
    """Answers late, and counts how often it was asked."""

    def __init__(self, *, fails: bool = False) -> None:
        self.asked, self.fails = 0, fails

    async def read(self, appid: str, key: str) -> object:
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.fails:
            raise UnavailableError(f"no answer about {key} of {appid}")
        return object()


def services_on(store: Store) -> Any:  # noqa: ANN401 - the few services that a probe needs
    return SimpleNamespace(
        health=Health(),
        apps=SimpleNamespace(root="para"),
        store=SimpleNamespace(dao=store),
        settings=SimpleNamespace(search_enabled=False),
    )


async def test_all_who_ask_at_once_hear_what_one_probe_found() -> None:
    store = Store()
    services = services_on(store)
    assert await asyncio.gather(*(is_healthy(services) for _ in range(10))) == [True] * 10
    assert store.asked == 1


async def test_a_failed_probe_is_no_good_health() -> None:
    services = services_on(Store(fails=True))
    assert not await is_healthy(services)


async def test_a_probe_serves_for_a_second() -> None:
    store = Store()
    services = services_on(store)
    assert await is_healthy(services)
    store.fails = True
    assert await is_healthy(services)
    services.health.checked_at -= 1.1
    assert not await is_healthy(services)
