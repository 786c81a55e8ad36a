"""How an app reaches its directory, and what it finds there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from para_core.contracts.signin import SignInError
from para_core.settings.values import as_integer

if TYPE_CHECKING:
    from para_core.contracts.signin import SignInSettings

__all__ = ["LdapAdditions", "LdapSettings", "Server", "ldap_settings"]

_BASE_DN = "dc=springframework,dc=org"  # defaults of the original, which mean "not set" here
_FILTER = "(cn={0})"
_AD_FILTER = "(&(objectClass=user)(userPrincipalName={0}))"
_PORTS = {"ldap": 389, "ldaps": 636}
_SHORTEST_MS, _USUAL_MS, _LONGEST_MS = 100, 5000, 30_000


class LdapAdditions(Struct, frozen=True):
    """Keys of ``para.security.ldap`` that the original did not have."""

    start_tls: Annotated[
        bool,
        Meta(description="Whether connections to `ldap://` addresses turn to TLS at their start."),
    ] = False
    ca_cert: Annotated[
        str,
        Meta(
            description="Certificates of the authorities that the directory's is checked against: "
            "PEM, or PEM in Base64, of 65536 characters at most; blank for those of the system."
        ),
    ] = ""
    emails_are_verified: Annotated[
        bool,
        Meta(
            description="Whether an account with the same, verified address is the same person. "
            "Only for directories in which people cannot change their address."
        ),
    ] = False
    timeout_ms: Annotated[
        int,
        Meta(
            ge=_SHORTEST_MS,
            le=_LONGEST_MS,
            description="Longest time for one sign-in at the directory.",
        ),
    ] = _USUAL_MS


@dataclass(frozen=True, slots=True)
class Server:
    """One address of a directory."""

    host: str
    port: int
    is_tls: bool  # from the start


@dataclass(frozen=True, slots=True)
class LdapSettings:
    """The settings of one app, with ``security.ldap.`` left out of their names."""

    servers: tuple[Server, ...]
    base_dn: str
    bind_dn: str
    bind_pass: str
    search_base: str
    search_filter: str
    dn_patterns: tuple[str, ...]
    domain: str
    is_active_directory: bool
    name_attribute: str
    username_as_name: bool
    mods_node: str
    admins_node: str
    keeps_profile: bool
    start_tls: bool
    ca_cert: str
    emails_are_verified: bool
    timeout_ms: int


def ldap_settings(settings: SignInSettings) -> LdapSettings:
    """Read the settings of an app.

    Source: Para 1.54, ``LDAPAuthenticator``. In the way of an Active Directory the usual values of
    ``base_dn`` and ``user_search_filter`` count as not set, and what is not set follows from the
    domain.

    Raises:
        SignInError: There is no such app, or its directory has no usable address.
    """
    if not settings.appid:
        raise SignInError("LDAP configuration is missing.")

    def text(key: str, default: str = "") -> str:
        return settings.text(f"security.ldap.{key}", default).strip()

    domain = text("active_directory_domain").lower()
    is_ad = bool(domain) or text("ad_mode_enabled").lower() == "true"
    base, found_filter = text("base_dn", _BASE_DN), text("user_search_filter", _FILTER)
    if is_ad:
        base = "" if base == _BASE_DN else base
        found_filter = _AD_FILTER if found_filter in ("", _FILTER) else found_filter
    patterns = [pattern.strip() for pattern in text("user_dn_pattern", "uid={0}").split("|")]
    return LdapSettings(
        servers=_servers(text("server_url", "ldap://localhost:8389/")),
        base_dn=base,
        # Blanks in names were written as %20 in configurations of the original.
        bind_dn=text("bind_dn").replace("%20", " "),
        bind_pass=settings.text("security.ldap.bind_pass"),
        search_base=text("user_search_base"),
        search_filter=found_filter or _FILTER,
        dn_patterns=tuple(patterns),
        domain=domain,
        is_active_directory=is_ad,
        name_attribute=text("displayname_attribute", "cn") or "cn",
        username_as_name=settings.flag("security.ldap.username_as_name"),
        mods_node=text("mods_group_node"),
        admins_node=text("admins_group_node"),
        keeps_profile=settings.flag("security.ldap.token_delegation_enabled"),
        start_tls=settings.flag("security.ldap.start_tls"),
        ca_cert=text("ca_cert"),
        emails_are_verified=settings.flag("security.ldap.emails_are_verified"),
        timeout_ms=_bounded(text("timeout_ms")),
    )


def _servers(urls: str) -> tuple[Server, ...]:
    """Return the addresses, which blanks separate; the first that answers is used."""
    found = []
    for url in urls.split():
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise SignInError(
                "LDAP configuration is missing.", reason="security.ldap.server_url is no address"
            ) from None
        found.append(Server(parts.hostname or "", port, is_tls=parts.scheme == "ldaps"))
    if not found or not all(server.host for server in found):
        raise SignInError(
            "LDAP configuration is missing.", reason="security.ldap.server_url names no host"
        )
    return tuple(found)


def _bounded(milliseconds: str) -> int:
    number = as_integer(milliseconds)
    return max(_SHORTEST_MS, min(_USUAL_MS if number is None else number, _LONGEST_MS))
