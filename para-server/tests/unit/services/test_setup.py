from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from para_core.contracts.dao import Record, Write
from para_core.errors import UnavailableError
from para_core.memory.dao import MemoryDAO
from para_core.objects import App
from para_server.config import ApiSettings
from para_server.services.apps import Apps
from para_server.services.setup import Setup
from para_server.services.store import Store


@pytest.fixture
async def dao() -> AsyncIterator[MemoryDAO]:
    async with MemoryDAO() as dao:
        yield dao


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys.conf"


def apps_in(dao: MemoryDAO) -> Apps:
    return Apps(Store(dao, cache=None, index=None), ApiSettings(), clock=lambda: 1)


def setup_of(apps: Apps, keys_file: Path, override: str = "") -> Setup:
    return Setup(apps, name="para", keys_file=keys_file, override=override)


def text_in(file: Path) -> str:
    """What a file says; nothing when it is not there."""
    return file.read_text() if file.exists() else ""


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


async def test_the_keys_of_the_root_app_are_in_a_file_of_its_owner(
    dao: MemoryDAO, keys_file: Path
) -> None:
    root = await setup_of(apps_in(dao), keys_file).ensure_root()
    assert text_in(keys_file) == (
        f'para.root_access_key = "app:para"\npara.root_secret_key = "{root.secret}"\n'
    )
    assert mode_of(keys_file) == 0o600


async def test_the_keys_are_in_the_file_before_the_app_is_stored(
    dao: MemoryDAO, keys_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def write(appid: str, write: Write) -> int:
        seen.append(text_in(keys_file))
        raise UnavailableError(f"no answer about {write.event} in {appid}")

    with monkeypatch.context() as patched:
        patched.setattr(dao, "write", write)
        with pytest.raises(UnavailableError):
            await setup_of(apps_in(dao), keys_file).ensure_root()
    assert seen
    root = await setup_of(apps_in(dao), keys_file).ensure_root()
    assert str(root.secret) in text_in(keys_file)


async def test_of_two_servers_that_start_at_once_both_know_the_keys_and_one_hands_them_out(
    dao: MemoryDAO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = dao.read_all

    async def read_slowly(appid: str, keys: Sequence[str]) -> dict[str, Record]:
        found = await read(appid, keys)
        await asyncio.sleep(0)
        return found

    monkeypatch.setattr(dao, "read_all", read_slowly)
    files = [tmp_path / "one.conf", tmp_path / "two.conf"]
    setups = [setup_of(apps_in(dao), file) for file in files]
    roots: list[App] = await asyncio.gather(*(setup.ensure_root() for setup in setups))
    assert roots[0].secret == roots[1].secret
    for file in files:
        assert str(roots[0].secret) in text_in(file)
    handed = [await setup.hand_out_keys(is_local=True) for setup in setups]
    assert sum(keys is not None for keys in handed) == 1


async def test_a_later_start_writes_no_keys(dao: MemoryDAO, keys_file: Path) -> None:
    await setup_of(apps_in(dao), keys_file).ensure_root()
    again = setup_of(apps_in(dao), keys_file.with_name("others"))
    await again.ensure_root()
    assert not text_in(keys_file.with_name("others"))
    assert await again.hand_out_keys(is_local=True) is None


async def test_a_secret_of_the_configuration_is_taken_and_written_nowhere(
    dao: MemoryDAO, keys_file: Path
) -> None:
    for dictated in ("one", "two"):
        root = await setup_of(apps_in(dao), keys_file, dictated).ensure_root()
        assert root.secret == dictated
    assert not text_in(keys_file)


async def test_keys_are_handed_out_once(dao: MemoryDAO, keys_file: Path) -> None:
    setup = setup_of(apps_in(dao), keys_file)
    root = await setup.ensure_root()
    handed = await setup.hand_out_keys(is_local=False)
    assert handed is not None
    assert (handed["accessKey"], handed["secretKey"]) == ("app:para", root.secret)
    assert await setup.hand_out_keys(is_local=True) is None


async def test_once_the_keys_were_used_only_this_machine_gets_them(
    dao: MemoryDAO, keys_file: Path
) -> None:
    setup = setup_of(apps_in(dao), keys_file)
    await setup.ensure_root()
    setup.note_use()
    assert await setup.hand_out_keys(is_local=False) is None
    assert await setup.hand_out_keys(is_local=True) is not None
