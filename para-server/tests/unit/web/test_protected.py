from __future__ import annotations

import logging

import pytest

from para_core.config import Config
from para_server.web.protected import Guards, guards_of, pattern_of


def guards(protected: object) -> Guards:
    return guards_of(Config({"para.security.protected": protected}))


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("/a", ["/a"], ["/a/", "/ab", "/a/b"]),
        ("/a/**", ["/a", "/a/", "/a/b/c"], ["/ab", "/b/a"]),
        ("/a/*", ["/a/b", "/a/"], ["/a", "/a/b/c"]),
        ("/a/{id}/c", ["/a/b/c"], ["/a//c", "/a/b/d"]),
        ("/**/*.js", ["/x.js", "/a/b/x.js"], ["/x.css"]),
        ("/a?c", ["/abc"], ["/ac", "/a/c"]),
        ("/a.b", ["/a.b"], ["/axb"]),
    ],
    ids=str,
)
def test_a_pattern_matches_whole_paths(
    pattern: str, matching: list[str], others: list[str]
) -> None:
    found = pattern_of(pattern)
    assert [path for path in matching if not found.fullmatch(path)] == []
    assert [path for path in others if found.fullmatch(path)] == []


def test_an_entry_has_roles_and_methods() -> None:
    found = guards({"uploads": ["/uploads/**", ["user", " Admin ", "post", "PUT"]]})
    guard = found.of("POST", "/uploads/a")
    assert guard is not None
    assert found.of("GET", "/uploads/a") is None
    admitted = [group for group in ("users", "mods", "admins", "odd") if guard.admits(group)]
    assert admitted == ["users", "admins", "odd"]
    assert not guard.is_for_apps


def test_an_entry_without_roles_is_for_everybody_who_is_known() -> None:
    guard = guards({"all": ["/all"]}).of("GET", "/all")
    assert guard is not None
    assert guard.is_for_apps


def test_the_first_entry_about_a_path_counts() -> None:
    found = guards({"one": ["/a/b", ["MOD"]], "two": ["/a/**", ["USER"]]})
    guard = found.of("GET", "/a/b")
    assert guard is not None
    assert guard.name == "one"


def test_a_broken_entry_is_logged_and_leaves_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        found = guards({"a": "/a", "b": [["USER"]], "c": ["/c", ["KING"]]})
    assert [entry.name for entry in found.entries] == ["c"]
    assert len(caplog.records) == 3


def test_ignored_paths_are_open_and_the_default_opens_no_more_of_the_api() -> None:
    usual = guards({"all": ["/**", ["ADMIN"]]})
    assert usual.of("GET", "/images/a.png") is None
    assert usual.of("GET", "/x") is not None
    assert not usual.opens_api
    more = guards_of(Config({"para.security.ignored": ["/", "/v1/utils/**"]}))
    assert more.opens_api
