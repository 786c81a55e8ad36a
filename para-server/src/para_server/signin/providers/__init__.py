"""The systems that vouch for people, one module each, on ``para_core.contracts.signin``.

``factories`` is what the server's own plugin offers; other plugins offer theirs by the same hook.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.contracts.signin import SignInFactory

__all__ = ["factories"]


def factories(config: Config) -> list[SignInFactory]:
    """Return what makes the server's own providers, in the order of the sign-in page."""
    separator = config.text("para.default_separator") or ":"
    fields = (
        config.text("para.security.ldap.username_param"),
        config.text("para.security.ldap.password_param"),
    )
    return [
        partial(Ldap, fields=fields, separator=separator),
        Saml,
        partial(OAuth2, separator=separator),
        partial(OAuth2Second, separator=separator),
        partial(OAuth2Third, separator=separator),
        Facebook,
        GitHub,
        Google,
        LinkedIn,
        Microsoft,
        Slack,
        partial(Twitter, separator=separator),
        Amazon,
    ]
