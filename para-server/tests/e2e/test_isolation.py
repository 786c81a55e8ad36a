"""Whatever three apps do: none sees, changes, counts or sorts by anything of another, or a secret.

Random requests of random callers go to three apps of one server. The same requests of each app
alone go to a server where the other apps are empty and do nothing, and every secret is another
one. (That an app is there is no secret: its name is in every request to it.) If the answers are
the same to the byte, then nothing in them depends on the other apps or on secrets: not what is
found, in which order, how many there are, nor which error is told. Answers to callers who may see
secrets are compared with the secrets blanked out.

The work behind an answer is compared as well: the same calls of the database and of the search
engine, none of them for another app. As far as a test can tell, that is equal time.

PARA_TEST_OPERATIONS is the number of requests (100000 takes some minutes), PARA_TEST_SEED where
they start from.
"""

from __future__ import annotations

import io
import logging
import os
import re
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from para_core.contracts.dao import Record, Write, is_room
from para_core.query.fields import document_of
from para_server.access.issuing import issue_user_token
from para_server.config import ApiSettings
from para_server.para import Para
from para_server.services.store import Save

from . import isolation
from .backends import MEMORY, SQLITE, backends
from .client import ROOT_SECRET, Client, Reply
from .isolation import APPS, MARKS, Request, Secrets
from .tokens import super_token

OPERATIONS = int(os.environ.get("PARA_TEST_OPERATIONS", "2000"))
SEED = int(os.environ.get("PARA_TEST_SEED", "20260102"))
ROUND = 2000  # requests to one set of apps; then all begin anew
EPOCH_MS = 1_767_323_045_000

_GENERATED = re.compile(rb"[0-9]{16,20}|\"tookMillis\":[0-9]+|[0-9]{8}_[0-9]{6}")
_CALLS: ContextVar[list[tuple[str, str]] | None] = ContextVar("calls", default=None)
_WATCHED = ("read", "read_all", "read_page", "write", "find", "peek", "count")


@pytest.fixture
def backend_name() -> str:
    return MEMORY


@dataclass
class World:
    """A server with some of the apps, and who calls them."""

    para: Para
    secrets: Secrets
    clients: dict[tuple[str, str], Client] = field(default_factory=dict)
    written: list[tuple[str, str]] = field(default_factory=list)
    now: int = EPOCH_MS

    async def send(self, at: int, request: Request) -> tuple[Reply, list[tuple[str, str]]]:
        """Send a request and return the answer, and the calls of back-ends it took."""
        self.now = EPOCH_MS + at * 1000
        calls: list[tuple[str, str]] = []
        token = _CALLS.set(calls)
        try:
            headers = {"content-type": "application/zip"} if request.raw else None
            reply = await self.clients[request.app, request.caller].send(
                request.method,
                request.path,
                request.body,
                raw=request.raw,
                query=request.query,
                headers=headers,
            )
        finally:
            _CALLS.reset(token)
        await self.para.services.index.caught_up(request.app, 10)
        return reply, calls


@asynccontextmanager
async def world_of(name: str, folder: Path, apps: Sequence[str], seed: int) -> AsyncIterator[World]:
    """Open a server with something in these apps; ``seed`` decides about all but the secrets."""
    settings = ApiSettings(root_secret_override=ROOT_SECRET, cache_enabled=True)
    secrets = Secrets(seed=len(apps))
    world: World
    async with backends(name, folder) as made:
        para = Para(settings, made, clock=lambda: world.now)
        world = World(para, secrets)
        async with para:
            for app in APPS:
                random = Random(f"{seed}{app}")  # noqa: S311 - no secret
                await _fill(world, app, random, is_empty=app not in apps)
            para.services.store.watch(lambda appid, puts, gone: _note(world, appid, puts, gone))
            for watched in (para.services.store.dao, para.services.search):
                _watch_calls(watched)
            yield world


