"""Databases for tests, on the server that the environment names."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo import AsyncMongoClient

from para_dao_mongodb.address import Address, address_of
from para_dao_mongodb.settings import MongoSettings

__all__ = ["PATIENT_MS", "a_database"]

PATIENT_MS = 60_000
"""A time limit for tests that are not about time: 5,000 records in one write, on any machine."""


@asynccontextmanager
async def a_database(uri: str = "") -> AsyncIterator[Address]:
    """Return the address of a database that is dropped at the end."""
    uri, name = uri or os.environ["PARA_TEST_MONGODB_URL"], f"test_{uuid.uuid4().hex[:12]}"
    yield address_of(MongoSettings(uri=uri), name)
    async with AsyncMongoClient[dict[str, object]](uri) as client:
        await client.drop_database(name)
