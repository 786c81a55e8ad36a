from __future__ import annotations

import logging
import sys

import msgspec
import pytest

from para_core.config import Config
from para_server.http.proxies import trusted_proxies_of
from para_server.logs.lines import JsonLines, Redactor, TextLines
from para_server.logs.requests import begin_request, request_id, trust_proxies

SECRET = "s3cret/of the=configuration"  # noqa: S105 - of these tests
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJteWFwcCJ9.c2lnbmF0dXJl"  # noqa: S105


def a_record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    record = logging.makeLogRecord({"msg": message, "args": args, "levelname": "WARNING", **extra})
    record.name = "para_server.tides"
    return record


def with_error(record: logging.LogRecord, error: Exception) -> logging.LogRecord:
    try:
        raise error
    except type(error):
        record.exc_info = sys.exc_info()
    return record


def text_of(record: logging.LogRecord) -> str:
    return TextLines(Redactor([SECRET])).format(record)


def json_of(record: logging.LogRecord) -> dict[str, object]:
    line = JsonLines(Redactor([SECRET])).format(record)
    assert "\n" not in line
    return msgspec.json.decode(line, type=dict[str, object])


def test_a_line_ends_with_the_data_of_the_event() -> None:
    line = text_of(a_record("the tide is %s", "high", appid="myapp", metres=3))
    assert line.endswith(" WARNING para_server.tides the tide is high appid='myapp' metres=3")


def test_a_message_cannot_pretend_to_be_another_line() -> None:
    line = text_of(
        a_record("no such tide: %s", "x\n2026-01-01 INFO all is well\x1b[2J", key="a\nb")
    )
    assert line.count("\n") == 0
    assert r"x\n2026-01-01 INFO all is well\x1b[2J" in line
    assert r"key='a\nb'" in line


def test_an_error_has_its_traceback() -> None:
    line = text_of(with_error(a_record("failed"), ValueError("too high")))
    assert "Traceback" in line
    assert line.endswith("ValueError: too high")


def test_json_has_all_of_it() -> None:
    record = a_record("the tide is %s", "high", appid="myapp", metres=3, level="of the sea")
    found = json_of(with_error(record, ValueError("too high")))
    assert found["message"] == "the tide is high"
    assert (found["level"], found["logger"]) == ("WARNING", "para_server.tides")
    assert (found["appid"], found["metres"], found["level_"]) == ("myapp", 3, "of the sea")
    assert str(found["time"]).endswith("Z")
    error = found["error"]
    assert isinstance(error, dict)
    assert (error["type"], error["message"]) == ("ValueError", "too high")
    assert "Traceback" in error["trace"]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"cannot log in with {SECRET}", SECRET),
        ("postgresql://ann:secret-of-ann@db:5432/para is away", "secret-of-ann"),
        ("smtp://:p%40ss@mail", "p%40ss"),
        ("sent Authorization: Bearer abc.def-ghi_jkl", "abc.def-ghi_jkl"),
        ("authorization: basic YW5uOnNlY3JldA==", "YW5uOnNlY3JldA=="),
        ("GET /v1/x?X-Amz-Signature=0123456789abcdef&a=b", "0123456789abcdef"),
        ("AWS4-HMAC-SHA256 Credential=app:x/2026, Signature=0123456789", "0123456789"),
        (f"the token {TOKEN} is bad", TOKEN),
    ],
)
def test_no_line_has_a_secret(text: str, hidden: str) -> None:
    for record in (
        a_record(text),
        a_record("%s", text),
        a_record("failed", reason=text),
        with_error(a_record("failed"), OSError(text)),
    ):
        assert hidden not in text_of(record)
        assert hidden not in JsonLines(Redactor([SECRET])).format(record)


def test_other_words_stay() -> None:
    text = "http://localhost:8080/v1 is at myapp@example.org: 12:30, basic rights, signatures=3"
    assert Redactor([SECRET, "short"])(text) == text


# ---- ids of requests -------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _proxies() -> object:
    trust_proxies(trusted_proxies_of(Config({"para.trusted_proxies": "10.0.0.0/8"})))
    yield
    trust_proxies(())
    begin_request({"headers": [], "client": None})


def a_scope(client: str, *ids: str) -> dict[str, object]:
    return {"client": (client, 1), "headers": [(b"x-request-id", i.encode()) for i in ids]}


def test_a_request_keeps_the_id_that_was_made_for_it() -> None:
    begin_request(a_scope("192.0.2.1"))
    made = request_id()
    assert len(made) == 16
    assert request_id() == made
    assert text_of(a_record("x")).endswith(f"x request_id='{made}'")
    assert json_of(a_record("x"))["request_id"] == made
    begin_request(a_scope("192.0.2.1"))
    assert request_id() != made


def test_the_id_of_a_trusted_proxy_is_taken() -> None:
    begin_request(a_scope("10.1.2.3", "abc-123"))
    assert request_id() == "abc-123"


@pytest.mark.parametrize(
    ("client", "given"),
    [
        ("192.0.2.1", "abc-123"),
        ("10.1.2.3", "abc\nINFO forged"),
        ("10.1.2.3", "x" * 129),
        ("10.1.2.3", ""),
        ("10.1.2.3", "a b"),
    ],
    ids=["stranger", "line end", "long", "empty", "space"],
)
def test_no_other_id_is_taken(client: str, given: str) -> None:
    begin_request(a_scope(client, given))
    assert len(request_id()) == 16
    assert request_id() != given
