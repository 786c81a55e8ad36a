"""The permission model, with the test vectors of Para's own rules.

Vectors marked ``narrowed`` are those in which this server refuses what Para 1.54 allowed: it
compares whole segments, one's own profile is ``users/<id>`` only, and an entry for exactly the path
decides alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from para_server.access.permissions import is_allowed_to

Map = dict[str, dict[str, list[str]]]


@dataclass
class Rules:
    """The part of an app that permissions are about."""

    resource_permissions: Map
    datatypes: dict[str, str] = field(default_factory=dict)


TYPED = {"notes": "note", "pages": "page", "saunas": "sauna"}

NOTES: Map = {"u1": {"notes": ["GET", "POST"]}}
READERS: Map = {"*": {"*": ["GET"]}, "u1": {"notes": ["POST"]}}
STAR: Map = {"u1": {"*": ["GET"], "notes": ["POST"]}}
BELOW: Map = {"u1": {"notes/*": ["GET"], "notes": ["POST"]}}
BELOW_LAST: Map = {"u1": {"notes": ["POST"], "notes/*": ["GET"]}}
SECRET: Map = {"u1": {"secret": ["-"]}, "*": {"*": ["*"]}}
PUBLIC: Map = {"*": {"pub": ["?", "GET"]}}
SIGN_ONLY: Map = {"*": {"pub": ["?"]}}
OTHER: Map = {"*": {"x": ["GET"]}}
SPACED: Map = {"u1": {"my notes": ["GET"]}}
ONE: Map = {"u1": {"notes/1": ["GET"]}}
SHUT: Map = {"u1": {"*": ["-"]}, "*": {"*": ["*"]}}
ANY: Map = {"u1": {"a": ["*"]}}
WILD: Map = {"*": {"wildcard/*": ["GET"]}}
EXACT: Map = {"u1": {"sauna": ["GET"], "sauna/7": ["-"]}, "*": {"pond": ["GET"], "pond/7": ["-"]}}


@pytest.mark.parametrize(
    ("permissions", "subject", "path", "method", "expected"),
    [
        pytest.param(NOTES, "u1", "notes", "GET", True, id="a granted method"),
        pytest.param(NOTES, "u1", "notes", "DELETE", False, id="another method"),
        pytest.param(NOTES, "u1", "notes/5", "GET", True, id="below a granted path"),
        pytest.param(NOTES, "u1", "notes/5/links/tag", "POST", True, id="far below"),
        pytest.param(NOTES, "u1", "notesx", "GET", False, id="a longer name"),
        pytest.param(NOTES, "u1", "notesx/5", "GET", False, id="below a longer name (narrowed)"),
        pytest.param(NOTES, "u2", "notes", "GET", False, id="another user"),
        pytest.param(READERS, "u1", "notes", "POST", True, id="exact beside everybody"),
        pytest.param(READERS, "u1", "notes", "GET", False, id="exact hides everybody"),
        pytest.param(READERS, "u1", "notes/1", "GET", True, id="everybody below exact"),
        pytest.param(READERS, "u1", "notes/1", "POST", True, id="exact below itself"),
        pytest.param(READERS, "u2", "notes", "GET", True, id="everybody"),
        pytest.param(READERS, "u2", "notes", "POST", False, id="everybody lacks it"),
        pytest.param(STAR, "u1", "notes", "POST", True, id="exact beside star"),
        pytest.param(STAR, "u1", "notes", "GET", False, id="exact hides star"),
        pytest.param(STAR, "u1", "notes/1", "POST", False, id="star denies below exact"),
        pytest.param(STAR, "u1", "notes/1", "GET", True, id="star allows below exact"),
        pytest.param(STAR, "u1", "x", "GET", True, id="star allows the rest"),
        pytest.param(BELOW, "u1", "notes/1", "POST", False, id="all below comes first"),
        pytest.param(BELOW, "u1", "notes/1", "GET", True, id="all below allows"),
        pytest.param(BELOW, "u1", "notes", "GET", False, id="all below is not the type"),
        pytest.param(BELOW, "u1", "notes", "POST", True, id="the type itself"),
        pytest.param(BELOW_LAST, "u1", "notes/1", "POST", True, id="all below comes last, type"),
        pytest.param(BELOW_LAST, "u1", "notes/1", "GET", True, id="all below comes last"),
        pytest.param(SECRET, "u1", "secret", "GET", False, id="nothing on a path"),
        pytest.param(SECRET, "u1", "secret/1", "GET", True, id="nothing on a path, below it"),
        pytest.param(SECRET, "u2", "secret", "GET", True, id="nothing for somebody else"),
        pytest.param(SECRET, "", "secret", "GET", False, id="everybody is no guest"),
        pytest.param(PUBLIC, "", "pub", "GET", True, id="a guest"),
        pytest.param(PUBLIC, "", "pub/1", "GET", True, id="a guest below"),
        pytest.param(PUBLIC, "", "pub", "POST", False, id="a guest, another method"),
        pytest.param(PUBLIC, "", "other", "GET", False, id="a guest elsewhere"),
        pytest.param(PUBLIC, "u9", "pub", "GET", True, id="a user where guests may"),
        pytest.param(SIGN_ONLY, "", "pub", "GET", False, id="the sign alone, guest"),
        pytest.param(SIGN_ONLY, "u1", "pub", "GET", False, id="the sign alone, user"),
        pytest.param(OTHER, "u7", "users/u7", "GET", True, id="the own profile"),
        pytest.param(OTHER, "u7", "user/u7", "GET", True, id="the own profile, singular"),
        pytest.param(OTHER, "u7", "users/u7", "PATCH", True, id="change the own profile"),
        pytest.param(OTHER, "u7", "users/u7", "DELETE", True, id="delete the own profile"),
        pytest.param(OTHER, "u7", "users/u7", "PUT", False, id="overwrite the own profile"),
        pytest.param(OTHER, "u7", "_id/u7", "GET", True, id="the own profile by id"),
        pytest.param(OTHER, "u7", "_id/u7", "DELETE", False, id="delete by id"),
        pytest.param(OTHER, "u7", "anything/at/all/u7", "DELETE", False, id="own end (narrowed)"),
        pytest.param(OTHER, "u7", "users/u8", "GET", False, id="another profile"),
        pytest.param(OTHER, "u7", "users/u7", "get", False, id="a method in small letters"),
        pytest.param({}, "u7", "users/u7", "GET", False, id="no permissions at all"),
        pytest.param(SPACED, "u1", "my%20notes", "GET", True, id="an encoded space"),
        pytest.param(SPACED, "u1", "my+notes/1", "GET", True, id="a plus for a space"),
        pytest.param(SPACED, "u1", "my%2520notes", "GET", False, id="encoded twice"),
        pytest.param(ONE, "u1", "notes/1", "GET", True, id="one object"),
        pytest.param(ONE, "u1", "notes/1/links/tag", "GET", True, id="below one object"),
        pytest.param(ONE, "u1", "notes/12/links/tag", "GET", False, id="12 is not 1 (narrowed)"),
        pytest.param(ONE, "u1", "notes/1", "DELETE", False, id="one object, another method"),
        pytest.param(ONE, "u1", "notes", "GET", False, id="above one object"),
        pytest.param(SHUT, "u1", "notes", "GET", False, id="nothing on all"),
        pytest.param(SHUT, "u1", "users/u1", "GET", False, id="nothing on all, own profile"),
        pytest.param(ANY, "u1", "a", "HEAD", True, id="any method"),
        pytest.param(ANY, "u1", "a", "?", False, id="any method is no guest"),
        pytest.param(WILD, "u5", "wildcard", "GET", False, id="all below, itself"),
        pytest.param(WILD, "u5", "wildcard/1", "GET", True, id="all below, one"),
        pytest.param(WILD, "u5", "wildcard/1/2", "GET", True, id="all below, two"),
        pytest.param(WILD, "u5", "wildcard/1/2", "POST", False, id="all below, method"),
        pytest.param(EXACT, "u1", "sauna/7", "GET", False, id="excluded object (narrowed)"),
        pytest.param(EXACT, "u1", "sauna/8", "GET", True, id="its neighbour"),
        pytest.param(EXACT, "u1", "pond/7", "GET", False, id="excluded for all (narrowed)"),
    ],
)
def test_the_vectors_hold(
    permissions: Map, subject: str, path: str, method: str, *, expected: bool
) -> None:
    assert is_allowed_to(Rules(permissions), subject, path, method) is expected


@pytest.mark.parametrize(
    ("permissions", "path", "expected"),
    [
        pytest.param({"*": {"*": ["*"]}}, "notes", False, id="what would be allowed"),
        pytest.param({"*": {"*": ["*"]}}, "users/u7", False, id="the allowed own profile"),
        pytest.param(OTHER, "users/u7", True, id="the own profile otherwise"),
    ],
)
def test_the_root_app_stays_closed(permissions: Map, path: str, *, expected: bool) -> None:
    assert is_allowed_to(Rules(permissions), "u7", path, "GET", is_root=True) is expected


@pytest.mark.parametrize(
    ("granted", "path", "expected"),
    [
        pytest.param("note", "notes", True, id="singular opens plural"),
        pytest.param("notes", "note", True, id="plural opens singular"),
        pytest.param("notes", "note/1/links/tag", True, id="and what is below"),
        pytest.param("note/*", "notes/1", True, id="all below"),
        pytest.param("note/1", "notes/1", True, id="one object"),
        pytest.param("album", "albums", False, id="names of no type"),
        pytest.param("user", "users/u9", True, id="a built-in type"),
    ],
)
def test_singular_and_plural_of_a_type_are_equal(
    granted: str, path: str, *, expected: bool
) -> None:
    rules = Rules({"u1": {granted: ["GET"]}}, TYPED)
    assert is_allowed_to(rules, "u1", path, "GET") is expected


def test_an_exact_denial_holds_under_the_other_number_too() -> None:
    rules = Rules({"u1": {"saunas": ["GET"], "sauna/7": ["-"]}}, TYPED)
    assert not is_allowed_to(rules, "u1", "saunas/7", "GET")
    assert is_allowed_to(rules, "u1", "saunas/8", "GET")


@pytest.mark.parametrize(
    "name", ["_settings", "_permissions", "_constraints/a", "_reindex", "_export"]
)
def test_all_does_not_open_what_manages_the_app(name: str) -> None:
    everything: Map = {"u1": {"*": ["*"]}, "*": {"*": ["?", "*"]}}
    assert not is_allowed_to(Rules(everything), "u1", name, "GET")
    assert not is_allowed_to(Rules(everything), "", name, "GET")
    named: Map = {"u1": {"*": ["*"], name.partition("/")[0]: ["GET"]}}
    assert is_allowed_to(Rules(named), "u1", name, "GET")
    assert not is_allowed_to(Rules(named), "u1", name, "PUT")


@pytest.mark.parametrize("name", ["%5Fsettings", "_settings/", "/_settings", "_settings//x"])
def test_management_is_known_however_it_is_written(name: str) -> None:
    assert not is_allowed_to(Rules({"u1": {"*": ["*"]}}), "u1", name, "GET")


def test_all_opens_app_objects_for_reading_only() -> None:
    rules = Rules({"u1": {"*": ["*"]}})
    assert is_allowed_to(rules, "u1", "apps/app:x", "GET")
    assert not is_allowed_to(rules, "u1", "apps/app:x", "PATCH")
    assert not is_allowed_to(rules, "u1", "app/app:x", "DELETE")


@pytest.mark.parametrize("name", ["_settings", "_permissions", "_newkeys", "_export"])
def test_guests_never_manage_whatever_is_granted(name: str) -> None:
    rules = Rules({"*": {"*": ["?", "*"], name: ["?", "*"]}})
    assert not is_allowed_to(rules, "", name, "GET")
    assert not is_allowed_to(rules, "", name, "POST")


def test_guests_need_the_sign_where_the_method_is_granted() -> None:
    shared = {"notes": ["?", "GET"], "notes/1": ["GET"], "pages/*": ["GET"], "*": ["?"]}
    rules = Rules({"*": shared})
    assert is_allowed_to(rules, "", "notes/2", "GET")
    assert not is_allowed_to(rules, "", "notes/1", "GET")
    assert not is_allowed_to(rules, "", "pages/1", "GET")
    assert is_allowed_to(Rules({"*": {"notes": ["GET"], "*": ["?"]}}), "", "notes/1", "GET")


def test_an_encoded_slash_belongs_to_its_segment() -> None:
    rules = Rules({"u1": {"notes/1": ["GET"], "docs/a/b": ["GET"]}})
    assert not is_allowed_to(rules, "u1", "notes/1%2Flinks", "GET")
    assert is_allowed_to(rules, "u1", "docs/a%2Fb", "GET")
    assert not is_allowed_to(rules, "u1", "notes%2F1/x", "GET")
    assert not is_allowed_to(rules, "u1", "notes%2F1", "GET")


def test_paths_that_cannot_be_decoded_are_compared_as_they_are() -> None:
    rules = Rules({"u1": {"notes": ["GET"]}})
    assert is_allowed_to(rules, "u1", "notes/a%25zz", "GET")
    assert is_allowed_to(rules, "u1", "notes/a%zz", "GET")
    assert not is_allowed_to(rules, "u1", "secrets/a%zz", "GET")


@pytest.mark.parametrize("blank", ["", "/", "//"])
def test_a_blank_path_is_not_allowed(blank: str) -> None:
    assert not is_allowed_to(Rules({"u1": {"*": ["*"]}}), "u1", blank, "GET")
    assert not is_allowed_to(Rules({"u1": {"*": ["*"]}}), "u1", "notes", " ")


@pytest.mark.parametrize("odd", [None, "GET", {"GET": True}, [{"GET": 1}], 5])
def test_permissions_of_another_shape_grant_nothing(odd: object) -> None:
    flags, entries = cast(Map, {"u1": {"notes": odd}}), cast(Map, {"u1": odd, "*": odd})
    assert not is_allowed_to(Rules(flags), "u1", "notes", "GET")
    assert not is_allowed_to(Rules(entries), "u1", "notes", "GET")
