"""The products that can be started, and the programs that are used where they are, by name."""

from __future__ import annotations

from collections.abc import Callable

from scripts.services.activedirectory import ACTIVE_DIRECTORY
from scripts.services.java import find_jdk
from scripts.services.ldap import LDAP
from scripts.services.mariadb import MARIADB
from scripts.services.mongodb import MONGODB, find_secantusd
from scripts.services.oidc import OIDC
from scripts.services.opensearch import OPENSEARCH
from scripts.services.postgresql import POSTGRESQL
from scripts.services.redis import REDIS
from scripts.services.saml import SAML
from scripts.services.sqs import SQS

SERVICES = {
    service.name: service
    for service in (
        *(POSTGRESQL, MARIADB, MONGODB, LDAP, ACTIVE_DIRECTORY, SAML, OIDC),
        *(REDIS, OPENSEARCH, SQS),  # of those that Maven fetches the slowest to start first
    )
}

PROGRAMS: dict[str, Callable[[], str | None]] = {"java": find_jdk, "secantusd": find_secantusd}
"""Where each is on this machine; ``None`` when it is not: then its tests are skipped."""
