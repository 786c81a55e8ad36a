"""The systems that vouch for people, one module each, on ``para_core.contracts.signin``.

``FACTORIES`` is what the server's own plugin offers; other plugins offer theirs by the same hook.
"""

from __future__ import annotations

from para_core.contracts.signin import SignInFactory
from para_server.signin.providers.amazon import Amazon
from para_server.signin.providers.facebook import Facebook
from para_server.signin.providers.generic import OAuth2, OAuth2Second, OAuth2Third
from para_server.signin.providers.github import GitHub
from para_server.signin.providers.google import Google
from para_server.signin.providers.ldap import Ldap
from para_server.signin.providers.linkedin import LinkedIn
from para_server.signin.providers.microsoft import Microsoft
from para_server.signin.providers.saml import Saml
from para_server.signin.providers.slack import Slack
from para_server.signin.providers.twitter import Twitter

__all__ = ["FACTORIES"]

FACTORIES: tuple[SignInFactory, ...] = (
    Ldap,
    Saml,
    OAuth2,
    OAuth2Second,
    OAuth2Third,
    Facebook,
    GitHub,
    Google,
    LinkedIn,
    Microsoft,
    Slack,
    Twitter,
    Amazon,
)
