from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from para_core.testing.signing import escaped
from para_server.access.request import RawRequest, first_headers
from para_server.access.signing import (
    SigningFault,
    Verifier,
    parse_authorization,
    read_presigned,
)

from .signer import APP_KEY, NOW, Draft, presign, sign, wire

EXAMPLE_1 = (
    b"AWS4-HMAC-SHA256 Credential=app:myapp/20260102/us-east-1/para/aws4_request, "
    b"SignedHeaders=host;x-amz-date, "
    b"Signature=130ad06f175cd41aab5dac8dc623406f640f8e71aae4474979af35134e577910"
)
EXAMPLE_2 = (
    b"AWS4-HMAC-SHA256 Credential=app:myapp/20260102/us-east-1/para/aws4_request, "
    b"SignedHeaders=content-type;host;x-amz-date, "
    b"Signature=0971907ca45f20e35c9929b6254eebf641da42d4ad66648990a2084b505a6ce9"
)
OTHER_KEY = "another-key-than-that-of-the-app"
WINDOW = 900


def raw(draft: Draft) -> RawRequest:
    """The signed request as the server gets it."""
    return RawRequest(
        draft.method, draft.path.encode(), wire(draft.query), sign(draft), body=draft.body
    )


def fault(
    request: RawRequest,
    *,
    secret: str = APP_KEY,
    now: float = NOW,
    verifier: Verifier | None = None,
) -> SigningFault | None:
    """What the whole check says, in its order."""
    verifier = verifier or Verifier(window_sec=WINDOW)
    authorization = request.headers.get(b"authorization", b"")
    signed = (
        verifier.read(authorization, request) if authorization else read_presigned(request.query)
    )
    return verifier.check_date(signed, request.query, now) or verifier.check(
        signed, secret, request
    )


def with_authorization(request: RawRequest, change: Callable[[bytes], bytes]) -> RawRequest:
    headers = dict(request.headers)
    headers[b"authorization"] = change(headers[b"authorization"])
    return replace(request, headers=headers)


def test_the_documented_get_is_accepted() -> None:
    headers = {b"host": b"localhost:8080", b"x-amz-date": b"20260102T030405Z"}
    request = RawRequest(
        "GET",
        b"/v1/my%20notes/search",
        b"q=buy+milk%26eggs&limit=5&tags=one&tags=two",
        headers | {b"authorization": EXAMPLE_1},
    )
    assert fault(request) is None


def test_the_documented_post_is_accepted() -> None:
    headers = {
        b"host": b"api.example.com",
        b"content-type": b"application/json; charset=UTF-8",
        b"x-amz-date": b"20260102T030405Z",
        b"authorization": EXAMPLE_2,
    }
    body = '{"type":"todo","name":"Buy milk ✓","done":false}'.encode()
    assert len(body) == 50
    assert fault(RawRequest("POST", b"/v1/todo", b"", headers, body)) is None


def test_a_second_request_of_the_same_client_is_checked_as_well() -> None:
    verifier = Verifier()
    for number in range(3):
        assert fault(raw(Draft(path=f"/v1/notes/{number}")), verifier=verifier) is None
    forged = replace(raw(Draft(path="/v1/notes/1")), path=b"/v1/notes/2")
    assert fault(forged, verifier=verifier) is SigningFault.MISMATCH


def test_a_new_secret_counts_at_once() -> None:
    verifier = Verifier()
    assert fault(raw(Draft()), verifier=verifier) is None
    assert fault(raw(Draft()), secret=OTHER_KEY, verifier=verifier) is SigningFault.MISMATCH
    assert fault(raw(Draft(secret=OTHER_KEY)), secret=OTHER_KEY, verifier=verifier) is None


def test_more_clients_than_fit_are_all_checked() -> None:
    verifier = Verifier(capacity=2)
    for number in [1, 2, 3, 1, 2, 3]:
        draft = Draft(key=f"app:a{number}", secret=f"secret {number}")
        assert fault(raw(draft), secret=f"secret {number}", verifier=verifier) is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"method": "DELETE"}, id="method"),
        pytest.param({"path": b"/v1/notes/2"}, id="path"),
        pytest.param({"query": b"limit=2"}, id="query"),
        pytest.param({"query": b"limit=1&more=1"}, id="a parameter more"),
        pytest.param({"query": b""}, id="no query"),
        pytest.param({"body": b'{"a":2}'}, id="body"),
        pytest.param({"body": b""}, id="no body"),
    ],
)
def test_what_is_signed_cannot_be_changed(change: dict[str, Any]) -> None:
    request = raw(Draft("POST", "/v1/notes", [("limit", "1")], b'{"a":1}'))
    assert fault(request) is None
    assert fault(replace(request, **change)) is SigningFault.MISMATCH


