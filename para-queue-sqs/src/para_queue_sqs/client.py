"""Asks SQS, within a time limit, and again where that does no harm."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import create_loader

from para_core.contracts.component import Component
from para_core.errors import BackendError, UnavailableError
from para_queue_sqs.errors import as_para_error, was_not_taken

if TYPE_CHECKING:
    from para_queue_sqs.place import Place

__all__ = ["Client"]

T = TypeVar("T", bound=msgspec.Struct)

_LONGEST_POLL_SEC = 20
_CONNECTIONS = 50
_TRIES = 3
_FIRST_PAUSE_SEC = 0.1  # doubles with each


class Client(Component):
    """One connection pool. Driver errors leave it as errors of Para."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._stack = AsyncExitStack()
        self._driver: Any = None

    async def open(self) -> None:
        """Read what the driver knows of the service and of keys; nothing is asked yet.

        Raises:
            ConfigError: There is no region.
        """
        place, seconds = self.place, self.place.timeout_ms / 1000
        config = AioConfig(
            connect_timeout=seconds,
            read_timeout=seconds + _LONGEST_POLL_SEC,
            max_pool_connections=_CONNECTIONS,
            retries={"total_max_attempts": 1},  # a message that was sent twice would be there twice
        )
        session = get_session()
        session.register_component("data_loader", _loader())
        made = session.create_client(
            "sqs",
            region_name=place.region,
            endpoint_url=place.endpoint,
            aws_access_key_id=place.access_key,
            aws_secret_access_key=place.secret_key,
            config=config,
        )
        try:
            self._driver = await self._stack.enter_async_context(made)
        except (BotoCoreError, ValueError) as error:
            raise as_para_error(error, place, place.queue) from error

    async def close(self) -> None:
        """Let go of all connections."""
        self._driver = None
        await self._stack.aclose()

    async def ask(  # noqa: PLR0913 - what a request is made of
        self,
        operation: str,
        answer: type[T],
        parameters: Mapping[str, object],
        *,
        queue: str,
        wait_sec: int = 0,
        is_repeatable: bool = True,
    ) -> T:
        """Ask one thing.

        Args:
            operation: As the driver names it.
            answer: What the answer is read as.
            parameters: Of the operation.
            queue: What it is about, for errors.
            wait_sec: What the service may take beyond the time limit.
            is_repeatable: Whether asking twice does no harm. If not, it is asked again only when
                it is certain that the service did nothing.
        """
        try:
            async with asyncio.timeout(self.place.timeout_ms / 1000 + wait_sec):
                found = await self._tried(operation, parameters, is_repeatable=is_repeatable)
        except (BotoCoreError, ClientError, TimeoutError, OSError) as error:
            raise as_para_error(error, self.place, queue) from error
        if not _is_json(found):
            raise BackendError(f"what answers for the queue {queue} does not speak its protocol")
        try:
            return msgspec.convert(found, answer)
        except msgspec.ValidationError as error:
            raise BackendError(f"the queue gave an answer that is none: {error}") from error

    async def _tried(
        self, operation: str, parameters: Mapping[str, object], *, is_repeatable: bool
    ) -> dict[str, Any]:
        tries, pause = 0, _FIRST_PAUSE_SEC
        while True:
            if self._driver is None:
                raise UnavailableError("the queue is not open")
            tries += 1
            try:
                found: dict[str, Any] = await getattr(self._driver, operation)(**parameters)
            except (BotoCoreError, ClientError) as error:
                may_pass = isinstance(as_para_error(error, self.place, ""), UnavailableError)
                if tries == _TRIES or not (was_not_taken(error) or (is_repeatable and may_pass)):
                    raise
            else:
                return found
            await asyncio.sleep(pause)
            pause *= 2


def _is_json(answer: Mapping[str, Any]) -> bool:
    """Return whether an answer was one; the driver reads a page of a proxy as an empty one."""
    headers: Mapping[str, str] = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return "json" in headers.get("content-type", "json")


@functools.cache
def _loader() -> Any:  # noqa: ANN401 - the driver has no types
    """Return what reads the description of the service, once for all clients of the process."""
    return create_loader()
