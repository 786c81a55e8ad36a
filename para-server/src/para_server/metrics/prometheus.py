"""Metrics as Prometheus reads them: its text format, version 0.0.4.

Durations are in seconds. What apps did stands in families of their own, with count and sum only,
so that adding up a family never counts anything twice.
"""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from para_server import __version__

if TYPE_CHECKING:
    from para_core.metrics import Metrics, Registry, TimerReading
    from para_server.services.health import Report

__all__ = ["CONTENT_TYPE", "FAMILIES", "render"]

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
FAMILIES = {
    "para_info": ("gauge", "The version of the server."),
    "para_healthy": ("gauge", "Whether the server could do its work when it was last looked at."),
    "para_part_healthy": ("gauge", "The same of each of its parts."),
    "para_http_answers_total": ("counter", "Answers sent, by status."),
    "para_index_waiting_changes": ("gauge", "Changes that are stored and not in the index yet."),
    "para_operation_seconds": ("summary", "Calls of the API and of back-ends, recent quantiles."),
    "para_app_operation_seconds": ("summary", "The same of each app, without quantiles."),
    "para_counter": ("gauge", "Counters of plugins; they may go down."),
    "para_app_counter": ("gauge", "The same of each app."),
    "process_cpu_seconds_total": ("counter", "Time that the processors spent for the server."),
    "process_resident_memory_bytes": ("gauge", "Memory that the server takes."),
    "process_open_fds": ("gauge", "Files and connections that are open."),
    "process_start_time_seconds": ("gauge", "When the server was started, since 1970."),
}
"""Type and meaning of all families of metrics."""

_QUANTILES = ("0.5", "0.75", "0.95", "0.98", "0.99", "0.999")
_NS = 1e9
_AT_ONCE = 20  # registries or timers before others have their turn
_START = time.time()
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


async def render(
    metrics: Metrics,
    *,
    health: Report,
    answers: Mapping[int, int],
    waiting: int,
    shows_apps: bool,
) -> bytes:
    """Return everything that is measured.

    Args:
        metrics: The timers and counters.
        health: What the last look at the parts found.
        answers: How many answers had each status.
        waiting: Changes that wait for the index.
        shows_apps: Whether each app has lines of its own.
    """
    metrics.settle()
    lines = [
        *_family("para_info", [f'{{version="{__version__}"}} 1']),
        *_family("para_healthy", [f" {int(health.is_healthy)}"]),
        *_family(
            "para_part_healthy",
            [f"{_labels(part=part.name)} {int(not part.fault)}" for part in health.parts],
        ),
        *_family(
            "para_http_answers_total",
            [f'{{code="{code}"}} {count}' for code, count in sorted(answers.items())],
        ),
        *_family("para_index_waiting_changes", [f" {waiting}"]),
        *_head("para_operation_seconds"),
    ]
    for at, (name, reading) in enumerate(metrics.system.readings()):
        lines += _summary(name, reading)
        if at % _AT_ONCE == 0:
            await asyncio.sleep(0)
    counts = [f"{_labels(name=name)} {count}" for name, count in metrics.system.counts()]
    lines += _family("para_counter", counts)
    if shows_apps:
        lines += await _of_apps(metrics.apps())
    lines += _of_process()
    return "".join([f"{line}\n" for line in lines]).encode()


async def _of_apps(registries: Iterable[Registry]) -> list[str]:
    times: list[str] = []
    counts: list[str] = []
    for at, registry in enumerate(registries):
        for name, (count, total_ns) in registry.totals():
            labels = _labels(app=registry.name, operation=name)
            times.append(f"para_app_operation_seconds_sum{labels} {total_ns / _NS}")
            times.append(f"para_app_operation_seconds_count{labels} {count}")
        counts += [
            f"{_labels(app=registry.name, name=name)} {count}" for name, count in registry.counts()
        ]
        if at % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return [*_head("para_app_operation_seconds"), *times, *_family("para_app_counter", counts)]


def _summary(name: str, reading: TimerReading) -> Iterator[str]:
    took = reading.took
    if reading.count:
        values = (took.p50, took.p75, took.p95, took.p98, took.p99, took.p999)
        for quantile, value in zip(_QUANTILES, values, strict=True):
            labels = _labels(operation=name, quantile=quantile)
            yield f"para_operation_seconds{labels} {value / _NS}"
    labels = _labels(operation=name)
    yield f"para_operation_seconds_sum{labels} {reading.total_ns / _NS}"
    yield f"para_operation_seconds_count{labels} {reading.count}"


def _of_process() -> list[str]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    lines = _family("process_cpu_seconds_total", [f" {used.ru_utime + used.ru_stime}"])
    lines += _family("process_start_time_seconds", [f" {_START}"])
    own = Path("/proc/self")
    if own.is_dir():  # on Linux
        pages = int((own / "statm").read_text().split()[1])
        size = pages * os.sysconf("SC_PAGE_SIZE")
        lines += _family("process_resident_memory_bytes", [f" {size}"])
        lines += _family("process_open_fds", [f" {len(list((own / 'fd').iterdir()))}"])
    return lines


def _family(name: str, values: Iterable[str]) -> list[str]:
    return [*_head(name), *(f"{name}{value}" for value in values)]


def _head(name: str) -> list[str]:
    kind, about = FAMILIES[name]
    return [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]


def _labels(**labels: str) -> str:
    inner = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return f"{{{inner}}}"
