"""Passwords: signing up and in, locks, hashes of both kinds, equal answers."""

from __future__ import annotations

import asyncio

import bcrypt
import pytest

from para_server.signin.hashing import Task
from para_server.signin.passwords import ARGON2ID, PasswordChecker
from para_server.signin.policy import SignInPolicy

from ..client import Client  # noqa: TID252 - tests have no absolute names
from .people import PASSWORD, SCRIPT, Clock, a_user, bearer, sign_in

ANN = "ann@myapp.test"


async def votes_of(app: Client, email: str = ANN) -> int:
    votes: int = (await app.get(f"/v1/_id/{email}")).json["votes"]
    return votes


async def test_a_new_user_waits_for_activation_and_then_signs_in(
    app: Client, nobody: Client
) -> None:
    refused = await sign_in(nobody, f"{ANN}:Ann:{PASSWORD}")
    assert refused.status == 400
    userid = await a_user(app, nobody, ANN)
    accepted = await sign_in(nobody, f"{ANN.upper()}::{PASSWORD}")
    assert (accepted.status, accepted.json["user"]["id"]) == (200, userid)
    me = await bearer(nobody, accepted).get("/v1/_me")
    assert me.json["name"] == "Ann"


async def test_a_locked_account_refuses_the_right_password_until_the_lock_ends(
    app: Client, nobody: Client, clock: Clock
) -> None:
    await a_user(app, nobody, ANN)
    for _ in range(3):
        assert (await sign_in(nobody, f"{ANN}::wrong-password")).status == 400
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 400
    known = (await app.get(f"/v1/_id/{ANN}")).json
    assert 3_590_000 < known["lockedUntil"] - clock() <= 3_600_000
    clock.pass_sec(3601)
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 200
    known = (await app.get(f"/v1/_id/{ANN}")).json
    assert known["votes"] == 0
    assert "lockedUntil" not in known


async def test_after_a_lock_has_ended_wrong_passwords_are_counted_from_one(
    app: Client, nobody: Client, clock: Clock
) -> None:
    await a_user(app, nobody, ANN)
    for _ in range(3):
        await sign_in(nobody, f"{ANN}::wrong-password")
    clock.pass_sec(3601)
    await sign_in(nobody, f"{ANN}::wrong-password")
    assert await votes_of(app) == 1
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 200


async def test_attempts_do_not_touch_when_the_identifier_was_updated(
    app: Client, nobody: Client, clock: Clock
) -> None:
    await a_user(app, nobody, ANN)
    before = (await app.get(f"/v1/_id/{ANN}")).json.get("updated")
    clock.pass_sec(60)
    await sign_in(nobody, f"{ANN}::wrong-password")
    await sign_in(nobody, f"{ANN}::{PASSWORD}")
    assert (await app.get(f"/v1/_id/{ANN}")).json.get("updated") == before


async def test_no_wrong_password_of_many_at_once_goes_uncounted(
    app: Client, nobody: Client
) -> None:
    await a_user(app, nobody, ANN)
    tries = [sign_in(nobody, f"{ANN}::wrong-password") for _ in range(12)]
    assert {reply.status for reply in await asyncio.gather(*tries)} == {400}
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 400
    assert await votes_of(app) == 3


async def test_a_guess_does_not_slip_through_while_others_lock_the_account(
    app: Client, nobody: Client
) -> None:
    await a_user(app, nobody, ANN)
    tokens = [*["wrong-password"] * 8, PASSWORD]
    replies = await asyncio.gather(*(sign_in(nobody, f"{ANN}::{one}") for one in tokens))
    assert [reply.status for reply in replies] == [400] * 9


