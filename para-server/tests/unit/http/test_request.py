from __future__ import annotations

from typing import Any

import pytest

from para_core.nesting import MAX_DEPTH
from para_server.http.answers import AnswerError
from para_server.http.request import Params, json_of


@pytest.mark.parametrize(
    ("query", "values"),
    [
        (b"", {}),
        (b"a=1&b=2&a=3", {"a": ["1", "3"], "b": ["2"]}),
        (b"q&type=", {"q": [""], "type": [""]}),
        (b"a=b=c", {"a": ["b=c"]}),
        (b"&&a=1&", {"a": ["1"]}),
        (b"=x", {"": ["x"]}),
        (b"a=%C3%BC+%2B", {"a": ["ü +"]}),
        (b"%61=1", {"a": ["1"]}),
        (b"a=%FF%zz%", {"a": ["\ufffd%zz%"]}),
        (b"a=\xff", {"a": ["\ufffd"]}),
        (b"a=1;b=2", {"a": ["1;b=2"]}),
        (b"A=1&a=2", {"A": ["1"], "a": ["2"]}),
    ],
    ids=repr,
)
def test_parameters_are_decoded_in_order(query: bytes, values: dict[str, list[str]]) -> None:
    params = Params(query)
    for name, wanted in values.items():
        assert params.all(name) == wanted
        assert params.first(name, "default") == params.get(name) == wanted[0]
        assert params.has(name)
    assert not params.has("absent")
    assert params.get("absent") is None
    assert params.first("absent", "default") == "default"
    assert params.all("absent") == []


@pytest.mark.parametrize(
    ("query", "wanted"),
    [(b"x=true", True), (b"x=TRUE", True), (b"x=1", False), (b"x", False), (b"", False)],
)
def test_only_true_is_true(query: bytes, *, wanted: bool) -> None:
    assert Params(query).is_true("x") is wanted


@pytest.mark.parametrize(
    ("body", "kind", "value"),
    [
        (b"{}", dict, {}),
        (b' \n{"a":1} ', dict, {"a": 1}),
        (b"[1,2]", list, [1, 2]),
        (b'{"a":1} and more', dict, {"a": 1}),
        (b'[1]{"a":2}', list, [1]),
        ('{"a":"ü"} ü'.encode(), dict, {"a": "ü"}),
        (b'{"a":1,"a":2}', dict, {"a": 2}),
        (b'{"a":12345678901234567890123}', dict, {"a": 12345678901234567890123}),
    ],
    ids=repr,
)
def test_the_first_value_of_a_body_counts(body: bytes, kind: type[Any], value: object) -> None:
    assert json_of(body, kind) == value


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b"", dict, "Missing request body."),
        (b" \n", dict, "Missing request body."),
        (b"{", dict, "not valid JSON"),
        (b"{}", list, "must be an array"),
        (b"[]", dict, "must be an object"),
        (b"null", dict, "must be an object"),
        (b"nul", dict, "not valid JSON"),
        (b"\xff", dict, "not valid JSON"),
        (b'{"a":"\xff"}', dict, "not valid JSON"),
        (b"[" * 100_000, list, "levels"),
        (b'{"a":' * 100_000, dict, "levels"),
        (b"{} " + b"[" * 100_000, list, "must be an array"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_any_other_body_is_400(body: bytes, kind: type[Any], message: str) -> None:
    with pytest.raises(AnswerError, match=message) as caught:
        json_of(body, kind)
    assert caught.value.status == 400


@pytest.mark.parametrize("extra", [0, 1])
def test_the_depth_has_a_bound_whatever_the_breadth_is(extra: int) -> None:
    inner = b"[" * (MAX_DEPTH - 1 + extra) + b"]" * (MAX_DEPTH - 1 + extra)
    body = b"[" + b",".join([b'{"a":[[],{}]}'] * 1_000) + b"," + inner + b"]"
    if extra:
        with pytest.raises(AnswerError, match="levels"):
            json_of(body, list)
    else:
        assert len(json_of(body, list)) == 1_001
