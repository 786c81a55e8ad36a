"""Signing in with a company's single sign-on: SAML 2.0, as a service provider."""

from __future__ import annotations

from para_server.signin.providers.saml.provider import Saml

__all__ = ["Saml"]