@pytest.mark.parametrize("way", ["claimed", "a new password", "taken away"])
async def test_a_password_that_ends_while_it_is_checked_signs_nobody_in(
    app: Client, nobody: Client, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """A check takes a quarter of a second: time enough for somebody else to get the account."""
    await sign_in(nobody, f"{ANN}:Mallory:{PASSWORD}")
    userid = (await app.get(f"/v1/_id/{ANN}")).json["creatorid"]
    the = await app.para.services.apps.find("myapp")
    assert the is not None
    check, left = PasswordChecker.check, [way]

    async def end() -> None:
        if left.pop() == "claimed":
            users = app.para.services.users
            assert await users.claim(the, userid, ANN, "custom:ann") is not None
            return
        await app.patch(f"/v1/users/{userid}", {"active": True})
        if way == "taken away":
            await app.delete(f"/v1/sysprop/{ANN}")
        else:
            hashed = bcrypt.hashpw(b"another password", bcrypt.gensalt(4)).decode()
            await app.patch(f"/v1/sysprop/{ANN}", {"password": hashed})

    async def slow(checker: PasswordChecker, password: str, hashed: str | None) -> bool:
        matches = await check(checker, password, hashed)
        if left:
            await end()
        return matches

    monkeypatch.setattr(PasswordChecker, "check", slow)
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 400
    assert not left


@pytest.mark.parametrize("policy", [SignInPolicy(bcrypt_cost=4, password_hash=ARGON2ID)])
async def test_sign_ins_at_once_all_succeed_while_the_hash_is_replaced(
    app: Client, nobody: Client
) -> None:
    await a_user(app, nobody, ANN)
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    await app.patch(f"/v1/sysprop/{ANN}", {"password": hashed})
    tries = [sign_in(nobody, f"{ANN}::{PASSWORD}") for _ in range(5)]
    assert {reply.status for reply in await asyncio.gather(*tries)} == {200}
    assert (await app.get(f"/v1/_id/{ANN}")).json["password"].startswith("$argon2id$")


async def test_a_hash_that_the_app_stores_is_a_password(app: Client, nobody: Client) -> None:
    await a_user(app, nobody, ANN)
    hashed = bcrypt.hashpw(b"a new password", bcrypt.gensalt(4)).decode()
    await app.patch(f"/v1/sysprop/{ANN}", {"password": hashed, "token": ""})
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 400
    assert (await sign_in(nobody, f"{ANN}::a new password")).status == 200


async def test_the_address_changes_when_the_app_rewrites_the_identifier(
    app: Client, nobody: Client
) -> None:
    userid = await a_user(app, nobody, ANN)
    known = (await app.get(f"/v1/_id/{ANN}")).json
    await app.delete(f"/v1/sysprop/{ANN}")
    await app.post("/v1/sysprop", {**known, "id": "ann@new.test"})
    await app.patch(f"/v1/users/{userid}", {"email": "Ann@New.test"})
    accepted = await sign_in(nobody, f"ann@new.test::{PASSWORD}")
    user = accepted.json["user"]
    assert (user["id"], user["email"], user["identifier"]) == (userid, *["ann@new.test"] * 2)


async def test_the_second_identifier_becomes_the_main_one_when_it_is_used(
    app: Client, nobody: Client
) -> None:
    userid = await a_user(app, nobody, ANN)
    known = (await app.get(f"/v1/_id/{ANN}")).json
    await app.put("/v1/sysprop/ann@second.test", {**known, "id": "ann@second.test"})
    await sign_in(nobody, f"ann@second.test::{PASSWORD}")
    assert (await app.get(f"/v1/users/{userid}")).json["identifier"] == "ann@second.test"


@pytest.mark.parametrize(
    "token",
    ["no separators", f"{ANN}:{PASSWORD}", f":Ann:{PASSWORD}", f"{ANN}:Ann:", f"{ANN}:Ann:short"],
    ids=["no separators", "two parts", "no address", "empty password", "short password"],
)
async def test_nothing_is_made_of_what_is_no_account(
    app: Client, nobody: Client, token: str
) -> None:
    assert (await sign_in(nobody, token)).status == 400
    assert (await app.get("/v1/users")).json["totalHits"] == 0
    assert (await app.get(f"/v1/_id/{ANN}")).status == 404


async def test_only_sysprops_are_identifiers(app: Client, nobody: Client) -> None:
    userid = await a_user(app, nobody, ANN)
    known = (await app.get(f"/v1/_id/{ANN}")).json
    await app.put("/v1/cats/cat@evil.test", {**known, "id": "cat@evil.test", "creatorid": userid})
    assert (await sign_in(nobody, f"cat@evil.test::{PASSWORD}")).status == 400


async def test_deleting_a_user_frees_its_address_and_ends_its_token(
    app: Client, nobody: Client
) -> None:
    userid = await a_user(app, nobody, ANN)
    user = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    await app.delete(f"/v1/users/{userid}")
    assert (await app.get(f"/v1/_id/{ANN}")).status == 404
    assert (await user.get("/v1/_me")).status == 401
    assert await a_user(app, nobody, ANN) != userid


NOBODY = "nobody@myapp.test"


async def fill_in(nobody: Client, email: str, password: str) -> str:
    """Send the form, and return what it is answered, without the address."""
    reply = await nobody.send(
        "GET",
        "/password_auth",
        query=[("appid", "myapp"), ("email", email), ("password", password)],
        headers={"accept": "application/json"},
    )
    return reply.text.replace(email, "EMAIL")


@pytest.mark.parametrize(
    "passwords",
    [["wrong-password"] * 5, [*["wrong-password"] * 3, " ", PASSWORD], [" "] * 5],
    ids=["wrong ones", "a blank one in the end", "blank ones"],
)
async def test_an_unknown_account_locks_like_a_known_one(
    app: Client, nobody: Client, passwords: list[str]
) -> None:
    await a_user(app, nobody, ANN)
    answers = [
        [await fill_in(nobody, email, password) for password in passwords]
        for email in (ANN, NOBODY)
    ]
    assert answers[0] == answers[1]
    assert ("Too many attempts" in answers[0][-1]) is (passwords[0] != " ")


async def test_tries_at_the_same_time_lock_unknown_and_known_accounts_alike(
    app: Client, nobody: Client
) -> None:
    await a_user(app, nobody, ANN)
    answers = []
    for email in (ANN, NOBODY):
        tries = [fill_in(nobody, email, "wrong-password") for _ in range(8)]
        answers.append(sorted(await asyncio.gather(*tries)))
    assert answers[0] == answers[1]
    assert sum("Too many attempts" in answer for answer in answers[0]) == 5


async def test_a_lock_by_one_door_shows_at_the_other_for_unknown_accounts_too(
    app: Client, nobody: Client
) -> None:
    await a_user(app, nobody, ANN)
    answers = []
    for email in (ANN, NOBODY):
        for _ in range(3):
            assert (await sign_in(nobody, f"{email}::short")).status == 400
        answers.append(await fill_in(nobody, email, "wrong-password"))
    assert answers[0] == answers[1]
    assert "Too many attempts" in answers[0]


async def test_a_lock_that_outlives_the_cache_tells_nobody_of_the_account(
    app: Client, nobody: Client
) -> None:
    await a_user(app, nobody, ANN)
    for email in (ANN, NOBODY):
        for _ in range(4):
            await fill_in(nobody, email, "wrong-password")
    await app.para.services.cache.clear("myapp")  # as when the server starts again
    passwords = ["wrong-password", PASSWORD, PASSWORD, "wrong-password", PASSWORD]
    answers = [
        [await fill_in(nobody, email, password) for password in passwords]
        for email in (ANN, NOBODY)
    ]
    assert answers[0] == answers[1]
    assert ["Too many attempts" in answer for answer in answers[0]] == [False] * 3 + [True] * 2
    assert (await app.get(f"/v1/_id/{ANN}")).json["lockedUntil"] > 0


async def test_what_is_told_of_a_lock_does_not_show_that_the_owner_signs_in(
    app: Client, nobody: Client
) -> None:
    await a_user(app, nobody, ANN)
    answers = []
    for email in (ANN, NOBODY):
        told = [await fill_in(nobody, email, "wrong-password") for _ in range(2)]
        if email == ANN:
            assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 200
        told += [await fill_in(nobody, email, "wrong-password") for _ in range(2)]
        answers.append(told)
    assert answers[0] == answers[1]
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 200  # told, but not so


async def test_who_has_an_account_unlocked_signs_in_whatever_others_are_told(
    app: Client, nobody: Client
) -> None:
    await a_user(app, nobody, ANN)
    for _ in range(3):
        await fill_in(nobody, ANN, "wrong-password")
    await app.patch(f"/v1/sysprop/{ANN}", {"votes": 0, "lockedUntil": None})
    assert "Too many attempts" in await fill_in(nobody, ANN, "wrong-password")
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 200


ARGON2 = SignInPolicy(bcrypt_cost=4, password_hash=ARGON2ID)


@pytest.mark.parametrize("policy", [ARGON2], ids=["argon2id"])
async def test_a_new_password_is_stored_as_argon2id(app: Client, nobody: Client) -> None:
    await a_user(app, nobody, ANN)
    hashed = (await app.get(f"/v1/_id/{ANN}")).json["password"]
    assert hashed.startswith("$argon2id$")
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 200
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}!")).status == 400


