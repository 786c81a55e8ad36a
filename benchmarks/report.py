"""Prints what was measured, and keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec

from benchmarks import machine
from benchmarks.runner import Options, Row
from benchmarks.scenario import Finding, Scenario

__all__ = ["keep", "show_findings", "show_rows"]

_FOLDER = Path(__file__).with_name("results")


def show_rows(name: str, scenario: Scenario, rows: Sequence[Row]) -> None:
    """Print one line for each server: figures, and how many times its requests we answer."""
    ours = rows[0]
    print(f"\n{name}")
    titles = f"{'CPU us':>9}{'p50':>8}{'p99':>8}{'max ms':>9}"
    print(f"  {'':12}{'req/s':>9}{'para is':>9}{'bar':>7}{titles}")
    for row in rows:
        ratio = ours.per_sec / row.per_sec
        bar = scenario.bars.get(row.server)
        mark = "" if bar is None else f"{bar:g}{'' if ratio >= bar else ' !'}"
        share = "" if row is ours else f"{ratio:.2f}x"
        figures = f"{row.cpu_us:9.1f}{row.p50_ms:8.2f}{row.p99_ms:8.2f}{row.max_ms:9.1f}"
        print(f"  {row.server:12}{row.per_sec:9.0f}{share:>9}{mark:>7}{figures}")


def show_findings(name: str, findings: Sequence[Finding]) -> None:
    """Print figures with their bars."""
    print(f"\n{name}")
    for finding in findings:
        bar = ""
        if finding.bar is not None:
            side = "at most" if finding.bar.is_upper else "at least"
            verdict = "" if finding.bar.holds(finding.value) else "  !"
            bar = f"   ({side} {finding.bar.limit:g}){verdict}"
        print(f"  {finding.name:48}{finding.value:12.2f}{bar}")


def keep(
    loads: Mapping[str, Sequence[Row]],
    experiments: Mapping[str, Sequence[Finding]],
    options: Options,
    folder: Path = _FOLDER,
) -> Path:
    """Write a run down, with where and when it was; return the file."""
    where = machine.facts()
    run = {
        "machine": where,
        "options": {**asdict(options), "data": str(options.data or "")},
        "loads": {name: [asdict(row) for row in rows] for name, rows in loads.items()},
        "experiments": {
            name: {finding.name: finding.value for finding in findings}
            for name, findings in experiments.items()
        },
    }
    folder.mkdir(exist_ok=True)
    when = str(where["date"]).replace(":", "").partition("+")[0]
    file = folder / f"{when}-{str(where['commit'])[:8]}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n")
    return file
