"""``python -m benchmarks [NAME ...]``: measure, print, keep the result."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from benchmarks import report, scenarios
from benchmarks.peers import PEERS
from benchmarks.processes import StartError
from benchmarks.runner import Options, Row, measure, perform
from benchmarks.scenario import Experiment, Finding, Scenario
from benchmarks.wrk import LoadError


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 when it cannot be done."""
    parser = _parser()
    given = parser.parse_args(arguments)
    modules = _modules()
    if given.list:
        for name, module in modules.items():
            print(f"{name:24}{(module.__doc__ or '').partition(chr(10))[0]}")
        return 0
    unknown = [name for name in given.names if name not in modules]
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)} (--list shows them)")
    options = Options(
        peers=[name for name in given.peers.split(",") if name],
        rounds=given.rounds,
        seconds=given.seconds,
        warm_sec=given.warm,
        uses_all_cores=given.all_cores,
        objects=given.objects,
        minutes=given.minutes,
        connections=given.connections,
        data=given.data,
    )
    try:
        _run(modules, given.names, options)
    except (LoadError, StartError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="without: all but the long ones")
    parser.add_argument("--list", action="store_true", help="list the scenarios and end")
    others = ", ".join(name for name in PEERS if name not in {"para", "floor"})
    parser.add_argument("--peers", default="floor", help=f"comma separated: floor, {others}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of one round")
    parser.add_argument("--warm", type=int, default=2, help="seconds before the first round")
    parser.add_argument("--objects", type=int, help="instead of what the scenarios say")
    parser.add_argument("--minutes", type=float, help="of a scenario that runs for a time")
    parser.add_argument("--connections", type=int, help="of a driver a DAO is compared with")
    parser.add_argument("--data", type=Path, help="folder where the data of an experiment stays")
    parser.add_argument("--all-cores", action="store_true", help="pin nothing to a core")
    return parser


def _modules() -> dict[str, ModuleType]:
    """Return the files of ``scenarios`` by name."""
    names = [module.name for module in pkgutil.iter_modules(scenarios.__path__)]
    return {name: importlib.import_module(f"{scenarios.__name__}.{name}") for name in names}


def _run(modules: dict[str, ModuleType], names: Sequence[str], options: Options) -> None:
    chosen = {name: module for name, module in modules.items() if name in names or not names}
    loads: dict[str, list[Row]] = {}
    for group in _groups(chosen):
        for name, rows in measure(group, options).items():
            report.show_rows(name, group[name], rows)
            loads[name] = rows
    experiments: dict[str, list[Finding]] = {}
    for name, module in chosen.items():
        experiment: Experiment | None = getattr(module, "EXPERIMENT", None)
        if experiment is not None and (names or not experiment.is_long):
            experiments[name] = perform(experiment, options)
            report.show_findings(name, experiments[name])
    for name, module in chosen.items():
        if names and hasattr(module, "main"):  # it measures and prints by itself
            print(f"\n{name}")
            asyncio.run(module.main())
    if loads or experiments:
        print(f"\nkept in {report.keep(loads, experiments, options)}")


def _groups(chosen: dict[str, ModuleType]) -> list[dict[str, Scenario]]:
    """Put scenarios together that can share a server."""
    groups: list[dict[str, Scenario]] = []
    for name, module in chosen.items():
        scenario: Scenario | None = getattr(module, "SCENARIO", None)
        if scenario is None:
            continue
        same = [group for group in groups if _can_share(next(iter(group.values())), scenario)]
        group = same[0] if same else {}
        if not same:
            groups.append(group)
        group[name] = scenario
    for group in groups:  # those that store come last: they make more objects
        for name in [name for name in group if name.startswith(("create", "update"))]:
            group[name] = group.pop(name)
    return groups


def _can_share(one: Scenario, other: Scenario) -> bool:
    return one.settings == other.settings and one.objects == other.objects


if __name__ == "__main__":
    sys.exit(main())
