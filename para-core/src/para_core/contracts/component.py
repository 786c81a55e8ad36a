"""What every back-end that the process opens once and closes once has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

__all__ = ["Component"]


class Component(ABC):
    """Something that is opened before its first use and closed after its last."""

    @abstractmethod
    async def open(self) -> None:
        """Connect, and check what the first use needs.

        Raises:
            ConfigError: A setting makes it unusable; the message says which and what to do.
        """

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything. Closing twice is harmless."""

    async def __aenter__(self) -> Self:
        """Open."""
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()
