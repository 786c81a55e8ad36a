from __future__ import annotations

import pytest

from para_core.contracts.dao import Record
from para_server.services.index_writer import is_indexed


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b'{"id":"a"}', True),
        (b'{"id":"a","indexed":true}', True),
        (b'{"id":"a","indexed":false}', False),
        (b'{"id":"a","note":{"indexed":false}}', True),
        (b'{"id":"a","name":"\\"indexed\\":false"}', True),
    ],
    ids=["silent", "yes", "no", "inside", "in a text"],
)
def test_an_object_says_whether_it_wants_to_be_found(data: bytes, *, wanted: bool) -> None:
    assert is_indexed(Record("a", "cat", data)) is wanted