async def _fill(world: World, name: str, random: Random, *, is_empty: bool) -> None:
    services, grants = world.para.services, random.choice(isolation.GRANTS)
    app = isolation.app_of(name, grants, world.secrets)
    await services.apps.create(app)
    if is_empty:
        return
    objects = isolation.objects_of(name, random, world.secrets)
    for obj in objects:
        obj.timestamp = world.now
    await services.store.save(name, "createAll", [Save(obj) for obj in objects])
    await services.apps.register_types(app, {obj.type for obj in objects})
    by_id = {obj.id: obj for obj in objects}
    for key, other in (("u0", "w1"), ("u1@example.com", "o1"), ("o2", "u1"), ("f1", "u2")):
        await services.links.link(app, by_id[key], other)
    # All are indexed in the order of their ids, whichever came first while the index was made.
    await services.index.caught_up(name, 10)
    await services.index.rebuild(name)
    await services.index.caught_up(name, 10)
    key = app.secret or ""
    world.clients |= {
        (name, "app"): Client(world.para, app.id, key),
        (name, "super"): Client(world.para, token=super_token(app.id, key)),
        (name, "guest"): Client(world.para, guest_of=app.id),
        (name, "nobody"): Client(world.para),
    }
    for obj in objects:
        if obj.type == "user":
            now = time.time()
            token = issue_user_token(app, obj, "generic", now, validity=(7200, 600))  # type: ignore[arg-type]
            assert token is not None
            world.clients[name, obj.id] = Client(world.para, token=token.token)


def _note(world: World, appid: str, puts: Sequence[Record], gone: Sequence[str]) -> None:
    world.written += [(appid, key) for key in (*(record.id for record in puts), *gone)]


def _watch_calls(target: Any) -> None:  # noqa: ANN401 - a DAO or a search engine
    """Note the calls that requests make; those of background tasks have no list to go to."""
    for name in _WATCHED:
        method = getattr(target, name, None)
        if method is None:
            continue

        setattr(target, name, partial(_noted, name, method))


def _noted(
    name: str, method: Callable[..., Any], appid: str, *args: object, **named: object
) -> Any:  # noqa: ANN401
    calls = _CALLS.get()
    if calls is not None:
        calls.append((name, _place(appid, *args)))
    return method(appid, *args, **named)


def _place(appid: str, asked: object = "", *_: object) -> str:
    """Return the app, or what is asked for in a room of the server, where each app has its own."""
    if not is_room(appid):
        return appid
    return f"{appid}:{','.join(asked.keys()) if isinstance(asked, Write) else asked}"


# ---- what must hold ------------------------------------------------------------------------------


def texts_of(reply: Reply) -> bytes:
    """Return everything that an answer tells, unpacked."""
    if reply.headers.get("content-type") != "application/zip":
        return reply.body
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist())


def form_of(reply: Reply, *, may_see_secrets: bool) -> tuple[object, ...]:
    """Return what must be equal in both worlds."""
    body = _GENERATED.sub(b"#", texts_of(reply))
    if may_see_secrets:
        body = Secrets.PATTERN.sub(b"#", body)
    headers = {
        name: _GENERATED.sub(b"#", value.encode())
        for name, value in reply.headers.items()
        if name not in ("content-length", "date", "etag")
    }
    return reply.status, headers, body


def check_secrets(request: Request, reply: Reply, secrets: Secrets) -> bool:
    """Tell whether a caller may see secrets; those that it may not see are not in its answer."""
    shown = [secret.decode() for secret in Secrets.PATTERN.findall(texts_of(reply))]
    kinds = {secret[:4] for secret in shown}
    assert all(secrets.made[secret][0] == request.app for secret in shown), (request, reply)
    if request.caller in ("app", "super"):
        assert "hush" not in kinds or request.path == "/v1/_export", (request, reply)
        return True
    assert "hush" not in kinds, (request, reply)
    if request.path == "/v1/_settings" or request.path.startswith("/v1/_settings/"):
        return True  # an app may grant them by name; administrators need no grant
    owner = (request.app, request.caller)
    assert all(secrets.made[secret] == owner for secret in shown), (request, reply)
    return bool(shown)


