"""A failure tells the client how its lines in the log are found."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from para_core.errors import BackendError, UnavailableError
from para_core.memory.dao import MemoryDAO
from para_server.logs.lines import JsonLines, Redactor
from para_server.para import Para

from .backends import MEMORY
from .client import Client


@pytest.fixture
def backend_name() -> str:
    return MEMORY


class Lines(logging.Handler):
    """Keeps the lines of the log as they are written."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(JsonLines(Redactor()))
        self.kept: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[Lines]:
    lines = Lines()
    logging.getLogger().addHandler(lines)
    yield lines
    logging.getLogger().removeHandler(lines)


@pytest.mark.parametrize(
    ("error", "status"), [(BackendError("broken"), 500), (UnavailableError("away"), 503)]
)
async def test_a_failure_has_the_id_of_its_lines(
    app: Client, lines: Lines, error: Exception, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(MemoryDAO, "read_all", fail)
    failed = [await app.get("/v1/cats/none"), await app.get("/v1/cats/none")]
    assert [reply.status for reply in failed] == [status, status]
    ids = [reply.headers["x-request-id"] for reply in failed]
    told = [line["request_id"] for line in lines.kept if "a request failed" in str(line["message"])]
    assert told == ids
    assert len(set(ids)) == 2


async def test_other_answers_have_none(app: Client) -> None:
    for reply in (await app.get("/v1/cats/none"), await app.get("/v1")):
        assert "x-request-id" not in reply.headers


async def test_work_that_goes_on_behind_an_answer_keeps_the_id(
    para: Para, app: Client, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise BackendError("broken")

    monkeypatch.setattr(MemoryDAO, "write", fail)
    headers = {"x-para-respond-immediately": "true"}
    assert (await app.send("POST", "/v1/cats", {"name": "a cat"}, headers=headers)).status == 200
    await para.api.close()
    told = [line for line in lines.kept if "a request failed" in str(line["message"])]
    assert [len(str(line["request_id"])) for line in told] == [16]
