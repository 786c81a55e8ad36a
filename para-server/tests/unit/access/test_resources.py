from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from para_server.access.permissions import is_allowed_to
from para_server.access.resources import Resource, resource_of, segments_of

from .fakes import FakeApp

PIECES = [
    "a",
    "note",
    "_settings",
    "/",
    "/",
    ";",
    ";x=1",
    "%2F",
    "%3B",
    "%25",
    "%2e",
    ".",
    "..",
    "%",
]
PATHS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@given(PATHS)
def test_what_is_decided_about_is_what_the_route_is_found_for(tail: str) -> None:
    path = f"/v1/{tail}".encode()
    segments = segments_of(path)
    if segments is None or "" in segments:
        return  # no route has such a path
    resource = Resource.parse(resource_of(path), {})
    assert list(resource.segments if resource else ()) == segments[1:]


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        (b"/v1/note;a=1/n1;b", "note/n1"),
        (b"/v1/_settings;x", "_settings"),
        (b"/v1/note/n1%3Bx", "note/n1%3Bx"),
        (b"/v1;x/note", "note"),
        (b"/v1/;/note", "/note"),
    ],
)
def test_parameters_of_segments_are_cut_off(path: bytes, resource: str) -> None:
    assert resource_of(path) == resource


def test_a_plus_does_not_lead_around_a_denial() -> None:
    app = FakeApp(resource_permissions={"*": {"notes": ["GET"], "notes/a+b": ["-"]}})
    for path in ("notes/a+b", "notes/a%2Bb"):
        assert not is_allowed_to(app, "u1", path, "GET"), path
    spaced = FakeApp(resource_permissions={"*": {"notes": ["GET"], "notes/a b": ["-"]}})
    for path in ("notes/a+b", "notes/a%20b"):
        assert not is_allowed_to(spaced, "u1", path, "GET"), path
    assert is_allowed_to(app, "u1", "notes/a%20b", "GET")
    assert is_allowed_to(spaced, "u1", "notes/a%2Bb", "GET")
