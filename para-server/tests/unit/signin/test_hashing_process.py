from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from para_server.signin import breaks, hashing, hashing_process
from para_server.signin.hashing import Compare, MakeArgon2, MakeBcrypt, Task
from para_server.signin.hashing_process import HashingProcess

pytestmark = pytest.mark.skipif(
    not hasattr(os, "SCHED_IDLE"), reason="there is no priority below all others"
)

DOCUMENTED = "$2b$12$abcdefghijklmnopqrstuuLErI/c8Qwega4Tnonr0dlCIErp6SNq."
RIGHT = "correct horse 12"
QUICK, SLOW = MakeBcrypt(RIGHT, 4), MakeBcrypt(RIGHT, 14)


@pytest.fixture
async def process(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HashingProcess]:
    """A process that is not given up, however busy this machine is with other things."""
    monkeypatch.setattr(breaks, "_MOST_VAIN", 100_000)
    process = HashingProcess()
    yield process
    process.stop()


async def pid_of(process: HashingProcess) -> int:
    """Start it, and return which one it is."""
    assert isinstance(await process.ask(QUICK), str)
    assert process.pid is not None
    return process.pid


async def has_ended(pid: int) -> bool:
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (Compare(RIGHT, DOCUMENTED), True),
        (Compare(RIGHT + "3", DOCUMENTED), False),
        (Compare("ж\n😀", DOCUMENTED), False),
        (Compare(RIGHT, "$2b$99$nonsense"), False),
        (Compare(RIGHT, "$argon2id$nonsense"), False),
    ],
)
async def test_passwords_are_compared(
    process: HashingProcess, task: Task, *, expected: bool
) -> None:
    assert await process.ask(task) is expected


@pytest.mark.parametrize("task", [QUICK, MakeArgon2(RIGHT)])
async def test_new_hashes_match_what_they_were_made_of(process: HashingProcess, task: Task) -> None:
    hashed = await process.ask(task)
    assert isinstance(hashed, str)
    assert await process.ask(Compare(RIGHT, hashed)) is True
    assert await process.ask(Compare(RIGHT + "3", hashed)) is False


async def test_it_yields_to_everything_else(process: HashingProcess) -> None:
    assert os.sched_getscheduler(await pid_of(process)) == os.SCHED_IDLE


async def test_it_starts_with_the_first_task_and_stays(process: HashingProcess) -> None:
    assert (process.pid, process.spent_ns()) == (None, 0)
    first = await pid_of(process)
    before = process.spent_ns()
    assert await process.ask(MakeArgon2(RIGHT)) is not None
    assert process.spent_ns() > before > 0
    assert process.pid == first


async def test_it_ends_when_it_is_stopped_at_work(process: HashingProcess) -> None:
    pid = await pid_of(process)
    asking = asyncio.create_task(process.ask(SLOW))
    await asyncio.sleep(0.02)
    process.stop()
    assert await has_ended(pid)
    assert await asking is None


def test_it_ends_when_nobody_can_ask_any_more() -> None:
    command = [sys.executable, "-m", hashing.__name__]
    done = subprocess.run(command, input=b"", check=False, timeout=60)  # noqa: S603
    assert done.returncode == 0


async def test_after_an_accident_it_rests_and_starts_again(
    process: HashingProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hashing_process, "_REST_SEC", 0.2)
    pid = await pid_of(process)
    asking = asyncio.create_task(process.ask(SLOW))
    await asyncio.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    assert await asking is None
    assert "for a while: the process has ended" in caplog.text
    assert (await process.ask(QUICK), process.pid) == (None, None)
    await asyncio.sleep(0.2)
    assert await pid_of(process) != pid


async def test_one_that_gets_nowhere_is_given_up(
    process: HashingProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pid = await pid_of(process)
    monkeypatch.setattr(breaks, "_VAIN_SEC", 0.001)
    monkeypatch.setattr(breaks, "_MOST_VAIN", 20)
    os.kill(pid, signal.SIGSTOP)
    assert await process.ask(QUICK) is None
    assert "for a while: other work takes every core" in caplog.text
    assert await has_ended(pid)


async def test_where_none_can_be_started_there_is_none(
    process: HashingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert await process.ask(QUICK) is None
    assert process.pid is None
