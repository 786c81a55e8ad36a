"""A server that answers as a test says: for what the real ones never or rarely do."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import NamedTuple

import msgspec
from aiohttp import web

__all__ = ["PAGE", "Asked", "StandIn", "refusal", "stand_in"]


PAGE = b"<html>a proxy</html>"
"""An answer of something else."""


class Asked(NamedTuple):
    """A request that came."""

    operation: str
    body: dict[str, object]


class StandIn:
    """Gives the prepared answers of an operation one after the other, the last one for ever."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.address = ""
        self._answers: defaultdict[str, list[tuple[int, object]]] = defaultdict(list)
        self.prepare("GetQueueUrl", {"QueueUrl": "http://127.0.0.1/q"})
        self.prepare("GetQueueAttributes", {"Attributes": {}})

    def prepare(self, operation: str, *answers: object, status: int = 200) -> None:
        """Prepare answers of an operation, in place of those it has."""
        self._answers[operation] = [(status, answer) for answer in answers]

    def refuse(self, operation: str, code: str, status: int = 400) -> None:
        """Prepare a refusal."""
        self.prepare(operation, refusal(code), status=status)

    def count(self, operation: str) -> int:
        """Return how often it was asked for."""
        return sum(asked.operation == operation for asked in self.asked)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request."""
        operation = request.headers["X-Amz-Target"].rpartition(".")[2]
        self.asked.append(Asked(operation, msgspec.json.decode(await request.read())))
        answers = self._answers[operation]
        status, answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return web.Response(
            status=status,
            body=answer if isinstance(answer, bytes) else msgspec.json.encode(answer),
            content_type="text/html" if answer == PAGE else "application/x-amz-json-1.0",
        )


def refusal(code: str) -> dict[str, str]:
    """Return the body of a refusal."""
    return {"__type": f"com.amazonaws.sqs#{code}", "message": f"the service says {code}"}


@contextlib.asynccontextmanager
async def stand_in() -> AsyncIterator[StandIn]:
    """Run one as long as the block."""
    server = StandIn()
    app = web.Application()
    app.router.add_post("/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.address = f"http://{host}:{port}"
        yield server
    finally:
        await runner.cleanup()
