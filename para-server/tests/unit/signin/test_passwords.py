from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator

import bcrypt
import pytest

from para_server.signin.hashing_process import HashingProcess
from para_server.signin.passwords import ARGON2ID, BusyError, PasswordChecker, is_usable

DOCUMENTED = "$2b$12$abcdefghijklmnopqrstuuLErI/c8Qwega4Tnonr0dlCIErp6SNq."
RIGHT = "correct horse 12"
CHEAP = 4  # the lowest cost there is


@pytest.fixture
async def passwords() -> AsyncIterator[PasswordChecker]:
    async with PasswordChecker(cost=CHEAP) as checker:
        yield checker


async def is_served(checker: PasswordChecker) -> bool:
    try:
        return await checker.check(RIGHT, DOCUMENTED)
    except BusyError:
        return False


@pytest.mark.parametrize("version", ["2a", "2b", "2x", "2y"])
async def test_hashes_of_every_version_are_checked(
    passwords: PasswordChecker, version: str
) -> None:
    hashed = DOCUMENTED.replace("2b", version)
    assert await passwords.check(RIGHT, hashed)
    assert not await passwords.check(RIGHT + "3", hashed)


async def test_a_new_hash_is_salted_and_of_cost_12() -> None:
    async with PasswordChecker() as checker:
        hashed = await checker.hash(RIGHT)
        assert hashed.startswith("$2b$12$")
        assert len(hashed) == 60
        assert await checker.check(RIGHT, hashed)


async def test_two_hashes_of_one_password_differ(passwords: PasswordChecker) -> None:
    first, second = await passwords.hash(RIGHT), await passwords.hash(RIGHT)
    assert first != second
    assert await passwords.check(RIGHT, second)


async def test_a_password_may_have_72_bytes_and_no_more(passwords: PasswordChecker) -> None:
    longest = "ж" * 36
    hashed = await passwords.hash(longest)
    assert await passwords.check(longest, hashed)
    assert not await passwords.check(longest + "x", hashed)


@pytest.mark.parametrize(
    "hashed",
    [
        None,
        "",
        "secret",
        "$2b$12$",
        "$2c" + DOCUMENTED[3:],
        DOCUMENTED + "x",
        DOCUMENTED[:-1] + "ж",
        DOCUMENTED.replace("$12$", "$00$"),
    ],
)
async def test_what_is_no_hash_matches_nothing(
    passwords: PasswordChecker, hashed: str | None
) -> None:
    assert not await passwords.check(RIGHT, hashed)


async def test_a_hash_that_would_hold_up_everybody_is_not_computed(
    passwords: PasswordChecker,
) -> None:
    async with asyncio.timeout(60):  # it would take days
        assert not await passwords.check(RIGHT, DOCUMENTED.replace("$12$", "$31$"))


@pytest.mark.parametrize("password", ["", "x" * 73, "a\0b", "\ud800", "x" * 6000])
async def test_what_is_no_password_matches_nothing(
    passwords: PasswordChecker, password: str
) -> None:
    hashed = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(CHEAP)).decode()
    assert not await passwords.check(password, hashed)


@pytest.mark.parametrize(
    ("password", "hashed"), [(RIGHT, None), ("x" * 73, DOCUMENTED), (RIGHT, "nonsense")]
)
async def test_nobody_is_checked_as_long_as_somebody(password: str, hashed: str | None) -> None:
    process = HashingProcess()

    def spent() -> float:
        return time.process_time() + process.spent_ns() / 1e9

    async with PasswordChecker(process=process) as checker:
        assert await checker.check(RIGHT, DOCUMENTED)  # starts the process
        start = spent()
        await checker.check("wrong", DOCUMENTED)
        middle = spent()
        assert not await checker.check(password, hashed)
        assert spent() - middle > (middle - start) / 2 > 0


async def test_quick_work_needs_no_process() -> None:
    process = HashingProcess()
    async with PasswordChecker(cost=CHEAP, process=process) as checker:
        hashed = await checker.hash(RIGHT)
        assert await checker.check(RIGHT, hashed)
        assert process.pid is None
        assert await checker.check(RIGHT, DOCUMENTED)
        assert (process.pid is None) is not hasattr(os, "SCHED_IDLE")


async def test_without_a_process_passwords_are_checked_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    async with PasswordChecker(scheme=ARGON2ID) as checker:
        hashed = await checker.hash(RIGHT)
        assert await checker.check(RIGHT, hashed)
        assert not await checker.check(RIGHT + "3", hashed)


async def test_a_full_queue_sends_people_away_and_goes_on() -> None:
    async with PasswordChecker(waiting=1) as checker:
        answers = await asyncio.gather(
            *(checker.check(RIGHT, DOCUMENTED) for _ in range(4)), return_exceptions=True
        )
        assert answers[:2] == [True, True]
        assert [type(answer) for answer in answers[2:]] == [BusyError, BusyError]
        assert await checker.check(RIGHT, DOCUMENTED)


async def test_a_caller_that_gives_up_leaves_its_place() -> None:
    async with PasswordChecker(waiting=0) as checker:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await checker.check(RIGHT, DOCUMENTED)
        with pytest.raises(BusyError):  # it is still at it
            await checker.check(RIGHT, DOCUMENTED)
        async with asyncio.timeout(5):
            while not await is_served(checker):  # noqa: ASYNC110 - nothing tells when it is free
                await asyncio.sleep(0.05)


async def test_who_comes_too_late_starts_nothing_any_more() -> None:
    process = HashingProcess()
    async with PasswordChecker(process=process) as checker:
        waiting = [asyncio.create_task(checker.check(RIGHT, DOCUMENTED)) for _ in range(3)]
        await asyncio.sleep(0.01)
    for task in waiting:
        with pytest.raises(asyncio.CancelledError):
            await task
    with pytest.raises(BusyError):
        await checker.check(RIGHT, DOCUMENTED)
    assert process.pid is None


async def test_the_loop_goes_on_while_a_password_is_checked() -> None:
    async with PasswordChecker() as checker:
        check = asyncio.create_task(checker.check(RIGHT, DOCUMENTED))
        turns = 0
        while not check.done():
            await asyncio.sleep(0.005)
            turns += 1
        assert turns > 5
        assert await check


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("12345678", True),
        ("1234567", False),
        ("жжжж", True),
        ("x" * 72, True),
        ("x" * 73, False),
        ("", False),
        (" " * 9, False),
        ("1234567\0", False),
        ("1234567\ud800", False),
    ],
)
def test_a_new_password_has_8_to_72_bytes(password: str, *, expected: bool) -> None:
    assert is_usable(password) is expected
    assert is_usable("123456", shortest=6)
