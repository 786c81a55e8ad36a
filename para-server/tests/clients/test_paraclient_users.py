"""Para's Python client signs users in and out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from paraclient import ParaClient, ParaObject

from .helpers import an_object

PASSWORD = "correct horse battery"  # noqa: S105 - of a user of a test


@pytest.fixture
def user(another: Callable[[], ParaClient]) -> ParaObject:
    """A user who signed up with a password."""
    return another().signIn("password", f"margot@example.com:Margot R:{PASSWORD}")


@pytest.fixture
def margot(another: Callable[[], ParaClient], user: ParaObject) -> ParaClient:
    """A client of that user, signed in."""
    client = another()
    assert client.signIn("password", f"margot@example.com::{PASSWORD}").id == user.id
    return client


def test_a_user_signs_up_with_a_password(client: ParaClient, user: ParaObject) -> None:
    assert (user.type, user.name, user.email) == ("user", "Margot R", "margot@example.com")
    assert "password" not in user.__dict__
    assert client.read("user", user.id).identifier == "margot@example.com"


def test_a_user_sees_itself(margot: ParaClient, user: ParaObject) -> None:
    assert (margot.me().type, margot.me().id) == ("user", user.id)
    assert margot.me(margot.getAccessToken()).id == user.id
    assert margot.me(f"Bearer {margot.getAccessToken()}").id == user.id


@pytest.mark.parametrize(
    "token", ["margot@example.com::wrong", "nobody@example.com::x", "nonsense"], ids=str
)
def test_a_wrong_password_opens_nothing(
    another: Callable[[], ParaClient], user: ParaObject, token: str
) -> None:
    """A client that was never signed in fails while it forgets its token; that is its own doing."""
    assert user.id
    client = another()
    with pytest.raises(AttributeError):
        client.signIn("password", token)
    assert client.getAccessToken() is None


def test_a_token_can_be_carried_over(
    margot: ParaClient, another: Callable[[], ParaClient], user: ParaObject
) -> None:
    elsewhere = another()
    elsewhere.setAccessToken(margot.getAccessToken())
    assert elsewhere.me().id == user.id


def test_a_user_without_permissions_reaches_itself_only(
    client: ParaClient, margot: ParaClient, user: ParaObject
) -> None:
    client.create(an_object("tom", name="Tom"))
    client.grantResourcePermission("somebody else", "cats", ["*"])
    assert margot.read("cat", "tom") is None
    assert margot.create(an_object("kitty")) is None
    assert margot.list("cat") == []
    assert margot.read("user", user.id).id == user.id
    assert margot.update(an_object(user.id, "user", name="Margot II")).name == "Margot II"


def test_a_user_does_what_it_was_granted(
    client: ParaClient, margot: ParaClient, user: ParaObject
) -> None:
    client.create(an_object("tom", name="Tom"))
    client.grantResourcePermission(user.id, "cats", ["GET", "POST"])
    assert margot.read("cat", "tom").name == "Tom"
    made = margot.create(an_object(None, name="Kitty"))
    assert made.creatorid == user.id
    margot.delete(made)
    assert client.read("cat", made.id) is not None
    assert margot.isAllowedTo(user.id, "cats", "GET")
    client.revokeResourcePermission(user.id, "cats")
    assert margot.read("cat", "tom") is None


def test_a_user_is_not_its_app(client: ParaClient, margot: ParaClient, user: ParaObject) -> None:
    client.grantResourcePermission("*", "*", ["*"])
    assert margot.newKeys() is None
    assert margot.appSettings() is None
    assert client.me() is not None
    assert user.id


def test_a_token_is_renewed(margot: ParaClient, user: ParaObject) -> None:
    assert not margot.refreshToken()
    attribute(margot, "NextRefresh", 1)
    assert margot.refreshToken()
    assert margot.me().id == user.id
    attribute(margot, "NextRefresh", 1)
    assert margot.me().id == user.id


def test_a_new_session_ends_the_one_before(
    margot: ParaClient, another: Callable[[], ParaClient], user: ParaObject
) -> None:
    elsewhere = another()
    elsewhere.signIn("password", f"margot@example.com::{PASSWORD}")
    assert elsewhere.me().id == user.id
    assert margot.me() is None


def test_all_sessions_end_at_once(
    client: ParaClient, margot: ParaClient, another: Callable[[], ParaClient], user: ParaObject
) -> None:
    client.addAppSetting("security.one_session_per_user", value=False)
    elsewhere, again = another(), another()
    elsewhere.signIn("password", f"margot@example.com::{PASSWORD}")
    assert elsewhere.me().id == margot.me().id == user.id
    assert margot.revokeAllTokens()
    assert margot.me() is None
    assert elsewhere.me() is None
    assert again.signIn("password", f"margot@example.com::{PASSWORD}").id == user.id
    assert again.me().id == user.id


def test_signing_out_forgets_the_token(margot: ParaClient, keys: dict[str, str]) -> None:
    margot.signOut()
    assert margot.getAccessToken() is None
    assert margot.me().id == keys["accessKey"]


def test_new_keys_of_the_app_end_the_sessions(client: ParaClient, margot: ParaClient) -> None:
    assert margot.me() is not None
    client.newKeys()
    assert margot.me() is None


def attribute(client: ParaClient, name: str, value: Any) -> None:  # noqa: ANN401 - any field of it
    """Set a private field of the client."""
    setattr(client, f"_ParaClient__tokenKey{name}", value)