def check_marks(request: Request, reply: Reply) -> None:
    """Nothing of another app is in an answer, but for the words that were asked for."""
    told = f"{request.path} {request.query}"
    text = texts_of(reply).decode(errors="replace")
    for name, mark in MARKS.items():
        if name != request.app and mark in text:
            assert mark in told, (request, reply)


@contextmanager
def all_logs() -> Iterator[list[str]]:
    """Collect every record of every logger, with its extra values."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.getMessage()} {record.__dict__} {record.exc_text}")

    root, handler = logging.getLogger(), Collector()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


async def run(name: str, folder: Path, seed: int, count: int) -> int:
    """Send requests to one server with all apps and to one for each app; return the answers 2xx."""
    requests, good = isolation.requests(seed, count), 0
    with all_logs() as logs:
        async with world_of(name, folder / "all", APPS, seed) as joint:
            answers = []
            for at, request in enumerate(requests):
                joint.written.clear()
                reply, calls = await joint.send(at, request)
                good += 200 <= reply.status < 300
                assert reply.status < 500, (request, reply)
                check_marks(request, reply)
                may_see = check_secrets(request, reply, joint.secrets)
                check_reach(request, joint, calls)
                answers.append((form_of(reply, may_see_secrets=may_see), calls, may_see))
            await check_stored(joint)
            secrets = list(joint.secrets.made)
        for app in APPS:
            async with world_of(name, folder / app, [app], seed) as alone:
                for at, request in enumerate(requests):
                    if request.app != app:
                        continue
                    reply, calls = await alone.send(at, request)
                    expected, work, may_see = answers[at]
                    assert form_of(reply, may_see_secrets=may_see) == expected, (at, request)
                    assert calls == work, (at, request)
                secrets += alone.secrets.made
    everything = "\n".join(logs)
    assert [secret for secret in secrets if secret in everything] == []
    return good


def check_reach(request: Request, world: World, calls: Sequence[tuple[str, str]]) -> None:
    """A request writes to its own app only, and asks for nothing of another."""
    own = {(request.app, key) for _, key in world.written} | {("para", f"app:{request.app}")}
    assert own.issuperset(world.written), (request, world.written)
    places = {request.app, "para", f"_imports:{request.app}"}
    assert {place for _, place in calls} <= places, (request, calls)


async def check_stored(world: World) -> None:
    """Everything that is stored belongs where it is, and the index holds no secret."""
    dao = world.para.services.store.dao
    for app in APPS:
        after = ""
        while page := await dao.read_page(app, after=after, limit=200):
            after = page[-1].id
            for record in page:
                others = [MARKS[name].encode() for name in APPS if name != app]
                assert not any(mark in record.data for mark in others), record
                assert f'"appid":"{app}"'.encode() in record.data, record
                document = document_of(record)
                indexed = f"{document.values} {document.sorts} {document.nested}".encode()
                assert not Secrets.PATTERN.search(indexed), record


# ---- tests ---------------------------------------------------------------------------------------


async def test_apps_are_apart_whatever_is_asked(folder: Path) -> None:
    for at in range(0, OPERATIONS, ROUND):
        count = min(ROUND, OPERATIONS - at)
        good = await run(MEMORY, folder, SEED + at, count)
        assert good > count // 10  # most is refused or not there, and much is not


@pytest.mark.parametrize("backend_name", [pytest.param(SQLITE)])
async def test_apps_are_apart_on_disk_too(backend_name: str, folder: Path) -> None:
    for name in ("all", *APPS):
        (folder / name).mkdir()
    assert await run(backend_name, folder, SEED, max(OPERATIONS // 10, 200)) > 20
