"""The known configuration keys, in the order in which they are listed.

To add a key, add a line to the module of its category. Keys that the original does not have go to
``additions`` and use ``rule="strict"``.
"""

from __future__ import annotations

from dataclasses import replace

from para_core.settings import (
    additions,
    caches,
    client,
    core,
    databases,
    engines,
    miscellaneous,
    providers,
    security,
    services,
    signin,
    unlisted,
)
from para_core.settings.key import NO_PLUGIN, UNUSED, Derived, Key, Kind

__all__ = ["KNOWN", "NO_PLUGIN", "UNUSED", "Derived", "Key", "Kind"]

_LISTED = (
    *core.KEYS,
    *providers.KEYS,
    *security.KEYS,
    *services.QUEUE,
    *services.METRICS,
    *services.LDAP_PARAMETERS,
    *services.FILES,
    *client.KEYS,
    *engines.ELASTIC,
    *engines.LUCENE,
    *databases.MONGODB,
    *databases.SQL,
    *databases.CASSANDRA,
    *databases.DYNAMODB,
    *caches.CAFFEINE,
    *caches.HAZELCAST,
    *miscellaneous.KEYS,
    *additions.KEYS,
)
_UNLISTED = (
    *unlisted.UNDOCUMENTED,
    *unlisted.LOGGING,
    *signin.OAUTH,
    *signin.LDAP,
    *signin.SAML,
    *unlisted.MAIL,
    *unlisted.APP_SETTINGS,
    *unlisted.LEFTOVERS,
)
KNOWN: dict[str, Key] = {
    key.name: key for key in (*_LISTED, *(replace(key, listed=False) for key in _UNLISTED))
}
"""All keys by name."""
