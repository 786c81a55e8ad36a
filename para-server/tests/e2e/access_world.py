"""Apps with people in them, for the tests about who gets where.

``home`` is the app whose data is at stake. Its note ``n1`` belongs to the user ``owner``. The word
``sesame`` stands in everything of ``home`` that others must not learn, and nowhere else.
"""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from para_core.objects import App, ParaObject, Sysprop, Tag, User
from para_server.access.issuing import issue_user_token
from para_server.services.store import Save

from .client import ROOT_SECRET, Client, Reply

if TYPE_CHECKING:
    from para_server.para import Para

__all__ = ["APPS", "CALLERS", "WORD", "World", "build", "fingerprint", "home_of", "shows"]

WORD = "sesame"

CALLERS = (
    "nobody",
    "guest",
    "user",
    "owner",
    "stranger",  # a user of another app
    "admin",
    "app",
    "other app",
    "root",
    "inactive",  # a user of the app
    "suspended",  # an app that is not active, with the same in it
    "suspended user",  # a user of that app
    "read-only",  # an app in read-only mode, with the same in it
    "read-only user",
)

APPS = ("home", "other", "suspended", "readonly")
_HOMES = {
    "suspended": "suspended",
    "suspended user": "suspended",
    "read-only": "readonly",
    "read-only user": "readonly",
}
_USERS = {
    "user": "user",
    "owner": "owner",
    "admin": "boss",
    "inactive": "gone",
    "suspended user": "owner",
    "read-only user": "owner",
}
_GROUPS = {"boss": "admins"}
_ENTRY = {"somebody": {WORD: ["GET"]}}


@dataclass
class World:
    """Callers by name, each with the app whose data is at stake for it."""

    para: Para
    apps: dict[str, App] = field(default_factory=dict)
    users: dict[tuple[str, str], User] = field(default_factory=dict)

    def home_of(self, caller: str) -> App:
        return self.apps[home_of(caller)]

    def client(self, caller: str) -> Client:
        home = self.home_of(caller)
        if caller in _USERS:
            return self._as_user(home, _USERS[caller])
        match caller:
            case "nobody":
                return Client(self.para)
            case "guest":
                return Client(self.para, guest_of=home.id)
            case "stranger":
                return self._as_user(self.apps["other"], "user")
            case "root":
                return Client(self.para, "app:para", ROOT_SECRET)
            case "other app":
                home = self.apps["other"]
        return Client(self.para, home.id, home.secret or "")

    def _as_user(self, app: App, userid: str) -> Client:
        user = self.users[app.identifier, userid]
        made = issue_user_token(app, user, "generic", time.time(), validity=(900, 300))
        assert made is not None
        return Client(self.para, token=made.token)


def home_of(caller: str) -> str:
    """Return the app whose data is at stake for a caller."""
    return _HOMES.get(caller, "home")


async def build(para: Para, permissions: dict[str, Any], names: Iterable[str] = APPS) -> World:
    """Make the apps, with these permissions in each; those of homes also name the word.

    They are written without the API, which would be the thing to be tested.
    """
    world = World(para)
    for name in names:
        is_other = name == "other"
        app = App(
            id=f"app:{name}",
            name=name,
            active=name != "suspended",
            read_only=name == "readonly",
            secret=f"secret-of-{name}".ljust(56, "x"),
            resource_permissions=permissions if is_other else {**permissions, **_ENTRY},
            settings={} if is_other else {"word": WORD},
            datatypes={"notes": "note"},
        )
        await para.services.apps.create(app)
        world.apps[name] = app
        await _fill(world, app, is_other=is_other)
    return world


async def _fill(world: World, app: App, *, is_other: bool) -> None:
    objects: list[ParaObject] = []
    for userid in ("user", "owner", "boss", "gone"):
        user = User(
            id=userid,
            identifier=f"{userid}@example.com",
            email=f"{userid}@example.com",
            name=userid.title(),
            groups=_GROUPS.get(userid, "users"),
            active=userid != "gone",
            token_secret=f"token-secret-of-{userid}-in-{app.identifier}".ljust(44, "x"),
        )
        world.users[app.identifier, userid] = user
        objects.append(user)
    if not is_other:
        objects += [
            Sysprop(id="n1", type="note", name=WORD, creatorid="owner", parentid="n0"),
            Sysprop(id="n0", type="note", name=f"parent {WORD}", creatorid="owner"),
            Tag(id="tag:t1", tag="t1", name="t1"),
            Tag(id="tag:t2", tag="t2", name="t2"),
        ]
    services = world.para.services
    for obj in objects:
        obj.appid, obj.timestamp = app.identifier, services.clock()
    await services.store.save(app.identifier, "createAll", [Save(obj) for obj in objects])
    if not is_other:
        await services.links.link(app, objects[-4], "tag:t1")


def shows(reply: Reply) -> bool:
    """Tell whether an answer tells the word."""
    body = reply.body
    if reply.headers.get("content-type") == "application/zip":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"".join(archive.read(name) for name in archive.namelist())
    return WORD.encode() in body


async def fingerprint(para: Para, identifier: str) -> dict[str, bytes]:
    """Return everything that is stored of an app, by id, and the app itself."""
    dao = para.services.store.dao
    found: dict[str, bytes] = {}
    after = ""
    while True:
        page = await dao.read_page(identifier, after=after, limit=100)
        found.update((record.id, record.data) for record in page)
        if not page:
            break
        after = page[-1].id
    app = await dao.read(para.services.apps.root, f"app:{identifier}")
    found["the app"] = app.data if app is not None else b""
    return found
