"""Random requests of random callers to three apps that share ids, types and field names.

Every value that an app stores holds the app's own mark, and every secret is marked as one, so that
an answer shows where each of its parts came from.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from random import Random
from typing import Any

from para_core.objects import App, Form, ParaObject, Sysprop, Tag, User, Webhook

from .client import coded

__all__ = ["APPS", "MARKS", "Request", "Secrets", "app_of", "objects_of", "requests"]

APPS = ("red", "green", "blue")
MARKS = {"red": "carmine", "green": "emerald", "blue": "cobalt"}
IDS = [f"o{n}" for n in range(12)]
USERS = [f"u{n}" for n in range(4)]
TYPES = ["note", "cat", "page"]
KINDS = [*TYPES, "notes", "user", "users", "sysprop", "linker", "tag", "webhook", "form", "vote"]
FIELDS = [
    *("name", "id", "timestamp", "updated", "creatorid", "appid", "votes", "tags", "parentid"),
    *("properties.text", "properties.n", "properties.deep.er", "email", "nstd.id", "_docid"),
]
SECRET_FIELDS = [
    *("twoFAkey", "twoFAbackupKeyHash", "idpAccessToken", "tokenSecret", "password", "secret"),
    *("properties.password", "properties.token", "properties.etoken", "captchaSecretKey"),
    *("properties.secret", "properties.twoFAkey", "settings.key", "properties.lockedUntil"),
]
WORDS = ["carmine", "emerald", "cobalt", "hush", "keep", "self", "note", "o1", "u1", "red", "blue"]

GRANTS: list[dict[str, Any]] = [
    {},
    {"*": {"*": ["?", "*"]}},
    {"*": {"*": ["*"], "note": ["?", "OWN", "*"], "user": ["OWN", "*"], "sysprop": ["GET"]}},
    {"*": {"note": ["GET", "POST", "PUT", "OWN"], "search": ["GET"], "_batch": ["*"]}},
    {"u1": {"*": ["*"], "note": ["-"]}, "*": {"cat": ["?", "GET"], "note/o1": ["GET"]}},
    {"*": {"note": ["?", "*", "OWN"], "cat/*": ["GET"], "linker": ["GET"], "_id": ["GET"]}},
]


@dataclass(frozen=True)
class Request:
    """One request, without the credentials of its caller."""

    app: str
    caller: str  # app, super, guest, nobody, or a user's id
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    raw: bytes | None = None


@dataclass
class Secrets:
    """Makes secrets that say who may see them: nobody, the app's keys, or the user itself too."""

    seed: int
    count: int = 0
    made: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The app and the user that each belongs to."""

    PATTERN = re.compile(rb"(?:hush|keep|self)[0-9]+x[0-9a-f]{12,}")

    def __call__(self, kind: str, app: str, user: str = "") -> str:
        self.count += 1
        tail = Random(f"{self.seed}-{self.count}").randbytes(16).hex()  # noqa: S311 - no secret
        secret = f"{kind}{self.count}x{tail}"
        self.made[secret] = (app, user)
        return secret


def app_of(name: str, grants: dict[str, Any], secrets: Secrets) -> App:
    mark = MARKS[name]
    return App(
        id=f"app:{name}",
        name=f"{mark} app",
        secret=secrets("hush", name),
        resource_permissions=grants,
        validation_constraints={"page": {"text": {"required": {}}}},
        settings={"key": secrets("keep", name), "word": mark},
    )


def objects_of(name: str, random: Random, secrets: Secrets) -> list[ParaObject]:
    """Return what is in an app at the start."""
    mark, made = MARKS[name], list[ParaObject]()
    for n, key in enumerate(USERS):
        mail = f"{key}@example.com"
        made.append(
            User(
                id=key,
                identifier=mail,
                email=mail,
                name=f"{mark} {key}",
                groups="admins" if key == "u3" else "users",
                active=n != 2,
                token_secret=secrets("hush", name),
                two_fa_key=secrets("self", name, key),
                two_fa_backup_key_hash=secrets("self", name, key),
                idp_access_token=secrets("self", name, key),
                idp_refresh_token=secrets("self", name, key),
                idp_id_token=secrets("self", name, key),
            )
        )
        hashes = {part: secrets("keep", name) for part in ("password", "token", "etoken")}
        made.append(Sysprop(id=mail, name="identifier", creatorid=key, properties=hashes))
    for key in IDS:
        text = f"{mark} {random.choice(WORDS[6:])} {random.randrange(9)}"
        custom = {"text": text, "n": random.randrange(9), "deep": {"er": f"{mark}deep"}}
        owner = random.choice([*USERS, None])
        made.append(
            Sysprop(
                id=key,
                type=random.choice(TYPES),
                name=f"{mark} {key}",
                creatorid=owner,
                parentid=random.choice([*IDS[:3], None]),
                tags=[random.choice(["t1", "t2", mark])],
                properties=custom,
            )
        )
    made += [
        Webhook(
            id="w1",
            name=f"{mark} hook",
            target_url="http://x.example",
            secret=secrets("keep", name),
        ),
        Form(id="f1", name=f"{mark} form", captcha_secret_key=secrets("keep", name)),
        Tag(id="tag:t1", tag="t1", name=mark),
    ]
    for obj in made:
        obj.appid = name
    return made


def requests(seed: int, count: int) -> list[Request]:
    """Return random requests; the same ones for the same seed."""
    maker = _Maker(Random(seed))  # noqa: S311 - no secret
    return [maker.make() for _ in range(count)]


class _Maker:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.app = ""

    def make(self) -> Request:
        random = self.random
        self.app = random.choice(APPS)
        callers = ["app", "app", "super", "guest", "nobody", *USERS, *USERS]
        caller = random.choice(callers)
        line, query, body, raw = random.choice(_TEMPLATES)(self)
        method, _, path = line.partition(" ")
        if random.random() < 0.15 and caller != "nobody":  # which would be a guest there
            query = [*query, random.choice(self.detours())]
        if random.random() < 0.1:
            query = [*query, ("select", random.choice(["id,name", *SECRET_FIELDS, "appid,nstd"]))]
        return Request(self.app, caller, method, path, tuple(query), body, raw)

    # ---- parts ------------------------------------------------------------------------------

    def one(self, *choices: Any) -> Any:  # noqa: ANN401 - of any type
        return self.random.choice(choices)

    def other(self) -> str:
        other: str = self.one(*(name for name in APPS if name != self.app))
        return other

    def detours(self) -> list[tuple[str, str]]:
        """Parameters that name another app, which must not count beside real credentials."""
        other = self.other()
        return [
            ("accessKey", f"app:{other}"),
            ("appid", f"app:{other}"),
            ("X-Amz-Credential", f"AKID={other}/20260101/us-east-1/para/aws4_request"),
            ("Authorization", "Bearer a.b.c"),
            ("type", "app"),
        ]

    def kind(self) -> str:
        kind: str = self.one(*KINDS)
        return kind

    def key(self) -> str:
        key: str = self.one(
            *IDS, *IDS, *USERS, *(f"{user}@example.com" for user in USERS), "w1", "f1", "tag:t1",
            "t1", f"{self.one(*USERS)}_o1", f"app:{self.other()}", f"app:{self.app}", "app:para",
            f"note:o1:note:{self.one(*IDS)}", "user:u0:webhook:w1", "form:f1:user:u2",
            "nothing", "..%2f..", "%00", "*",
        )  # fmt: skip
        return key

    def body(self) -> dict[str, Any]:
        mark, random = MARKS[self.app], self.random
        made: dict[str, Any] = {
            "name": f"{mark} {random.randrange(99)}",
            "text": f"{mark} {self.one(*WORDS[6:])}",
            "n": random.randrange(9),
            "deep": {"er": f"{mark}deep"},
            "tags": [self.one("t1", "t2", mark)],
        }
        extras: dict[str, Any] = {
            "id": self.one(*IDS),
            "type": self.one(*TYPES, "user", "app", "sysprop"),
            "appid": self.other(),
            "creatorid": self.one(*USERS),
            "parentid": self.one(*IDS),
            "email": f"{self.one(*USERS)}@example.com",
            "identifier": f"{self.one(*USERS)}@example.com",
            "groups": "admins",
            "password": "not-a-hash",
            "stored": self.random.random() < 0.7,
            "indexed": self.random.random() < 0.7,
            "properties": {"text": f"{mark} inner"},
        }
        for name in random.sample(list(extras), random.randrange(4)):
            made[name] = extras[name]
        return made

    def query(self) -> str:
        word, field_ = self.one(*WORDS), self.one(*FIELDS, *SECRET_FIELDS)
        text: str = self.one(
            "*", word, f"{word}*", f"{field_}:{word}*", f"{field_}:*", f"_exists_:{field_}",
            f"appid:{self.other()}", f"*:{word}*", f"{field_}:[a TO z]", f"/{word}.*/", f"{word}~",
            f"name:{MARKS[self.app]}* OR {field_}:{word}*", f"NOT {field_}:{word}*", f"({word}",
        )  # fmt: skip
        return text

    def paging(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        if self.random.random() < 0.6:
            found.append(("sort", self.one(*FIELDS, *SECRET_FIELDS)))
        if self.random.random() < 0.4:
            found.append(("desc", self.one("true", "false")))
        if self.random.random() < 0.4:
            found.append(("limit", str(self.one(0, 1, 2, 5))))
        if self.random.random() < 0.2:
            found.append(("page", str(self.one(1, 2, 3))))
        if self.random.random() < 0.1:
            found.append(("lastKey", str(self.random.randrange(60))))
        return found

    def resource(self) -> str:
        path = self.one("note", "cat/o1", "*", "user", "_settings", "notes/*", "search")
        return coded(path)

    def archive(self) -> bytes:
        """An archive whose objects claim to be another app's."""
        made = {**self.body(), "id": self.one(*IDS), "appid": self.other(), "type": "note"}
        file = io.BytesIO()
        import msgspec

        with zipfile.ZipFile(file, "w") as archive:
            info = zipfile.ZipInfo("a_1.json", (2026, 1, 1, 0, 0, 0))
            archive.writestr(info, msgspec.json.encode([made, {"id": "app:x", "type": "app"}]))
            archive.writestr(zipfile.ZipInfo("a_2.json", (2026, 1, 1, 0, 0, 0)), b"[]")
        return file.getvalue()


