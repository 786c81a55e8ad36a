"""What issuers and identity providers say of themselves: how long it is kept, in which room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from para_core.contracts.signin import SignInError, SignInTools
from para_server.signin.providers.descriptions import Descriptions
from para_server.signin.providers.replies import object_of

from .kit import Clock, tools_of
from .web import Asked, Told, Web, web

HOUR_MS = 3_600_000
LARGEST, ROOM = 1000, 2500


@dataclass
class Bench:
    """A server whose answers tests change, and what keeps them."""

    server: Web
    tools: SignInTools
    clock: Clock
    answers: dict[str, Told]
    kept: Descriptions

    def of_size(self, path: str, size: int) -> str:
        """Let an address answer with an object of this size; return the address."""
        self.answers[path] = Told(200, b'{"a":"' + b"x" * (size - 8) + b'"}')
        return f"{self.server.url}{path}"

    async def asks(self, url: str, *, anew: bool = False) -> bool:
        """Tell whether the server is asked for a document that is found."""
        before = len(self.server.asked)
        assert await self.kept.find(url, "it", anew=anew)
        return len(self.server.asked) > before


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    answers: dict[str, Told] = {}
    clock = Clock()

    def answer(asked: Asked) -> Told:
        return answers.get(asked.path, Told(404))

    async with web(answer) as server, tools_of(clock) as tools:
        kept = Descriptions(tools, object_of, largest_bytes=LARGEST, room_bytes=ROOM)
        yield Bench(server, tools, clock, answers, kept)


async def test_a_document_may_be_as_large_as_is_allowed(bench: Bench) -> None:
    url = bench.of_size("/a", LARGEST)
    assert [await bench.asks(url) for _ in range(2)] == [True, False]


async def test_a_larger_document_is_refused_and_not_kept(bench: Bench) -> None:
    url = bench.of_size("/a", LARGEST + 1)
    with pytest.raises(SignInError) as caught:
        await bench.kept.find(url, "it")
    assert caught.value.reason == "it: more than 1000 bytes"
    bench.of_size("/a", LARGEST)
    assert await bench.asks(url)


async def test_what_was_kept_first_goes_when_the_room_is_full(bench: Bench) -> None:
    urls = [bench.of_size(path, LARGEST) for path in ("/a", "/b", "/c")]
    assert [await bench.asks(url) for url in urls] == [True, True, True]
    assert [await bench.asks(url) for url in urls[1:]] == [False, False]
    assert await bench.asks(urls[0])


async def test_addresses_take_room_too(bench: Bench) -> None:
    urls = [bench.of_size(path + "x" * 1200, 100) for path in ("/a", "/b")]
    assert [await bench.asks(url) for url in urls] == [True, True]
    assert [await bench.asks(url) for url in reversed(urls)] == [False, True]


async def test_a_document_that_is_fetched_again_takes_its_room_once(bench: Bench) -> None:
    other, url = bench.of_size("/a", LARGEST), bench.of_size("/b", LARGEST)
    for _ in range(5):
        bench.clock.ms += 61_000
        assert await bench.asks(url, anew=True)
    assert await bench.asks(other)
    assert not await bench.asks(url)


async def test_no_more_than_some_hundred_documents_are_kept(bench: Bench) -> None:
    small = Descriptions(bench.tools, object_of, largest_bytes=LARGEST, room_bytes=1_000_000)
    bench = replace(bench, kept=small)
    urls = [bench.of_size(f"/{number}", 10) for number in range(257)]
    assert all([await bench.asks(url) for url in urls])
    assert not any([await bench.asks(url) for url in urls[1:]])
    assert await bench.asks(urls[0])


WRONG = {
    "an error": (Told(503), "it answers 503"),
    "no document": (Told(200, b"<html>Hello</html>"), "it does not answer with JSON"),
    "a large one": (Told(200, b"[]" * LARGEST), "it: more than 1000 bytes"),
}


@pytest.mark.parametrize(("told", "reason"), WRONG.values(), ids=WRONG.keys())
async def test_what_is_usable_outlives_an_answer_that_is_not(
    bench: Bench, told: Told, reason: str
) -> None:
    lasting = Descriptions(
        bench.tools, object_of, largest_bytes=LARGEST, room_bytes=ROOM, usable_ms=3 * HOUR_MS
    )
    bench, url = replace(bench, kept=lasting), bench.of_size("/a", 100)
    assert await bench.asks(url)
    bench.answers["/a"] = told
    bench.clock.ms += 2 * HOUR_MS
    assert await bench.asks(url)
    assert not await bench.asks(url)  # once a minute at most
    bench.clock.ms += HOUR_MS - 30_000
    assert await bench.asks(url)
    bench.clock.ms += 30_000
    with pytest.raises(SignInError) as caught:  # and not for a minute more
        await bench.kept.find(url, "it")
    assert caught.value.reason == reason


async def test_an_answer_that_is_no_document_is_not_kept(bench: Bench) -> None:
    url = bench.of_size("/a", 100)
    bench.answers["/a"] = Told(200, b"<html>Hello</html>")
    for _ in range(2):
        with pytest.raises(SignInError) as caught:
            await bench.kept.find(url, "it")
        assert caught.value.reason == "it does not answer with JSON"
    bench.of_size("/a", 100)
    assert await bench.asks(url)
