"""From an entry of a directory to a profile."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from para_core.contracts.signin import IdpTokens, Profile, SignInError
from para_core.errors import BackendError, UnusableFileError
from para_core.formats import is_email
from para_server.signin.providers.delegated import shaped
from para_server.signin.providers.ldap.groups import group_of

if TYPE_CHECKING:
    from para_core.contracts.signin import SignInTools
    from para_server.signin.providers.ldap.directory import Entry
    from para_server.signin.providers.ldap.settings import LdapSettings

__all__ = ["keep_photo", "profile_of"]

logger = logging.getLogger(__name__)

_TOLD = (
    *("uid", "mail", "cn", "sn", "givenName", "displayName", "description", "telephoneNumber"),
    *("mobile", "o", "ou", "title", "employeeNumber", "employeeType", "departmentNumber"),
    *("roomNumber", "homePhone", "postalAddress", "postalCode", "street", "l", "st"),
)
_JPEG = b"\xff\xd8\xff"


def profile_of(
    settings: LdapSettings, username: str, entry: Entry, authorities: Sequence[str]
) -> Profile:
    """Return what an entry says about the person with this user name, without a picture.

    Raises:
        SignInError: The entry has no name.
    """
    names = [name for name in entry.texts("cn") if name.strip()]
    if not names:
        raise SignInError("LDAP user not found.", reason="the entry has no cn, or hides it")
    mail = entry.text("mail")
    email = mail or _made_up(username, settings.domain)
    return Profile(
        identifier=f"ldap:{username}",
        email=mail,
        email_is_verified=bool(mail) and settings.emails_are_verified,
        fallback_email=email,
        name=_name(settings, username, entry, email),
        groups=group_of(settings, entry.dn, authorities, entry.texts("memberOf")),
        tokens=IdpTokens(access=shaped(_told(entry))) if settings.keeps_profile else None,
    )


async def keep_photo(tools: SignInTools, entry: Entry, path: str) -> str | None:
    """Keep the photo of an entry in the file store and return where; ``None`` for no photo."""
    photo = next(iter(entry.attributes.get("jpegphoto", ())), b"")
    if not photo.startswith(_JPEG):
        return None
    try:
        return await tools.files.store(path, photo)
    except (BackendError, UnusableFileError) as error:  # no reason to refuse anybody
        logger.warning("the photo of a user was not kept: %s", error)
        return None


def _made_up(username: str, domain: str) -> str:
    return username if is_email(username) else f"{username}@{domain or 'paraio.com'}"


def _name(settings: LdapSettings, username: str, entry: Entry, email: str) -> str:
    if settings.username_as_name:
        return email.partition("@")[0]
    attribute = settings.name_attribute.lower()
    if attribute == "username":
        return username
    known = attribute in ("displayname", "uid", "sn")
    return (entry.text(attribute) if known else "") or ", ".join(entry.texts("cn"))


def _told(entry: Entry) -> dict[str, object]:
    """Return the entry without its photo, single values as texts."""
    found: dict[str, object] = {"dn": entry.dn}
    for name in _TOLD:
        values = entry.texts(name)
        if values:
            found[name] = values[0] if len(values) == 1 else values
    return found
