"""Names of aliases, indexes and documents."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from para_search_elasticsearch.naming import Names, document_id, guard_id, state_id

NAMES = Names("", "para", "p")
APPS = [
    "app",
    "APP",
    "App",
    "app_1",
    "app-1",
    "app 1",
    " app",
    "приложение",
    "a" * 300,
    "",
    "..",
    "_x",
]
APPS += ["+x", "a/b", "a,b", "*", "a#b", "app-0123456789abcdef", NAMES.alias("APP"), "x" * 101]


def test_an_app_is_reached_by_its_own_name_where_that_is_one() -> None:
    assert NAMES.alias("scoold") == "scoold"
    assert NAMES.alias("my.app_1-x") == "my.app_1-x"
    assert Names("stage-", "para", "p").alias("scoold") == "stage-scoold"


@pytest.mark.parametrize("appid", APPS, ids=range(len(APPS)))
def test_aliases_are_names_that_clusters_take(appid: str) -> None:
    for name in (NAMES.alias(appid), NAMES.new_index(appid)):
        assert name == name.lower()
        assert name.isascii()
        assert len(name) <= 255
        assert name[0] not in "-_+."
        assert not set(name) & set('\\/*?"<>| ,#:')


def test_no_two_apps_share_an_alias_or_an_index() -> None:
    assert len({NAMES.alias(appid) for appid in APPS}) == len(APPS)
    stems = {NAMES.indexes(appid) for appid in APPS}
    assert len(stems) == len(APPS)


@pytest.mark.parametrize("end", ["_x", "_p1_0123456789ab", ".pen-x", ".new-x", "-shared_p1", ""])
def test_no_app_has_a_name_that_is_made_for_another(end: str) -> None:
    """Else what is done to all indexes of an app, or to all pens, would reach another one's."""
    stem = NAMES.indexes("app").removesuffix("_*")
    alias = NAMES.alias(f"{stem}{end}")
    for pattern in (NAMES.indexes("app"), NAMES.pens("app"), f"{stem}.*", f"{stem}-shared*_*"):
        assert not fnmatchcase(alias, pattern)


def test_every_index_is_a_new_one_of_its_app() -> None:
    first, second = NAMES.new_index("app"), NAMES.new_index("app")
    assert first != second
    assert first.startswith(NAMES.indexes("app").removesuffix("*"))
    assert first != NAMES.alias("app")


def test_an_index_of_the_other_form_is_not_usable() -> None:
    nested = Names("", "para", "n")
    assert NAMES.is_current(NAMES.new_index("app"))
    assert NAMES.is_current(NAMES.shared_index())
    assert not nested.is_current(NAMES.new_index("app"))
    assert not nested.is_current(NAMES.shared_index())


def test_indexes_that_several_servers_write_are_of_another_form() -> None:
    ordered = Names("", "para", "po")
    assert ordered.is_current(ordered.new_index("app"))
    assert not ordered.is_current(NAMES.new_index("app"))
    assert not NAMES.is_current(ordered.new_index("app"))
    assert not NAMES.is_current(ordered.shared_index())


@pytest.mark.parametrize("appid", APPS, ids=range(len(APPS)))
def test_pens_are_names_that_nothing_else_has(appid: str) -> None:
    pen = NAMES.new_pen(appid)
    assert pen != NAMES.new_pen(appid)
    assert fnmatchcase(pen, NAMES.pens(appid))
    for other in APPS:
        assert not fnmatchcase(pen, NAMES.indexes(other))
        assert not fnmatchcase(NAMES.new_index(other), NAMES.pens(appid))
        assert not fnmatchcase(NAMES.alias(other), NAMES.pens(appid))
        assert fnmatchcase(NAMES.new_pen(other), NAMES.pens(appid)) == (other == appid)
    assert NAMES.alias(pen) != pen


@pytest.mark.parametrize("key", ["k", "x" * 511, "🐈" * 400, "a:b", ""])
def test_documents_of_two_apps_have_two_ids(key: str) -> None:
    ids = {document_id("one", key), document_id("two", key)}
    assert len(ids) == 2
    assert all(len(one.encode()) <= 512 for one in ids)
    assert not ids & {state_id("one"), guard_id("one")}
