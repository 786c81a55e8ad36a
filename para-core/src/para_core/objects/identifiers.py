"""What the identifier of a user tells: who vouches for it, and whether it has a known form."""

from __future__ import annotations

from para_core.formats import is_email

__all__ = ["identity_provider", "is_identifier"]

_PROVIDERS = {
    "fb": "facebook",
    "gp": "google",
    "gh": "github",
    "tw": "twitter",
    "in": "linkedin",
    "ms": "microsoft",
    "sl": "slack",
    "mm": "mattermost",
    "az": "amazon",
    "ldap": "ldap",
    "saml": "saml",
    "oa2": "oauth2",
    "oa2second": "oauth2",
    "oa2third": "oauth2",
    "custom": "custom",
}


def identity_provider(identifier: str | None) -> str:
    """Return who vouches for an identifier: ``generic`` for an address, ``unknown`` for nobody."""
    prefix, separator, _ = (identifier or "").partition(":")
    if separator and prefix.lower() in _PROVIDERS:
        return _PROVIDERS[prefix.lower()]
    return "generic" if is_email(identifier) else "unknown"


def is_identifier(identifier: str) -> bool:
    """Return whether users may be known by this identifier."""
    return identity_provider(identifier) != "unknown"
