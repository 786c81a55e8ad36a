"""Renders the reference pages of the documentation from the code.

``python -m para_server.reference docs/reference`` writes them; a test fails when a page differs
from what the code says.
"""

from __future__ import annotations

import importlib.metadata
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from para_core import errors, hookspecs
from para_core.config import Config
from para_core.discovery import GROUP
from para_core.settings import Derived, Key
from para_core.settings.sections import section_keys

if TYPE_CHECKING:
    from para_server.http.router import Route

__all__ = ["main", "pages"]

_OWN_DISTRIBUTIONS = (
    "para-core",
    "para-server",
    "para-dao-mongodb",
    "para-dao-sql",
    "para-search-elasticsearch",
    "para-search-lucene",
    "para-cache-redis",
    "para-queue-sqs",
)
_REPEATED = re.compile(r"`[^:]*`: ")  # the method and path that a docstring starts with
_HEADINGS = ("Args:", "Returns:", "Raises:")


def pages() -> dict[str, str]:
    """Return the pages by file name."""
    from para_server.metrics.reference import metrics_page
    from para_server.rest.routes import ROUTES

    return {
        "command-line.md": command_line_page(),
        "configuration.md": configuration_page(_all_keys()),
        "errors.md": errors_page(),
        "hooks.md": hooks_page(),
        "metrics.md": metrics_page(),
        "routes.md": routes_page(ROUTES),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages into the folder that the only argument names."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if len(given) != 1:
        sys.stderr.write("usage: python -m para_server.reference FOLDER\n")
        return 2
    folder = Path(given[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, "utf-8")
    return 0


# ---- configuration ---------------------------------------------------------------------------


def configuration_page(keys: Iterable[Key]) -> str:
    """Render the keys, category by category."""
    lines = [
        "# Configuration keys",
        "",
        "A value comes from `--set key=value`, else from an environment variable (`PARA_SQL_URL`",
        "for `para.sql.url`, then `para_sql_url`), else from the configuration file, else it is",
        "the default below. Blank variables hide nothing. Values are read once, at the start.",
        "",
        "A switch is on for `true` in any letter case. A number that cannot be read is 0, or the",
        "default where the table says *lenient*; where it says *strict*, it stops the start.",
        "Lists marked *file only* have no form for environment and command line.",
    ]
    ordered = list(keys)
    place = {name: at for at, name in enumerate(dict.fromkeys(key.category for key in ordered))}
    ordered.sort(key=lambda key: place[key.category])
    for category, members in groupby(ordered, key=lambda key: key.category):
        lines += ["", f"## {category}", "", "| key | default | type | used by | meaning |"]
        lines += ["|---|---|---|---|---|", *map(_key_row, members)]
    return "\n".join(lines) + "\n"


def _key_row(key: Key) -> str:
    usual = _cell(
        key.usual if isinstance(key.default, Derived) or not key.usual else f"`{key.usual}`"
    )
    kind = key.kind.name.lower()
    remarks = {"default": " (lenient)", "strict": " (strict)", "zero": ""}
    if key.kind.name in ("ITEMS", "TABLE"):
        kind += " (file only)"
    elif key.kind.name == "NUMBER":
        kind += remarks[key.rule]
    return f"| `{key.name}` | {usual} | {kind} | {_cell(key.used_by)} | {_cell(key.about)} |"


def _all_keys() -> list[Key]:
    """Return the registered keys and those of the sections that Para's own plugins describe."""
    keys: list[Key] = []
    points = importlib.metadata.entry_points(group=GROUP)
    for name in _OWN_DISTRIBUTIONS:
        for point in points:
            if point.dist is None or point.dist.name != name:
                continue
            ask = getattr(point.load(), "para_register_sections", dict)
            for prefix, kind in ask().items():
                keys += section_keys(prefix, kind, name)
    return Config().with_keys(keys).known_keys()


# ---- hooks -----------------------------------------------------------------------------------


def hooks_page() -> str:
    """Render the hook specifications."""
    lines = [
        "# Hooks",
        "",
        "A plugin is a module that an entry point of the group `para.plugins` names. Its functions",
        "that are marked with `para_core.hookspecs.hookimpl` answer the questions below; they may",
        f"leave out arguments. This is plugin API {hookspecs.PLUGIN_API}; a module that needs a",
        "newer one says so with `para_plugin_api`.",
    ]
    for name, hook in vars(hookspecs).items():
        if name.startswith("para_"):
            signature = str(inspect.signature(hook)).replace("'", "")
            lines += ["", f"## `{name}`", "", f"`{name}{signature}`", ""]
            lines += _docstring(inspect.getdoc(hook) or "")
    return "\n".join(lines) + "\n"


# ---- errors ----------------------------------------------------------------------------------


def errors_page() -> str:
    """Render the tree of errors."""
    lines = [
        "# Errors",
        "",
        "Everything that Para raises on purpose is one of these, in `para_core.errors`. The code",
        "is stable. At the start, each is one line on stderr and exit code 2.",
        "",
        "| error | is a | code | meaning |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{error.__name__}` | `{error.__bases__[0].__name__}` | `{error.code}` "
        f"| {_about(error)} |"
        for error in _tree(errors.ParaError)
    ]
    return "\n".join(lines) + "\n"


def _tree(error: type[errors.ParaError]) -> Iterator[type[errors.ParaError]]:
    if error.__module__ == errors.__name__:
        yield error
        for below in error.__subclasses__():
            yield from _tree(below)


def _about(error: type[errors.ParaError]) -> str:
    return _cell(_prose((inspect.getdoc(error) or "").partition("\n\n")[0]))


# ---- routes ----------------------------------------------------------------------------------


def routes_page(routes: Iterable[Route]) -> str:
    """Render a table of routes, by path and method."""
    lines = [
        "# Routes",
        "",
        "Where several paths fit, literal segments win over variable ones. A *public* route looks",
        "at no credentials; *at once* means that it honours `X-Para-Respond-Immediately`.",
        "",
        "| method | path | | meaning |",
        "|---|---|---|---|",
    ]
    for route in sorted(routes, key=lambda route: (route.path, route.method)):
        marks = ["public"] if route.is_public else []
        marks += ["at once"] if route.answers_at_once else []
        about = _REPEATED.sub("", _prose(route.about))
        lines.append(f"| {route.method} | `{route.path}` | {', '.join(marks)} | {_cell(about)} |")
    return "\n".join(lines) + "\n"


# ---- command line ----------------------------------------------------------------------------


def command_line_page() -> str:
    """Render the commands and options of ``para-server``."""
    from para_server.cli import OWN_COMMANDS
    from para_server.plugin import para_register_commands

    added = {name: command.help for name, command in para_register_commands().items()}
    lines = [
        "# Command line",
        "",
        "    para-server [--config FILE] [--set KEY=VALUE]... [command]",
        "",
        "| command | what it does |",
        "|---|---|",
        *(f"| `{name}` | {about} |" for name, about in {**OWN_COMMANDS, **added}.items()),
        "",
        "`--config FILE` reads this file and no other. Without it, `./para-application.conf` is",
        "read and, for keys it does not set, the first that is there of `./application.conf`,",
        "`./application.json` and `./application.properties`. `--set KEY=VALUE` wins over",
        "environment and files; `para.` in front of the key may be left out. Both may stand in",
        "front of the command or behind it. Plugins can add commands. `--version` tells the",
        "version.",
        "",
        "    para-server access explain --app ID [--user ID | --guest] [--json] METHOD PATH",
        "",
        "tells what a request would be answered and which rule decides: `--user` names who sends",
        "it, and without one it is about any user. It reads the configured database itself, so the",
        "server need not run; one that runs tells its apps the same over HTTP. The exit code is 0",
        "when the request is allowed and 1 when it is not.",
        "",
        "    para-server doctor [--json] [--strict]",
        "",
        "tells what is wrong with the server, and what to do about it. The exit code is 1 when",
        "something has to be put right; with `--strict`, when there is advice too.",
        "",
        "    para-server backup FILE",
        "    para-server restore FILE [--replace]",
        "",
        "write all apps and files into one file, which is read back before it gets its name, and",
        "put such a file back. A backup is made while the server runs; a restore wants it stopped.",
        "See [Back up and restore](../how-to/back-up-and-restore.md).",
        "",
        "    para-server move --from CONFIG --to CONFIG [--replace]",
        "",
        "copies all apps from the database of one configuration into that of another, and compares",
        "checksums. Run again, it brings what changed. See [Move to another",
        "database](../how-to/move-to-another-database.md).",
        "",
        "With `PARA_TRACE_PLUGINS=1` in the environment each call of a hook is logged.",
        "",
        "| exit code | meaning |",
        "|---|---|",
        "| 0 | all went well |",
        "| 1 | what a command was asked is answered with no, as told with it |",
        "| 2 | the command line, the configuration or a plugin has to be put right, as told |",
        "| 130 | Ctrl-C ended a command before it was done |",
    ]
    return "\n".join(lines) + "\n"


# ---- text ------------------------------------------------------------------------------------


def _docstring(text: str) -> list[str]:
    """Turn Google sections into paragraphs and lists."""
    lines: list[str] = []
    is_section = False
    for line in text.splitlines():
        if line in _HEADINGS:
            is_section = True
            lines += [f"**{line}**", ""]
        elif is_section and line.startswith("    "):
            item = line[4:]
            name, colon, rest = item.partition(": ")
            is_entry = bool(colon) and name.replace("_", "").isalnum()
            lines.append(f"- `{name}`: {_prose(rest)}" if is_entry else _prose(item.strip()))
        else:
            lines.append(_prose(line))
    return lines


def _prose(text: str) -> str:
    return text.replace("``", "`").replace("\n", " ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
