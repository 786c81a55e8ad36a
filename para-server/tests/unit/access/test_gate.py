from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from para_server.access.gate import Admission, Gate
from para_server.access.issuing import issue_user_token
from para_server.access.request import RawRequest
from para_server.access.resources import resource_of

from .fakes import FakeApp, FakeLookup, FakeUser
from .signer import NOW, Draft, presign, sign, wire
from .test_tokens import make

OPEN = {"*": {"notes": ["?", "GET"]}}
DENIED = "You don't have permission to access this resource."
FULL = "Full authentication is required to access this resource"
BEARER, INVALID = "Bearer", 'Bearer error="invalid_token"'
OTHER_KEY = "another-key-another-key-another-key"


async def admit(
    request: RawRequest,
    *,
    found: FakeLookup | None = None,
    gate: Gate | None = None,
    now: float = NOW,
) -> Admission:
    gate = gate or Gate(found or lookup(), root="para")
    return await gate.admit(request, resource_of(request.path), now)


def lookup(*, app: FakeApp | None = None, user: FakeUser | None = None) -> FakeLookup:
    app = app or FakeApp(resource_permissions=OPEN)
    return FakeLookup(app, FakeApp("para"), users=(user or FakeUser(),))


def signed(draft: Draft) -> RawRequest:
    headers = sign(draft)
    return RawRequest(draft.method, draft.path.encode(), wire(draft.query), headers, draft.body)


def unsigned(
    path: str = "/v1/notes", query: bytes = b"", *, method: str = "GET", authorization: str = ""
) -> RawRequest:
    headers = {b"authorization": authorization.encode()} if authorization else {}
    return RawRequest(method, path.encode(), query, headers)


def user_token(app: FakeApp | None = None, user: FakeUser | None = None) -> str:
    made = issue_user_token(
        app or FakeApp(), user or FakeUser(), "generic", NOW, validity=(900, 300)
    )
    assert made is not None
    return f"Bearer {made.token}"


async def test_a_signed_request_comes_from_its_app() -> None:
    for key in ("app:myapp", "myapp", "app:MyApp"):
        admission = await admit(signed(Draft("DELETE", "/v1/anything/1", key=key)))
        assert admission.decision.is_allowed
        assert (admission.principal.is_app, admission.principal.appid) == (True, "myapp")
        assert admission.principal.is_root is False
        assert (admission.app is not None, admission.user, admission.challenge) == (
            True,
            None,
            BEARER,
        )


@pytest.mark.parametrize(
    ("request_", "late", "app", "expected"),
    [
        pytest.param(signed(Draft("POST")), 0, FakeApp(), None, id="signed"),
        pytest.param(signed(Draft("POST", secret=OTHER_KEY)), 0, FakeApp(), None, id="wrong key"),
        pytest.param(signed(Draft("POST")), 1000, FakeApp(), 400, id="old"),
        pytest.param(signed(Draft("POST", key="app:nobody")), 0, FakeApp(), 404, id="unknown app"),
        pytest.param(signed(Draft("POST")), 0, FakeApp(read_only=True), 403, id="read-only"),
        pytest.param(unsigned(method="POST"), 0, FakeApp(), 401, id="nobody"),
        pytest.param(unsigned(query=b"accessKey=myapp"), 0, FakeApp(), 403, id="guest"),
        pytest.param(
            unsigned(query=b"accessKey=myapp"),
            0,
            FakeApp(resource_permissions=OPEN),
            None,
            id="granted guest",
        ),
        pytest.param(unsigned(authorization=user_token()), 0, FakeApp(), 403, id="user"),
    ],
)
async def test_who_is_refused_whatever_the_body_is_hears_it_before_there_is_one(
    request_: RawRequest, late: int, app: FakeApp, expected: int | None
) -> None:
    gate = Gate(lookup(app=app), root="para")
    resource = resource_of(request_.path)
    refused = await gate.refuse_without_body(request_, resource, NOW + late)
    if expected is None:
        assert refused is None
    else:
        assert refused == await gate.admit(request_, resource, NOW + late)
        assert refused is not None
        assert refused.decision.status == expected


async def test_the_root_app_is_known_by_its_identifier() -> None:
    assert (await admit(signed(Draft(key="app:para")))).principal.is_root


async def test_a_presigned_request_comes_from_its_app() -> None:
    draft = Draft(path="/v1/_me")
    request = RawRequest("GET", b"/v1/_me", presign(draft), {b"host": draft.host.encode()})
    admission = await admit(request)
    assert (admission.decision.is_allowed, admission.principal.is_app) == (True, True)


