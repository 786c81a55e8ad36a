from __future__ import annotations

import pytest

from para_server.access.ownership import may_touch, own_id, own_rule_applies, owns
from para_server.access.principal import Kind, Principal

from .fakes import FakeApp, FakeObject

APP = Principal(Kind.APP, "myapp")
ROOT = Principal(Kind.APP, "para", is_root=True)
USER = Principal(Kind.USER, "myapp", userid="u1", groups="users")
ADMIN = Principal(Kind.USER, "myapp", userid="boss", groups="Admins")
GUEST = Principal(Kind.GUEST, "myapp")

LIMITED = FakeApp(resource_permissions={"*": {"notes": ["?", "*", "OWN"]}})


@pytest.mark.parametrize(
    ("subject", "resource", "expected"),
    [
        ("*", "notes", True),
        ("*", "note", True),
        ("u1", "notes", True),
        ("u1", "note/n1", True),
        ("u1", "notes/n1", True),
        ("u1", "notes/n2", False),
        ("u2", "notes", False),
        ("*", "notes/*", False),
        ("*", "*", False),
    ],
)
def test_own_counts_where_it_is_granted_on_the_type(
    subject: str, resource: str, *, expected: bool
) -> None:
    app = FakeApp(resource_permissions={subject: {resource: ["OWN", "GET"]}})
    assert own_rule_applies(app, "u1", "note", "n1") is expected


def test_own_needs_the_flag() -> None:
    assert not own_rule_applies(FakeApp(), "u1", "note", "n1")
    app = FakeApp(resource_permissions={"*": {"notes": ["GET"], "note": None}, "u1": []})
    assert not own_rule_applies(app, "u1", "note", "n1")


@pytest.mark.parametrize("flags", [True, 5, 1.5, "OWN", {"OWN": 1}, None], ids=repr)
def test_permissions_of_another_shape_grant_and_bar_nothing(flags: object) -> None:
    app = FakeApp(resource_permissions={"*": {"note": flags}})
    assert not own_rule_applies(app, "u1", "note", "n1")


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        pytest.param(FakeObject(creatorid="u1"), True, id="made by the user"),
        pytest.param(FakeObject(creatorid="u1:part"), True, id="made by a part of it"),
        pytest.param(FakeObject(creatorid="u12"), False, id="made by a longer name"),
        pytest.param(FakeObject(parentid="u1"), True, id="its child"),
        pytest.param(FakeObject(id="u1"), True, id="itself"),
        pytest.param(FakeObject(creatorid="u2"), False, id="made by another"),
        pytest.param(FakeObject(), False, id="nobody's"),
    ],
)
def test_an_object_is_its_makers(obj: FakeObject, *, expected: bool) -> None:
    assert owns("u1", obj) is expected
    assert may_touch(USER, LIMITED, obj) is expected


def test_nothing_is_a_guests() -> None:
    blank = FakeObject(id="", creatorid="", parentid="")
    assert not owns("", blank)
    assert not may_touch(GUEST, LIMITED, blank)
    assert may_touch(GUEST, FakeApp(), FakeObject())


def test_apps_and_administrators_touch_everything() -> None:
    for principal in (APP, ADMIN):
        assert may_touch(principal, LIMITED, FakeObject(creatorid="u2"))


@pytest.mark.parametrize(
    ("principal", "own", "other"),
    [
        pytest.param(APP, True, False, id="app"),
        pytest.param(ROOT, True, True, id="root"),
        pytest.param(USER, True, False, id="user"),
        pytest.param(ADMIN, True, False, id="administrator"),
        pytest.param(GUEST, False, False, id="guest"),
        pytest.param(Principal(Kind.GUEST, "para", is_root=True), False, False, id="root guest"),
    ],
)
def test_an_app_object_is_touched_by_itself_and_the_root_app(
    principal: Principal, *, own: bool, other: bool
) -> None:
    assert may_touch(principal, FakeApp(), FakeObject("app:myapp", "app")) is own
    assert may_touch(principal, FakeApp(), FakeObject("app:other", "app")) is other


@pytest.mark.parametrize(
    ("principal", "key", "expected"),
    [
        (USER, "home", "u1_home"),
        (USER, "u1_home", "u1_home"),
        (USER, "", ""),
        (ADMIN, "home", "home"),
        (APP, "home", "home"),
        (GUEST, "home", "home"),
    ],
)
def test_ids_of_two_users_never_meet(principal: Principal, key: str, expected: str) -> None:
    assert own_id(principal, LIMITED, "note", key) == expected


def test_ids_stay_where_own_does_not_hold() -> None:
    assert own_id(USER, FakeApp(), "note", "home") == "home"
