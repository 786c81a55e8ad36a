"""The page about permissions tells what is so: each row of its tables is decided about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from para_core.contracts.dao import Record
from para_core.objects import App, Sysprop, User
from para_core.objects.codec import record_of
from para_server.access.explain import ANY_GUEST, Question
from para_server.access.reasons import Rule
from para_server.services.explaining import explain_access

from .pages import DOCS

PAGE = DOCS / "explanation" / "permissions.md"
_EXAMPLE = re.compile(
    r"^```json\n(?P<json>.*?)^```$(?P<rows>.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE
)
_ROW = re.compile(r"^\| `(\S+)` \| `(\S+) (\S+)` \| (\d+) \| `([a-z-]+)` \|$", re.MULTILINE)
_PEOPLE = {name: User(id=name, active=True) for name in ("ann", "bob", "cid", "eve")} | {
    "boss": User(id="boss", groups="admins", active=True)
}


@dataclass(frozen=True)
class Row:
    """One row of a table, and what is said above it."""

    given: str
    subject: str
    method: str
    resource: str
    status: int
    rule: str


def rows() -> Iterator[Row]:
    for example in _EXAMPLE.finditer(PAGE.read_text(encoding="utf-8")):
        for who, method, resource, status, rule in _ROW.findall(example["rows"]):
            yield Row(example["json"], who, method, resource, int(status), rule)


ROWS = list(rows())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.subject} {row.method} {row.resource}")
async def test_a_row_of_the_page_is_what_happens(row: Row) -> None:
    given: dict[str, Any] = msgspec.json.decode(row.given)
    app = App(
        id="app:garden",
        resource_permissions=given["permissions"],
        datatypes=given.get("types", {}),
    )
    stored = {key: record_of(user) for key, user in _PEOPLE.items()}
    for fields in given.get("objects", ()):
        if fields["type"] != "user":
            stored[fields["id"]] = record_of(Sysprop(**fields))

    async def read(appid: str, key: str) -> Record | None:
        assert appid == "garden"
        return stored.get(key)

    question = Question(row.subject, row.method, row.resource)
    found = await explain_access(read, app, question, is_root=False)
    assert (found.status, found.rule) == (row.status, row.rule), found.because


def test_the_page_has_an_example_of_most_rules() -> None:
    shown = {row.rule for row in ROWS}
    elsewhere = {  # told in words: states of the app and the user, callers who are no user
        *("app", "nobody", "root", "blank", "no-app", "inactive-app", "read-only-app"),
        *("inactive-user", "no-permissions", "app-object"),
    }
    assert shown == {rule.value for rule in Rule} - elsewhere
    assert len(ROWS) > 40
    assert any(row.subject == ANY_GUEST for row in ROWS)
