"""The command line: ``para-server [--config FILE] [--set key=value]... [run|plugins|config]``."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from para_core.config import Config, load_config, parse_assignment
from para_core.errors import ParaError, PluginError
from para_server import __version__

if TYPE_CHECKING:
    from para_core.extensions import Command

__all__ = ["OWN_COMMANDS", "main"]

OWN_COMMANDS = {
    "run": "start the server; this happens without a command too",
    "plugins": "list the plugins, what they offer, and what is selected",
    "config": "list every known key with its value and where the value comes from",
}
FAILURE = 2  # exit code of everything that a person has to put right first

STOPPED = 130  # as of any program that Ctrl-C ends


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what went wrong is one line on stderr."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(given)
    except ParaError as error:
        sys.stderr.write(f"para-server: {' '.join(str(error).split())}\n")
        return FAILURE
    except KeyboardInterrupt:
        sys.stderr.write("para-server: stopped before the end\n")
        return STOPPED
    except BrokenPipeError:  # the reader of a list has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(given: Sequence[str]) -> int:
    early, rest = _early_parser().parse_known_args(given)
    name = early.command or "run"
    wants_help = not {"-h", "--help"}.isdisjoint(rest)
    if name in OWN_COMMANDS and not wants_help:
        options = _parser({}).parse_args(given)
        return _run_own(name, _configuration(options))
    commands = _commands(early, even_broken=wants_help)
    options = _parser(commands).parse_args(given)  # help and unknown commands end here
    return commands[options.command].run(_configuration(options), options)


def _run_own(name: str, config: Config) -> int:
    from para_core.plugins import load_plugins

    if config.environ.get("PARA_TRACE_PLUGINS") == "1":
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    if name == "config":
        return _list_settings(config)
    plugins = load_plugins(config)
    if name == "run":
        from para_server.serving import serve

        return serve(config, plugins)
    from para_server import listings

    return _listed(*listings.plugins(plugins, config))


def _list_settings(config: Config) -> int:
    """List the keys, those of plugins too; a plugin that cannot be used hides only its own."""
    from para_core.plugins import load_plugins
    from para_server import listings

    failures = []
    try:
        config = load_plugins(config).described(config)
    except PluginError as error:
        failures.append(str(error))
    return _listed(listings.settings(config), failures)


def _listed(lines: Sequence[str], failures: Sequence[str]) -> int:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
    sys.stderr.write("".join(f"para-server: {failure}\n" for failure in failures))
    return FAILURE if failures else 0


def _commands(early: argparse.Namespace, *, even_broken: bool) -> Mapping[str, Command]:
    """Return the commands of plugins; help is there without them when the start would fail."""
    from para_core.plugins import load_plugins

    try:
        return load_plugins(_configuration(early)).commands(OWN_COMMANDS)
    except ParaError:
        if even_broken:
            return {}
        raise


def _configuration(options: argparse.Namespace) -> Config:
    given = [*options.set, *getattr(options, "set_behind", ())]
    overrides = dict(parse_assignment(text) for text in given)
    return load_config(options.config, overrides=overrides)


# ---- arguments -------------------------------------------------------------------------------


def _early_parser() -> argparse.ArgumentParser:
    """Return a parser that finds command and configuration before plugins add their commands."""
    parser = argparse.ArgumentParser(prog="para-server", add_help=False)
    _add_options(parser, is_behind=False)
    parser.add_argument("command", nargs="?")
    return parser


def _parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="para-server",
        description="Para for Python: a server that stores, finds and protects objects.",
        epilog="Without --config, ./para-application.conf is read, then ./application.conf.",
    )
    _add_options(parser, is_behind=False)
    parser.add_argument("--version", action="version", version=f"para-server {__version__}")
    choices = parser.add_subparsers(dest="command", metavar="command")
    for name, about in OWN_COMMANDS.items():
        _add_options(choices.add_parser(name, help=about, description=about), is_behind=True)
    for name, command in commands.items():
        inner = choices.add_parser(name, help=command.help, description=command.help)
        _add_options(inner, is_behind=True)
        if command.configure is not None:
            command.configure(inner)
    return parser


def _add_options(parser: argparse.ArgumentParser, *, is_behind: bool) -> None:
    """Add what stands in front of a command or behind it; what is behind wins."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        default=argparse.SUPPRESS if is_behind else None,
        help="read this HOCON, JSON or properties file",
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        dest="set_behind" if is_behind else "set",
        default=[],
        help="set a key, whatever environment and file say; may be repeated",
    )
