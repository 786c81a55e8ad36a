"""Metrics of several processes: whoever answers tells those of all."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path

from .crew import WORKERS, a_crew, connected

TOKEN = "a token of the operator"  # noqa: S105 - of this test


def test_metrics_are_those_of_all_workers(folder: Path) -> None:
    with a_crew(folder, {"para.operator.token": TOKEN}) as server, ExitStack() as stack:
        server.start()
        server.wait_until_ready()
        callers = connected(server, stack)
        for caller in callers:
            assert caller.ask("GET", "/v1/_me").status == 200
        as_operator = {"authorization": f"Bearer {TOKEN}"}
        told = [caller.ask("GET", "/metrics", headers=as_operator).body for caller in callers]
    answers = re.compile(rb'para_http_answers_total\{worker="(\d)",code="200"\} (\d+)')
    for text in told:
        found = {int(worker): int(count) for worker, count in answers.findall(text)}
        assert found.keys() == set(range(WORKERS))
        assert sum(found.values()) >= 2 * len(callers)
    assert told[0].count(b"# TYPE para_http_answers_total counter") == 1
