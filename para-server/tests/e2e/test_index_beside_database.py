"""An index that knows more than the database: what ``para.sync_index_with_db`` does about it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from para_core.contracts.dao import Record
from para_core.errors import UnavailableError
from para_core.objects import Sysprop
from para_core.objects.codec import record_of
from para_server.config import ApiSettings
from para_server.para import Para

from .client import Client


def a_boat(key: str) -> Record:
    """Return a boat as the index got it when it was stored."""
    record = record_of(Sysprop(id=key, type="boat"))
    return Record(record.id, record.type, record.data, 1)


async def leave_entries(para: Para, *keys: str) -> None:
    """Put entries into the index of which the database knows nothing, as an old copy has them."""
    await para.services.index.index_unstored("myapp", [a_boat(key) for key in keys])


async def boats(app: Client) -> tuple[int, list[str]]:
    found = (await app.get("/v1/boat")).json
    return found["totalHits"], sorted(item["id"] for item in found["items"])


async def test_entries_without_objects_are_removed_when_a_search_meets_them(
    para: Para, app: Client
) -> None:
    await app.put("/v1/boat/b1", {"name": "Tern"})
    await leave_entries(para, "b2", "b3")
    assert await boats(app) == (3, ["b1"])
    assert await boats(app) == (1, ["b1"])


async def test_what_is_stored_meanwhile_stays_to_be_found(
    para: Para, app: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = para.services.index
    usual = index.index_unstored

    async def stored_first(appid: str, records: list[Record], gone: tuple[str, ...] = ()) -> None:
        if gone:  # another request stores it, and it is indexed before the entry is removed
            monkeypatch.setattr(index, "index_unstored", usual)
            await app.put("/v1/boat/b2", {"name": "Gull"})
            assert await index.caught_up("myapp", 10)
        await usual(appid, records, gone)

    await leave_entries(para, "b2")
    monkeypatch.setattr(index, "index_unstored", stored_first)
    await boats(app)
    assert await boats(app) == (1, ["b2"])


async def test_an_index_that_is_behind_is_left_alone(
    para: Para, app: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await leave_entries(para, "b2")
    with monkeypatch.context() as patch:
        patch.setattr(para.services.index, "is_current", lambda appid: False)
        assert await boats(app) == (1, [])
        assert await boats(app) == (1, [])
    await boats(app)
    assert await boats(app) == (0, [])


async def test_a_search_goes_on_when_they_cannot_be_removed(
    para: Para, app: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(*parts: object) -> None:
        raise UnavailableError("nobody leads")

    await leave_entries(para, "b2")
    with monkeypatch.context() as patch:
        patch.setattr(para.services.index, "index_unstored", refuse)
        assert await boats(app) == (1, [])
    assert "could not be removed: nobody leads" in caplog.text


class TestTurnedOff:
    """``para.sync_index_with_db = false``."""

    @pytest.fixture
    def settings(self, settings: ApiSettings) -> ApiSettings:
        return replace(settings, sync_index_with_db=False)

    async def test_entries_stay(self, para: Para, app: Client) -> None:
        await leave_entries(para, "b2")
        assert await boats(app) == (1, [])
        assert await boats(app) == (1, [])
