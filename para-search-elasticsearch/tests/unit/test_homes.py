"""What becomes of an app's home when the cluster refuses to remove the one before."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from para_core.config import Config
from para_core.errors import UnavailableError
from para_search_elasticsearch.engine import settings_of
from para_search_elasticsearch.failures import RefusedError
from para_search_elasticsearch.home import Home
from para_search_elasticsearch.homes import Homes


class Cluster:
    """Answers as a cluster that has an index nobody can delete."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = ""
        self.changed: object = None

    async def request(self, target: str, body: object = None, *, doing: str) -> dict[str, Any]:
        self.asked.append(target)
        if "remove_index" in str(body):
            target = "DELETE"
        elif target.startswith("POST"):
            self.changed = body
        if self.away and target.startswith(self.away):
            raise UnavailableError(doing)
        if target.startswith("DELETE"):
            raise RefusedError(400, "snapshot_in_progress_exception", "it is copied", doing)
        return {"old": {"aliases": {}}} if target.startswith("GET") else {}


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def homes(cluster: Cluster) -> Homes:
    connection: Any = cluster
    return Homes(connection, settings_of(Config({})), "para")


HOME = Home("cinema", "cinema_new", "cinema", is_shared=False)
OLD = Home("cinema", "cinema_old", "cinema", is_shared=False)


async def test_an_old_index_that_cannot_be_removed_stays_and_is_told(
    homes: Homes, cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await homes.settle("cinema", HOME, OLD)
    assert homes.known["cinema"] == HOME
    assert "DELETE /cinema_old" in cluster.asked
    assert caplog.records[-1].message == "an old index stays until the next rebuild"


@pytest.mark.parametrize("away", ["DELETE", "GET"])
async def test_a_cluster_that_goes_away_then_is_no_failure_of_the_move(
    homes: Homes, cluster: Cluster, away: str
) -> None:
    cluster.away = away
    await homes.settle("cinema", HOME, OLD)
    assert homes.known["cinema"] == HOME


async def test_a_move_that_nobody_answers_is_a_failure(homes: Homes, cluster: Cluster) -> None:
    cluster.away = "POST /_aliases"
    with pytest.raises(UnavailableError):
        await homes.move_in("cinema", HOME)
    assert "cinema" not in homes.known


async def test_an_index_that_is_being_copied_is_replaced_and_removed_later(
    homes: Homes, cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    """A cluster refuses a step that removes it, as a whole; then the step leaves it there."""
    caplog.set_level(logging.WARNING)
    await homes.move_in("cinema", HOME)
    assert homes.known["cinema"] == HOME
    away = {"remove": {"index": "old", "alias": "cinema"}}
    assert cluster.changed == {"actions": [away, *homes.arrival(HOME)]}
    assert caplog.records[-1].message == "an old index stays until the next rebuild"
