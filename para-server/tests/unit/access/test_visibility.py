from __future__ import annotations

import msgspec
import pytest

from para_core.contracts.dao import Record
from para_core.query.fields import document_of
from para_server.access.principal import Kind, Principal
from para_server.access.visibility import hide, needs_filter, secret_fields, without_secrets

APP = Principal(Kind.APP, "myapp")
USER = Principal(Kind.USER, "myapp", userid="u1", groups="users")
ADMIN = Principal(Kind.USER, "myapp", userid="boss", groups="admins")
GUEST = Principal(Kind.GUEST, "myapp")

PERSON = {
    "id": "u1",
    "type": "user",
    "name": "Ann",
    "tokenSecret": "s",
    "password": "p",
    "twoFA": True,
    "twoFAkey": "k",
    "twoFAbackupKeyHash": "h",
    "idpAccessToken": "a",
    "idpIdToken": "i",
    "idpRefreshToken": "r",
}
SHOWN_TO_ALL = {"id", "type", "name", "twoFA"}
SHOWN_TO_ITSELF = set(PERSON) - {"tokenSecret", "password"}


@pytest.mark.parametrize(
    ("principal", "shown"),
    [
        pytest.param(APP, SHOWN_TO_ITSELF, id="app"),
        pytest.param(USER, SHOWN_TO_ITSELF, id="the user itself"),
        pytest.param(ADMIN, SHOWN_TO_ALL, id="an administrator"),
        pytest.param(GUEST, SHOWN_TO_ALL, id="a guest"),
        pytest.param(Principal(Kind.GUEST, "myapp", userid="u1"), SHOWN_TO_ALL, id="as if"),
    ],
)
def test_secrets_of_a_user_are_for_the_app_and_itself(
    principal: Principal, shown: set[str]
) -> None:
    assert set(hide(PERSON, principal)) == shown


@pytest.mark.parametrize(
    ("kind", "name", "to_apps"),
    [
        ("app", "secret", False),
        ("app", "settings", False),
        ("webhook", "secret", True),
        ("form", "captchaSecretKey", True),
        ("sysprop", "password", True),
        ("sysprop", "token", True),
        ("sysprop", "tokenIssued", True),
        ("sysprop", "etoken", True),
        ("sysprop", "etokenIssued", True),
        ("sysprop", "lockedUntil", True),
        ("sysprop", "usedSignIns", True),
        ("note", "password", True),
    ],
)
def test_other_secrets_are_for_the_app_at_most(kind: str, name: str, *, to_apps: bool) -> None:
    obj = {"id": "u1", "type": kind, "name": "x", name: "hidden"}
    assert (name in hide(obj, APP)) is to_apps
    is_plain = kind == "note"
    for principal in (USER, ADMIN, GUEST):
        assert (name in hide(obj, principal)) is is_plain
        assert needs_filter(kind, principal) is not is_plain
    assert needs_filter(kind, APP) is not to_apps
    assert (name in without_secrets(obj)) is is_plain
    assert (name in secret_fields(kind)) is not is_plain


def test_stored_users_are_filtered_for_everybody() -> None:
    for principal in (APP, USER, GUEST):
        assert needs_filter("user", principal)


def test_no_secret_leaves_the_server_by_the_side() -> None:
    assert set(without_secrets(PERSON)) == SHOWN_TO_ALL


@pytest.mark.parametrize("kind", ["user", "app", "webhook", "form", "sysprop"])
def test_what_is_hidden_is_not_indexed(kind: str) -> None:
    maps = {"resourcePermissions", "settings"}
    for name in secret_fields(kind):
        value = {"x": "hidden"} if name in maps else "hidden"
        fields = {"id": "u1@example.com", "type": kind, name: value}
        document = document_of(Record("u1@example.com", kind, msgspec.json.encode(fields)))
        found = f"{document.values} {document.sorts}"
        assert "hidden" not in found, name
