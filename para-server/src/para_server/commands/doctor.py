"""``para-server doctor``: what is wrong with this server, and what to do about it."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from para_core.checks import Check, Finding, Verdict, bad
from para_core.extensions import Command
from para_core.plugins import load_plugins

if TYPE_CHECKING:
    import argparse

    from para_core.config import Config

__all__ = ["COMMAND", "examined"]

_WRONG = 1  # exit code; 0 says that nothing has to be put right


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--strict", action="store_true", help="let advice count as wrong")


def run(config: Config, options: argparse.Namespace) -> int:
    """Print what was found; exit with 1 when something has to be put right."""
    logging.basicConfig(level=logging.CRITICAL)  # what matters is in the findings
    plugins = load_plugins(config)
    config = plugins.described(config)
    found = asyncio.run(examined(plugins.checks(config), config))
    write = _as_json if options.json else _as_text
    sys.stdout.write(write(found))
    wrong = {Verdict.BAD, Verdict.ADVICE} if options.strict else {Verdict.BAD}
    return _WRONG if any(finding.verdict in wrong for _, finding in found) else 0


async def examined(checks: Sequence[Check], config: Config) -> list[tuple[str, Finding]]:
    """Make the checks, one after the other; return each finding with its subject."""
    found: list[tuple[str, Finding]] = []
    for check in checks:
        try:
            findings = list(await check.examine(config))
        except Exception as error:  # noqa: BLE001 - the other checks must go on
            reason = " ".join(str(error).split()) or type(error).__name__
            findings = [bad(f"cannot be looked at: {reason}", "put that right first")]
        found += [(check.subject, finding) for finding in findings]
    return found


def _as_json(found: Sequence[tuple[str, Finding]]) -> str:
    lines = [
        {
            "subject": subject,
            "verdict": finding.verdict.value,
            "said": finding.said,
            "advice": finding.advice,
        }
        for subject, finding in found
    ]
    return msgspec.json.format(msgspec.json.encode(lines), indent=2).decode() + "\n"


def _as_text(found: Sequence[tuple[str, Finding]]) -> str:
    wide = max(len(verdict.value) for verdict in Verdict)
    lines = []
    for subject, finding in found:
        lines.append(f"{finding.verdict.value:<{wide}}  {subject}: {finding.said}")
        if finding.advice:
            lines.append(f"{'':<{wide}}  -> {finding.advice}")
    counts = [
        sum(finding.verdict is verdict for _, finding in found)
        for verdict in (Verdict.BAD, Verdict.ADVICE)
    ]
    lines.append(f"{counts[0]} to put right, {counts[1]} to think about")
    return "".join(f"{line}\n" for line in lines)


COMMAND = Command("look for what is wrong with this server, and advise", run, configure)
