from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from para_server.access.grants import (
    decode_resource,
    grant,
    normalise_flags,
    normalise_resource,
    revoke,
    view,
)

WRITES = ["POST", "PUT", "PATCH", "DELETE"]
FIVE = ["GET", *WRITES]


@pytest.mark.parametrize(
    ("wanted", "user", "everybody"),
    [
        pytest.param(["POST", "get", "Patch"], ["GET", "POST", "PATCH"], None, id="any case"),
        pytest.param(FIVE, ["*"], None, id="all five"),
        pytest.param(["*", "GET"], ["*"], None, id="star"),
        pytest.param(["w"], WRITES, None, id="writes"),
        pytest.param(["WRITE_ONLY", "foo"], WRITES, None, id="writes by name"),
        pytest.param(["GET", "w"], ["*"], None, id="GET and writes"),
        pytest.param(["READ_ONLY", "WRITE_ONLY"], ["*"], None, id="reads and writes"),
        pytest.param(["READ_ONLY", "DELETE"], ["GET"], None, id="reads drop the rest"),
        pytest.param(["READ_ONLY", "PATCH"], ["GET"], None, id="reads drop PATCH"),
        pytest.param(["read_write"], ["*"], None, id="all by name"),
        pytest.param(["OWN", "GET", "PUT"], ["OWN", "GET", "PUT"], None, id="own"),
        pytest.param(["own"], ["OWN"], None, id="own alone"),
        pytest.param(["w", "OWN"], ["OWN", *WRITES], None, id="own and writes"),
        pytest.param(["-"], ["-"], None, id="nothing"),
        pytest.param(["EMPTY", "r"], ["-"], None, id="nothing by name"),
        pytest.param(["GET", "foo"], ["-", "GET"], None, id="an unknown word"),
        pytest.param(["W"], ["-"], None, id="signs are no words"),
        pytest.param(["?"], [], ["?"], id="guests alone"),
        pytest.param(["GUEST", "GET"], ["GET"], ["?", "GET"], id="guests by name"),
        pytest.param(["*", "OWN", "?"], ["OWN", "*"], ["?", "OWN", "*"], id="the stored order"),
        pytest.param(["guest", "read_only", "own"], None, ["?", "OWN", "GET"], id="small letters"),
        pytest.param(["GET", "", " "], ["GET"], ["GET"], id="blanks are skipped"),
    ],
)
def test_flags_are_kept_in_one_form(
    wanted: list[str], user: list[str] | None, everybody: list[str] | None
) -> None:
    if user is not None:
        assert normalise_flags(wanted, "u1") == user
    if everybody is not None:
        assert normalise_flags(wanted, "*") == everybody


@pytest.mark.parametrize("wanted", [[], [""], [" ", "\t"]])
def test_no_flags_are_no_grant(wanted: list[str]) -> None:
    assert normalise_flags(wanted, "u1") is None


@given(st.lists(st.sampled_from([*FIVE, "*", "?", "w", "OWN", "READ_ONLY", "-", "x"]), min_size=1))
def test_kept_flags_stay_as_they_are(wanted: list[str]) -> None:
    once = normalise_flags(wanted, "*")
    assert once
    assert normalise_flags(once, "*") == once


@pytest.mark.parametrize(
    ("resource", "stored"),
    [
        ("/books/42/", "books/42"),
        ("//books//", "/books/"),
        ("a.b/c.d", "ab/cd"),
        ("my%20notes/*", "my notes/*"),
        ("my+notes", "my notes"),
        ("*", "*"),
    ],
)
def test_resources_are_kept_in_one_form(resource: str, stored: str) -> None:
    assert normalise_resource(resource) == stored


def test_a_grant_replaces_the_flags_of_a_resource_and_keeps_the_rest() -> None:
    before = {"u1": {"books": ["GET"], "pages": ["*"]}, "u2": {"books": ["GET"]}}
    after = grant(before, "u1", "/books", ["POST"])
    assert after == {"u1": {"books": ["POST"], "pages": ["*"]}, "u2": {"books": ["GET"]}}
    assert list(after["u1"]) == ["books", "pages"]
    assert before["u1"]["books"] == ["GET"]


@pytest.mark.parametrize(
    ("subject", "resource"), [(" ", "books"), ("u1", " "), ("u1", "/"), ("", "")]
)
def test_a_blank_subject_or_resource_is_not_granted(subject: str, resource: str) -> None:
    assert grant({"u2": {}}, subject, resource, ["GET"]) == {"u2": {}}


def test_revoking_takes_one_resource_or_all() -> None:
    held = {"u1": {"my books": ["GET"], "pages": ["*"]}, "u2": {"books": ["GET"]}}
    assert revoke(held, "u1", "my%20books")["u1"] == {"pages": ["*"]}
    assert revoke(held, "u1", "/pages/") == held
    assert revoke(held, "u2", "books") == {"u1": held["u1"]}
    assert revoke(held, "u1") == {"u2": held["u2"]}
    assert revoke(held, "u3", "books") == held
    assert held["u1"]["pages"] == ["*"]


def test_a_view_shows_a_subject_and_everybody() -> None:
    held = {"u1": {"books": ["GET"]}, "*": {"news": ["?", "GET"]}}
    assert view(held, "u1") == held
    assert view(held, "u2") == {"u2": {}, "*": {"news": ["?", "GET"]}}
    assert view(held, "*") == {"*": {"news": ["?", "GET"]}}
    assert view({}, "*") == {"*": {}}


@pytest.mark.parametrize(
    ("segment", "resource"),
    [
        pytest.param("Ym9va3M=", "books", id="padded"),
        pytest.param("Ym9va3M", "books", id="not padded"),
        pytest.param("YX5-fg", "a~~~", id="URL alphabet"),
        pytest.param("0LLRhdC-0LTQuD8", "входи?", id="URL alphabet, beyond ASCII"),
        pytest.param("Yi_DvH4", "b/ü~", id="URL alphabet, slash"),
        pytest.param("fn5+", "~~~", id="standard alphabet"),
        pytest.param("Kg", "*", id="star"),
        pytest.param("not!base64", "not!base64", id="no base64"),
        pytest.param("д", "д", id="no ASCII"),
        pytest.param("dog", "dog", id="base64 of no text"),
        pytest.param("cat", "cat", id="base64 of no text, too"),
        pytest.param("ab", "ab", id="base64 that nobody writes"),
        pytest.param("notes", "notes", id="no length of base64"),
        pytest.param("Ym9v=a3M", "Ym9v=a3M", id="padding inside"),
        pytest.param("AAEC", "AAEC", id="base64 of control characters"),
        pytest.param("utils/timestamp", "utils/timestamp", id="a path"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_segment_is_base64_or_the_path_itself(segment: str, resource: str) -> None:
    assert decode_resource(segment) == resource


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20))
def test_any_path_can_be_sent_in_base64(path: str) -> None:
    data = path.encode()
    for coded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        assert decode_resource(coded.decode()) == path
        assert decode_resource(coded.decode().rstrip("=")) == path
