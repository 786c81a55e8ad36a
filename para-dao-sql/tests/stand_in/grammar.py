"""Statements of SQL Server and Oracle: read by a parser of the dialect, and said in SQLite's words.

Whatever the parser does not read, and whatever the dialect does not have, fails the test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel

from .reserved import RESERVED_BY_ORACLE, RESERVED_BY_SQL_SERVER

__all__ = ["ORACLE", "SQL_SERVER", "Grammar", "NotInDialectError", "Said", "normal", "read"]

_LONGEST_NAME = 128  # SQL Server: characters; Oracle from 12.2 on: bytes
_TYPES = {
    **dict.fromkeys(
        ("BIGINT", "INT", "TINYINT", "UTINYINT", "BIT", "BOOLEAN", "DECIMAL"), "INTEGER"
    ),
    **dict.fromkeys(("VARBINARY", "BLOB", "RAW"), "BLOB"),
    **dict.fromkeys(("NVARCHAR", "VARCHAR", "NVARCHAR2", "VARCHAR2"), "TEXT"),
}
_FOREIGN = (
    r"LIMIT",
    r"RETURNING",
    r"ON CONFLICT",
    r"ON DUPLICATE",
    r"ILIKE",
    r"::",
    r"ANY\s*\(",
    r"\$\d",
)


class NotInDialectError(AssertionError):
    """A statement is none of the dialect, as far as can be told without a server."""


@dataclass(frozen=True)
class Grammar:
    """What is known of a dialect."""

    name: str  # for sqlglot
    mark: str
    foreign: tuple[str, ...]  # what other products have, and this one has not
    unread: tuple[str, ...]  # statements that sqlglot does not know, each as it is documented
    reserved: frozenset[str]  # words that are names only in quotes
    most_values: int
    most_in_list: int


class Said:
    """One statement: as the parser has read it, and in the words of SQLite."""

    def __init__(self, tree: exp.Expr) -> None:
        self.tree = tree

    @cached_property
    def query(self) -> str:
        """The statement in the words of SQLite."""
        return self.tree.copy().transform(_as_sqlite).sql(dialect="sqlite")

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of its values."""
        return frozenset(re.findall(r"[@:]([Pp]\d+)\b", self.query))


SQL_SERVER = Grammar(
    name="tsql",
    mark="@P",
    foreign=(
        *_FOREIGN,
        r"FOR UPDATE",
        r"LOCK TABLE",
        r"\bTRUE\b",
        r"\bFALSE\b",
        r"GREATEST\s*\(",
        r"\bBYTEA\b",
    ),
    # learn.microsoft.com/sql/t-sql/statements/set-transaction-isolation-level-transact-sql
    unread=(r"SET TRANSACTION ISOLATION LEVEL SNAPSHOT",),
    reserved=RESERVED_BY_SQL_SERVER,
    most_values=2100 - 2,  # of a procedure, of which sp_executesql takes two for itself
    most_in_list=2098,
)
ORACLE = Grammar(
    name="oracle",
    mark=":p",
    foreign=(
        *_FOREIGN,
        r"\bTOP\b",
        r"WITH\s*\(",
        r"N'",
        r"\bBIGINT\b",
        r"\bTRUE\b",
        r"\bFALSE\b",
        r"BEGIN\b",
        r" AS o\b",
    ),
    # LOCK TABLE in the SQL Language Reference
    unread=(r"LOCK TABLE \w+ IN (ROW SHARE|EXCLUSIVE) MODE NOWAIT",),
    reserved=RESERVED_BY_ORACLE,
    most_values=65535,
    most_in_list=1000,
)


def normal(grammar: Grammar, statement: str) -> str:
    """Return a statement as it stands in the lists: a list of values is its first, and dots."""
    one = rf"{re.escape(grammar.mark)}\d+"
    text = re.sub(rf"IN \(({one})(?:, {one})*\)", r"IN (\1, …)", statement)
    text = re.sub(rf"VALUES \(({one}).*", r"VALUES (\1, …)", text, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


@lru_cache(maxsize=4096)
def read(grammar: Grammar, statement: str) -> tuple[Said, ...]:
    """Return what the parser makes of a text; nothing for statements that it does not know.

    Raises:
        NotInDialectError: The parser does not read it, or it has words of other products.
    """
    _refuse_foreign(grammar, statement)
    if any(re.fullmatch(pattern, statement) for pattern in grammar.unread):
        return ()
    try:
        found = sqlglot.parse(statement, read=grammar.name, error_level=ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        raise NotInDialectError(f"{grammar.name} does not read {statement!r}: {error}") from error
    trees = [tree for tree in found if tree is not None]
    for tree in trees:
        _check(grammar, statement, tree)
    return tuple(map(Said, trees))


def _refuse_foreign(grammar: Grammar, statement: str) -> None:
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "''", statement)
    for pattern in grammar.foreign:
        if re.search(pattern, bare if "'" not in pattern else statement, re.IGNORECASE):
            raise NotInDialectError(f"{grammar.name} has no {pattern}: {statement!r}")


def _check(grammar: Grammar, statement: str, tree: exp.Expr) -> None:
    if tree.find(exp.Command):
        raise NotInDialectError(f"{grammar.name} does not read {statement!r}")
    for name in tree.find_all(exp.Identifier):
        if not name.quoted and name.name.upper() in grammar.reserved:
            raise NotInDialectError(f"{grammar.name} reserves {name.name!r}: {statement!r}")
        if len(name.name.encode()) > _LONGEST_NAME:
            raise NotInDialectError(f"the name {name.name!r} is too long for {grammar.name}")
    for chosen in tree.find_all(exp.In):
        if len(chosen.expressions) > grammar.most_in_list:
            raise NotInDialectError(f"{len(chosen.expressions)} values in a list of {grammar.name}")
    marks = set(re.findall(rf"{re.escape(grammar.mark)}\d+", statement))
    if len(marks) > grammar.most_values:
        raise NotInDialectError(f"{len(marks)} values in a statement of {grammar.name}")


def _as_sqlite(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.National():
            return exp.Literal.string(node.this)
        case exp.ColumnDef():
            return _with_limit(node)
        case exp.Create():
            node.set("kind", str(node.args["kind"]).removeprefix("CLUSTERED "))
        case exp.Table() if node.db:
            return exp.to_table(f"{node.db}_{node.name}".lower())
        case exp.Select():
            node.set("locks", None)
    return node


def _with_limit(column: exp.ColumnDef) -> exp.ColumnDef:
    """Return a column with a type of SQLite; the size that the dialect gives becomes a check."""
    kind = column.args["kind"]
    written = str(kind.args.get("kind") or kind.this.value)
    named = _TYPES[written.upper()]
    sizes = list(_sizes(kind))
    column.set("kind", exp.DataType.build(named, dialect="sqlite"))
    if sizes and named != "INTEGER":
        check = exp.CheckColumnConstraint(
            this=exp.LTE(
                this=exp.Length(this=exp.column(column.this.copy())),
                expression=exp.Literal.number(sizes[0]),
            )
        )
        column.append("constraints", exp.ColumnConstraint(kind=check))
    return column


def _sizes(kind: exp.DataType) -> Iterator[int]:
    for parameter in kind.expressions:
        if str(parameter.this).isdigit():
            yield int(str(parameter.this))
