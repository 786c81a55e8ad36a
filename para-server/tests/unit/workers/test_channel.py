from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.contracts.dao import Record
from para_core.errors import BackendError, ConfigError, UnavailableError
from para_server.workers.channel import Ask, Leader, LeadershipServer


class Answers:
    """Answers questions, and remembers them."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self.gone = 0
        self.go_on = asyncio.Event()

    async def __call__(self, ask: Ask) -> int:
        self.asked.append(ask)
        match ask.what:
            case "slow":
                await self.go_on.wait()
            case "brief":
                raise UnavailableError("in a moment")
            case "bad":
                raise BackendError("never")
            case "broken":
                raise ConfigError("a secret of mine") from ValueError("x")
        return len(ask.records)

    def count(self) -> None:
        self.gone += 1


@pytest.fixture
async def answers() -> Answers:
    return Answers()


@pytest.fixture
async def server(tmp_path: Path, answers: Answers) -> AsyncIterator[LeadershipServer]:
    server = LeadershipServer(tmp_path / "s", answers, answers.count)
    await server.open()
    yield server
    await server.close(wait_sec=0)


@pytest.fixture
async def leader(tmp_path: Path, server: LeadershipServer) -> AsyncIterator[Leader]:
    del server
    leader = Leader(tmp_path / "s")
    yield leader
    await leader.close()


async def test_a_question_is_answered(leader: Leader, answers: Answers) -> None:
    records = [Record("é", "cat", b'{"id":1}', 7)]
    assert await leader.ask("index_unstored", "app", timeout_sec=5, records=records) == 1
    assert answers.asked[0].records == records
    assert answers.asked[0].appid == "app"


async def test_many_are_on_their_way_at_once(leader: Leader, answers: Answers) -> None:
    slow = asyncio.create_task(leader.ask("slow", "app", timeout_sec=5))
    assert await asyncio.gather(*(leader.ask("x", "app", timeout_sec=5) for _ in range(50))) == (
        [0] * 50
    )
    assert not slow.done()
    answers.go_on.set()
    assert await slow == 0


@pytest.mark.parametrize(
    ("what", "error"),
    [("brief", UnavailableError), ("bad", BackendError), ("broken", BackendError)],
)
async def test_errors_come_back(leader: Leader, what: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await leader.ask(what, "app", timeout_sec=5)
    assert await leader.ask("x", "app", timeout_sec=5) == 0


async def test_a_question_waits_no_longer_than_it_says(leader: Leader) -> None:
    with pytest.raises(TimeoutError):
        await leader.ask("slow", "app", timeout_sec=0.05)


async def test_what_wants_no_answer_is_heard(leader: Leader, answers: Answers) -> None:
    assert await leader.tell("wrote", "app")
    assert await leader.ask("x", "app", timeout_sec=5) == 0
    assert [ask.what for ask in answers.asked] == ["wrote", "x"]


async def test_the_next_leader_is_asked_when_one_ends(tmp_path: Path, answers: Answers) -> None:
    first = LeadershipServer(tmp_path / "s", answers, answers.count)
    await first.open()
    leader = Leader(tmp_path / "s")
    asked = asyncio.create_task(leader.ask("slow", "app", timeout_sec=10))
    while not answers.asked:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.001)
    await first.close(wait_sec=0)
    assert not await leader.tell("wrote", "app")
    answers.go_on.set()
    second = LeadershipServer(tmp_path / "s", answers, answers.count)
    await second.open()
    assert await asked == 0
    assert len(answers.asked) == 2
    await leader.close()
    await second.close(wait_sec=5)


async def test_who_hangs_up_is_missed(tmp_path: Path, answers: Answers) -> None:
    server = LeadershipServer(tmp_path / "s", answers, answers.count)
    await server.open()
    leader = Leader(tmp_path / "s")
    await leader.be_heard_of()
    await leader.ask("x", "app", timeout_sec=5)
    assert answers.gone == 0
    await leader.close()
    await server.close(wait_sec=5)
    assert answers.gone == 1


async def test_who_hangs_up_at_once_is_missed_too(
    leader: Leader, server: LeadershipServer, answers: Answers
) -> None:
    del server
    await leader.be_heard_of()
    await leader.close()
    async with asyncio.timeout(5):
        while answers.gone == 0:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    assert (answers.gone, answers.asked) == (1, [])
