"""``python -m scripts.services start [NAME...]`` and ``stop``, called by ``make services``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scripts.services.catalogue import SERVICES
from scripts.services.service import ServiceError
from scripts.services.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2] / ".services"


def main() -> int:
    """Do what the command line asks; 2 when a product cannot be had."""
    parser = argparse.ArgumentParser(prog="scripts.services", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    start = actions.add_parser(
        "start", help="install and start; without a name, all that are usual"
    )
    start.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SERVICES))
    actions.add_parser("stop", help="stop them and remove their data")
    words = parser.parse_args()
    supervisor = Supervisor(ROOT)
    if words.action == "stop":
        supervisor.stop()
        return 0
    unknown = sorted(set(words.names) - SERVICES.keys())
    if unknown:
        parser.error(f"no such service: {', '.join(unknown)}; there are {', '.join(SERVICES)}")
    exit_code = 0
    usual = [name for name, service in SERVICES.items() if not service.is_on_request]
    try:
        supervisor.start(words.names or usual)
    except ServiceError as error:
        print(f"services: {error}", file=sys.stderr)
        exit_code = 2
    for variable, url in supervisor.addresses().items():
        print(f"{variable}={url}")
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
