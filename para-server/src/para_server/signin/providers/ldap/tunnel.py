"""A connection to a directory that the library speaks through without opening one itself.

The library (libldap) blocks, and does not let a TLS handshake time out. So the connection is made
here, to an address that was checked, with TLS as everywhere else in the server, and the library
gets one end of a pair of sockets. Closing the tunnel ends whatever it waits for.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import TYPE_CHECKING

from para_core.errors import UnavailableError

if TYPE_CHECKING:
    from para_core.contracts.outbound import Outbound
    from para_server.signin.providers.ldap.settings import LdapSettings, Server

__all__ = ["tunnel"]

_PART = 65_536
_OID = b"1.3.6.1.4.1.1466.20037"  # StartTLS, RFC 4511 section 4.14
_START_TLS = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + _OID
_SUCCESS = b"\x0a\x01\x00"  # the result code of a response, which comes first in it
_MESSAGE, _RESPONSE = 0x30, 0x78  # tags: the message, and in it the extended response
_LONG_FORM = 0x80
_LARGEST_ANSWER, _LARGEST_CA = 4096, 65_536


@contextlib.asynccontextmanager
async def tunnel(settings: LdapSettings, outbound: Outbound) -> AsyncIterator[socket.socket]:
    """Connect to the directory and hand out a socket that leads there.

    The first server that answers is used.

    Raises:
        UnavailableError: No server can be reached, or its certificate is not valid.
    """
    async with contextlib.AsyncExitStack() as stack:
        reader, writer = await _connect(settings, outbound)
        stack.callback(writer.transport.abort)
        ours, theirs = socket.socketpair()
        stack.callback(theirs.close)
        stack.callback(ours.close)
        ours.setblocking(False)  # noqa: FBT003 - Python's own signature
        local_reader, local_writer = await asyncio.open_connection(sock=ours)
        stack.callback(local_writer.transport.abort)
        # No TaskGroup: it would wrap what the caller raises.
        pumps = [
            asyncio.create_task(_pump(local_reader, writer)),
            asyncio.create_task(_pump(reader, local_writer)),
        ]
        try:
            yield theirs
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)


async def _connect(
    settings: LdapSettings, outbound: Outbound
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    failed = UnavailableError("no directory is named")
    for server in settings.servers:
        try:
            return await _connect_to(server, settings, outbound)
        except UnavailableError as error:
            failed = error
        except (OSError, EOFError, ssl.SSLError) as error:
            message = f"the directory {server.host}:{server.port} cannot be reached: {error}"
            failed = UnavailableError(message)
    raise failed


async def _connect_to(
    server: Server, settings: LdapSettings, outbound: Outbound
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    is_secure = server.is_tls or settings.start_tls
    if is_secure and len(settings.ca_cert) > _LARGEST_CA:  # it is kept, and what is made of it
        raise UnavailableError(f"security.ldap.ca_cert has more than {_LARGEST_CA} characters")
    tls = await asyncio.to_thread(_context, settings.ca_cert) if is_secure else None
    address = (await outbound.addresses_of(server.host, server.port))[0]
    if tls is None:
        return await asyncio.open_connection(address, server.port)
    if server.is_tls:
        return await asyncio.open_connection(
            address, server.port, ssl=tls, server_hostname=server.host
        )
    return await _turned_to_tls(server, address, tls)


async def _turned_to_tls(
    server: Server, address: str, tls: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for TLS, and go on in it.

    No more than the answer is read before. So what somebody in between adds to it is taken for a
    part of the handshake, which fails, and never for something that the directory says.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    plain = socket.socket(family, socket.SOCK_STREAM)
    try:
        plain.setblocking(False)  # noqa: FBT003 - Python's own signature
        await asyncio.get_running_loop().sock_connect(plain, (address, server.port))
        await _agree(server, plain)
        return await asyncio.open_connection(sock=plain, ssl=tls, server_hostname=server.host)
    except BaseException:
        plain.close()
        raise


async def _agree(server: Server, plain: socket.socket) -> None:
    await asyncio.get_running_loop().sock_sendall(plain, _START_TLS)
    answer = await _message(plain)
    response = answer.find(bytes([_RESPONSE]))
    if response < 0 or answer[response + 2 : response + 5] != _SUCCESS:
        raise UnavailableError(f"the directory {server.host}:{server.port} refuses StartTLS")


async def _message(plain: socket.socket) -> bytes:
    """Return the content of one message of the protocol, and read nothing behind it."""
    tag, length = await _exactly(plain, 2)
    if length >= _LONG_FORM:
        length = int.from_bytes(await _exactly(plain, length - _LONG_FORM), "big")
    if tag != _MESSAGE or length > _LARGEST_ANSWER:
        raise UnavailableError("what answers is no directory")
    return await _exactly(plain, length)


async def _exactly(plain: socket.socket, count: int) -> bytes:
    loop, found = asyncio.get_running_loop(), b""
    while len(found) < count:
        part = await loop.sock_recv(plain, count - len(found))
        if not part:
            raise EOFError("it has closed the connection")
        found += part
    return found


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while part := await reader.read(_PART):
            writer.write(part)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.transport.abort()


@lru_cache(maxsize=64)
def _context(ca_cert: str) -> ssl.SSLContext:
    """Return what TLS connections are checked with; blank for the authorities of the system."""
    if not ca_cert:
        return ssl.create_default_context()
    text = ca_cert
    try:
        if "BEGIN" not in ca_cert:
            text = base64.b64decode(ca_cert, validate=False).decode("ascii")
        return ssl.create_default_context(cadata=text)
    except (binascii.Error, UnicodeDecodeError, ValueError, ssl.SSLError) as error:
        raise UnavailableError("security.ldap.ca_cert holds no certificate") from error
