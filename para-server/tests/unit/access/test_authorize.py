from __future__ import annotations

import pytest

from para_server.access.authorize import authorize, check_app
from para_server.access.decision import Decision
from para_server.access.principal import NOBODY, Kind, Principal
from para_server.access.resources import resource_of

from .fakes import FakeApp

APP = Principal(Kind.APP, "myapp")
USER = Principal(Kind.USER, "myapp", userid="u1", groups="users")
IDLE = Principal(Kind.USER, "myapp", userid="u1", groups="admins", is_active=False)
ADMIN = Principal(Kind.USER, "myapp", userid="boss", groups="admins")
GUEST = Principal(Kind.GUEST, "myapp")

NOTES = FakeApp(resource_permissions={"*": {"notes": ["?", "GET"]}, "u1": {"notes": ["POST"]}})
OPEN = FakeApp(resource_permissions={"*": {"*": ["?", "*"]}})
OFF = FakeApp(active=False, resource_permissions=OPEN.resource_permissions)
FIXED = FakeApp(read_only=True, resource_permissions=OPEN.resource_permissions)

DENIED = "You don't have permission to access this resource."


def ask(
    principal: Principal, app: FakeApp | None, method: str, path: str, context: bytes = b""
) -> tuple[int, str]:
    resource = resource_of(path.encode(), context)
    decision = authorize(principal, app, method, resource, uri=path)
    assert decision.is_allowed == (decision.status == 200)
    return decision.status, decision.message


@pytest.mark.parametrize(
    ("principal", "app", "request_line", "expected"),
    [
        pytest.param(
            NOBODY, None, "GET /v1/notes", (401, f"{DENIED} [GET /v1/notes]"), id="nobody"
        ),
        pytest.param(
            NOBODY, None, "GET /v1/_mexico", (401, f"{DENIED} [GET /v1/_mexico]"), id="not me"
        ),
        pytest.param(NOBODY, None, "GET /v1/_me", (401, ""), id="nobody asks who it is"),
        pytest.param(GUEST, OPEN, "GET /v1/_me", (401, ""), id="a guest asks who it is"),
        pytest.param(APP, None, "GET /v1/_me", (404, "App not found."), id="no app"),
        pytest.param(
            GUEST,
            None,
            "GET /v1/notes",
            (403, f"{DENIED} [user: [GUEST], resource: GET /v1/notes]"),
            id="a guest of no app",
        ),
        pytest.param(
            GUEST,
            NOTES,
            "POST /v1/notes",
            (403, f"{DENIED} [user: [GUEST], resource: POST /v1/notes]"),
            id="a guest without permission",
        ),
        pytest.param(
            USER,
            NOTES,
            "GET /v1/notes",
            (403, f"{DENIED} [user: u1, resource: GET /v1/notes]"),
            id="a user without permission",
        ),
        pytest.param(
            IDLE, OPEN, "GET /v1/notes", (401, f"{DENIED} [GET /v1/notes]"), id="inactive"
        ),
        pytest.param(IDLE, OPEN, "GET /v1/_me", (401, ""), id="inactive, on itself"),
        pytest.param(APP, OFF, "GET /v1/_me", (403, "App not active. [app:myapp]"), id="off"),
        pytest.param(USER, OFF, "GET /v1/_me", (403, "App not active. [app:myapp]"), id="off, me"),
        pytest.param(
            GUEST, OFF, "GET /v1/a", (403, "App not active. [app:myapp]"), id="off, guest"
        ),
        pytest.param(
            ADMIN,
            FIXED,
            "PATCH /v1/notes/1",
            (403, "App is in read-only mode. [app:myapp]"),
            id="read-only",
        ),
        pytest.param(USER, OPEN, "POST /v1/_newkeys", (401, "Not an app."), id="keys, user"),
        pytest.param(ADMIN, NOTES, "POST /v1/_newkeys", (401, "Not an app."), id="keys, admin"),
        pytest.param(
            USER,
            NOTES,
            "POST /v1/_newkeys",
            (403, f"{DENIED} [user: u1, resource: POST /v1/_newkeys]"),
            id="keys without permission",
        ),
        pytest.param(
            GUEST,
            OPEN,
            "POST /v1/_newkeys",
            (403, f"{DENIED} [user: [GUEST], resource: POST /v1/_newkeys]"),
            id="keys, guest",
        ),
        pytest.param(ADMIN, NOTES, "POST /v1/%5Fnewkeys", (401, "Not an app."), id="keys, encoded"),
    ],
)
def test_a_refusal_has_its_status_and_message(
    principal: Principal, app: FakeApp | None, request_line: str, expected: tuple[int, str]
) -> None:
    method, _, path = request_line.partition(" ")
    assert ask(principal, app, method, path) == expected


