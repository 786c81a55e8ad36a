from __future__ import annotations

import pytest

from para_core.errors import UnavailableError
from para_server.nodes import waiting
from para_server.nodes.waiting import Waiting


@pytest.mark.parametrize("error", [UnavailableError("away"), RuntimeError("unforeseen")])
async def test_after_an_error_an_index_is_asked_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_AWAY_SEC", 0.01)
    errors = [error]

    async def ask(appid: str) -> int:
        assert appid == "cinema"
        if errors:
            raise errors.pop()
        return 7

    index = Waiting(ask, lambda _: False)
    assert await index.until("cinema", 5, 60)
    assert await index.until("cinema", 7, 60)
    assert index.position("cinema") == 7
    await index.close()
