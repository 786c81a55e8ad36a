"""Requests that wait share the next round trip."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from para_core.errors import UnavailableError
from para_core.lanes import Lanes


class Server:
    """Answers each question with itself, and only while it is free."""

    def __init__(self, *, total: int = 2, per_group: int = 1) -> None:
        self.rounds: list[tuple[str, list[int]]] = []
        self.free = asyncio.Event()
        self.late: list[tuple[str, int, int]] = []
        self.lanes = Lanes(self._serve, total=total, per_group=per_group, late=self._hear)

    def _hear(self, group: str, question: int, answer: int) -> None:
        self.late.append((group, question, answer))

    async def _serve(self, group: str, questions: Sequence[int]) -> list[int | Exception]:
        self.rounds.append((group, list(questions)))
        await self.free.wait()
        if 13 in questions:
            raise ValueError("thirteen")
        return [ValueError(group) if question < 0 else question for question in questions]


async def the_first_round_begins() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_what_comes_in_one_turn_goes_together_and_the_rest_in_the_next_round() -> None:
    server = Server()
    first = [server.lanes.submit("a", number) for number in range(3)]
    await the_first_round_begins()
    later = [server.lanes.submit("a", number) for number in range(3, 6)]
    server.free.set()
    assert await asyncio.gather(*first, *later) == list(range(6))
    assert server.rounds == [("a", [0, 1, 2]), ("a", [3, 4, 5])]
    await server.lanes.close()


async def test_groups_do_not_wait_for_each_other_while_there_are_lanes() -> None:
    server = Server(total=2)
    answers = [server.lanes.submit(group, 1) for group in "abc"]
    await the_first_round_begins()
    assert server.rounds == [("a", [1]), ("b", [1])]
    server.free.set()
    assert await asyncio.gather(*answers) == [1, 1, 1]
    await server.lanes.close()


async def test_an_error_of_one_question_is_heard_by_its_caller_alone() -> None:
    server = Server()
    server.free.set()
    good, bad = server.lanes.submit("a", 1), server.lanes.submit("a", -1)
    with pytest.raises(ValueError, match="a"):
        await bad
    assert await good == 1
    await server.lanes.close()


async def test_an_error_of_a_round_is_heard_by_all_in_it() -> None:
    server = Server()
    server.free.set()
    answers = [server.lanes.submit("a", number) for number in (12, 13)]
    heard = await asyncio.gather(*answers, return_exceptions=True)
    assert [str(error) for error in heard] == ["thirteen", "thirteen"]
    assert await server.lanes.submit("a", 14) == 14
    await server.lanes.close()


async def test_a_question_that_was_withdrawn_is_not_asked() -> None:
    server = Server(total=1)
    first = server.lanes.submit("a", 1)
    await the_first_round_begins()
    withdrawn, kept = server.lanes.submit("a", 2), server.lanes.submit("a", 3)
    withdrawn.cancel()
    server.free.set()
    assert [await first, await kept] == [1, 3]
    assert server.rounds == [("a", [1]), ("a", [3])]
    await server.lanes.close()


async def test_an_answer_for_which_nobody_waits_any_more_is_told() -> None:
    server = Server()
    in_time, late, failed = (server.lanes.submit("a", number) for number in (1, 2, -1))
    await the_first_round_begins()
    late.cancel()
    failed.cancel()
    server.free.set()
    assert await in_time == 1
    await server.lanes.close()
    assert server.late == [("a", 2, 2)]


async def test_closing_serves_what_waits_and_takes_nothing_more() -> None:
    server = Server(total=1)
    answers = [server.lanes.submit(group, 1) for group in "ab"]
    server.free.set()
    await server.lanes.close()
    assert [answer.result() for answer in answers] == [1, 1]
    with pytest.raises(UnavailableError):
        _ = server.lanes.submit("a", 2)
