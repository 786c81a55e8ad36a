"""Para's Python client manages an app: types, constraints, permissions, settings, keys, utils."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from paraclient import Constraint, ParaClient

from .conftest import RunningServer
from .helpers import an_object, ids

CORE_TYPES = {"app", "user", "tag", "vote", "linker", "address", "sysprop", "webhook"}


def test_types_come_from_what_is_stored(client: ParaClient) -> None:
    assert set(client.types().values()) >= CORE_TYPES
    assert "cat" not in client.types().values()
    client.createAll([an_object("tom"), an_object("kitty"), an_object("story1", "story")])
    types = client.types()
    assert (types["cats"], types["stories"]) == ("cat", "story")
    counts = client.typesCount()
    assert (counts["cat"], counts["story"], counts["user"]) == (2, 1, 0)


# ---- constraints --------------------------------------------------------------------------------


def test_constraints_are_added_checked_and_removed(client: ParaClient) -> None:
    assert "user" in client.validationConstraints()
    assert client.validationConstraints("cat") == {}
    added = client.addValidationConstraint("cat", "color", Constraint.required())
    assert "required" in added["cat"]["color"]
    assert "required" in client.validationConstraints("cat")["cat"]["color"]
    assert client.create(an_object("tom")) is None
    assert ids(client.createAll([an_object("tom"), an_object("kitty", color="red")])) == ["kitty"]
    assert client.update(an_object("kitty", color="")) is None
    assert client.read("cat", "kitty").color == "red"
    client.removeValidationConstraint("cat", "color", "required")
    assert client.validationConstraints("cat") == {}
    assert client.create(an_object("tom")).id == "tom"


NOW = int(time.time() * 1000)
DAY = 86_400_000


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        (Constraint("min", {"value": 3}), 3, 2),
        (Constraint("max", {"value": 3}), 3, 4),
        (Constraint("size", {"min": 2, "max": 3}), "abc", "abcd"),
        (Constraint("digits", {"integer": 2, "fraction": 1}), 12.5, 123.5),
        (Constraint("pattern", {"value": "[a-z]+"}), "abc", "ab1"),
        (Constraint.email(), "x@y.org", "x@"),
        (Constraint.url(), "https://x.org/", "no url"),
        (Constraint.truthy(), True, False),
        (Constraint.falsy(), False, True),
        (Constraint.future(), NOW + DAY, NOW - DAY),
        (Constraint.past(), NOW - DAY, NOW + DAY),
    ],
    ids=lambda value: value.name if isinstance(value, Constraint) else type(value).__name__,
)
def test_each_constraint_tells_good_from_bad(
    client: ParaClient, constraint: Constraint, good: object, bad: object
) -> None:
    added = client.addValidationConstraint("cat", "field", constraint)
    assert constraint.name in added["cat"]["field"]
    assert client.create(an_object("good", field=good)) is not None
    assert client.create(an_object("absent")) is not None
    assert client.create(an_object("bad", field=bad)) is None


def test_an_unknown_constraint_changes_nothing(client: ParaClient) -> None:
    unknown = Constraint("unheard", {"message": "x"})
    assert client.addValidationConstraint("cat", "field", unknown) == {}
    assert client.create(an_object("tom")) is not None


# ---- permissions --------------------------------------------------------------------------------


def test_permissions_are_granted_and_revoked(client: ParaClient) -> None:
    assert client.resourcePermissions() == {}
    assert client.resourcePermissions("user1") == {"user1": {}}
    granted = client.grantResourcePermission("user1", "cats", ["GET", "POST"])
    assert granted == {"user1": {"cats": ["GET", "POST"]}}
    client.grantResourcePermission("user1", "dogs/rex", ["*"])
    assert client.resourcePermissions() == {"user1": {"cats": ["GET", "POST"], "dogs/rex": ["*"]}}
    assert client.isAllowedTo("user1", "cats", "GET")
    assert client.isAllowedTo("user1", "dogs/rex", "DELETE")
    assert not client.isAllowedTo("user1", "cats", "DELETE")
    assert not client.isAllowedTo("user2", "cats", "GET")
    left = client.revokeResourcePermission("user1", "cats")
    assert left == {"user1": {"dogs/rex": ["*"]}}
    assert not client.isAllowedTo("user1", "cats", "GET")
    assert client.revokeAllResourcePermissions("user1") == {"user1": {}}
    assert not client.isAllowedTo("user1", "dogs/rex", "GET")


def test_guests_may_do_what_everybody_was_granted(client: ParaClient, guest: ParaClient) -> None:
    client.create(an_object("tom", name="Tom"))
    assert guest.read("cat", "tom") is None
    client.grantResourcePermission("*", "cats", ["GET"])
    assert guest.read("cat", "tom") is None
    client.grantResourcePermission("*", "cats", ["GET"], allowguests=True)
    assert guest.read("cat", "tom").name == "Tom"
    assert ids(guest.list("cat")) == ["tom"]
    assert guest.create(an_object("kitty")) is None
    assert guest.me() is None
    assert guest.newKeys() is None
    assert client.read("cat", "kitty") is None
    client.revokeAllResourcePermissions("*")
    assert guest.read("cat", "tom") is None


# ---- settings -----------------------------------------------------------------------------------


def test_settings_are_written_one_by_one(client: ParaClient) -> None:
    assert client.appSettings() == {}
    for key, value in [("prop1", 1), ("prop2", True), ("prop3", "string"), ("a.b_c", {"x": [1]})]:
        client.addAppSetting(key, value)
        assert client.appSettings(key) == {"value": value}
    assert len(client.appSettings()) == 4
    client.removeAppSetting("prop2")
    assert client.appSettings("prop2") == {"value": None}
    assert "prop2" not in client.appSettings()


def test_all_settings_are_replaced(client: ParaClient) -> None:
    client.addAppSetting("old", "x")
    client.setAppSettings({"prop1": 1, "prop2": True, "mail.host": ""})
    assert client.appSettings() == {"prop1": 1, "prop2": True, "mail.host": ""}
    client.setAppSettings({})
    assert client.appSettings() == {}


# ---- keys ---------------------------------------------------------------------------------------


def test_new_keys_end_the_old_ones(client: ParaClient, another: Callable[[], ParaClient]) -> None:
    old = another()
    assert old.me() is not None
    made = client.newKeys()
    assert set(made) >= {"accessKey", "secretKey"}
    assert client.me() is not None
    assert old.me() is None


def test_an_app_is_made_once(running_server: RunningServer) -> None:
    root = running_server.root()
    keys = running_server.new_app()
    assert len(keys["secretKey"]) == 56
    name = keys["accessKey"].removeprefix("app:")
    again = root.getEntity(root.invokeGet(f"_setup/{name}"))
    assert "secretKey" not in again


# ---- utilities ----------------------------------------------------------------------------------


def test_ids_are_unique(client: ParaClient) -> None:
    made = [client.newId() for _ in range(10)]
    assert len(set(made)) == 10
    assert all(len(str(each)) >= 15 for each in made)


def test_the_time_is_now(client: ParaClient) -> None:
    assert abs(client.getTimestamp() - time.time() * 1000) < 60_000


def test_dates_have_formats(client: ParaClient) -> None:
    assert str(client.formatDate("yyyy", "US")) == time.strftime("%Y")
    assert re.fullmatch(r"[A-Z][a-z]+ \d{2}", client.formatDate("MMMM dd", "US"))
    assert re.fullmatch(r"\d\d:\d\d", client.formatDate("HH:mm", "US"))


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda c: c.noSpaces(" test  123\t\ttest ", ""), "test123test"),
        (lambda c: c.noSpaces("Hello big World", "-"), "hello-big-world"),
        (lambda c: c.stripAndTrim(" %^&*( cool )  @! "), "cool"),
        (lambda c: c.markdownToHtml("# hello **test**"), "<h1>hello <strong>test</strong></h1>"),
        (lambda c: c.approximately(15000), "15s"),
        (lambda c: c.approximately(7_200_000), "2h"),
    ],
    ids=["no spaces", "dashes", "no symbols", "markdown", "seconds", "hours"],
)
def test_texts_are_made(client: ParaClient, ask: Callable[[ParaClient], str], answer: str) -> None:
    assert ask(client).strip() == answer