@pytest.mark.parametrize(
    ("principal", "app", "request_line"),
    [
        pytest.param(APP, FakeApp(), "DELETE /v1/anything/1", id="an app, anything"),
        pytest.param(APP, FakeApp(), "POST /v1/_newkeys", id="an app, its keys"),
        pytest.param(APP, FakeApp(), "GET /v1/_me", id="an app, itself"),
        pytest.param(APP, FIXED, "GET /v1/notes", id="an app that is read-only, reading"),
        pytest.param(USER, FakeApp(), "GET /v1/_me", id="a user, itself"),
        pytest.param(USER, FakeApp(), "GET /v1/_me/", id="a user, itself, with a slash"),
        pytest.param(USER, NOTES, "POST /v1/notes", id="a user, permitted"),
        pytest.param(USER, NOTES, "GET /v1/users/u1", id="a user, the own profile"),
        pytest.param(GUEST, NOTES, "GET /v1/notes/1", id="a guest, permitted"),
        pytest.param(ADMIN, FakeApp(), "DELETE /v1/_settings/a", id="an administrator, anything"),
        pytest.param(USER, FakeApp(), "GET /v1/_permissions/u1", id="the own entry"),
        pytest.param(USER, FakeApp(), "GET /v1/_permissions/u1/bm90ZXM/GET", id="a check"),
        pytest.param(GUEST, FakeApp(), "GET /v1/_permissions/*/bm90ZXM/GET", id="a guest's check"),
        pytest.param(GUEST, FakeApp(), "GET /v1/_permissions/%2A/bm90/GET", id="and encoded"),
    ],
)
def test_who_may_goes_on(principal: Principal, app: FakeApp, request_line: str) -> None:
    method, _, path = request_line.partition(" ")
    assert ask(principal, app, method, path) == (200, "")


@pytest.mark.parametrize(
    ("principal", "request_line"),
    [
        (USER, "GET /v1/_permissions"),
        (USER, "GET /v1/_permissions/u2"),
        (USER, "DELETE /v1/_permissions/u1"),
        (USER, "PUT /v1/_permissions/u1/bm90ZXM"),
        (USER, "GET /v1/_permissions/u1/bm90ZXM"),
        (USER, "PUT /v1/_settings/a"),
        (GUEST, "GET /v1/_permissions/u1"),
        (GUEST, "GET /v1/_permissions/*"),
        (GUEST, "GET /v1/_permissions/u1/bm90ZXM/GET"),
        (GUEST, "GET /v1/_export"),
    ],
)
def test_what_manages_the_app_stays_closed(principal: Principal, request_line: str) -> None:
    method, _, path = request_line.partition(" ")
    assert ask(principal, OPEN, method, path)[0] == 403


def test_an_administrator_is_let_into_the_root_app_and_nobody_else() -> None:
    for principal, status in (
        (Principal(Kind.USER, "para", is_root=True, userid="u1", groups="admins"), 200),
        (Principal(Kind.USER, "para", is_root=True, userid="u1", groups="users"), 403),
        (Principal(Kind.GUEST, "para", is_root=True), 403),
    ):
        assert ask(principal, OPEN, "GET", "/v1/notes")[0] == status


def test_messages_name_the_path_with_its_context() -> None:
    status, message = ask(USER, NOTES, "GET", "/ctx/v1/notes", b"/ctx")
    assert (status, message) == (403, f"{DENIED} [user: u1, resource: GET /ctx/v1/notes]")
    assert ask(USER, NOTES, "POST", "/ctx/v1/notes", b"/ctx") == (200, "")


@pytest.mark.parametrize(
    ("path", "context", "expected"),
    [
        (b"/v1/posts/1/links/tag", b"", "posts/1/links/tag"),
        (b"/v1", b"", ""),
        (b"/v1/", b"", ""),
        (b"", b"", ""),
        (b"//v1/posts", b"", "posts"),
        (b"/ctx/v1/posts", b"/ctx", "posts"),
        (b"/ctxv1/posts", b"/ctx", "posts"),
        (b"/v1/a%20b/\xff", b"", "a%20b/\ufffd"),
    ],
)
def test_the_resource_follows_the_version(path: bytes, context: bytes, expected: str) -> None:
    assert resource_of(path, context) == expected


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_read_only_app_answers_reads(method: str) -> None:
    assert check_app(FIXED, method) is None
    refused = check_app(OFF, method)
    assert refused == Decision(403, "App not active. [app:myapp]")
