"""Where indexes lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from para_search_lucene.folder import IndexFolder, folder_name


@pytest.mark.parametrize(
    ("appid", "name"),
    [
        ("scoold", "scoold-lucene"),
        ("my-app_1", "my-app_1-lucene"),
        (" shared", "%20%shared-lucene"),
        ("../etc", "%2e%%2e%%2f%etc-lucene"),
        ("", "-lucene"),
    ],
    ids=["plain", "dash", "blank", "path", "empty"],
)
def test_names_are_safe_and_readable(appid: str, name: str) -> None:
    assert folder_name(appid) == name


def test_no_two_apps_share_a_folder() -> None:
    appids = ["app", " app", "App", "app ", "a/b", "a%2f%b", "x" * 400, "x" * 401, "é", "e\u0301"]
    assert len({folder_name(appid) for appid in appids}) == len(appids)
    assert max(len(folder_name(appid)) for appid in appids) < 200


def test_the_last_published_folder_is_the_current_one(tmp_path: Path) -> None:
    folder = IndexFolder(tmp_path, "app")
    assert not folder.exists()
    assert folder.current() is None
    first, second = folder.make(), folder.make()
    folder.publish(first)
    assert folder.current() == first
    folder.publish(second)
    assert folder.current() == second
    folder.sweep()
    assert not first.exists()
    assert folder.current() == second
    folder.remove()
    assert not folder.path.exists()


def test_sweeping_without_a_current_folder_removes_all(tmp_path: Path) -> None:
    folder = IndexFolder(tmp_path, "app")
    half = folder.make()
    folder.sweep()
    assert not half.exists()
