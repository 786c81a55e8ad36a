"""The one way out: every request that the server sends to another system goes through here."""

from __future__ import annotations

from para_server.outbound.addresses import Addresses
from para_server.outbound.client import OutboundClient, open_outbound
from para_server.outbound.settings import OutboundSettings, addresses_of

__all__ = ["Addresses", "OutboundClient", "OutboundSettings", "addresses_of", "open_outbound"]