@pytest.mark.parametrize(
    ("draft", "app", "now", "expected"),
    [
        pytest.param(
            Draft(key="app:nowhere", secret=OTHER_KEY),
            FakeApp(active=False),
            NOW + 1000,
            (400, "Request has expired."),
            id="the date comes first",
        ),
        pytest.param(
            Draft(stamp="tomorrow", key="app:nowhere"),
            FakeApp(),
            NOW,
            (401, FULL),
            id="a date that is none",
        ),
        pytest.param(
            Draft(key="app:nowhere", secret=OTHER_KEY),
            FakeApp(),
            NOW,
            (404, "App not found."),
            id="then the app",
        ),
        pytest.param(
            Draft(key="!!!"), FakeApp(), NOW, (404, "App not found."), id="a key of no letters"
        ),
        pytest.param(
            Draft(secret=OTHER_KEY),
            FakeApp(active=False, read_only=True),
            NOW,
            (403, "App not active. [app:myapp]"),
            id="then whether it is active",
        ),
        pytest.param(
            Draft("DELETE", secret=OTHER_KEY),
            FakeApp(read_only=True),
            NOW,
            (403, "App is in read-only mode. [app:myapp]"),
            id="then whether it is read-only",
        ),
        pytest.param(
            Draft(path="/v1/l%201", query=[("a", "1")], secret=OTHER_KEY),
            FakeApp(),
            NOW,
            (403, "Invalid signature for request GET /v1/l%201 coming from app myapp"),
            id="then the signature",
        ),
    ],
)
async def test_a_signed_request_is_judged_in_order(
    draft: Draft, app: FakeApp, now: float, expected: tuple[int, str]
) -> None:
    admission = await admit(signed(draft), found=lookup(app=app), now=now)
    assert (admission.decision.status, admission.decision.message) == expected
    assert (admission.principal.appid, admission.app) == ("", None)


async def test_a_request_without_a_list_of_signed_headers_is_unusable() -> None:
    request = signed(Draft())
    headers = dict(request.headers)
    headers[b"authorization"] = headers[b"authorization"].replace(b"SignedHeaders=", b"Signed=")
    admission = await admit(replace(request, headers=headers))
    assert (admission.decision.status, admission.decision.message) == (401, FULL)


async def test_a_signature_that_was_good_counts_no_longer_than_its_app() -> None:
    found = lookup()
    gate = Gate(found, root="para")
    for _ in range(2):
        assert (await admit(signed(Draft()), gate=gate)).decision.is_allowed
    found.apps["myapp"].secret = OTHER_KEY
    assert (await admit(signed(Draft()), gate=gate)).decision.status == 403
    assert (await admit(signed(Draft(secret=OTHER_KEY)), gate=gate)).decision.is_allowed
    del found.apps["myapp"]
    assert (await admit(signed(Draft()), gate=gate)).decision.status == 404


async def test_a_user_token_makes_a_user() -> None:
    admission = await admit(unsigned(authorization=user_token()))
    assert (admission.decision.is_allowed, admission.challenge) == (True, "")
    assert (admission.principal.is_user, admission.principal.userid) == (True, "u1")
    assert admission.user is not None


@pytest.mark.parametrize(
    ("app", "user", "request_", "expected"),
    [
        pytest.param(
            FakeApp(), FakeUser(), unsigned(), (403, "user: u1, resource: GET /v1/notes"), id="none"
        ),
        pytest.param(
            FakeApp(resource_permissions=OPEN),
            FakeUser(active=False),
            unsigned(),
            (401, f"{DENIED} [GET /v1/notes]"),
            id="inactive",
        ),
        pytest.param(
            FakeApp(), FakeUser(active=False), unsigned("/v1/_me"), (401, ""), id="inactive, me"
        ),
        pytest.param(
            FakeApp(active=False),
            FakeUser(),
            unsigned("/v1/_me"),
            (403, "App not active. [app:myapp]"),
            id="app off",
        ),
    ],
)
async def test_a_user_is_refused_with_an_accepted_token(
    app: FakeApp, user: FakeUser, request_: RawRequest, expected: tuple[int, str]
) -> None:
    headers = {b"authorization": user_token().encode()}
    admission = await admit(replace(request_, headers=headers), found=lookup(app=app, user=user))
    assert admission.decision.status == expected[0]
    assert expected[1] in admission.decision.message
    assert admission.challenge == ""


async def test_a_super_token_is_the_app_and_bound_to_its_state() -> None:
    token = "Bearer " + make({"appid": "app:myapp", "exp": NOW + 60}).decode()
    request = unsigned("/v1/_permissions", method="DELETE", authorization=token)
    assert (await admit(request)).principal.is_app
    off = lookup(app=FakeApp(active=False))
    assert (await admit(request, found=off)).decision.message == "App not active. [app:myapp]"


