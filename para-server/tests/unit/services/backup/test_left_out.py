"""Imports leave out what cannot be taken, tell why, and may only try."""

from __future__ import annotations

import pytest

from para_server.services.archive import ImportFailedError
from para_server.services.importing import Wish

from .vault import DEPOT, Vault, film

MIXED: list[object] = [
    film(1),
    {"id": "x", "type": "film", "tags": "a b"},
    5,
    film(2),
    {"id": "\ud800", "type": "film"},
]


async def test_what_cannot_be_taken_is_left_out_if_that_is_wanted(vault: Vault) -> None:
    record = await vault.load(MIXED, [film(3)], wish=Wish(is_lenient=True))
    assert record.properties["count"] == 3
    assert sorted(record.properties["skipped"].values()) == [1, 1, 1]
    named = record.properties["skippedObjects"]
    assert [item.get("id") for item in named] == ["x", None, None]
    assert "no object" in named[1]["reason"]
    assert "no valid JSON" in named[2]["reason"]
    assert [r.id for r in await vault.dao.read_page("cinema", kind="film")] == ["f1", "f2", "f3"]
    assert await vault.read("cinema", record.id) == record


async def test_a_file_that_is_no_array_is_left_out_if_that_is_wanted(vault: Vault) -> None:
    parts: list[object] = [[film(1)], {"no": "array"}, [film(2)]]
    record = await vault.load(*parts, wish=Wish(is_lenient=True))
    assert record.properties["count"] == 2
    (reason,) = record.properties["skipped"]
    assert reason == "part2.json: a file holds no JSON array"
    assert [r.id for r in await vault.dao.read_page("cinema", kind="film")] == ["f1", "f2"]


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ({"no": "array"}, r"^part2\.json: a file holds no JSON array$"),
        ([film(2), 5], r"^part2\.json: item 2 is no object$"),
        ([{"id": "x", "type": "film", "tags": "a b"}], r"^part2\.json, object 'x': tags: a text "),
    ],
    ids=["no array", "no object", "no such field"],
)
async def test_an_error_says_where_it_is(vault: Vault, second: object, reason: str) -> None:
    with pytest.raises(ImportFailedError, match=reason):
        await vault.load([film(1)], second)


async def test_apps_that_were_left_out_are_told(vault: Vault) -> None:
    record = await vault.load([DEPOT, film(1)])
    assert record.properties["skippedObjects"] == [
        {"id": "app:depot", "type": "app", "reason": "apps are for the root app to import"}
    ]


async def test_of_two_objects_with_one_id_the_last_counts_and_the_other_is_told(
    vault: Vault,
) -> None:
    record = await vault.load([film(1), film(2), film(1, name="Last")])
    assert record.properties["skipped"] == {"the same id comes again in the same batch": 1}
    assert (await vault.read("cinema", "f1")).name == "Last"


async def test_a_report_names_some_and_counts_all(vault: Vault) -> None:
    many = [{"id": f"x{n}", "type": "film", "tags": "x" * 999} for n in range(300)]
    record = await vault.load([film(1), *many], wish=Wish(is_lenient=True))
    (count,) = record.properties["skipped"].values()
    assert (count, len(record.properties["skippedObjects"])) == (300, 100)


async def test_a_report_has_a_bound_however_many_reasons_there_are(vault: Vault) -> None:
    many = [{"id": "x" * n, "type": "film", "size": float("nan")} for n in range(1, 301)]
    record = await vault.load([film(1), *many], wish=Wish(is_lenient=True))
    skipped = record.properties["skipped"]
    assert (sum(skipped.values()), len(skipped), skipped["other reasons"]) == (300, 101, 200)


async def test_a_trial_stores_nothing(vault: Vault) -> None:
    wish = Wish(is_lenient=True, is_dry=True)
    record = await vault.load(MIXED, [film(n) for n in range(3, 2000)], wish=wish)
    assert (record.id, record.properties["count"], record.properties["dryRun"]) == ("", 1999, True)
    assert len(record.properties["skippedObjects"]) == 3
    assert await vault.dao.read_page("cinema") == []
    with pytest.raises(ImportFailedError):
        await vault.load(MIXED, wish=Wish(is_dry=True))
