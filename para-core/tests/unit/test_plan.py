"""What several writes come to."""

from __future__ import annotations

from para_core.contracts.dao import Change, Put, Write
from para_core.errors import ConflictError
from para_core.plan import Plan, expected_keys
from para_core.testing.dao import a_record


def put(key: str, expect: int | None = None) -> Put:
    return Put(a_record(key), expect)


def test_each_write_meets_the_state_that_those_before_it_leave() -> None:
    plan = Plan(10, {"a": 4})
    assert plan.add(Write("update", [put("a", 4)])) == 11
    assert plan.add(Write("update", [put("a", 11), put("new", 0)], note=b"1")) == 12
    assert plan.add(Write("delete", deletes=["a"])) == 13
    assert plan.add(Write("create", [put("a", 0)])) == 14
    assert plan.told == [
        Change(11, "update", ["a"]),
        Change(12, "update", ["a", "new"], b"1"),
        Change(13, "delete", ["a"]),
        Change(14, "create", ["a"]),
    ]
    assert [(record.id, number) for record, number in plan.puts()] == [("a", 14), ("new", 12)]
    assert plan.deletes() == []


def test_a_write_in_conflict_names_all_that_are_stale_and_changes_nothing() -> None:
    plan = Plan(10, {"a": 4})
    conflict = plan.add(Write("update", [put("b", 3), put("free"), put("a", 5)], ["c"]))
    assert isinstance(conflict, ConflictError)
    assert conflict.keys == ["b", "a"]
    assert (plan.number, plan.records, plan.told) == (10, {}, [])
    assert plan.add(Write("update", [put("a", 4)])) == 11


def test_what_is_put_and_then_deleted_is_deleted() -> None:
    plan = Plan(0, {})
    plan.add(Write("create", [put("a"), put("b")]))
    plan.add(Write("delete", deletes=["a", "never"]))
    assert [record.id for record, _ in plan.puts()] == ["b"]
    assert plan.deletes() == ["a", "never"]


def test_only_records_of_which_something_is_expected_are_asked_for() -> None:
    writes = [
        Write("update", [put("a", 1), put("b")]),
        Write("update", [put("c", 0), put("a", 2)], ["d"]),
    ]
    assert expected_keys(writes) == ["a", "c"]
    assert expected_keys([Write("create", [put("a")])]) == []
