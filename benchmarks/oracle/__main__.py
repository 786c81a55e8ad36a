"""``python -m benchmarks.oracle``: random requests to both servers, and where they disagree."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.oracle.decisions import Answer, decisions_for
from benchmarks.oracle.normalise import Names, differences, normalised
from benchmarks.oracle.steps import Episode, Step
from benchmarks.peers import Original, ParaServer
from benchmarks.wire import Connection, Credentials, Reply
from para_core.testing.signing import query_text

_CLIENT_ERROR = 400
_CLIP = 700  # characters of an answer that are shown
_PAUSES_SEC = (0.1, 0.4, 1.0)  # until the original's index has what was stored


@dataclass(frozen=True, slots=True)
class Difference:
    """A request to which the two servers answer differently."""

    seed: int
    step: Step
    ours: Answer
    theirs: Answer


class Side:
    """One of the two servers, with an app of its own for each episode."""

    def __init__(self, server: ParaServer) -> None:
        self._server = server
        self._root = server.credentials
        self._connection = Connection(server.port, timeout_sec=60)
        self._keys = self._root
        self._names = Names()

    def begin(self, seed: int) -> None:
        """Make an app for an episode."""
        name = f"oracle{seed}"
        alone = [("sharedTable", "false"), ("sharedIndex", "false")]
        made = self._connection.ask("GET", f"/v1/_setup/{name}", query=alone, by=self._root)
        self._keys = Credentials(f"app:{name}", made.json["secretKey"])
        self._names = Names()

    def answer(self, step: Step) -> Answer:
        """Ask."""
        reply = self._connection.ask(
            step.method, step.path, query=step.query, body=step.body, by=self._keys
        )
        return Answer(reply.status, self._value(step, reply))

    def _value(self, step: Step, reply: Reply) -> Any:  # noqa: ANN401 - any JSON value
        try:
            value = reply.json
        except msgspec.DecodeError:
            value = reply.body.decode(errors="replace")
        value = normalised(value, self._names)
        if reply.status >= _CLIENT_ERROR and isinstance(value, dict):
            value.pop("code", None)
        if step.is_unordered and isinstance(value, list):
            value.sort(key=msgspec.json.encode)
        return value


def main() -> int:
    """Start both, ask, report; 1 when a difference is no decision."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.oracle", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="number of the first episode")
    parser.add_argument("--episodes", type=int, default=40, help="each with an app of its own")
    parser.add_argument("--steps", type=int, default=150, help="requests of an episode")
    parser.add_argument("--examples", type=int, default=2, help="shown of each open difference")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write all open differences there"
    )
    options = parser.parse_args()
    with ParaServer(core=None) as ours, Original(core=None) as theirs:
        found, asked = compare(ours, theirs, options)
    return report(found, asked, options)


def compare(
    ours: ParaServer, theirs: ParaServer, options: argparse.Namespace
) -> tuple[list[Difference], int]:
    """Run the episodes; one ends early when the two servers may hold different objects."""
    sides, found, asked = (Side(ours), Side(theirs)), [], 0
    for seed in range(options.seed, options.seed + options.episodes):
        for side in sides:
            side.begin(seed)
        episode = Episode(seed)
        for _ in range(options.steps):
            step = episode.step()
            mine, other = (side.answer(step) for side in sides)
            asked += 1
            for pause_sec in () if step.changes else _PAUSES_SEC:
                if mine == other:
                    break
                time.sleep(pause_sec)
                other = sides[1].answer(step)
            if mine == other:
                continue
            found.append(Difference(seed, step, mine, other))
            if step.changes and _part_ways(mine, other):
                break
    return found, asked


def _part_ways(mine: Answer, other: Answer) -> bool:
    """Whether the two servers may hold different objects after these answers to a change."""
    kinds = [
        answer.value.get("type") if isinstance(answer.value, dict) else None
        for answer in (mine, other)
    ]
    return mine.status // 100 != other.status // 100 or kinds[0] != kinds[1]


def report(found: list[Difference], asked: int, options: argparse.Namespace) -> int:
    """Print what was found."""
    decided: Counter[str] = Counter()
    opened: defaultdict[str, list[Difference]] = defaultdict(list)
    for one in found:
        reasons = decisions_for(one.step, one.ours, one.theirs)
        decided.update(reasons)
        if not reasons:
            opened[f"{one.step.kind}: {one.ours.status} and {one.theirs.status}"].append(one)
    print(f"{asked} requests, {asked - len(found)} equal answers")
    for text, count in decided.most_common():
        print(f"  {count:6} decided: {text}")
    for kind, examples in sorted(opened.items(), key=lambda item: -len(item[1])):
        print(f"  {len(examples):6} OPEN {kind}")
        for one in examples[: options.examples]:
            _show(one)
    if options.json:
        options.json.write_bytes(
            msgspec.json.encode([one for many in opened.values() for one in many])
        )
    return 1 if opened else 0


def _show(one: Difference) -> None:
    step = one.step
    query = f"?{query_text(step.query)}" if step.query else ""
    print(f"         {step.method} {step.path}{query}   [episode {one.seed}]")
    if step.body:
        print(f"           sent   {step.body[:_CLIP].decode(errors='replace')}")
    for line in differences(one.ours.value, one.theirs.value):
        print(f"           {line[:_CLIP]}")


if __name__ == "__main__":
    sys.exit(main())
