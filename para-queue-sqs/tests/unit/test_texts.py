"""Messages as SQS takes them."""

from __future__ import annotations

import base64
import zlib

import pytest

from para_core.errors import UnusableBodyError
from para_queue_sqs.texts import ENCODING, Text, cleaned, decoded, encoded, groups


def test_a_usual_message_goes_as_it_is() -> None:
    text = encoded('{"name":"čaj \U0001f375"}\r\n\t', 1000)
    assert (text.body, text.attributes) == ('{"name":"čaj \U0001f375"}\r\n\t', {})


@pytest.mark.parametrize("message", ["\x00", "\uffff", "\ufffe", "\x1b[0m", "\ud800"])
def test_characters_that_sqs_refuses_are_packed(message: str) -> None:
    text = encoded(message, 1000)
    assert text.body.isascii()
    assert decoded(text.body, text.attributes) == message


def test_attributes_count_against_the_limit() -> None:
    assert encoded("a", 20, {"b": "c"}).size == len("a" + "b" + "String" + "c")
    with pytest.raises(UnusableBodyError, match="a message of 15 bytes is too large"):
        encoded("a message to go", 20, {"b": "c"})


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        ("a", "rot13"),
        ("!", "zlib,base64"),
        ("aGVsbG8=", "zlib,base64"),
        (base64.b64encode(zlib.compress(b"\xff\xff")).decode(), "zlib,base64"),
        (base64.b64encode(zlib.compress(b"cut off")[:-4]).decode(), "zlib,base64"),
        (base64.b64encode(zlib.compress(b"x" * 65 * 1024 * 1024)).decode(), "zlib,base64"),
    ],
    ids=["encoding", "base64", "zlib", "UTF-8", "cut off", "bomb"],
)
def test_what_cannot_be_unpacked_is_refused(body: str, encoding: str) -> None:
    with pytest.raises(UnusableBodyError):
        decoded(body, {ENCODING: encoding})


def test_groups_keep_the_order_and_both_limits() -> None:
    texts = [Text("x" * size) for size in (5, 5, 1, 11, 2)] + [Text("y")] * 12
    sizes = [[text.size for text in group] for group in groups(texts, 10)]
    assert sizes == [[5, 5], [1], [11], [2, *[1] * 8], [1] * 4]
    assert list(groups([], 10)) == []


@pytest.mark.parametrize(
    ("text", "clean"),
    [("it is\x00 bad", "it is bad"), ("", "-"), ("\x01", "-"), ("long " * 9, "long long")],
)
def test_reasons_become_what_an_attribute_can_hold(text: str, clean: str) -> None:
    assert cleaned(text, 10) == clean