@pytest.mark.parametrize("policy", [ARGON2], ids=["argon2id"])
async def test_an_older_hash_is_replaced_when_its_owner_signs_in(
    app: Client, nobody: Client
) -> None:
    await a_user(app, nobody, ANN)
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    await app.patch(f"/v1/sysprop/{ANN}", {"password": old})
    assert (await sign_in(nobody, f"{ANN}::wrong-password")).status == 400
    assert (await app.get(f"/v1/_id/{ANN}")).json["password"] == old
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 200
    renewed = (await app.get(f"/v1/_id/{ANN}")).json["password"]
    assert renewed.startswith("$argon2id$")
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 200


async def test_the_hash_is_hidden_from_users(app: Client, nobody: Client) -> None:
    await a_user(app, nobody, ANN)
    await app.put("/v1/_permissions/*/c3lzcHJvcA", ["GET"])
    user = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    found = await user.get(f"/v1/sysprop/{ANN}")
    assert "$2b$" not in found.text


@pytest.mark.parametrize(
    ("email", "typed"),
    [
        (ANN, "wrong-password"),
        (ANN, " "),
        ("off@myapp.test", PASSWORD),
        ("locked@myapp.test", PASSWORD),
        ("other@myapp.test", "wrong-password"),
        ("nobody@myapp.test", PASSWORD),
        ("nobody@myapp.test", "short"),
    ],
    ids=["wrong", "blank", "inactive", "locked", "without password", "new", "new, too short"],
)
async def test_every_refusal_hashes_once_and_says_the_same(
    app: Client, nobody: Client, monkeypatch: pytest.MonkeyPatch, email: str, typed: str
) -> None:
    await a_user(app, nobody, ANN)
    off = await a_user(app, nobody, "off@myapp.test")
    await app.patch(f"/v1/users/{off}", {"active": False})
    await a_user(app, nobody, "locked@myapp.test")
    await app.patch("/v1/sysprop/locked@myapp.test", {"lockedUntil": 4102444800000})
    other = {"identifier": "gh:1", "email": "other@myapp.test", "name": "O", "active": True}
    await app.post("/v1/users", other)
    checker, hashes = app.para.sign_in.checker, []
    run = checker._run

    async def counted(task: Task) -> bool | str:
        hashes.append(1)
        return await run(task)

    monkeypatch.setattr(checker, "_run", counted)
    refused = await sign_in(nobody, f"{email}:Name:{typed}")
    message = "Failed to authenticate user with 'password'. Check if user is active."
    assert (refused.status, refused.json["message"]) == (400, message)
    assert len(hashes) == 1


