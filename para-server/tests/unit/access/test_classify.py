from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from para_server.access.classify import CredentialKind, classify

SIGNED = b"AWS4-HMAC-SHA256 Credential=app:x/20260102/us-east-1/para/aws4_request, Signature=0"
KEY = b"X-Amz-Credential=app:x/20260102/us-east-1/para/aws4_request"


@pytest.mark.parametrize(
    ("authorization", "query", "kind"),
    [
        pytest.param(b"", b"", CredentialKind.NONE, id="nothing"),
        pytest.param(b"  ", b"q=1", CredentialKind.NONE, id="blank"),
        pytest.param(SIGNED, b"", CredentialKind.SIGNATURE, id="signature"),
        pytest.param(SIGNED, b"accessKey=app:y&" + KEY, CredentialKind.SIGNATURE, id="first"),
        pytest.param(b"AWS4-HMAC-SHA256", b"", CredentialKind.NONE, id="scheme only"),
        pytest.param(b"AWS4 Credential=/2026/x", b"", CredentialKind.NONE, id="no key"),
        pytest.param(b"Basic dmF1bHQ6c2VjcmV0", b"", CredentialKind.NONE, id="another scheme"),
        pytest.param(b"Bearer a.b.c", b"", CredentialKind.TOKEN, id="token"),
        pytest.param(b"Bearer", b"accessKey=app:x", CredentialKind.TOKEN, id="no token"),
        pytest.param(b"bearer a.b.c", b"", CredentialKind.NONE, id="small letters"),
        pytest.param(b"Token a.b.c", b"", CredentialKind.NONE, id="another word"),
        pytest.param(b"Anonymous app:x", b"", CredentialKind.GUEST, id="guest"),
        pytest.param(b"Anonymous", b"", CredentialKind.NONE, id="guest of no app"),
        pytest.param(b"anonymous app:x", b"", CredentialKind.NONE, id="guest in small letters"),
        pytest.param(b"", b"accessKey=app:x", CredentialKind.GUEST, id="guest by parameter"),
        pytest.param(b"", b"accessKey=", CredentialKind.NONE, id="guest by empty parameter"),
        pytest.param(b"", b"accessKey=%20", CredentialKind.NONE, id="guest by blank parameter"),
        pytest.param(b"", KEY + b"&X-Amz-Signature=0", CredentialKind.PRESIGNED, id="presigned"),
        pytest.param(b"", KEY + b"&X-Amz-Algorithm", CredentialKind.PRESIGNED, id="algorithm"),
        pytest.param(b"", KEY, CredentialKind.NONE, id="a credential alone"),
        pytest.param(
            b"", b"X-Amz-Signature=0&accessKey=app:x", CredentialKind.NONE, id="presigned, no key"
        ),
    ],
)
def test_each_request_carries_one_kind_of_credential(
    authorization: bytes, query: bytes, kind: CredentialKind
) -> None:
    assert classify(authorization, query).kind is kind


@pytest.mark.parametrize(
    ("authorization", "query", "key"),
    [
        (b"Anonymous app:x", b"accessKey=app:y", "app:x"),
        (b"Anonymous   x ", b"", "x"),
        (b"Anonymous", b"accessKey=app:y", "app:y"),
        (b"", b"accessKey=app%3Ay&accessKey=z", "app:y"),
        (b"", b"X-Amz-Credential=Credential=app:x/2026&accessKey=app:y", "app:x"),
        (b"", b"X-Amz-Credential=app:x/2026&accessKey=app:y", "app:y"),
    ],
)
def test_a_guest_names_its_app(authorization: bytes, query: bytes, key: str) -> None:
    assert classify(authorization, query).access_key == key


@pytest.mark.parametrize("authorization", [b"Bearer a.b.c", b"Bearer   a.b.c ", b"Bearera.b.c"])
def test_the_token_is_what_follows_the_word(authorization: bytes) -> None:
    assert classify(authorization, b"").token == b"a.b.c"


def test_a_token_may_be_a_parameter_where_that_is_taken() -> None:
    query = b"Authorization=Bearer%20a.b.c&accessKey=app:x"
    assert classify(b"", query, takes_parameter=True).token == b"a.b.c"
    assert classify(b"", query).kind is CredentialKind.GUEST
    assert classify(SIGNED, query, takes_parameter=True).kind is CredentialKind.SIGNATURE
    assert classify(b"", b"Authorization=x", takes_parameter=True).kind is CredentialKind.NONE


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_junk_is_classified_quietly(authorization: bytes, query: bytes) -> None:
    assert classify(authorization, query).kind in CredentialKind