def test_headers_that_are_listed_are_signed() -> None:
    request = raw(Draft(headers={"x-trace": "a b"}))
    assert fault(request) is None
    spaced = dict(request.headers) | {b"x-trace": b"a \t b"}
    assert fault(replace(request, headers=spaced)) is None
    changed = dict(request.headers) | {b"x-trace": b"a c"}
    assert fault(replace(request, headers=changed)) is SigningFault.MISMATCH
    unsigned = dict(request.headers) | {b"x-other": b"1"}
    assert fault(replace(request, headers=unsigned)) is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(b"x-amz-date", b"x-amz-date;x-gone", None, id="listed and not there"),
        pytest.param(b"host;x-amz-date", b"x-amz-date;host", None, id="another order"),
        pytest.param(b"host;x-amz-date", b"x-amz-date", None, id="host not listed"),
        pytest.param(b", ", b",", None, id="no spaces"),
        pytest.param(b"HMAC-SHA256", b"HMAC-SHA1", None, id="another algorithm name"),
        pytest.param(b"/us-east-1/para/", b"/eu-west-1/s3/", None, id="another scope"),
        pytest.param(b"host;x-amz-date", b"host", SigningFault.MISMATCH, id="date not listed"),
        pytest.param(b"x-amz-date", b"X-Amz-Date", SigningFault.MISMATCH, id="capitals"),
        pytest.param(b"Signature=", b"Signature=0", SigningFault.MISMATCH, id="longer"),
        pytest.param(b"Signature=", b"signature=", SigningFault.MISMATCH, id="no signature"),
        pytest.param(b"SignedHeaders=", b"Signed=", SigningFault.UNUSABLE, id="no list"),
    ],
)
def test_the_header_is_read_as_para_reads_it(
    old: bytes, new: bytes, expected: SigningFault | None
) -> None:
    request = with_authorization(raw(Draft()), lambda value: value.replace(old, new))
    assert fault(request) is expected


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda value: value[:-1], id="cut short"),
        pytest.param(lambda value: value[:-64], id="empty"),
        pytest.param(lambda value: value + b", Extra=1", id="more after it"),
        pytest.param(lambda value: value[:-64] + value[-64:].upper(), id="capitals"),
        pytest.param(lambda value: value[:-64] + b"Signature=" + value[-64:], id="twice"),
    ],
)
def test_a_signature_of_another_form_is_a_mismatch(change: Callable[[bytes], bytes]) -> None:
    verifier = Verifier()
    assert fault(raw(Draft()), verifier=verifier) is None
    broken = with_authorization(raw(Draft()), change)
    assert fault(broken, verifier=verifier) is SigningFault.MISMATCH


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (0, None),
        (WINDOW, None),
        (-WINDOW, None),
        (WINDOW + 1, SigningFault.EXPIRED),
        (-WINDOW - 1, SigningFault.EXPIRED),
    ],
)
def test_the_date_may_lie_as_far_ahead_as_behind(age: int, expected: SigningFault | None) -> None:
    verifier = Verifier(window_sec=WINDOW)
    for _ in range(2):
        assert fault(raw(Draft()), now=NOW + age, verifier=verifier) is expected