_Parts = tuple[str, list[tuple[str, str]], Any, bytes | None]


def _read(m: _Maker) -> _Parts:
    return f"GET /v1/{m.kind()}/{m.key()}", [], None, None


def _search(m: _Maker) -> _Parts:
    base = m.one(f"/v1/{m.kind()}", "/v1/search", f"/v1/{m.kind()}/search")
    return f"GET {base}", [("q", m.query()), *m.paging()], None, None


def _search_by(m: _Maker) -> _Parts:
    how, query = m.one(
        ("count", []),
        ("ids", [("ids", m.key()), ("ids", m.key())]),
        ("id", [("id", m.key())]),
        ("prefix", [("field", m.one(*FIELDS, *SECRET_FIELDS)), ("prefix", m.one(*WORDS))]),
        ("wildcard", [("field", m.one(*FIELDS, *SECRET_FIELDS)), ("q", f"*{m.one(*WORDS)[:3]}*")]),
        ("terms", [("terms", f"{m.one(*FIELDS, *SECRET_FIELDS)}:{m.one(*WORDS)}")]),
        ("in", [("field", m.one(*FIELDS)), ("terms", m.key()), ("terms", m.one(*WORDS))]),
        ("tagged", [("tags", m.one("t1", "t2", *WORDS[:3]))]),
        ("nested", [("field", m.one("text", "password", "secret")), ("q", m.one(*WORDS))]),
        ("similar", [("like", f"id:{m.key()}"), ("fields", m.one(*FIELDS, *SECRET_FIELDS))]),
    )
    base = m.one(f"/v1/{m.kind()}/search", "/v1/search")
    return f"GET {base}/{how}", [*query, *m.paging()], None, None