@pytest.mark.parametrize(
    ("token", "challenge"),
    [
        pytest.param("Bearer", BEARER, id="none"),
        pytest.param("Bearer a.b.c", BEARER, id="nonsense"),
        pytest.param(user_token(FakeApp("nowhere")), BEARER, id="of an unknown app"),
        pytest.param(user_token()[:-1], INVALID, id="with another signature"),
        pytest.param(user_token(user=FakeUser("u9")), INVALID, id="of an unknown user"),
    ],
)
async def test_a_bad_token_makes_nobody(token: str, challenge: str) -> None:
    admission = await admit(unsigned(query=b"accessKey=app:myapp", authorization=token))
    assert admission.decision.status == 401
    assert admission.decision.message == f"{DENIED} [GET /v1/notes]"
    assert (admission.principal.appid, admission.challenge) == ("", challenge)
    me = await admit(unsigned("/v1/_me", authorization=token))
    assert (me.decision.status, me.decision.message, me.challenge) == (401, "", challenge)


async def test_a_token_may_be_a_parameter_of_me_only() -> None:
    query = b"Authorization=" + user_token().replace(" ", "+").encode()
    assert (await admit(unsigned("/v1/_me", query))).principal.is_user
    assert (await admit(unsigned("/v1/notes", query))).decision.status == 401
    named = query + b"&accessKey=app:myapp"
    assert (await admit(unsigned("/v1/notes", named))).principal.is_guest


@pytest.mark.parametrize(
    ("query", "authorization", "path", "status"),
    [
        (b"accessKey=app:myapp", "", "/v1/notes", 200),
        (b"accessKey=myapp", "", "/v1/notes", 200),
        (b"", "Anonymous app:myapp", "/v1/notes/1", 200),
        (b"", "Anonymous app:myapp", "/v1/others", 403),
        (b"accessKey=app:myapp", "Anonymous app:nowhere", "/v1/notes", 403),
        (b"accessKey=!!!", "", "/v1/notes", 403),
        (b"accessKey=app:para", "", "/v1/notes", 403),
        (b"accessKey=app:myapp", "", "/v1/_me", 401),
        (b"", "", "/v1/notes", 401),
        (b"", "Basic x", "/v1/notes", 401),
    ],
)
async def test_guests_are_let_in_where_they_may(
    query: bytes, authorization: str, path: str, status: int
) -> None:
    admission = await admit(unsigned(path, query, authorization=authorization))
    assert admission.decision.status == status
    assert admission.challenge == BEARER


async def test_a_wrong_signature_does_not_become_a_guest() -> None:
    draft = Draft(query=[("accessKey", "app:myapp")], secret=OTHER_KEY)
    query = presign(draft)
    request = RawRequest("GET", b"/v1/notes", query, {b"host": draft.host.encode()})
    assert (await admit(request)).decision.status == 403
    keyless = query.replace(b"X-Amz-Credential", b"X-Amz-Other")
    assert (await admit(replace(request, query=keyless))).decision.status == 401


async def test_a_switched_off_api_says_so_to_those_who_name_no_app() -> None:
    gate = Gate(lookup(), root="para", is_api_enabled=False)
    assert (await admit(unsigned(), gate=gate)).decision.message == "Para API is disabled."
    assert (await admit(signed(Draft()), gate=gate)).decision.is_allowed


async def test_an_error_of_a_look_up_ends_the_request() -> None:
    class Broken(FakeLookup):
        async def app(self, identifier: str) -> FakeApp | None:
            message = "the database is away"
            raise ConnectionError(message)

    for request in (signed(Draft()), unsigned(query=b"accessKey=x")):
        with pytest.raises(ConnectionError):
            await admit(request, found=Broken())


async def test_refused_signatures_are_explained_when_that_is_wanted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    gate = Gate(lookup(), root="para")
    right = Draft(body=b"a body")
    wrong = signed(replace(right, secret=OTHER_KEY))
    await admit(wrong, gate=gate)
    assert caplog.records == []
    gate.explains = True
    await admit(signed(right), gate=gate)
    assert caplog.records == []
    await admit(wrong, gate=gate)
    await admit(signed(right), gate=gate, now=NOW + 10_000)
    told = [record.__dict__ for record in caplog.records]
    assert [one["reason"] for one in told] == [
        "the signature is another one", "the date is missing, too old, or too far in the future",
    ]  # fmt: skip
    assert told[0]["signed_headers"] == "host;x-amz-date"
    assert told[0]["body_bytes"] == 6
    await admit(signed(replace(right, key="s" * 56)), gate=gate, now=NOW + 10_000)
    assert len(caplog.records) == 3
    assert "sss" not in str(caplog.records[-1].__dict__)
    sent = wrong.headers[b"authorization"].decode().rpartition("=")[2]
    good = signed(right).headers[b"authorization"].decode().rpartition("=")[2]
    assert not any(text in str(one) for text in (sent, good, OTHER_KEY) for one in told)
