"""The products that can be started, by name."""

from __future__ import annotations

from scripts.services.postgresql import POSTGRESQL

SERVICES = {service.name: service for service in (POSTGRESQL,)}
