"""Signing in with a directory: LDAP and Active Directory."""

from __future__ import annotations

from para_server.signin.providers.ldap.provider import Ldap

__all__ = ["Ldap"]
