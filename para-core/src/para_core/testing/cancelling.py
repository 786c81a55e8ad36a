"""Cancelling a call while a thread still works for it: nothing may stay open then."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, ParamSpec, TypeVar

import pytest

__all__ = ["Held", "cancel_during", "until"]

P = ParamSpec("P")
T = TypeVar("T")

_PATIENCE_SEC = 60


class Held(Generic[P, T]):
    """A function that does its work, and returns only when it is let go."""

    def __init__(self, function: Callable[P, T]) -> None:
        self._function = function
        self.has_worked, self.may_return = threading.Event(), threading.Event()
        self.results: list[T] = []

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Work, in a thread, and wait."""
        result = self._function(*args, **kwargs)
        self.results.append(result)
        self.has_worked.set()
        assert self.may_return.wait(_PATIENCE_SEC)
        return result


async def cancel_during(call: Coroutine[Any, Any, object], held: Held[..., Any]) -> None:
    """Begin a call, and cancel it while a function is held; that is not let go yet."""
    task = asyncio.create_task(call)
    await until(held.has_worked.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(_PATIENCE_SEC):
        while not holds():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
