"""Single records: what is stored comes back."""

from __future__ import annotations

import pytest

from para_core.contracts.dao import DAO, Record, Write
from para_core.errors import InvalidObjectError
from para_core.testing.dao.samples import ODD_IDS, UNSTORABLE_IDS, a_record, value_of

__all__ = ["RecordTests"]


class RecordTests:
    """Storing, reading, replacing and deleting."""

    many = 5000
    """Ids in one long list."""

    # ---- one record -------------------------------------------------------------------------

    async def test_what_was_never_stored_is_absent(self, dao: DAO) -> None:
        await dao.create("app", a_record("cat1"))
        assert await dao.read("app", "1") is None
        assert await dao.read("unknown", "cat1") is None
        assert await dao.read_all("unknown", ["cat1"]) == {}

    async def test_a_record_comes_back_with_the_number_of_its_change(self, dao: DAO) -> None:
        number = await dao.create("app", a_record("cat1", kind="Cat", text="tabby"))
        found = await dao.read("app", "cat1")
        assert found is not None
        assert (found.id, found.type, found.change) == ("cat1", "Cat", number)
        assert value_of(found) == value_of(a_record("cat1", kind="Cat", text="tabby"))

    async def test_an_answered_write_is_seen_by_the_next_read(self, dao: DAO) -> None:
        for step in range(50):
            number = await dao.create("app", a_record("cat1", text=str(step)))
            found = await dao.read("app", "cat1")
            assert found is not None
            assert found.change == number

    async def test_creating_replaces_the_whole_record(self, dao: DAO) -> None:
        await dao.create("app", Record("cat1", "cat", b'{"email":"a@b.c","name":"Tom"}'))
        await dao.create("app", Record("cat1", "dog", b'{"name":"Tom"}'))
        found = await dao.read("app", "cat1")
        assert found is not None
        assert found.type == "dog"
        assert value_of(found) == {"name": "Tom"}

    async def test_the_change_in_a_record_to_store_means_nothing(self, dao: DAO) -> None:
        number = await dao.create("app", a_record("cat1", change=77777))
        found = await dao.read("app", "cat1")
        assert found is not None
        assert found.change == number

    async def test_a_deleted_record_is_absent(self, dao: DAO) -> None:
        await dao.create_all("app", [a_record("cat1"), a_record("cat2")])
        await dao.delete("app", "cat1")
        assert await dao.read("app", "cat1") is None
        assert await dao.read("app", "cat2") is not None

    async def test_deleting_what_is_not_there_is_no_error(self, dao: DAO) -> None:
        await dao.delete("app", "cat1")
        await dao.delete_all("app", ["cat1", "cat2", "cat1"])
        assert await dao.read_page("app") == []

    async def test_a_deleted_record_can_be_created_again(self, dao: DAO) -> None:
        first = await dao.create("app", a_record("cat1", text="one"))
        await dao.delete("app", "cat1")
        second = await dao.create("app", a_record("cat1", text="two"))
        found = await dao.read("app", "cat1")
        assert found is not None
        assert first < second == found.change

    # ---- several ----------------------------------------------------------------------------

    async def test_records_come_in_the_order_of_their_ids_in_the_question(self, dao: DAO) -> None:
        await dao.create_all("app", [a_record(key) for key in "abcd"])
        found = await dao.read_all("app", ["d", "zzz", "a", "c", "a", "d"])
        assert list(found) == ["d", "a", "c"]
        assert all(key == record.id for key, record in found.items())

    async def test_no_ids_give_no_records(self, dao: DAO) -> None:
        await dao.create("app", a_record("cat1"))
        assert await dao.read_all("app", []) == {}

    async def test_of_records_with_one_id_the_last_counts(self, dao: DAO) -> None:
        await dao.create_all("app", [a_record("a", text="1"), a_record("b"), a_record("a")])
        assert value_of(await dao.read("app", "a")) == value_of(a_record("a"))
        assert len(await dao.read_page("app")) == 2

    async def test_any_number_of_ids_can_be_read_and_deleted(self, dao: DAO) -> None:
        keys = [f"id_{number}" for number in range(self.many)]
        await dao.create_all("app", [a_record(key) for key in keys])
        mixed = [*reversed(keys), *(f"no_{key}" for key in keys[:100])]
        assert list(await dao.read_all("app", mixed)) == keys[::-1]
        await dao.delete_all("app", keys[1:])
        assert list(await dao.read_all("app", keys)) == keys[:1]

    # ---- ids --------------------------------------------------------------------------------

    @pytest.mark.parametrize("key", ODD_IDS)
    async def test_any_text_can_be_an_id(self, dao: DAO, key: str) -> None:
        number = await dao.create("app", a_record(key, text="odd"))
        await dao.create("app", a_record("other"))
        found = await dao.read("app", key)
        assert found is not None
        assert (found.id, found.change) == (key, number)
        assert list(await dao.read_all("app", ["other", key])) == ["other", key]
        assert {record.id for record in await dao.read_page("app")} == {key, "other"}
        assert (await dao.changes("app", 0))[0].keys == [key]
        await dao.update("app", a_record(key, text="again"), expect=number)
        await dao.delete("app", key)
        assert [record.id for record in await dao.read_page("app")] == ["other"]

    async def test_ids_are_compared_exactly(self, dao: DAO) -> None:
        keys = [
            "a",
            "A",
            "á",
            "a\u0301",
            "a ",
            " a",
            "a\x00",
            "\uff41",
            "ß",
            "ss",
            "1",
            "1.0",
            "01",
        ]
        await dao.create_all("app", [a_record(key, text=repr(key)) for key in keys])
        assert len(await dao.read_page("app")) == len(keys)
        for key in keys:
            assert value_of(await dao.read("app", key)) == value_of(a_record(key, text=repr(key)))

    @pytest.mark.parametrize("key", ["%", "_", "*", "?", "cat_", "' OR '1'='1", ".*", "cat1\x00"])
    async def test_no_character_stands_for_others(self, dao: DAO, key: str) -> None:
        await dao.create_all("app", [a_record("cat1"), a_record("a")])
        assert await dao.read("app", key) is None
        await dao.delete("app", key)
        assert len(await dao.read_page("app")) == 2

    @pytest.mark.parametrize("key", UNSTORABLE_IDS)
    async def test_what_cannot_be_an_id_is_refused_and_never_found(
        self, dao: DAO, key: str
    ) -> None:
        with pytest.raises(InvalidObjectError, match="no valid Unicode text"):
            await dao.create_all("app", [a_record("cat1"), a_record(key)])
        with pytest.raises(InvalidObjectError, match="no valid Unicode text"):
            await dao.write("app", Write("delete", deletes=[key]))
        assert await dao.read("app", key) is None
        assert await dao.read_all("app", [key, "cat1"]) == {}
        assert await dao.changes("app", 0) == []

    # ---- data -------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b"{}", id="empty object"),
            pytest.param(b'{"a":"\\u0000b"}', id="escaped NUL"),
            pytest.param('{"a":"žluť 对象 👩‍👩‍👧"}'.encode(), id="Unicode"),
            pytest.param(b'{"":{"$a.b":[null,[[]],{}]}}', id="odd keys"),
            pytest.param(b'{"a":9007199254740993,"b":-0.1e-7}', id="numbers"),
            pytest.param(b'{"a":"\'; DROP TABLE x; --\\\\ %s \\""}', id="SQL"),
        ],
    )
    async def test_data_comes_back_as_the_same_value(self, dao: DAO, data: bytes) -> None:
        await dao.create("app", Record("cat1", "cat", data))
        assert value_of(await dao.read("app", "cat1")) == value_of(Record("", "", data))

    async def test_a_record_may_have_a_megabyte(self, dao: DAO) -> None:
        text = "ščř\n" * 150_000
        await dao.create_all("app", [a_record(key, text=text) for key in ("a", "b")])
        found = await dao.read_page("app")
        assert [record.id for record in found] == ["a", "b"]
        for record in found:
            assert value_of(record) == value_of(a_record(record.id, text=text))

    @pytest.mark.parametrize("kind", ["Cat", "a b", "тип", "100%", "x" * 300])
    async def test_any_text_can_be_a_type(self, dao: DAO, kind: str) -> None:
        await dao.create_all("app", [a_record("a", kind=kind), a_record("b", kind="cat")])
        assert [r.type for r in await dao.read_page("app", kind=kind)] == [kind]
