"""Signing in with a directory: what is asked of it, and what becomes of its answers."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from para_core.contracts.signin import Profile, SignInError
from para_core.errors import UnavailableError
from para_server.signin.providers.ldap import Ldap
from para_server.signin.providers.ldap.directory import (
    BindRefusedError,
    Directories,
    Entry,
)
from para_server.signin.providers.ldap.groups import authorities_of, group_of
from para_server.signin.providers.ldap.names import below, escaped, parts_of
from para_server.signin.providers.ldap.settings import LdapSettings, ldap_settings

from .kit import Settings, Visit, tools_of

JPEG = b"\xff\xd8\xff\xe0 picture"
ANN = "uid=ann,ou=people,dc=corp,dc=example"
ANN_ENTRY: dict[str, Sequence[bytes]] = {
    "uid": [b"ann"],
    "cn": [b"Ann Smith", b"Annie"],
    "sn": [b"Smith"],
    "mail": [b"ann@corp.example"],
    "displayname": [b"Ann S."],
}
PLAIN = {
    "security.ldap.base_dn": "dc=corp,dc=example",
    "security.ldap.user_dn_pattern": "uid={0},ou=people",
}
AD = {
    "security.ldap.active_directory_domain": "Corp.example",
    "security.ldap.server_url": "ldaps://dc.corp.example",
}


@dataclass
class FakeDirectory:
    """A directory in memory; it notes what it is asked."""

    passwords: dict[str, str] = field(default_factory=lambda: {ANN: "secret"})
    entries: dict[str, Mapping[str, Sequence[bytes]]] = field(
        default_factory=lambda: {ANN: ANN_ENTRY}
    )
    asked: list[tuple[str, ...]] = field(default_factory=list)
    info: str = ""
    failure: Exception | None = None

    @asynccontextmanager
    async def open(self, settings: LdapSettings) -> AsyncIterator[FakeDirectory]:
        assert settings.servers
        if self.failure is not None:
            raise self.failure
        yield self

    async def bind(self, dn: str, password: str) -> None:
        self.asked.append(("bind", dn))
        if not password or self.passwords.get(dn) != password:
            raise BindRefusedError(self.info)

    async def search(self, base: str, template: str, names: Sequence[str]) -> list[Entry]:
        self.asked.append(("search", base, template, *names))
        keys = [name.partition("@")[0].encode() for name in names]
        below = (Entry(dn, found) for dn, found in self.entries.items() if dn.endswith(base))
        return [entry for entry in below if entry.attributes.get("uid", keys)[0] in keys]

    async def read(self, dn: str) -> Entry | None:
        self.asked.append(("read", dn))
        return Entry(dn, self.entries[dn]) if dn in self.entries else None


async def sign_in(directory: FakeDirectory, token: str, settings: Mapping[str, str]) -> Profile:
    async with tools_of() as tools:
        ldap = Ldap(tools, cast("Directories", directory))
        return await ldap.profile_of(Settings(settings), token)


async def refused(directory: FakeDirectory, token: str, settings: Mapping[str, str]) -> str:
    with pytest.raises(SignInError) as caught:
        await sign_in(directory, token, settings)
    return caught.value.message


# ---- plain directories ------------------------------------------------------------------------


async def test_a_name_and_a_password_tell_who_somebody_is() -> None:
    found = await sign_in(FakeDirectory(), "ann:secret", PLAIN)
    assert (found.identifier, found.email, found.name) == (
        "ldap:ann",
        "ann@corp.example",
        "Ann Smith, Annie",
    )
    assert (found.groups, found.email_is_verified, found.tokens) == ("users", False, None)


async def test_the_form_of_a_browser_is_read() -> None:
    params = {"username": "ann", "password": "secret"}
    async with tools_of() as tools:
        ldap = Ldap(tools, cast("Directories", FakeDirectory()))
        found = await ldap.finish(Visit(Settings(PLAIN), params))
    assert isinstance(found, Profile)
    assert found.identifier == "ldap:ann"


async def test_the_fields_and_the_separator_may_be_others() -> None:
    async with tools_of() as tools:
        directories = cast("Directories", FakeDirectory())
        ldap = Ldap(tools, directories, fields=("who", "word"), separator="|")
        found = await ldap.finish(Visit(Settings(PLAIN), {"who": "ann", "word": "secret"}))
        assert isinstance(found, Profile)
        assert (await ldap.profile_of(Settings(PLAIN), "ann|secret")).identifier == "ldap:ann"


async def test_a_password_may_have_colons() -> None:
    directory = FakeDirectory(passwords={ANN: "a:b:c"})
    assert (await sign_in(directory, "ann:a:b:c", PLAIN)).identifier == "ldap:ann"


async def test_patterns_are_tried_in_their_order_then_a_search() -> None:
    directory = FakeDirectory(passwords={ANN: "secret", "cn=seeker": "seek"})
    settings = {
        **PLAIN,
        "security.ldap.user_dn_pattern": "uid={0},ou=a | cn={0},ou=b",
        "security.ldap.bind_dn": "cn=seeker",
        "security.ldap.bind_pass": "seek",
        "security.ldap.user_search_base": "ou=people",
        "security.ldap.user_search_filter": "(uid={0})",
    }
    await sign_in(directory, "ann:secret", settings)
    assert directory.asked == [
        ("bind", "uid=ann,ou=a,dc=corp,dc=example"),
        ("bind", "cn=ann,ou=b,dc=corp,dc=example"),
        ("bind", "cn=seeker"),
        ("search", "ou=people,dc=corp,dc=example", "(uid={0})", "ann"),
        ("bind", ANN),
        ("read", ANN),
    ]


@pytest.mark.parametrize(
    "entries",
    [{}, {ANN: ANN_ENTRY, f"x={ANN}": ANN_ENTRY}],
    ids=["nobody", "two"],
)
async def test_a_search_must_find_one(entries: dict[str, Mapping[str, Sequence[bytes]]]) -> None:
    directory = FakeDirectory(entries=entries)
    settings = {**PLAIN, "security.ldap.user_dn_pattern": "cn={0}"}
    assert await refused(directory, "ann:secret", settings) == "LDAP user not found."


@pytest.mark.parametrize(
    "token", ["", ":", "ann", "ann:", ":secret", "  :secret", "a\0b:x", "ann:a\0"]
)
async def test_blank_and_unusable_names_and_passwords_ask_nobody(token: str) -> None:
    """A bind without a password succeeds at many directories, whoever the name is."""
    directory = FakeDirectory(passwords={ANN: ""})
    assert await refused(directory, token, PLAIN) == "Bad credentials."
    assert not directory.asked


async def test_a_wrong_password_and_an_unknown_name_are_told_the_same() -> None:
    settings = {**PLAIN, "security.ldap.user_search_filter": "(uid={0})"}
    for token in ("ann:wrong", "eve:secret"):
        assert await refused(FakeDirectory(), token, settings) == "LDAP user not found."


async def test_an_entry_without_a_name_is_nobody() -> None:
    directory = FakeDirectory(entries={ANN: {"uid": [b"ann"], "cn": [b" "]}})
    assert await refused(directory, "ann:secret", PLAIN) == "LDAP user not found."


async def test_a_directory_that_is_away_is_a_failed_sign_in() -> None:
    directory = FakeDirectory(failure=UnavailableError("away"))
    assert await refused(directory, "ann:secret", PLAIN) == "LDAP user not found."
    message = await refused(directory, "ann:secret", AD)
    assert message == "Connection to LDAP server failed"


# ---- names that are meant to break out --------------------------------------------------------

HOSTILE = {
    "another branch": ("x,ou=admins", "uid=x\\,ou\\=admins,ou=people,dc=corp,dc=example"),
    "a second value": ("x+cn=admin", "uid=x\\+cn\\=admin,ou=people,dc=corp,dc=example"),
    "quotes": ('x"y', 'uid=x\\"y,ou=people,dc=corp,dc=example'),
    "a backslash": ("x\\,y", "uid=x\\\\\\,y,ou=people,dc=corp,dc=example"),
    "a hash": ("#x", "uid=\\#x,ou=people,dc=corp,dc=example"),
    "angles": ("<x;y>", "uid=\\<x\\;y\\>,ou=people,dc=corp,dc=example"),
    "the place itself": ("{0}", "uid={0},ou=people,dc=corp,dc=example"),
}


@pytest.mark.parametrize(("name", "dn"), HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_user_name_stays_one_value_of_the_pattern(name: str, dn: str) -> None:
    directory = FakeDirectory()
    await refused(directory, f"{name}:secret", PLAIN)
    assert directory.asked[0] == ("bind", dn)


@pytest.mark.parametrize("text", ["a,b", " a", "a ", "  ", "#", "\\", '+"<>;=', "é,ü", "a\\20"])
def test_what_is_escaped_is_read_as_it_was(text: str) -> None:
    assert parts_of(f"cn={escaped(text)},dc=x") == [("cn", text.lower()), ("dc", "x")] or (
        text.strip() != text  # blanks at the ends are dropped by the reader, which compares
    )


def test_codes_in_names_are_read() -> None:
    assert parts_of("CN=J\\C3\\BCrgen\\2C x+UID=7, DC=Corp") == [
        ("cn", "jürgen, x"),
        ("uid", "7"),
        ("dc", "corp"),
    ]
    assert parts_of("no name") == parts_of("") == []
    assert below("", "dc=x") == below("dc=x", "") == "dc=x"


# ---- Active Directory -------------------------------------------------------------------------

AD_ANN = "CN=Ann Smith,CN=Users,dc=corp,dc=example"
AD_ENTRY = {
    **ANN_ENTRY,
    "memberof": [b"CN=Staff,CN=Users,dc=corp,dc=example", b"CN=Domain Admins,dc=corp,dc=example"],
}


def active_directory(**more: Any) -> FakeDirectory:  # noqa: ANN401 - any field
    return FakeDirectory(
        **{
            "passwords": {"ann@corp.example": "secret"},
            "entries": {AD_ANN: AD_ENTRY},
            **more,
        }
    )


@pytest.mark.parametrize("name", ["ann", "ann@corp.example", "ann@other.example"])
async def test_a_domain_makes_the_principal_and_the_base(name: str) -> None:
    directory = active_directory()
    found = await sign_in(directory, f"{name}:secret", AD)
    assert found.identifier == "ldap:ann"
    assert directory.asked == [
        ("bind", "ann@corp.example"),
        (
            "search",
            "dc=corp,dc=example",
            "(&(objectClass=user)(userPrincipalName={0}))",
            "ann@corp.example",
            "ann",
        ),
    ]


async def test_without_a_domain_the_principal_tells_it() -> None:
    settings = {"security.ldap.ad_mode_enabled": "true"}
    directory = active_directory()
    found = await sign_in(directory, "ann@corp.example:secret", settings)
    assert found.identifier == "ldap:ann@corp.example"
    assert await refused(active_directory(), "ann:secret", settings) == "Bad credentials."


async def test_the_usual_values_of_the_original_count_as_not_set() -> None:
    usual = {
        "security.ldap.base_dn": "dc=springframework,dc=org",
        "security.ldap.user_search_filter": "(cn={0})",
    }
    directory = active_directory()
    await sign_in(directory, "ann:secret", {**AD, **usual})
    assert directory.asked[1][1:3] == (
        "dc=corp,dc=example",
        "(&(objectClass=user)(userPrincipalName={0}))",
    )


REASONS = {
    "52e": "Bad credentials",
    "525": "Bad credentials",
    "532": "User credentials have expired",
    "533": "User is disabled",
    "701": "User account has expired",
    "775": "User account is locked",
}


@pytest.mark.parametrize(("code", "message"), REASONS.items())
async def test_an_active_directory_says_why_it_refuses(code: str, message: str) -> None:
    info = f"80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext, data {code}, v4563"
    assert await refused(active_directory(info=info), "ann:wrong", AD) == message


# ---- groups -----------------------------------------------------------------------------------


def nodes(admins: str = "", mods: str = "") -> LdapSettings:
    return ldap_settings(
        Settings({"security.ldap.admins_group_node": admins, "security.ldap.mods_group_node": mods})
    )


@pytest.mark.parametrize(
    ("admins", "mods", "group"),
    [
        ("CN=Domain Admins", "", "admins"),
        ("cn=domain admins", "cn=staff", "admins"),
        ("cn=admins", "CN=Staff", "mods"),
        ("Domain Admins", "", "admins"),
        ("Admins", "Staff", "mods"),
        ("CN=Domain Admins,dc=corp,dc=example", "", "admins"),
        ("", "", "users"),
        ("cn=domain", "", "users"),
        ("cn=Users", "", "admins"),
    ],
)
def test_groups_of_an_active_directory_make_groups_of_users(
    admins: str, mods: str, group: str
) -> None:
    groups = [value.decode() for value in AD_ENTRY["memberof"]]
    found = authorities_of(groups)
    assert found == ["staff", "domain admins"]
    assert group_of(nodes(admins, mods), AD_ANN, found, groups) == group


@pytest.mark.parametrize(
    ("dn", "group"),
    [
        ("uid=chief,ou=admins,dc=corp", "admins"),
        ("uid=chief,ou=Admins , dc=corp", "admins"),
        ("uid=x\\,ou=admins,ou=people,dc=corp", "users"),
        ("uid=x\\2Cou=admins,ou=people,dc=corp", "users"),
        ("uid=ann,ou=admins2,dc=corp", "users"),
    ],
    ids=["below the node", "in other letters", "in a value", "in a coded value", "a longer name"],
)
def test_a_place_in_the_directory_makes_a_group(dn: str, group: str) -> None:
    """The original looked for the text anywhere in the name, also in what people choose."""
    assert group_of(nodes("ou=admins"), dn, [], []) == group


def test_groups_of_plain_directories_are_not_looked_at() -> None:
    assert group_of(nodes("cn=admins"), ANN, [], ["cn=admins,dc=corp"]) == "users"


# ---- profiles ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"displayname_attribute": "displayName"}, "Ann S."),
        ({"displayname_attribute": "username"}, "ann"),
        ({"displayname_attribute": "UID"}, "ann"),
        ({"displayname_attribute": "sn"}, "Smith"),
        ({"displayname_attribute": "description"}, "Ann Smith, Annie"),
        ({"displayname_attribute": ""}, "Ann Smith, Annie"),
        ({"username_as_name": "true"}, "ann"),
    ],
)
async def test_the_name_is_what_the_app_says(changes: dict[str, str], name: str) -> None:
    settings = {**PLAIN, **{f"security.ldap.{key}": value for key, value in changes.items()}}
    assert (await sign_in(FakeDirectory(), "ann:secret", settings)).name == name


@pytest.mark.parametrize(
    ("username", "domain", "fallback"),
    [
        ("ann", "", "ann@paraio.com"),
        ("ann@home.example", "", "ann@home.example"),
        ("ann", "corp.example", "ann@corp.example"),
    ],
)
async def test_a_missing_address_is_made_up(username: str, domain: str, fallback: str) -> None:
    entry = {"cn": [b"Ann"]}
    directory = FakeDirectory(
        passwords={f"uid={escaped(username)},ou=people,dc=corp,dc=example": "secret"},
        entries={f"uid={escaped(username)},ou=people,dc=corp,dc=example": entry},
    )
    settings = dict(PLAIN)
    if domain:
        settings["security.ldap.active_directory_domain"] = domain
        directory = active_directory(entries={AD_ANN: entry})
    found = await sign_in(directory, f"{username}:secret", settings)
    assert (found.email, found.fallback_email) == ("", fallback)


async def test_addresses_count_as_verified_when_the_app_says_so() -> None:
    trusting = {**PLAIN, "security.ldap.emails_are_verified": "true"}
    assert (await sign_in(FakeDirectory(), "ann:secret", trusting)).email_is_verified


@pytest.mark.parametrize(
    ("photo", "is_kept"), [(JPEG, True), (b"<svg onload=x>", False), (b"", False)]
)
async def test_photos_are_kept(photo: bytes, is_kept: bool) -> None:  # noqa: FBT001
    directory = FakeDirectory(entries={ANN: {**ANN_ENTRY, "jpegphoto": [photo]}})
    async with tools_of() as tools:
        ldap = Ldap(tools, cast("Directories", directory))
        found = await ldap.profile_of(Settings(PLAIN), "ann:secret")
        assert found.load_picture is not None
        where = await found.load_picture("7") or ""
        assert where.endswith("shop/7.jpeg") is is_kept
        assert ("gravatar" in where) is not is_kept


async def test_the_entry_is_kept_when_the_app_wants_it() -> None:
    directory = FakeDirectory(entries={ANN: {**ANN_ENTRY, "userpassword": [b"hash"]}})
    settings = {**PLAIN, "security.ldap.token_delegation_enabled": "true"}
    found = await sign_in(directory, "ann:secret", settings)
    assert found.tokens is not None
    head, middle, end = (found.tokens.access or "").split(".")
    text = base64.urlsafe_b64decode(middle + "===")
    assert (head, end) == ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "bogus")
    assert b'"mail":"ann@corp.example"' in text
    assert b"hash" not in text


# ---- settings ---------------------------------------------------------------------------------


async def test_no_app_has_no_directory() -> None:
    async with tools_of() as tools:
        ldap = Ldap(tools, cast("Directories", FakeDirectory()))
        with pytest.raises(SignInError, match=r"LDAP configuration is missing\."):
            await ldap.profile_of(Settings(PLAIN, appid=""), "ann:secret")


@pytest.mark.parametrize("url", ["", "http://x/", "ldap://", "ldap://[::1", "ldap://x:99999/", "x"])
async def test_addresses_that_are_none_are_named(url: str) -> None:
    settings = {**PLAIN, "security.ldap.server_url": url}
    assert await refused(FakeDirectory(), "a:b", settings) == "LDAP configuration is missing."


def test_several_addresses_and_their_ports_are_read() -> None:
    url = "ldap://a.example ldaps://b.example/dc=x ldap://[::1]:1389"
    found = ldap_settings(Settings({"security.ldap.server_url": url})).servers
    assert [(one.host, one.port, one.is_tls) for one in found] == [
        ("a.example", 389, False),
        ("b.example", 636, True),
        ("::1", 1389, False),
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("1000", 1000), ("1", 100), ("99999999", 30_000), ("soon", 5000), ("9" * 5000, 5000)],
    ids=["within", "short", "long", "no number", "5000 digits"],
)
def test_the_time_limit_stays_within_bounds(text: str, wanted: int) -> None:
    found = ldap_settings(Settings({"security.ldap.timeout_ms": text}))
    assert found.timeout_ms == wanted


def test_blanks_in_the_name_of_who_searches_may_be_coded() -> None:
    found = ldap_settings(Settings({"security.ldap.bind_dn": " cn=read%20only,dc=x "}))
    assert found.bind_dn == "cn=read only,dc=x"
