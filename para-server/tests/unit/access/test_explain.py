"""Explanations name the rule that decided, for each of the rules there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from para_server.access.authorize import authorize
from para_server.access.explain import Explanation, Question, explain
from para_server.access.principal import NOBODY, Kind, Principal
from para_server.access.reasons import Rule

from .fakes import FakeApp, FakeObject

USER = Principal(Kind.USER, "myapp", userid="u1")
ADMIN = Principal(Kind.USER, "myapp", userid="u9", groups="Admins")
INACTIVE = Principal(Kind.USER, "myapp", userid="u1", is_active=False)
ROOT_USER = Principal(Kind.USER, "para", userid="u1", is_root=True)
GUEST = Principal(Kind.GUEST, "myapp")
APP = Principal(Kind.APP, "myapp")
ANYBODY = Principal(Kind.USER, "myapp", userid="*")

OPEN = {"*": {"*": ["*"]}}
MINE = FakeObject("n1", creatorid="u1")
FOREIGN = FakeObject("n1", creatorid="u2")


@dataclass
class Case:
    """A question, and the rule, status and entry of its answer."""

    rule: Rule
    status: int
    permissions: dict[str, Any] = field(default_factory=dict)
    by: Principal = USER
    line: str = "GET notes/n1"
    app: dict[str, Any] = field(default_factory=dict)
    entry: tuple[str, str] | None = None
    obj: FakeObject | None = None


OWN_NOTES = {"*": {"note": ["GET", "PUT", "DELETE", "OWN"]}}
CASES = {
    "the app": Case(Rule.APP, 200, by=APP),
    "an administrator": Case(Rule.ADMINISTRATOR, 200, by=ADMIN),
    "an administrator and new keys": Case(Rule.APPS_ONLY, 401, by=ADMIN, line="POST _newkeys"),
    "who am I": Case(Rule.ME, 200, line="GET _me"),
    "who is nobody": Case(Rule.NOBODY, 401, by=NOBODY, line="GET _me"),
    "the check of a permission": Case(Rule.QUESTION, 200, line="GET _permissions/u2/Kg/GET"),
    "an entry for the path": Case(
        Rule.EXACT, 200, {"u1": {"notes/n1": ["GET"]}}, entry=("u1", "notes/n1")
    ),
    "an entry for the path that lacks it": Case(
        Rule.EXACT, 403, {"u1": {"notes/n1": ["-"]}, **OPEN}, entry=("u1", "notes/n1")
    ),
    "an entry of everybody for the path": Case(
        Rule.EXACT, 200, {"*": {"notes/n1": ["GET"]}}, entry=("*", "notes/n1")
    ),
    "an entry above": Case(Rule.ABOVE, 200, {"u1": {"notes": ["GET"]}}, entry=("u1", "notes")),
    "an entry above that lacks it": Case(
        Rule.ABOVE, 403, {"u1": {"notes": ["PUT"]}}, entry=("u1", "notes")
    ),
    "an entry below which it lies": Case(
        Rule.ABOVE, 200, {"*": {"notes/*": ["GET"]}}, entry=("*", "notes/*")
    ),
    "all": Case(Rule.ALL, 200, OPEN, entry=("*", "*")),
    "all of the user, which lacks it": Case(
        Rule.ALL, 403, {"u1": {"*": ["PUT"]}, **OPEN}, entry=("u1", "*")
    ),
    "management": Case(Rule.MANAGEMENT, 403, OPEN, line="GET _settings", entry=("*", "*")),
    "management that is named": Case(
        Rule.EXACT,
        200,
        {"u1": {"_settings": ["GET"]}},
        line="GET _settings",
        entry=("u1", "_settings"),
    ),
    "the own profile": Case(
        Rule.PROFILE,
        200,
        {"*": {"x": ["GET"]}},
        line="PATCH users/u1",
        obj=FakeObject("u1", "user"),
    ),
    "nothing": Case(Rule.NOTHING, 403, {"*": {"x": ["GET"]}}),
    "no permissions at all": Case(Rule.EMPTY, 403),
    "a blank path": Case(Rule.BLANK, 403, OPEN, line="GET "),
    "the root app": Case(Rule.ROOT, 403, OPEN, by=ROOT_USER, app={"identifier": "para"}),
    "a guest": Case(
        Rule.EXACT, 200, {"*": {"notes": ["?", "GET"]}}, GUEST, "GET notes", entry=("*", "notes")
    ),
    "a guest without the flag": Case(Rule.GUEST, 403, OPEN, GUEST, entry=("*", "*")),
    "a guest and keys": Case(
        Rule.CLOSED, 403, {"*": {"_newkeys": ["?", "*"]}}, GUEST, "POST _newkeys"
    ),
    "an app that is not active": Case(Rule.INACTIVE_APP, 403, OPEN, app={"active": False}),
    "an app that is read-only": Case(
        Rule.READ_ONLY_APP, 403, OPEN, by=APP, line="PUT notes/n1", app={"read_only": True}
    ),
    "a user who is not active": Case(Rule.INACTIVE_USER, 401, OPEN, by=INACTIVE),
    "an object of the user": Case(
        Rule.ABOVE, 200, OWN_NOTES, line="GET note/n1", entry=("*", "note"), obj=MINE
    ),
    "an object of another": Case(
        Rule.OWN, 404, OWN_NOTES, line="GET note/n1", entry=("*", "note"), obj=FOREIGN
    ),
    "changing an object of another": Case(
        Rule.OWN, 400, OWN_NOTES, line="DELETE note/n1", entry=("*", "note"), obj=FOREIGN
    ),
    "an administrator and another's object": Case(
        Rule.ADMINISTRATOR, 200, OWN_NOTES, ADMIN, "GET note/n1", obj=FOREIGN
    ),
    "an object that is another app": Case(
        Rule.APP_OBJECT, 404, OPEN, line="GET app/x", obj=FakeObject("app:x", "app")
    ),
}


def asked(case: Case) -> Explanation:
    app = FakeApp(**{"resource_permissions": case.permissions, **case.app})
    method, _, resource = case.line.partition(" ")
    question = Question(case.by.userid, method, resource)
    return explain(case.by, app, question, obj=case.obj)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_an_explanation_names_the_rule(case: Case) -> None:
    found = asked(case)
    assert (found.rule, found.status) == (case.rule.value, case.status), found
    assert found.allowed == (case.status == 200)
    entry = (found.entry.subject, found.entry.resource) if found.entry else None
    assert entry == case.entry
    assert case.rule.about in found.because


def test_every_rule_is_explained_by_a_case() -> None:
    missing = set(Rule) - {case.rule for case in CASES.values()}
    assert missing == {Rule.NO_APP}  # who asks about an app names one that is there
    unknown = authorize(USER, None, "GET", "notes", uri="/v1/notes").reason
    assert unknown is not None
    assert unknown.rule is Rule.NO_APP


ABOUT_THE_OBJECT = (Rule.OWN, Rule.APP_OBJECT)  # decided where the object is, after the door
AT_THE_DOOR = {name: case for name, case in CASES.items() if case.rule not in ABOUT_THE_OBJECT}


@pytest.mark.parametrize("case", AT_THE_DOOR.values(), ids=AT_THE_DOOR.keys())
def test_an_explanation_is_what_the_request_is_answered(case: Case) -> None:
    app = FakeApp(**{"resource_permissions": case.permissions, **case.app})
    method, _, resource = case.line.partition(" ")
    decision = authorize(case.by, app, method, resource, uri=f"/v1/{resource}")
    found = asked(case)
    assert (found.status, found.message) == (decision.status, decision.message)


def test_own_is_told_where_the_object_is_not_known() -> None:
    app = FakeApp(resource_permissions=OWN_NOTES)
    for principal, line, expected in (
        (USER, "note", True),
        (USER, "note/n7", True),
        (ANYBODY, "note/n1", True),
        (ADMIN, "note", False),
        (APP, "note", False),
        (USER, "cat", False),
    ):
        found = explain(principal, app, Question("x", "GET", line))
        assert found.only_own == expected, (principal, line)
    assert explain(ANYBODY, app, Question("*", "GET", "note/n1"), obj=FOREIGN).allowed


def test_flags_of_another_shape_are_told_as_none() -> None:
    app = FakeApp(resource_permissions={"*": {"notes": "GET"}})
    found = explain(USER, app, Question("u1", "GET", "notes"))
    assert found.entry is not None
    assert (found.allowed, found.entry.flags) == (False, [])
    assert "holds nothing" in found.because