def _create(m: _Maker) -> _Parts:
    return f"POST /v1/{m.kind()}", [], {"id": m.one(*IDS), **m.body()}, None


def _change(m: _Maker) -> _Parts:
    body = m.one(m.body(), m.body(), {"_voteup": m.one(*USERS, *IDS)}, {"_votedown": m.one(*USERS)})
    return f"{m.one('PATCH', 'PATCH', 'PUT')} /v1/{m.kind()}/{m.key()}", [], body, None


def _delete(m: _Maker) -> _Parts:
    key = m.one(*IDS, m.key())
    own = key == f"app:{m.app}"  # which would be the end of its requests
    return f"DELETE /v1/{m.kind()}/{'o1' if own else key}", [], None, None


def _batch(m: _Maker) -> _Parts:
    if m.random.random() < 0.5:
        ids = [("ids", m.key()) for _ in range(3)]
        return f"{m.one('GET', 'GET', 'DELETE')} /v1/_batch", ids, None, None
    # What is not stored is indexed beside the rest, in an order that is nobody's business.
    bodies = [{"id": m.one(*IDS), **m.body(), "stored": True} for _ in range(3)]
    return f"{m.one('POST', 'PUT', 'PATCH')} /v1/_batch", [], bodies, None


def _links(m: _Maker) -> _Parts:
    base = f"/v1/{m.kind()}/{m.key()}/links"
    extra = m.one([], [("childrenonly", "true")], [("count", "true")], [("q", m.one(*WORDS))])
    line = m.one(
        f"POST {base}/{m.key()}",
        f"PUT {base}/{m.one(*IDS)}",
        f"GET {base}/{m.kind()}",
        f"GET {base}/{m.kind()}/{m.key()}",
        f"DELETE {base}/{m.kind()}/{m.key()}",
        f"DELETE {base}/{m.kind()}",
        f"DELETE {base}",
    )
    return line, [*extra, *m.paging()], None, None


