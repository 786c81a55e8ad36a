"""What is at the port need not be a server of MariaDB."""

from __future__ import annotations

import asyncio

import pytest

from para_core.errors import UnavailableError
from para_dao_sql.address import MariaDBAddress
from para_dao_sql.mariadb import MariaDBDAO


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\0" * 200,
        b"\x0a\0\0\0\x0a5.5.5" + b"\0" * 40,
        b"\xff" * 64,
        b"",
    ],
    ids=["web server", "ssh", "zeros", "half a greeting", "ones", "nothing"],
)
async def test_something_else_at_the_port_stops_the_start_in_one_line(said: bytes) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        dao = MariaDBDAO(MariaDBAddress("127.0.0.1", port, "d", "u", "p"), timeout_ms=60_000)
        with pytest.raises(UnavailableError, match=r"is it running, and is para\.sql\.url right"):
            await dao.open()
