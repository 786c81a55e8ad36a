"""MongoDB passes the suite of the DAO contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import msgspec
import pytest
from bson import ObjectId

from para_core.contracts.dao import Record
from para_core.errors import BackendError, ConfigError
from para_core.testing.dao import DAOSuite, GroupSuite, a_record
from para_dao_mongodb.dao import MongoDBDAO

from ..databases import PATIENT_MS, a_database  # noqa: TID252 - tests have no absolute names

pytestmark = pytest.mark.service("mongodb")


@pytest.fixture
async def dao() -> AsyncIterator[MongoDBDAO]:
    async with a_database() as address, MongoDBDAO(address, timeout_ms=PATIENT_MS) as dao:
        yield dao


class TestMongoDBDAO(DAOSuite):
    pass


async def test_who_asks_what_opening_changes_makes_nothing() -> None:
    async with a_database() as address:
        dao = MongoDBDAO(address, timeout_ms=PATIENT_MS)
        assert await dao.what_opening_changes() == "makes the collections"
        with pytest.raises(ConfigError, match="nothing of Para"):
            await dao.open_beside()
        async with dao:
            assert await MongoDBDAO(address, timeout_ms=PATIENT_MS).what_opening_changes() == ""


class TestMongoDBGroups(GroupSuite):
    @pytest.fixture
    async def instance(self) -> AsyncIterator[Callable[[], MongoDBDAO]]:
        async with a_database() as address:
            yield lambda: MongoDBDAO(address, timeout_ms=PATIENT_MS)


@pytest.mark.parametrize("shared", [False, True], ids=["own collection", "shared collection"])
@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"$this.is.a.test": 1, "$$$this": 2, "$": 3, ".": 4}, id="dots and dollars"),
        pytest.param({"_id": "three", "v": {"_id": "x"}, "_change": 5, "_json": 1}, id="ours"),
        pytest.param({"Base64:x:eA==": 1, "Base64:": 2, "a": {"Base64:x": 3}}, id="escapes"),
        pytest.param({"": 1, "a\x00b": {"": 2}, "žluť": 3, " ": 4}, id="odd names"),
        pytest.param({"a": [{"$b.c": [{"d.e": 1}]}, [{"$": 2}]]}, id="in lists"),
        pytest.param({"a": [1.5, -0.0, 1e300, 2**53 + 1, -(2**63), 2**63 - 1]}, id="numbers"),
        pytest.param({"a": 2**63, "b": 10**40}, id="too large for BSON"),
        pytest.param({"a": [None, True, "\x00", {}, []], "b": None}, id="values"),
        pytest.param({"name": "x" * 100, "timestamp": 1_700_000_000_000}, id="usual"),
    ],
)
async def test_fields_of_an_object_come_back(
    dao: MongoDBDAO, fields: dict[str, object], *, shared: bool
) -> None:
    await dao.create_table("app", shared=shared)
    data = msgspec.json.encode({"id": "id:three", "type": "sysprop", **fields})
    first = await dao.create("app", Record("id:three", "sysprop", data))
    found = await dao.read("app", "id:three")
    assert found == Record("id:three", "sysprop", data, first)
    second = await dao.update("app", found, expect=first)
    assert await dao.read_page("app") == [Record("id:three", "sysprop", data, second)]


async def test_a_value_deeper_than_documents_may_be_comes_back(dao: MongoDBDAO) -> None:
    data = b'{"id":"a","type":"t","v":' + b"[" * 190 + b"]" * 190 + b"}"
    number = await dao.create("app", Record("a", "t", data))
    assert await dao.read("app", "a") == Record("a", "t", data, number)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"_id": "by hand", "type": "cat"}, id="no change"),
        pytest.param({"_id": "by hand", "_change": 1}, id="no type"),
        pytest.param({"_id": "by hand", "_change": "one", "type": "cat"}, id="no number"),
        pytest.param({"_id": "by hand", "_change": 1, "type": "cat", "v": ObjectId()}, id="value"),
        pytest.param(
            {"_id": "by hand", "_change": 1, "type": "cat", "Base64:x:\xff": 1}, id="name"
        ),
    ],
)
async def test_what_somebody_else_has_put_there_is_named(
    dao: MongoDBDAO, document: dict[str, object]
) -> None:
    await dao.create("app", a_record("cat1"))
    assert dao._opened is not None
    database = dao._opened.store.client[dao._address.database]
    await database["objects_1_app"].insert_one(document)
    for asked in (dao.read("app", "by hand"), dao.read_page("app")):
        with pytest.raises(BackendError, match="'by hand' was not stored by Para; remove it"):
            await asked
    assert await dao.read("app", "cat1") is not None


async def test_people_find_the_fields_of_objects_beside_each_other(dao: MongoDBDAO) -> None:
    data = msgspec.json.encode({"id": "a", "type": "cat", "color": "red", "x.y": {"z": 1}})
    await dao.create("my-app", Record("a", "cat", data))
    assert dao._opened is not None
    database = dao._opened.store.client[dao._address.database]
    (document,) = await database["objects_1_my_app"].find({"color": "red"}).to_list()
    assert document == {
        "_id": "a",
        "type": "cat",
        "color": "red",
        "Base64:x_y:eC55": {"z": 1},
        "_change": 1,
    }
