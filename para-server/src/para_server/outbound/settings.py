"""The settings of requests that the server itself sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from para_server.outbound.addresses import Addresses

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["OutboundSettings", "addresses_of"]

_NAMING_KEYS = (
    *(
        f"para.security.oauth{which}.{key}"
        for which in ("", "second", "third")
        for key in ("token_url", "profile_url", "issuer")
    ),
    "para.security.ldap.server_url",
    "para.security.saml.idp.metadata_url",
    *(f"para.captcha.{which}_url" for which in ("recaptcha", "hcaptcha", "turnstile")),
)
_PORTS = {"http": 80, "https": 443, "ldap": 389, "ldaps": 636}


class OutboundSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.outbound``: requests that the server itself sends."""

    allow_private: Annotated[
        bool,
        Meta(
            description="Whether apps may make the server connect to private and local addresses."
        ),
    ] = False
    hosts: Annotated[
        list[str],
        Meta(
            description="Hosts, with or without `:port`, that may be connected to although their "
            "addresses are private. Those that this configuration names for sign-in, "
            "captchas and mail may be anyway."
        ),
    ] = []
    timeout_ms: Annotated[
        int, Meta(ge=100, description="Longest time for one request, all redirects included.")
    ] = 10_000
    max_bytes: Annotated[int, Meta(ge=1024, description="Largest answer that is read.")] = 5_242_880


def addresses_of(config: Config) -> Addresses:
    """Return the rules that a configuration makes.

    Hosts that it names itself, in the keys of sign-in, captchas and mail, are allowed with the port
    that it names.
    """
    settings = config.section("para.outbound", OutboundSettings)
    named = (config.text(key, "") for key in _NAMING_KEYS if config.is_set(key))
    own = [place for url in named if (place := _place_of(url))]
    if config.is_set("para.mail.host"):
        own.append(f"{config.text('para.mail.host').strip()}:{config.text('para.mail.port')}")
    return Addresses(allow_private=settings.allow_private, hosts=[*settings.hosts, *own])


def _place_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme.lower(), 0)
    except ValueError:  # whoever uses it will say so
        return ""
    return f"{parts.hostname}:{port}" if parts.hostname else ""
