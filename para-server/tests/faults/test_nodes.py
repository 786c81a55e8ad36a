"""Two servers on one PostgreSQL are as one, within a bound, whatever happens to either."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from .nodes import a_cluster, connected, eventually, the_smallest_set
from .process import Caller, ServerProcess

pytestmark = [pytest.mark.service("postgresql"), pytest.mark.long]

MOST_FAILURES = 4


@pytest.fixture
def nodes(folder: Path) -> Iterator[list[ServerProcess]]:
    """Start nodes that a test may kill."""
    with a_cluster(folder) as nodes:
        yield nodes


SETS = [
    pytest.param(partial(nullcontext, {}), id="each its own"),
    pytest.param(
        the_smallest_set,
        id="one cache and one cluster",
        marks=[pytest.mark.service("redis"), pytest.mark.service("opensearch")],
    ),
]
"""Caches and indexes of the nodes."""


@pytest.fixture(scope="module", params=SETS)
def lasting(request: pytest.FixtureRequest) -> Iterator[list[ServerProcess]]:
    """Start nodes for all tests that leave them alive."""
    limit = {"para.security.failures_per_address": MOST_FAILURES}
    with (
        TemporaryDirectory() as folder,
        request.param() as settings,
        a_cluster(Path(folder), settings | limit) as nodes,
    ):
        yield nodes


@pytest.fixture
def callers(lasting: list[ServerProcess]) -> Iterator[list[Caller]]:
    with ExitStack() as stack:
        yield connected(lasting, stack)


def test_what_one_node_wrote_the_others_answer_within_the_bound(callers: list[Caller]) -> None:
    one, two = callers
    for number in range(10):
        assert one.ask("PUT", "/v1/thing/t", {"n": number}).status == 200
        eventually(partial(has_number, two, number))
        assert one.ask("GET", "/v1/thing/t").json["n"] == number
        one, two = two, one
    assert one.ask("DELETE", "/v1/thing/t").status == 200
    eventually(lambda: two.ask("GET", "/v1/thing/t").status == 404)


def test_a_search_finds_at_once_what_its_node_stored_and_soon_what_others_did(
    callers: list[Caller],
) -> None:
    for number in range(12):
        writer, other = callers if number % 2 else callers[::-1]
        assert writer.ask("PUT", f"/v1/thing/t{number}", {"n": number}).status == 200
        query = [("q", f"properties.n:{number}")]
        assert writer.ask("GET", "/v1/thing", query=query).json["totalHits"] == 1
        eventually(partial(finds_one, other, query))


def has_number(caller: Caller, number: int) -> bool:
    return bool(caller.ask("GET", "/v1/thing/t").json["n"] == number)


def finds_one(caller: Caller, query: list[tuple[str, str]]) -> bool:
    return bool(caller.ask("GET", "/v1/thing", query=query).json["totalHits"] == 1)


def test_keys_permissions_and_users_that_one_node_changes_hold_on_the_others(
    callers: list[Caller],
) -> None:
    one, two = callers
    made = one.ask("GET", "/v1/_setup/boats").json
    for caller in callers:
        caller.sign_as(made["accessKey"], made["secretKey"])
    eventually(lambda: two.ask("GET", "/v1/_me").status == 200)
    # a user's right
    user = one.ask("POST", "/jwt_auth", a_sign_up("password")).json
    token = {"authorization": f"Bearer {user['jwt']['access_token']}"}
    assert two.ask("GET", "/v1/boat", headers=token).status == 403
    grant = f"/v1/_permissions/{user['user']['id']}/boat"
    assert one.ask("PUT", grant, ["GET"]).status == 200
    eventually(lambda: two.ask("GET", "/v1/boat", headers=token).status == 200)
    assert two.ask("DELETE", grant).status == 200
    eventually(lambda: one.ask("GET", "/v1/boat", headers=token).status == 403)
    # the user's tokens
    assert one.ask("GET", "/v1/_me", headers=token).status == 200
    assert two.ask("DELETE", "/jwt_auth", headers=token).status == 200
    eventually(lambda: one.ask("GET", "/v1/_me", headers=token).status == 401)
    # the app's keys
    fresh = one.ask("POST", "/v1/_newkeys").json
    eventually(lambda: two.ask("GET", "/v1/_me").status == 403)
    two.sign_as(fresh["accessKey"], fresh["secretKey"])
    assert two.ask("GET", "/v1/_me").status == 200


def test_an_app_that_one_node_deleted_and_made_again_is_empty_on_the_others(
    callers: list[Caller],
) -> None:
    one, two = callers
    first = one.ask("GET", "/v1/_setup/ships").json
    two.sign_as(first["accessKey"], first["secretKey"])
    eventually(lambda: two.ask("GET", "/v1/_me").status == 200)
    assert two.ask("POST", "/v1/boat", {"id": "old"}).status == 201
    assert two.ask("GET", "/v1/boat").json["totalHits"] == 1
    assert two.ask("GET", "/v1/boat/old").status == 200
    one.sign_as(first["accessKey"], first["secretKey"])
    eventually(lambda: one.ask("DELETE", "/v1/app/ships").status == 200)
    one.sign_as_root()
    again = one.ask("GET", "/v1/_setup/ships").json
    two.sign_as(again["accessKey"], again["secretKey"])
    eventually(lambda: two.ask("GET", "/v1/_me").status == 200)
    eventually(lambda: two.ask("GET", "/v1/boat/old").status == 404)
    eventually(lambda: two.ask("GET", "/v1/boat").json["totalHits"] == 0)
    assert two.ask("POST", "/v1/boat", {"id": "new"}).status == 201
    assert two.ask("GET", "/v1/boat").json["totalHits"] == 1


def test_what_holds_back_who_tries_passwords_is_counted_over_all_nodes(
    callers: list[Caller],
) -> None:
    def tried(number: int) -> int:
        path = f"/password_auth?token=a{number}@example.com::wrong"
        return callers[number % 2].ask("GET", path).status

    answers = [tried(number) for number in range(MOST_FAILURES + 2)]
    assert answers.index(429) == MOST_FAILURES


def test_two_nodes_with_one_number_do_not_start(nodes: list[ServerProcess], folder: Path) -> None:
    third = ServerProcess(folder / "third")
    third.folder.mkdir()
    third.settings |= nodes[0].settings
    assert third.is_refused_in_one_line("para.worker_id 1", "another node")
    nodes[0].kill()
    third.start()  # it waits until the lease has ended
    third.wait_until_ready()
    third.kill()


def test_a_node_that_was_stopped_while_another_took_its_number_ends(
    nodes: list[ServerProcess], folder: Path
) -> None:
    stopped = nodes[0].process
    assert stopped is not None
    stopped.send_signal(signal.SIGSTOP)
    third = ServerProcess(folder / "third")
    third.folder.mkdir()
    third.settings |= nodes[0].settings
    try:
        third.start()
        third.wait_until_ready()
        stopped.send_signal(signal.SIGCONT)
        assert nodes[0].ends() == 2
        assert "another node has the number" in nodes[0].log
    finally:
        stopped.send_signal(signal.SIGCONT)
        third.kill()


def a_sign_up(provider: str) -> dict[str, str]:
    return {"appid": "boats", "provider": provider, "token": "ann@example.com:Ann:secret-word-1"}


# ---- what the operator sees ---------------------------------------------------------------------

TOKEN = "of-the-operator"  # noqa: S105 - of a test


def test_health_tells_who_is_there_and_which_shares_each_has(folder: Path) -> None:
    with a_cluster(folder, {"para.operator.token": TOKEN}) as nodes, ExitStack() as stack:
        one, two = connected(nodes, stack)
        eventually(lambda: others_of(one) == [2])
        eventually(lambda: sorted(shares_of(one) + shares_of(two)) == list(range(16)))
        assert (others_of(two), part_of(two)["message"]) == ([1], "healthy")
        nodes[1].kill()
        eventually(lambda: shares_of(one) == list(range(16)))
        eventually(lambda: others_of(one) == [])
        assert part_of(one)["message"] == "healthy"


def part_of(caller: Caller) -> dict[str, Any]:
    told = caller.ask("GET", "/health", headers={"authorization": f"Bearer {TOKEN}"}).json
    part: dict[str, Any] = told["parts"]["Nodes"]
    return part


def shares_of(caller: Caller) -> list[int]:
    found: list[int] = part_of(caller)["about"]["shares"]
    return found


def others_of(caller: Caller) -> list[int]:
    return [one["number"] for one in part_of(caller)["about"]["nodes"]]
