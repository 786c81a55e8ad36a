"""Apps in archives: for the root app only."""

from __future__ import annotations

from para_core.memory.dao import MemoryDAO
from para_server.config import ApiSettings

from .vault import DEPOT, Vault, film


async def test_a_child_app_cannot_import_apps(vault: Vault) -> None:
    record = await vault.load([DEPOT, film(1)])
    assert record.properties["count"] == 1
    assert record.properties["skipped"] == {"apps are for the root app to import": 1}
    assert await vault.apps.find("depot") is None
    assert await vault.read("cinema", "app:depot") is None


async def test_the_root_app_makes_the_apps_of_an_archive(vault: Vault) -> None:
    await vault.load([{**DEPOT, "tokenValiditySec": 60}], into="para")
    app = await vault.apps.find("depot")
    assert app is not None
    assert (app.read_only, app.secret, app.settings) == (True, "mine", {"a": 1})
    assert (app.appid, app.token_validity_sec) == ("para", 60)
    assert "depot" in await vault.dao.apps()


async def test_the_root_app_replaces_apps(vault: Vault) -> None:
    held = await vault.app("depot")
    bare = {key: value for key, value in DEPOT.items() if key != "secret"}
    await vault.load([bare], into="para")
    app = await vault.apps.find("depot")
    assert app is not None
    assert app.read_only
    assert app.secret == held.secret
    assert app.token_validity_sec == 86_400


async def test_a_dictated_secret_of_the_root_app_stays() -> None:
    async with MemoryDAO() as dao:
        vault = Vault(dao, ApiSettings(root_secret_override="dictated"))  # noqa: S106
        await vault.load([{"id": "app:para", "type": "app", "secret": "other"}], into="para")
        root = await vault.apps.find("para")
        assert root is not None
        assert root.secret == "dictated"  # noqa: S105
