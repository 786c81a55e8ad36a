"""Statements for MariaDB, and for MySQL where it differs; what they do is proved on MariaDB."""

from __future__ import annotations

import pytest

from para_core.contracts.dao import Put, Record, Write
from para_core.plan import Plan
from para_dao_sql.mariadb.tables import statements_of, what_stores
from para_dao_sql.servers.tables import App

OWN, SHARED = App(7, "my-app", shared=False), App(7, "my-app", shared=True)


def a_plan() -> Plan:
    plan = Plan(4, {})
    records = [Record("a", "cat", b"{}"), Record("b" * 2000, "dog", b"'")]
    plan.add(Write("createAll", [Put(record) for record in records], ["gone"]))
    return plan


def test_mariadb_knows_the_new_row_as_values_and_mysql_by_a_name() -> None:
    put, *rest = what_stores(OWN, a_plan(), is_mariadb=True)
    other, *same = what_stores(OWN, a_plan(), is_mariadb=False)
    assert put.endswith(
        b" ON DUPLICATE KEY UPDATE type = VALUES(type), data = VALUES(data), "
        b'"change" = VALUES("change")'
    )
    assert other.endswith(
        b' AS new ON DUPLICATE KEY UPDATE type = new.type, data = new.data, "change" = new."change"'
    )
    assert put.partition(b" ON DUPL")[0] == other.partition(b" AS new")[0]
    assert rest == same


@pytest.mark.parametrize(("app", "first"), [(OWN, b""), (SHARED, b"7,")], ids=["own", "shared"])
def test_a_long_id_has_a_key_and_the_whole_beside_it(app: App, first: bytes) -> None:
    put = next(what_stores(app, a_plan(), is_mariadb=True))
    assert b"(" + first + b"_binary'a',NULL,_binary'cat',_binary'{}',5)" in put
    assert b",_binary'" + b"b" * 2000 + b"',_binary'dog',_binary'\\'',5)" in put


def test_what_writes_come_to_ends_with_the_commit() -> None:
    _, gone, told, last = what_stores(SHARED, a_plan(), is_mariadb=True)
    assert gone == b"DELETE FROM objects_shared WHERE app = 7 AND \"key\" IN (_binary'gone')"
    assert told.startswith(b"INSERT INTO objects_changes VALUES (7,5,'createAll',_binary'[")
    assert last.endswith(b"counter = 5, last_change = 5 WHERE app = 7; COMMIT")


@pytest.mark.parametrize("app", [OWN, SHARED], ids=["own", "shared"])
def test_no_statement_wants_what_mysql_has_not(app: App) -> None:
    sql = statements_of(app)
    texts = [sql.read, sql.page, sql.page_of_kind, sql.changed, sql.changes_of]
    texts += [text.decode("latin-1") for text in what_stores(app, a_plan(), is_mariadb=False)]
    assert not [text for text in texts if "RETURNING" in text or "VALUES(" in text]


def test_many_records_go_in_statements_of_a_moderate_size() -> None:
    plan = Plan(0, {})
    puts = [Put(Record(f"id{n}", "cat", b"x" * 50_000)) for n in range(40)]
    plan.add(Write("createAll", puts))
    *inserts, _, _ = what_stores(OWN, plan, is_mariadb=True)
    assert len(inserts) == 7
    assert max(map(len, inserts)) < 400_000
