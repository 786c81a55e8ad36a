"""Databases for tests, on the server that the environment names."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pymongo import AsyncMongoClient

from para_dao_mongodb.address import Address, address_of
from para_dao_mongodb.settings import MongoSettings

__all__ = ["AWAY", "PATIENT_MS", "a_database"]

PATIENT_MS = 60_000
"""A time limit for tests that are not about time: 5,000 records in one write, on any machine."""


AWAY = [
    pytest.mark.usefixtures("collected"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
"""Marks of tests whose server is away.

PyMongo 4.20 leaves a socket to the garbage collector when it stops to watch a server while it
connects to it, so at the close of a client whose server does not answer.
"""


@asynccontextmanager
async def a_database(uri: str = "") -> AsyncIterator[Address]:
    """Return the address of a database that is dropped at the end."""
    uri, name = uri or os.environ["PARA_TEST_MONGODB_URL"], f"test_{uuid.uuid4().hex[:12]}"
    yield address_of(MongoSettings(uri=uri), name)
    async with AsyncMongoClient[dict[str, object]](uri) as client:
        await client.drop_database(name)
