"""What the DAO suite stores."""

from __future__ import annotations

import msgspec
import pytest

from para_core.contracts.dao import Record

__all__ = ["ODD_IDS", "UNSTORABLE_IDS", "a_record", "value_of"]

ODD_IDS = [
    pytest.param(key, id=name)
    for name, key in {
        "email": "email@test.com",
        "link": "link:cat:1:dog:2",
        "slashes": "/a//b/../c/",
        "dots": "..",
        "spaces": "  two  words ",
        "tab and line": "a\tb\r\nc",
        "NUL inside": "a\x00b",
        "NUL alone": "\x00",
        "delete character": "\x7f",
        "quotes": 'it\'s "so" `so` \\so\\',
        "SQL": "'; DROP TABLE objects_shared; --",
        "LIKE": "100%_[a-z]*?",
        "dollar and braces": "$where {$gt: 1} ${a} {0} %s :id ?1",
        "accents": "žluťoučký kůň",
        "Chinese": "对象",
        "right to left": "כלב",
        "combining": "e\u0301",
        "emoji": "👩‍👩‍👧‍👦",
        "beyond the basic plane": "\U0001d56c\U0010ffff",
        "no characters": "\ufffe\uffff",
        "byte order mark": "\ufeffa",
        "number": "0012.0",
        "JSON": '{"id":null}',
        "null": "null",
        "1,200 characters": "x" * 1200,
        "1,200 characters of four bytes": "🐈" * 1200,
    }.items()
]

UNSTORABLE_IDS = [
    pytest.param(key, id=name)
    for name, key in {"empty": "", "half a surrogate pair": "a\ud800"}.items()
]


def a_record(key: str, *, kind: str = "cat", text: str = "", change: int = 0) -> Record:
    """Return a record whose data has the text in it."""
    data = {"id": key.encode("utf-8", "replace").decode(), "type": kind, "text": text}
    return Record(key, kind, msgspec.json.encode(data), change)


def value_of(record: Record | None) -> object:
    """Return the JSON value that a record holds."""
    assert record is not None
    return msgspec.json.decode(record.data)