@pytest.mark.parametrize("caller", ["guest", "user"])
@pytest.mark.parametrize("key", ["note1", "note@1", "@", "ann@myapp"])
async def test_a_generic_object_of_somebody_lets_nobody_in(
    app: Client, nobody: Client, caller: str, key: str
) -> None:
    """It looks like an identifier, but for its id; so everybody may be able to make it."""
    userid = await a_user(app, nobody, ANN)
    await app.put("/v1/_permissions/*/c3lzcHJvcHM", ["?", "*"])
    guest = Client(nobody.para, guest_of="app:myapp")
    ann = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    hashed = bcrypt.hashpw(b"of mallory", bcrypt.gensalt(4)).decode()
    made = {"id": key, "name": "identifier", "creatorid": userid, "password": hashed}
    stored = await (guest if caller == "guest" else ann).post("/v1/sysprops", made)
    assert (stored.status, stored.json["id"], stored.json["creatorid"]) == (201, key, userid)
    assert (await sign_in(nobody, f"{key}::of mallory")).status == 400
    query = [("appid", "myapp"), ("email", key), ("password", "of mallory")]
    browser = await nobody.send("GET", "/password_auth", query=query, headers=SCRIPT)
    assert browser.status == 401
    assert (await app.get(f"/v1/users/{userid}")).json["identifier"] == ANN
