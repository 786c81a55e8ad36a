"""What all database servers have in common; what they differ in is a ``Dialect``."""

from __future__ import annotations

from para_dao_sql.servers.dao import ServerDAO
from para_dao_sql.servers.dialect import Dialect

__all__ = ["Dialect", "ServerDAO"]
