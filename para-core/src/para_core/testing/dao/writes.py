"""Writes: all or nothing, and only on what they expect."""

from __future__ import annotations

import pytest

from para_core.contracts.dao import DAO, Put, Write
from para_core.errors import ConflictError
from para_core.testing.dao.samples import a_record, value_of

__all__ = ["WriteTests"]


class WriteTests:
    """Batches and compare-and-set."""

    async def test_numbers_of_changes_grow(self, dao: DAO) -> None:
        numbers = [await dao.create("app", a_record("cat1")) for _ in range(20)]
        assert numbers == sorted(set(numbers))
        assert numbers[0] > 0

    async def test_all_records_of_a_write_carry_its_number(self, dao: DAO) -> None:
        number = await dao.create_all("app", [a_record(f"cat{i}") for i in range(30)])
        assert {record.change for record in await dao.read_page("app")} == {number}

    async def test_puts_and_deletes_go_together(self, dao: DAO) -> None:
        await dao.create_all("app", [a_record("old"), a_record("kept")])
        puts = [Put(a_record("new"), 0), Put(a_record("kept", text="2"))]
        number = await dao.write("app", Write("updateAll", puts, ["old", "absent"]))
        found = await dao.read_all("app", ["old", "new", "kept"])
        assert {key: record.change for key, record in found.items()} == {
            "new": number,
            "kept": number,
        }

    async def test_an_empty_write_is_stored_nowhere(self, dao: DAO) -> None:
        assert await dao.write("app", Write("createAll")) == 0
        assert await dao.create_all("app", []) == 0
        assert await dao.delete_all("app", []) == 0
        assert await dao.changes("app", 0) == []
        assert await dao.apps() == []

    async def test_an_id_twice_in_one_write_is_a_mistake(self, dao: DAO) -> None:
        with pytest.raises(ValueError, match="'a' twice"):
            await dao.write("app", Write("createAll", [Put(a_record("a")), Put(a_record("a"))]))
        with pytest.raises(ValueError, match="'a' twice"):
            await dao.write("app", Write("updateAll", [Put(a_record("a"))], ["a"]))
        assert await dao.read("app", "a") is None

    # ---- compare and set --------------------------------------------------------------------

    async def test_an_update_of_what_was_read_is_stored(self, dao: DAO) -> None:
        first = await dao.create("app", a_record("cat1", text="1"))
        second = await dao.update("app", a_record("cat1", text="2"), expect=first)
        third = await dao.update("app", a_record("cat1", text="3"), expect=second)
        found = await dao.read("app", "cat1")
        assert found is not None
        assert found.change == third
        assert value_of(found) == value_of(a_record("cat1", text="3"))

    async def test_a_stale_update_stores_nothing(self, dao: DAO) -> None:
        stale = await dao.create("app", a_record("cat1", text="1"))
        fresh = await dao.create("app", a_record("cat1", text="2"))
        with pytest.raises(ConflictError, match="read them again") as caught:
            await dao.update("app", a_record("cat1", text="3"), expect=stale)
        assert caught.value.keys == ["cat1"]
        found = await dao.read("app", "cat1")
        assert found is not None
        assert found.change == fresh
        assert value_of(found) == value_of(a_record("cat1", text="2"))

    async def test_an_update_of_what_was_deleted_stores_nothing(self, dao: DAO) -> None:
        number = await dao.create("app", a_record("cat1"))
        await dao.delete("app", "cat1")
        with pytest.raises(ConflictError):
            await dao.update("app", a_record("cat1"), expect=number)
        assert await dao.read("app", "cat1") is None

    async def test_a_record_created_again_is_another_one(self, dao: DAO) -> None:
        number = await dao.create("app", a_record("cat1"))
        await dao.delete("app", "cat1")
        await dao.create("app", a_record("cat1"))
        with pytest.raises(ConflictError):
            await dao.update("app", a_record("cat1"), expect=number)

    @pytest.mark.parametrize("expect", [1, -1, 2**40, 2**80])
    async def test_no_number_but_0_fits_what_is_absent(self, dao: DAO, expect: int) -> None:
        with pytest.raises(ConflictError):
            await dao.update("app", a_record("cat1"), expect=expect)
        assert await dao.read("app", "cat1") is None
        assert await dao.apps() == []

    async def test_expecting_0_creates_once(self, dao: DAO) -> None:
        await dao.update("app", a_record("cat1", text="1"), expect=0)
        with pytest.raises(ConflictError):
            await dao.update("app", a_record("cat1", text="2"), expect=0)
        assert value_of(await dao.read("app", "cat1")) == value_of(a_record("cat1", text="1"))

    async def test_one_conflict_undoes_the_whole_write_and_all_are_named(self, dao: DAO) -> None:
        first = await dao.create_all("app", [a_record(key) for key in "abcd"])
        fresh = await dao.create_all("app", [a_record(key, text="2") for key in "bd"])
        puts = [
            Put(a_record("d", text="3"), first),
            Put(a_record("a", text="3"), first),
            Put(a_record("new", text="3"), 0),
            Put(a_record("b", text="3"), first),
            Put(a_record("gone", text="3"), first),
            Put(a_record("c", text="3"), 0),
            Put(a_record("free", text="3")),
        ]
        with pytest.raises(ConflictError) as caught:
            await dao.write("app", Write("updateAll", puts, ["e"]))
        assert caught.value.keys == ["d", "b", "gone", "c"]
        left = {record.id: record.change for record in await dao.read_page("app")}
        assert left == {"a": first, "b": fresh, "c": first, "d": fresh}
        assert await dao.last_change("app") == fresh

    async def test_update_all_replaces_each_at_its_change(self, dao: DAO) -> None:
        one = await dao.create("app", a_record("a"))
        two = await dao.create("app", a_record("b"))
        wanted = {"a": (a_record("a", text="2"), one), "b": (a_record("b", text="2"), two)}
        number = await dao.update_all("app", wanted)
        assert {record.change for record in await dao.read_page("app")} == {number}
        with pytest.raises(ConflictError) as caught:
            await dao.update_all("app", wanted)
        assert caught.value.keys == ["a", "b"]

    async def test_a_long_write_is_all_or_nothing(self, dao: DAO) -> None:
        await dao.create("app", a_record("id_1500"))
        puts = [Put(a_record(f"id_{number}"), 0) for number in range(2000)]
        with pytest.raises(ConflictError) as caught:
            await dao.write("app", Write("createAll", puts))
        assert caught.value.keys == ["id_1500"]
        assert len(await dao.read_page("app", limit=5000)) == 1
