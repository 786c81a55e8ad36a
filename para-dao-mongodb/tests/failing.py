"""Servers that answer with an error when a test says so, as MongoDB does for its own tests."""

from __future__ import annotations

from pymongo import AsyncMongoClient

from para_dao_mongodb.address import Address

__all__ = ["FULL", "TIMED_OUT", "fail", "fail_no_more"]

FULL, TIMED_OUT = 14031, 50  # OutOfDiskSpace, MaxTimeMSExpired


async def fail(address: Address, command: str, code: int, times: int = 1) -> None:
    """Let the server answer the next commands of this name with an error, and do nothing."""
    await fail_no_more(address)
    async with AsyncMongoClient[dict[str, object]](address.uri) as client:
        told = {"failCommands": [command], "errorCode": code}
        mode = {"times": times}
        await client.admin.command("configureFailPoint", "failCommand", mode=mode, data=told)


async def fail_no_more(address: Address) -> None:
    """Let it answer everything again."""
    async with AsyncMongoClient[dict[str, object]](address.uri) as client:
        await client.admin.command("configureFailPoint", "failCommand", mode="off")
