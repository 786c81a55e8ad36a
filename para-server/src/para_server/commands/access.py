"""``para-server access explain``: which rule lets a caller in or keeps it out.

It reads the configured database itself, so the server need not run. Where the database is taken by
a server that runs, it says so, and how to ask that server.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from typing import TYPE_CHECKING

import msgspec

from para_core.errors import ConfigError, ParaError
from para_core.extensions import Command
from para_core.objects import App
from para_core.objects.codec import decode
from para_core.plugins import load_plugins
from para_core.selection import DAOS
from para_core.types import app_id, app_identifier
from para_server.access.explain import ANY_GUEST, Explanation, Question
from para_server.access.permissions import EVERYBODY
from para_server.services.explaining import explain_access

if TYPE_CHECKING:
    import argparse

    from para_core.config import Config
    from para_core.contracts.dao import DAO

__all__ = ["COMMAND"]

_REFUSED = 1  # exit code; 0 says that it is allowed


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="explain", required=True)
    about = "tell which rule allows or refuses a request"
    inner = actions.add_parser("explain", help=about, description=about)
    inner.add_argument("--app", required=True, metavar="ID", help="the app that is called")
    who = inner.add_mutually_exclusive_group()
    who.add_argument("--user", metavar="ID", help="the user who calls; without it, any user")
    who.add_argument("--guest", action="store_true", help="a guest calls")
    inner.add_argument("--json", action="store_true", help="print JSON")
    inner.add_argument("method", metavar="METHOD", help="the HTTP method: GET")
    inner.add_argument("resource", metavar="PATH", help="the path below /v1: cats/1")


def run(config: Config, options: argparse.Namespace) -> int:
    """Print the explanation; exit with 0 when the request is allowed and 1 when it is not."""
    plugins = load_plugins(config)
    plugins.register_core_types()
    subject = ANY_GUEST if options.guest else options.user or EVERYBODY
    resource = options.resource.strip("/").removeprefix("v1/")
    question = Question(subject, options.method.upper(), resource)
    dao = plugins.make(DAOS, config)
    try:
        found = asyncio.run(_explained(dao, config, options.app, question))
    except ConfigError as error:
        hint = f"a server that runs tells its apps the same: {_request(question)}"
        raise ConfigError(f"{error}; {hint}") from error
    sys.stdout.write(_as_json(found) if options.json else _as_text(found))
    return 0 if found.allowed else _REFUSED


async def _explained(dao: DAO, config: Config, name: str, question: Question) -> Explanation:
    root = app_identifier(config.text("para.app_name"))
    key = app_id(name)
    async with dao:
        record = await dao.read(root, key) if key else None
        app = decode(record) if record is not None else None
        if not isinstance(app, App):
            raise ParaError(f"there is no app {name!r} in {config.text('para.dao') or 'MemoryDAO'}")
        return await explain_access(dao.read, app, question, is_root=app.identifier == root)


def _request(question: Question) -> str:
    resource = base64.urlsafe_b64encode(question.resource.encode()).decode().rstrip("=")
    subject = "%3F" if question.subject == ANY_GUEST else question.subject
    return f"GET /v1/_permissions/{subject}/{resource}/{question.method}?explain=true"


def _as_json(found: Explanation) -> str:
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"


def _as_text(found: Explanation) -> str:
    who = {ANY_GUEST: "a guest", EVERYBODY: "any user"}.get(found.subject, found.subject)
    outcome = "allowed" if found.allowed else f"refused, {found.status}"
    lines = [
        f"{found.method} {found.resource} by {who} of {found.app}: {outcome}",
        f"rule: {found.rule}",
        f"because: {found.because}",
    ]
    if found.allowed and found.only_own:
        lines.append("but: with the flag OWN, objects of others are left out")
    if found.unknown_user:
        lines.append(f"note: there is no user {found.subject} now")
    return "".join(f"{line}\n" for line in lines)


COMMAND = Command("explain why a caller may or may not do something", run, configure)