def _manage(m: _Maker) -> _Parts:
    other = f"app:{m.other()}"
    line, body = m.one(
        ("GET /v1/_me", None),
        ("GET /v1/_types", None),
        ("GET /v1/_settings", None),
        ("GET /v1/_settings/key", None),
        ("GET /v1/_permissions", None),
        (f"GET /v1/_permissions/{m.one(*USERS, '*')}", None),
        (f"GET /v1/_permissions/{m.one(*USERS, '*')}/{m.resource()}/GET", None),
        (f"PUT /v1/_permissions/{m.one(*USERS, '*')}/{m.resource()}", [m.one("GET", "*", "OWN")]),
        (f"DELETE /v1/_permissions/{m.one(*USERS)}", None),
        ("GET /v1/_constraints", None),
        ("PUT /v1/_constraints/cat/text/max", {"value": 90}),
        ("DELETE /v1/_constraints/cat/text/max", None),
        (f"GET /v1/_id/{m.key()}", None),
        (f"GET /v1/app/{other}", None),
        (f"PATCH /v1/app/{other}", {"name": MARKS[m.app], "active": False}),
        (f"PUT /v1/app/{other}", {"name": MARKS[m.app]}),
        (f"DELETE /v1/app/{other}", None),
        (f"GET /v1/_setup/{m.other()}", None),
        ("PUT /v1/_settings/other", {"value": MARKS[m.app]}),
        ("GET /v1/_export", None),
        ("POST /v1/_reindex", None),
        ("GET /v1/utils?method=timestamp", None),
        ("GET /v1/_config/options", None),
        ("GET /v1/nowhere/at/all/or/so", None),
        ("HEAD /v1/note", None),
        ("OPTIONS /v1/note", None),
    )
    return line.partition("?")[0], [], body, None


def _import(m: _Maker) -> _Parts:
    return "PUT /v1/_import", [], None, m.archive()


_TEMPLATES = [_read, _search, _search, _search_by, _search_by, _create, _change, _change, _delete,
              _batch, _links, _links, _manage, _manage, _import]  # fmt: skip
