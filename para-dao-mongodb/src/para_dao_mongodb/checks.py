"""Is the database fit to keep objects? Nothing is made or changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from para_core.checks import Finding, advice, bad, good
from para_core.errors import ParaError

if TYPE_CHECKING:
    from para_core.config import Config
    from para_dao_mongodb.address import Address
    from para_dao_mongodb.settings import MongoSettings

__all__ = ["examine_mongodb"]

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


async def examine_mongodb(config: Config) -> Iterable[Finding]:
    """Ask the server what it is, where the configuration selects it."""
    if config.text("para.dao").strip().lower() != "mongodbdao":
        return []
    from para_dao_mongodb.address import address_of
    from para_dao_mongodb.settings import MongoSettings

    try:
        settings = config.section("para.mongodb", MongoSettings)
        address = address_of(settings, config.text("para.mongodb.database"))
        told, has_transactions = await _ask(address, settings.timeout_ms)
    except ParaError as error:
        return [bad(str(error), "put it right; nothing works without the database")]
    return [_of_members(address, told, has_transactions), *_of_line(address, settings)]


async def _ask(address: Address, timeout_ms: int) -> tuple[dict[str, Any], bool]:
    from para_dao_mongodb.errors import FAILURES, as_start_error
    from para_dao_mongodb.store import connect, look_at

    try:
        async with connect(address, timeout_ms=timeout_ms, pool_size=2) as client:
            store = await look_at(client, address.database)
            return await client.admin.command("hello"), store.has_transactions
    except FAILURES as error:
        raise as_start_error(error, address.place) from error


def _of_members(address: Address, told: dict[str, Any], has_transactions: bool) -> Finding:  # noqa: FBT001
    if not has_transactions:
        return advice(
            f"{address.place} has no transactions: one server may use it, with a journal",
            "make it a replica set, of one member if need be (mongod --replSet, rs.initiate())",
        )
    members = len(told.get("hosts", ()))
    if members == 1:
        return advice(
            f"{address.place} is a replica set of one member",
            "add members, so that what is stored outlives the loss of one machine",
        )
    shown = f"a replica set of {members} members" if members else "a sharded cluster"
    return good(f"{address.place} is {shown}")


def _of_line(address: Address, settings: MongoSettings) -> Iterable[Finding]:
    if settings.ssl_enabled and settings.ssl_allow_all:
        yield advice(
            "any certificate of the database will do",
            "set para.mongodb.ssl_allow_all to false, and let the system trust the right one",
        )
    host = urlsplit(address.place).hostname
    is_encrypted = settings.ssl_enabled or "tls=true" in address.uri or "+srv:" in address.uri
    if host not in _HERE and not is_encrypted:
        yield advice(
            "objects go to the database unencrypted",
            "set para.mongodb.ssl_enabled to true, unless the network is your own",
        )