def test_a_date_that_was_fresh_grows_old() -> None:
    verifier = Verifier(window_sec=WINDOW)
    assert fault(raw(Draft()), verifier=verifier) is None
    assert fault(raw(Draft()), now=NOW + 1000, verifier=verifier) is SigningFault.EXPIRED


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-01-02T03:04:05Z", SigningFault.UNUSABLE),
        ("Fri, 02 Jan 2026 03:04:05 GMT", SigningFault.UNUSABLE),
        ("1767323045", SigningFault.UNUSABLE),
        ("20261302T030405Z", SigningFault.UNUSABLE),
        ("20260102T030460Z", SigningFault.UNUSABLE),
        ("2026010203040 5Z", SigningFault.UNUSABLE),
        ("20260102T030405z", SigningFault.UNUSABLE),
        ("\u0662\u0660\u0662\u0666\u0660\u0661\u0660\u0662T030405Z", SigningFault.UNUSABLE),
        ("", SigningFault.EXPIRED),
        (" ", SigningFault.EXPIRED),
    ],
)
def test_a_date_must_be_one(stamp: str, expected: SigningFault) -> None:
    assert fault(raw(Draft(stamp=stamp))) is expected


def test_a_date_in_the_query_does_not_replace_the_signed_one() -> None:
    draft = Draft(query=[("X-Amz-Date", Draft.stamp)])
    assert fault(raw(draft)) is None
    request = raw(draft)
    headers = {name: value for name, value in request.headers.items() if name != b"x-amz-date"}
    assert fault(replace(request, headers=headers)) is SigningFault.MISMATCH


@pytest.mark.parametrize(
    ("signed", "sent"),
    [
        pytest.param("api.test:443", b"api.test", id="written, sent without"),
        pytest.param("api.test", b"api.test:80", id="left out, sent with"),
        pytest.param("Api.Test:8080", b"Api.Test:8080", id="another port"),
    ],
)
def test_a_default_port_may_be_signed_or_not(signed: str, sent: bytes) -> None:
    for headers in ({}, {"x-trace": "1"}):
        request = raw(Draft(host=signed, query=[("a", "1")], headers=headers))
        assert fault(replace(request, headers=dict(request.headers) | {b"host": sent})) is None


def test_another_host_is_refused() -> None:
    request = raw(Draft(host="api.test"))
    elsewhere = dict(request.headers) | {b"host": b"evil.test"}
    assert fault(replace(request, headers=elsewhere)) is SigningFault.MISMATCH


def test_the_python_client_may_sign_its_own_query_when_a_name_is_repeated() -> None:
    sent = b"ids=vote%3A1&ids=x+y&limit=1"
    signed_as = Draft(query=[("ids", "vote%3A1"), ("limit", "1")])
    request = replace(raw(signed_as), query=sent)
    assert fault(request) is None
    assert fault(replace(request, query=sent.replace(b"3A1", b"3A2"))) is SigningFault.MISMATCH
    once = replace(raw(signed_as), query=b"ids=vote%3A1&limit=1")
    assert fault(once) is SigningFault.MISMATCH


def test_an_app_without_a_secret_accepts_nothing() -> None:
    assert fault(raw(Draft(secret="")), secret="") is SigningFault.MISMATCH


@pytest.mark.parametrize(
    ("authorization", "key"),
    [
        (EXAMPLE_1, "app:myapp"),
        (b"AWS4-HMAC-SHA256 Credential=/20260102/us-east-1", ""),
        (b"AWS4-HMAC-SHA256", ""),
        (b"Basic dmF1bHQ6c2VjcmV0", ""),
        (b"", ""),
    ],
)
def test_the_access_key_stands_before_the_first_slash(authorization: bytes, key: str) -> None:
    assert parse_authorization(authorization).access_key == key


