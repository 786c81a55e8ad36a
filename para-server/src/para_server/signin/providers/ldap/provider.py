"""Signing in with a user name and a password of a directory."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from para_core.contracts.signin import (
    Document,
    Profile,
    Redirect,
    SignIn,
    SignInError,
    SignInSettings,
    SignInTools,
    Visit,
)
from para_core.errors import UnavailableError
from para_core.text import picture_of
from para_server.signin.providers.ldap.directory import BindRefusedError, Directories, Entry
from para_server.signin.providers.ldap.groups import authorities_of
from para_server.signin.providers.ldap.names import below, escaped
from para_server.signin.providers.ldap.people import keep_photo, profile_of
from para_server.signin.providers.ldap.settings import LdapSettings, ldap_settings
from para_server.signin.providers.replies import usable_key

if TYPE_CHECKING:
    from para_server.signin.providers.ldap.directory import Directory

__all__ = ["Ldap"]

_NOT_FOUND = "LDAP user not found."
_NO_CONNECTION = "Connection to LDAP server failed"
_LONGEST = 1024
_REASON = re.compile(r"data ([0-9a-fA-F]+)")
_MESSAGES = {  # what Active Directory says with a refused bind
    "532": "User credentials have expired",
    "533": "User is disabled",
    "701": "User account has expired",
    "775": "User account is locked",
}


class Ldap(SignIn):
    """LDAP and Active Directory. Source: Para 1.54, ``LDAPAuthFilter``, ``LDAPAuthenticator``."""

    names = ("ldap",)
    paths = ("/ldap_auth",)
    title = "LDAP"

    def __init__(
        self,
        tools: SignInTools,
        directories: Directories | None = None,
        *,
        fields: tuple[str, str] = ("username", "password"),
        separator: str = ":",
    ) -> None:
        """Take what the server lends.

        Args:
            tools: Of the server.
            directories: Opens directories; real ones unless given.
            fields: Of the form: the user name and the password.
            separator: Between both in tokens of programs.
        """
        self._tools, self._fields, self._separator = tools, fields, separator
        self._directories = directories or Directories(tools.outbound)

    async def profile_of(self, settings: SignInSettings, token: str) -> Profile:
        """Return who presents ``username:password``; see ``SignIn.profile_of``."""
        username, _, password = token.partition(self._separator)
        return await self._sign_in(settings, username, password)

    async def finish(self, visit: Visit) -> Profile | Redirect | Document:
        """Return who sends the form; see ``SignIn.finish``."""
        username, password = map(visit.param, self._fields)
        return await self._sign_in(visit.settings, username, password)

    async def _sign_in(self, settings: SignInSettings, username: str, password: str) -> Profile:
        username = username.strip()
        usable_key(username)
        if not password or len(password) > _LONGEST or "\0" in password:
            raise SignInError(reason="the password is blank or unusable")
        found = ldap_settings(settings)
        if found.domain:
            username = username.partition("@")[0]
        try:
            async with self._directories.open(found) as directory:
                if found.is_active_directory:
                    entry, authorities = await _by_principal(directory, found, username, password)
                else:
                    entry, authorities = await _by_name(directory, found, username, password), []
        except UnavailableError as error:
            message = _NO_CONNECTION if found.is_active_directory else _NOT_FOUND
            raise SignInError(message, reason=str(error)) from error
        profile = profile_of(found, username, entry, authorities)

        async def load_picture(userid: str) -> str:
            kept = await keep_photo(self._tools, entry, f"{settings.appid}/{userid}.jpeg")
            return kept or picture_of(profile.email or profile.fallback_email)

        return replace(profile, load_picture=load_picture)


async def _by_name(
    directory: Directory, settings: LdapSettings, username: str, password: str
) -> Entry:
    """Return the entry of somebody whose password fits: by its name, else by a search."""
    for pattern in settings.dn_patterns:
        dn = below(pattern.replace("{0}", escaped(username)), settings.base_dn)
        try:
            await directory.bind(dn, password)
            entry = await directory.read(dn)
        except BindRefusedError:
            continue
        if entry is not None:
            return entry
    return await _by_search(directory, settings, username, password)


async def _by_search(
    directory: Directory, settings: LdapSettings, username: str, password: str
) -> Entry:
    try:
        if settings.bind_dn:
            await directory.bind(settings.bind_dn, settings.bind_pass)
        base = below(settings.search_base, settings.base_dn)
        found = await directory.search(base, settings.search_filter, [username])
    except BindRefusedError as error:
        raise SignInError(_NOT_FOUND, reason=f"the search is refused: {error}") from error
    if len(found) != 1:
        reason = "nobody has this name" if not found else "several have this name"
        raise SignInError(_NOT_FOUND, reason=reason)
    try:
        await directory.bind(found[0].dn, password)
        return await directory.read(found[0].dn) or found[0]
    except BindRefusedError as error:
        raise SignInError(_NOT_FOUND, reason=str(error)) from error


async def _by_principal(
    directory: Directory, settings: LdapSettings, username: str, password: str
) -> tuple[Entry, list[str]]:
    """Return the entry and the groups of somebody whose password fits, in an Active Directory."""
    domain = settings.domain
    principal = username
    if domain and not username.lower().endswith(domain):
        principal = f"{username}@{domain}"
    base = settings.base_dn.lower() or _root_of(domain or principal.rpartition("@")[2])
    if not base or (not domain and not settings.base_dn and "@" not in principal):
        raise SignInError(reason="the user name has no domain to search in")
    try:
        await directory.bind(principal, password)
        found = await directory.search(base, settings.search_filter, [principal, username])
    except BindRefusedError as error:
        code = _REASON.search(error.info)
        message = _MESSAGES.get(code[1].lower() if code else "", "Bad credentials")
        raise SignInError(message, reason=str(error)) from error
    if len(found) != 1:
        raise SignInError("Bad credentials", reason=f"{len(found)} entries have this name")
    return found[0], authorities_of(found[0].texts("memberOf"))


def _root_of(domain: str) -> str:
    return ",".join(f"dc={escaped(part)}" for part in domain.lower().split(".") if part)
