from __future__ import annotations

import asyncio

import pytest

from .client import Client


@pytest.fixture
async def jokes(app: Client) -> Client:
    await app.put("/v1/joke/j1", {"name": "Knock", "creatorid": "author"})
    return app


async def test_a_vote_answers_whether_it_counted(jokes: Client) -> None:
    first = await jokes.patch("/v1/jokes/j1", {"_voteup": "ann", "name": "ignored"})
    again = await jokes.patch("/v1/jokes/j1", {"_voteup": "ann"})
    assert (first.status, first.body, again.body) == (200, b"true", b"false")
    joke = (await jokes.get("/v1/joke/j1")).json
    assert (joke["votes"], joke["name"]) == (1, "Knock")


async def test_a_vote_is_found_at_once(jokes: Client) -> None:
    await jokes.patch("/v1/jokes/j1", {"_votedown": "ann"})
    (vote,) = (await jokes.get("/v1/votes", q="parentid:j1")).json["items"]
    assert (vote["id"], vote["value"], vote["downvote"]) == ("vote:ann:j1", "down", True)
    await jokes.patch("/v1/jokes/j1", {"_voteup": "ann"})
    assert (await jokes.get("/v1/votes")).json["totalHits"] == 0
    assert (await jokes.get("/v1/_id/vote:ann:j1")).status == 404


async def test_a_vote_on_nothing_is_404(jokes: Client) -> None:
    assert (await jokes.patch("/v1/jokes/nosuch", {"_voteup": "ann"})).status == 404


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"_voteup": 5}, id="voter"),
        pytest.param({"_voteup": "a", "_vote_expires_after": "soon"}, id="time"),
    ],
)
async def test_a_vote_of_wrong_types_is_400(jokes: Client, body: object) -> None:
    reply = await jokes.patch("/v1/jokes/j1", body)
    assert (reply.status, reply.json["code"]) == (400, 400)
    assert (await jokes.get("/v1/joke/j1")).json["votes"] == 0


async def test_many_votes_at_once_all_count(jokes: Client) -> None:
    votes = [jokes.patch("/v1/jokes/j1", {"_voteup": f"v{n}"}) for n in range(25)]
    assert {reply.body for reply in await asyncio.gather(*votes)} == {b"true"}
    assert (await jokes.get("/v1/joke/j1")).json["votes"] == 25
