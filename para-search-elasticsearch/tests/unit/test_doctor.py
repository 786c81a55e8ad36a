"""What ``para-server doctor`` says of a cluster."""

from __future__ import annotations

import pytest

from para_core.checks import Verdict
from para_core.config import Config
from para_search_elasticsearch.doctor import CHECK, examine_cluster
from para_search_elasticsearch.plugin import para_register_checks

from ..cluster import an_engine  # noqa: TID252 - tests have no absolute names
from ..standin import stand_in  # noqa: TID252


@pytest.mark.service("opensearch")
async def test_a_cluster_is_described() -> None:
    async with an_engine() as engine:
        version, health, *more = await examine_cluster(engine.connection, engine.settings)
    assert (version.verdict, version.said) == (Verdict.GOOD, "opensearch 2.19.6 answers")
    assert health.verdict in (Verdict.GOOD, Verdict.ADVICE)
    assert all("no writes" in finding.said for finding in more)


async def test_a_product_that_the_settings_do_not_name_is_told() -> None:
    answers = [
        (200, '{"version": {"number": "7.10.2"}}'),
        (200, '{"status": "red", "unassigned_shards": 3}'),
        (200, '{"blocks": {"indices": {"para-x": {}}}}'),
    ]
    async with stand_in(answers) as port:
        found = await CHECK.examine(Config({"para.es.restclient_port": str(port)}))
    says = [(finding.verdict, finding.said) for finding in found]
    assert says == [
        (Verdict.ADVICE, "elasticsearch 7.10.2 answers, which is old"),
        (Verdict.BAD, "the cluster is red: 3 shards are missing"),
        (Verdict.BAD, "1 indexes take no writes, since a disk was full: para-x"),
    ]


async def test_indexes_of_others_in_the_cluster_are_not_looked_at() -> None:
    blocks = '{"shop-x": {}, "other-x": {}, "shop-y": {}}'
    answers = [
        (200, '{"version": {"number": "9.0.0"}}'),
        (200, '{"status": "green"}'),
        (200, f'{{"blocks": {{"indices": {blocks}}}}}'),
    ]
    async with stand_in(answers) as port:
        settings = {"para.es.restclient_port": str(port), "para.es.index_prefix": "shop-"}
        *_, found = await CHECK.examine(Config(settings))
    assert found.said.endswith("a disk was full: shop-x, shop-y")


@pytest.mark.parametrize(
    ("number", "verdict"),
    [("2.11.1", Verdict.BAD), ("2.12.0", Verdict.GOOD), ("3.1", Verdict.GOOD), ("2", Verdict.BAD)],
)
async def test_a_cluster_of_nodes_has_to_know_conditions(number: str, verdict: Verdict) -> None:
    about = f'{{"version": {{"number": "{number}", "distribution": "opensearch"}}}}'
    answers = [(200, about), (200, '{"status": "green"}'), (200, "{}")]
    async with stand_in(answers) as port:
        settings = {"para.es.restclient_port": str(port), "para.es.flavor": "opensearch"}
        found, *_ = await CHECK.examine(Config({**settings, "para.nodes.enabled": "true"}))
    assert found.verdict is verdict
    assert number in found.said


async def test_a_cluster_that_is_away_is_bad() -> None:
    async with stand_in([]) as port:
        pass
    (finding,) = await CHECK.examine(Config({"para.es.restclient_port": str(port)}))
    assert finding.verdict is Verdict.BAD
    assert "cannot be reached" in finding.said


def test_nothing_is_looked_at_unless_the_engine_is_selected() -> None:
    assert para_register_checks(Config({})) == []
    assert para_register_checks(Config({"para.search": "elasticsearch"})) == [CHECK]