class TestPresigned:
    """The signature in the query."""

    def request(self, draft: Draft, *, expires: str = "") -> RawRequest:
        headers = {b"host": draft.host.encode()}
        query = presign(draft, expires=expires)
        return RawRequest(draft.method, draft.path.encode(), query, headers, draft.body)

    def test_it_is_verified_like_the_header(self) -> None:
        draft = Draft("POST", "/v1/l%201", [("q", "name:a b+c*"), ("a", "")], b"{}")
        request = self.request(draft)
        assert read_presigned(request.query).claim.access_key == "app:myapp"
        assert fault(request) is None
        assert fault(replace(request, body=b"[]")) is SigningFault.MISMATCH
        assert fault(request, secret=OTHER_KEY) is SigningFault.MISMATCH
        assert fault(replace(request, query=request.query + b"&more=1")) is SigningFault.MISMATCH

    def test_a_second_value_of_its_parameters_changes_nothing(self) -> None:
        request = self.request(Draft())
        query = request.query + b"&X-Amz-Signature=1&X-Amz-Date=20300101T000000Z"
        assert fault(replace(request, query=query)) is None

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("X-Amz-Signature", SigningFault.MISMATCH),
            ("X-Amz-Date", SigningFault.EXPIRED),
            ("X-Amz-SignedHeaders", SigningFault.UNUSABLE),
        ],
    )
    def test_each_part_is_needed(self, name: str, expected: SigningFault) -> None:
        request = self.request(Draft())
        parts = [part for part in request.query.split(b"&") if not part.startswith(name.encode())]
        assert fault(replace(request, query=b"&".join(parts))) is expected

    def test_it_has_an_access_key(self) -> None:
        for credential in (b"", b"app:x", b"/2026"):
            query = b"X-Amz-Credential=" + credential
            assert read_presigned(query).claim.access_key == ""

    @pytest.mark.parametrize(
        ("age", "expires", "expected"),
        [
            (600, "", None),
            (1000, "", SigningFault.EXPIRED),
            (-1000, "", SigningFault.EXPIRED),
            (59, "60", None),
            (61, "60", SigningFault.EXPIRED),
            (1000, "86400", SigningFault.EXPIRED),
            (600, "soon", None),
            (600, "9" * 5000, None),
        ],
    )
    def test_its_life_can_be_shortened_and_not_prolonged(
        self, age: int, expires: str, expected: SigningFault | None
    ) -> None:
        assert fault(self.request(Draft(), expires=expires), now=NOW + age) is expected

    def test_the_default_port_may_be_signed_or_not(self) -> None:
        request = self.request(Draft(host="api.test:443"))
        assert fault(replace(request, headers={b"host": b"api.test"})) is None


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
words = st.text("abcXYZ019 -_./:", max_size=12).map(str.strip)
drafts = st.builds(
    Draft,
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]),
    path=st.lists(texts, min_size=1, max_size=4).map(
        lambda parts: "/v1/" + "/".join(escaped(part) for part in parts)
    ),
    query=st.lists(st.tuples(names, texts), max_size=5),
    body=st.binary(max_size=60),
    headers=st.dictionaries(st.sampled_from(["x-a", "content-type", "x-amz-z"]), words, max_size=2),
    secret=st.text(st.characters(codec="utf-8"), min_size=1, max_size=56),
)


@settings(max_examples=150, deadline=None)
@given(drafts)
def test_whatever_another_signer_signs_is_accepted(draft: Draft) -> None:
    verifier = Verifier()
    for _ in range(2):
        assert fault(raw(draft), secret=draft.secret, verifier=verifier) is None


@settings(max_examples=200, deadline=None)
@given(drafts, st.data())
def test_no_byte_that_is_signed_can_be_flipped(draft: Draft, data: st.DataObject) -> None:
    request = raw(draft)
    signature = request.headers[b"authorization"][-64:]
    parts = {"path": request.path, "body": request.body, "signature": signature}
    name = data.draw(st.sampled_from([name for name, value in parts.items() if value]))
    value = bytearray(parts[name])
    at = data.draw(st.integers(0, len(value) - 1))
    value[at] ^= 1 << data.draw(st.integers(0, 7))
    if name == "signature":
        changed = with_authorization(request, lambda whole: whole[:-64] + bytes(value))
    elif name == "path":
        changed = replace(request, path=bytes(value))
    else:
        changed = replace(request, body=bytes(value))
    verifier = Verifier()
    assert fault(request, secret=draft.secret, verifier=verifier) is None
    assert fault(changed, secret=draft.secret, verifier=verifier) is SigningFault.MISMATCH


@settings(max_examples=150, deadline=None)
@given(st.binary(min_size=1, max_size=300), st.binary(max_size=60))
def test_junk_is_refused_quietly(authorization: bytes, query: bytes) -> None:
    headers = {b"authorization": authorization, b"x-amz-date": Draft.stamp.encode()}
    request = RawRequest("GET", b"/v1/notes", query, headers)
    assert fault(request) in (SigningFault.MISMATCH, SigningFault.UNUSABLE)
    assert fault(replace(request, headers={})) is not None


def test_of_repeated_headers_the_first_counts() -> None:
    assert first_headers([(b"host", b"a"), (b"x", b"1"), (b"host", b"b")])[b"host"] == b"a"
