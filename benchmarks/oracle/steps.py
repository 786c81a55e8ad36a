"""Random requests of an app: a seed makes the same ones each time."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from benchmarks.oracle.values import (
    any_field,
    any_text,
    any_value,
    happens,
    query_string,
    words,
)
from benchmarks.things import CITIES, COLOURS, WORDS
from para_core.testing.signing import escaped

__all__ = ["Episode", "Step"]

Query = list[tuple[str, str]]

_TYPES = ("cat", "dog", "cat", "dog", "user", "tag", "address", "sysprop", "translation")
_FIRST_TIME = 1_400_000_000_000
_IDS = 40  # of a type: so that requests meet
_SORTS = ("timestamp", "name", "properties.city", "properties.price", "updated", "votes", "nothing")
_TAKERS = (
    ("POST", "/v1/cats"),
    ("PUT", "/v1/cats/odd1"),
    ("PATCH", "/v1/cats/cat1"),
    ("POST", "/v1/_batch"),
    ("PATCH", "/v1/_batch"),
    ("PUT", "/v1/_settings"),
    ("PUT", "/v1/_constraints/cat/price/min"),
)
_ODD_BODIES = (
    b"", b"{", b"[]", b"null", b'"text"', b"7", b"{}", b'{"id":7}', b'{"name":{"a":1}}',
    b'{"tags":"one"}', b'{"timestamp":"x"}', b'[{"id":"cat1"}]', b'{"a":1}{"b":2}', b'{"name":5}',
    b'{"votes":"3"}', b'{"id":null,"type":null}', b'{"properties":{"a":1}}', b'{"tags":[1,null]}',
    b"\xff\xfe",
)  # fmt: skip
_ODD_PATHS = (
    "/v1/_nothing", "/v1/cats/", "/v1/a/b/c", "/v1/_id", "/v1/search/nosuch", "/v1/_me",
    "/v1/cats/search/nosuch", "/v1/_setup/", "/v1/_types/x", "/v1/cats/cat1/links", "/v1/utils",
    "/v1/_newthing/1",
)  # fmt: skip
_ODD_IDS = ("a b", "ünï", "x:y:z", "a.b", "%41", "a+b", "0", "q'q", "A", "a")


@dataclass(frozen=True, slots=True)
class Step:
    """One request. ``is_unordered``: the order of its items has no meaning."""

    kind: str
    method: str
    path: str
    query: Query = field(default_factory=list)
    body: bytes = b""
    is_unordered: bool = False

    @property
    def changes(self) -> bool:
        """Whether it may change what is stored."""
        return self.method != "GET"


class Episode:
    """Makes requests for one new app, with objects that refer to each other."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._clock = _FIRST_TIME
        self._makers: Sequence[tuple[int, Callable[[], Step]]] = (
            (18, self._create),
            (6, self._overwrite),
            (10, self._change),
            (4, self._delete),
            (8, self._read),
            (5, self._create_all),
            (3, self._read_all),
            (4, self._change_all),
            (2, self._delete_all),
            (8, self._list),
            (14, self._search_text),
            (22, self._search_kind),
            (8, self._link),
            (6, self._linked),
            (3, self._unlink),
            (3, self._constrain),
            (4, self._vote),
            (3, self._tell),
            (4, self._utility),
            (4, self._odd_body),
            (3, self._odd_path),
        )

    def step(self) -> Step:
        """Return the next request."""
        weights = [weight for weight, _ in self._makers]
        makers = [maker for _, maker in self._makers]
        return self._chance.choices(makers, weights)[0]()

    # ---- objects ------------------------------------------------------------------------------

    def _kind(self) -> str:
        return self._chance.choice(_TYPES)

    def _key(self, kind: str) -> str:
        if happens(self._chance, 0.05):
            return self._chance.choice(_ODD_IDS)
        prefix = "tag:" if kind == "tag" else kind
        suffix = self._chance.choice(WORDS[:8]) if kind == "tag" else self._chance.randrange(_IDS)
        return f"{prefix}{suffix}"

    def _object(self, kind: str, key: str | None) -> dict[str, Any]:
        chance = self._chance
        self._clock += 1
        made: dict[str, Any] = {"type": kind, "timestamp": self._clock}
        if key is not None:
            made["id"] = key
        if happens(chance, 0.7):
            made["name"] = any_text(chance)
        made |= self._own_fields(kind, key)
        made |= self._plain_fields(kind)
        if happens(chance, 0.3):
            made |= [any_field(chance)]
        if happens(chance, 0.2):
            made["parentid"] = self._key("cat")
        if happens(chance, 0.2):
            made["creatorid"] = f"user{chance.randrange(5)}"
        if happens(chance, 0.05):
            made[chance.choice(("stored", "indexed", "cached"))] = happens(chance, 0.5)
        if happens(chance, 0.08):
            made[chance.choice(("votes", "version", "appid", "name", "tags"))] = any_value(chance)
        return made

    def _plain_fields(self, kind: str) -> dict[str, Any]:
        chance = self._chance
        fields: dict[str, Any] = {
            "text": words(chance, 8),
            "city": chance.choice(CITIES),
            "color": chance.choice(COLOURS),
            "price": chance.randint(0, 500),
            "active": happens(chance, 0.5),
        }
        plain = kind in {"cat", "dog", "sysprop"}
        made = {name: fields[name] for name in fields if plain and happens(chance, 0.7)}
        if happens(chance, 0.4):
            made["tags"] = [chance.choice(WORDS) for _ in range(chance.randint(0, 3))]
        return made

    def _own_fields(self, kind: str, key: str | None) -> dict[str, Any]:
        chance = self._chance
        number = chance.randrange(1000)
        if kind == "tag":
            word = (key or "tag:loose").removeprefix("tag:")
            return {"tag": word, "count": chance.randint(0, 9)}
        if kind == "user":
            mail = f"u{number}-{self._clock}@example.com"
            return {"email": mail, "identifier": mail, "groups": "users", "name": words(chance, 2)}
        if kind == "address":
            latlng = f"{chance.uniform(-80, 80):.3f},{chance.uniform(-170, 170):.3f}"
            near = f"{42.6 + chance.random() / 5:.4f},{23.3 + chance.random() / 5:.4f}"
            return {
                "address": words(chance, 3),
                "country": chance.choice(("BG", "DE", "US")),
                "phone": str(number),
                "latlng": near if happens(chance, 0.6) else latlng,
                "parentid": self._key("cat"),
            }
        if kind == "translation":
            return {"locale": "de", "thekey": words(chance, 1), "value": words(chance, 2)}
        return {}

    def _create(self) -> Step:
        kind = self._kind()
        key = self._key(kind) if happens(self._chance, 0.9) else None
        return Step(
            "create", "POST", f"/v1/{self._segment(kind)}", [], _json(self._object(kind, key))
        )

    def _segment(self, kind: str) -> str:
        plurals = {"address": "addresses"}
        return plurals.get(kind, f"{kind}s") if happens(self._chance, 0.6) else kind

    def _overwrite(self) -> Step:
        kind = self._kind()
        key = self._key(kind)
        path = f"/v1/{self._segment(kind)}/{_enc(key)}"
        body = {**self._object(kind, key), "id": self._key(kind)}  # the id of the path counts
        return Step("overwrite", "PUT", path, [], _json(body))

    def _change(self) -> Step:
        kind = self._kind()
        path = f"/v1/{self._segment(kind)}/{_enc(self._key(kind))}"
        return Step("change", "PATCH", path, [], _json(self._part()))

    def _part(self) -> dict[str, Any]:
        chance = self._chance
        fields: list[tuple[str, Any]] = [
            ("name", any_text(chance)),
            ("price", chance.randint(0, 500)),
            ("city", chance.choice(CITIES)),
            ("text", words(chance)),
            ("tags", [chance.choice(WORDS)]),
            ("color", None),
            ("parentid", self._key("cat")),
            ("timestamp", 5),
            ("id", "other"),
            ("type", "other"),
            ("properties", {"inner": 1}),
            any_field(chance),
        ]
        return dict(chance.sample(fields, chance.randint(0, 3)))

    def _delete(self) -> Step:
        kind = self._kind()
        return Step("delete", "DELETE", f"/v1/{self._segment(kind)}/{_enc(self._key(kind))}")

    def _read(self) -> Step:
        kind = self._kind()
        key = _enc(self._key(kind))
        if happens(self._chance, 0.2):
            return Step("read by id", "GET", f"/v1/_id/{key}")
        query: Query = []
        if happens(self._chance, 0.3):
            fields = ("name", "city", "id", "tags", "objectURI", "none", "timestamp", "properties")
            query = [("select", ",".join(self._chance.sample(fields, 3)))]
        return Step("read", "GET", f"/v1/{self._segment(kind)}/{key}", query)

    # ---- batches ------------------------------------------------------------------------------

    def _create_all(self) -> Step:
        items: list[Any] = []
        for _ in range(self._chance.randint(0, 6)):
            kind = self._kind()
            items.append(self._object(kind, self._key(kind)))
        items = list({item["id"]: item for item in items}.values())
        return Step("create batch", "POST", "/v1/_batch", [], _json(items), is_unordered=True)

    def _keys(self) -> list[str]:
        return list({self._key(self._kind()): 0 for _ in range(self._chance.randint(1, 6))})

    def _read_all(self) -> Step:
        query = [("ids", key) for key in self._keys()]
        return Step("read batch", "GET", "/v1/_batch", query, is_unordered=True)

    def _change_all(self) -> Step:
        items = [{**self._part(), "id": key} for key in self._keys()]
        return Step("change batch", "PATCH", "/v1/_batch", [], _json(items), is_unordered=True)

    def _delete_all(self) -> Step:
        query = [("ids", key) for key in self._keys()]
        return Step("delete batch", "DELETE", "/v1/_batch", query)

    # ---- lists and searches -------------------------------------------------------------------

    def _paging(self) -> Query:
        chance = self._chance
        pairs: Query = []
        if happens(chance, 0.4):
            pairs.append(("limit", str(chance.choice((1, 2, 5, 10, 50, 0, -1, 1000)))))
        if happens(chance, 0.25):
            pairs.append(("page", str(chance.choice((1, 2, 3, 0, -4)))))
        if happens(chance, 0.3):
            pairs.append(("sort", chance.choice(_SORTS)))
        if happens(chance, 0.3):
            pairs.append(("desc", chance.choice(("true", "false"))))
        return pairs

    def _list(self) -> Step:
        return Step("list", "GET", f"/v1/{self._segment(self._kind())}", self._paging())

    def _search_text(self) -> Step:
        query = [("q", query_string(self._chance)), *self._paging()]
        where = "" if happens(self._chance, 0.4) else f"/{self._segment(self._kind())}"
        return Step("search text", "GET", f"/v1{where}/search", query)

    def _search_kind(self) -> Step:
        chance = self._chance
        name = chance.choice(list(self._arguments()))
        query = [*self._arguments()[name](), *self._paging()]
        where = "" if happens(chance, 0.3) else f"/{self._segment(self._kind())}"
        return Step(f"search {name}", "GET", f"/v1{where}/search/{name}", query)

    def _arguments(self) -> dict[str, Callable[[], Query]]:
        chance = self._chance
        field = chance.choice(
            ("name", "properties.city", "properties.text", "tags", "parentid", "id")
        )
        word = chance.choice((*WORDS[:10], *CITIES, "cat1"))
        return {
            "id": lambda: [("id", self._key("cat"))],
            "ids": lambda: [("ids", key) for key in self._keys()],
            "nested": lambda: [("field", "properties.city"), ("q", chance.choice(CITIES))],
            "nearby": lambda: [
                ("latlng", f"{42.7 + chance.random() / 10:.3f},{23.4 + chance.random() / 10:.3f}"),
                ("radius", str(chance.choice((1, 5, 20, 500)))),
                ("q", "*"),
            ],
            "prefix": lambda: [("field", field), ("prefix", word[: chance.randint(1, 4)])],
            "similar": lambda: [
                ("fields", "properties.text"),
                ("filterid", self._key("cat")),
                ("like", words(chance, 6)),
            ],
            "tagged": lambda: [("tags", chance.choice(WORDS)) for _ in range(chance.randint(1, 2))],
            "in": lambda: [("field", field), ("terms", word), ("terms", chance.choice(CITIES))],
            "terms": self._terms,
            "wildcard": lambda: [
                ("field", field),
                ("q", chance.choice((f"*{word[2:]}", f"{word[:2]}*"))),
            ],
            "count": list,
        }

    def _terms(self) -> Query:
        chance = self._chance
        pairs = [
            ("properties.city", chance.choice(CITIES)),
            ("properties.color", chance.choice(COLOURS)),
            ("properties.price", str(chance.randint(0, 500))),
            ("properties.active", chance.choice(("true", "false"))),
            ("tags", chance.choice(WORDS)),
            ("creatorid", f"user{chance.randrange(5)}"),
            ("type", "cat"),
            ("timestamp", str(self._clock - chance.randrange(20))),
            ("name", chance.choice(CITIES)),
        ]
        chosen = chance.sample(pairs, chance.randint(1, 2))
        query = [("terms", f"{name}:{value}") for name, value in chosen]
        if happens(chance, 0.5):
            query.append(("matchall", chance.choice(("true", "false"))))
        if happens(chance, 0.2):
            query.append(("count", "true"))
        return query

    # ---- links, constraints, votes ------------------------------------------------------------

    def _place(self) -> tuple[str, str]:
        kind = self._chance.choice(("cat", "dog", "user"))
        return kind, f"/v1/{self._segment(kind)}/{kind}{self._chance.randrange(8)}/links"

    def _other(self) -> tuple[str, str]:
        kind = self._chance.choice(("cat", "dog", "user"))
        return kind, f"{kind}{self._chance.randrange(8)}"

    def _link(self) -> Step:
        return Step("link", "POST", f"{self._place()[1]}/{self._other()[1]}")

    def _linked(self) -> Step:
        chance = self._chance
        kind, key = self._other()
        path = f"{self._place()[1]}/{kind}"
        if happens(chance, 0.4):
            return Step("is linked", "GET", f"{path}/{key}")
        query = self._paging()
        if happens(chance, 0.3):
            query.append(("childrenonly", "true"))
        if happens(chance, 0.2):
            query.append(("count", "true"))
        return Step("linked", "GET", path, query)

    def _unlink(self) -> Step:
        kind, key = self._other()
        path = self._place()[1]
        if happens(self._chance, 0.3):
            return Step("unlink all", "DELETE", path)
        return Step("unlink", "DELETE", f"{path}/{kind}/{key}")

    def _constrain(self) -> Step:
        chance = self._chance
        kind = chance.choice(("cat", "dog"))
        limits: dict[str, Any] = {
            "min": {"value": 5},
            "max": {"value": 300},
            "size": {"min": 2, "max": 40},
            "required": {},
            "email": {},
            "digits": {"integer": 2, "fraction": 1},
            "pattern": {"value": "^[A-Z].*"},
            "true": {},
            "false": {},
            "url": {},
            "past": {},
            "nosuch": {},
        }
        name = chance.choice(list(limits))
        path = f"/v1/_constraints/{kind}/{chance.choice(('price', 'city', 'active'))}/{name}"
        if happens(chance, 0.3):
            return Step("constraints", "GET", f"/v1/_constraints/{chance.choice((kind, 'user'))}")
        if happens(chance, 0.4):
            return Step("constrain less", "DELETE", path)
        return Step("constrain", "PUT", path, [], _json(limits[name]))

    def _vote(self) -> Step:
        chance = self._chance
        kind, key = self._other()
        way = chance.choice(("_voteup", "_votedown"))
        part = {way: f"user{chance.randrange(6)}"}
        return Step("vote", "PATCH", f"/v1/{kind}/{key}", [], _json(part))

    # ---- the rest -----------------------------------------------------------------------------

    def _tell(self) -> Step:
        chance = self._chance
        name = chance.choice(("_types", "_settings", "_constraints", "_permissions"))
        if name == "_settings" and happens(chance, 0.6):
            key = chance.choice(("one", "two", "a.b"))
            method = chance.choice(("GET", "PUT", "DELETE"))
            body = _json({"value": any_value(chance)}) if method == "PUT" else b""
            return Step("setting", method, f"/v1/_settings/{key}", [], body)
        if name == "_permissions" and happens(chance, 0.7):
            resource = (
                base64.b64encode(chance.choice((b"cats", b"*", b"dogs/1"))).decode().rstrip("=")
            )
            who = chance.choice(("user1", "*"))
            if happens(chance, 0.3):
                return Step("may", "GET", f"/v1/_permissions/{who}/{resource}/GET")
            if happens(chance, 0.3):
                return Step("revoke", "DELETE", f"/v1/_permissions/{who}/{resource}")
            return Step(
                "grant", "PUT", f"/v1/_permissions/{who}/{resource}", [], _json(["GET", "POST"])
            )
        query = [("count", "true")] if name == "_types" and happens(chance, 0.4) else []
        return Step(name, "GET", f"/v1/{name}", query)

    def _utility(self) -> Step:
        chance = self._chance
        text = any_text(chance)
        name, query = chance.choice(
            [
                ("nospaces", [("string", text), ("replacement", "-")]),
                ("nosymbols", [("string", text)]),
                ("md2html", [("md", f"# {words(chance)}\n\n*{words(chance, 2)}* {text}")]),
                ("timeago", [("delta", str(chance.randint(0, 10**9)))]),
                ("formatdate", [("format", "yyyy"), ("locale", "en")]),
                ("nosuch", []),
            ]
        )
        return Step(f"utility {name}", "GET", f"/v1/utils/{name}", list(query))

    def _odd_body(self) -> Step:
        method, path = self._chance.choice(_TAKERS)
        return Step("odd body", method, path, [], self._chance.choice(_ODD_BODIES))

    def _odd_path(self) -> Step:
        method = self._chance.choice(("GET", "POST", "DELETE", "PUT", "PATCH"))
        body = b"{}" if method in {"POST", "PUT", "PATCH"} else b""
        return Step("odd path", method, self._chance.choice(_ODD_PATHS), [], body)


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)


def _enc(text: str) -> str:
    return escaped(text, but=b":")
