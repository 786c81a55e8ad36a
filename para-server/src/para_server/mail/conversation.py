"""What is said to a mail server, step by step: greeting, TLS, login, messages, goodbye."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

import aiosmtplib

from para_core.errors import UnavailableError
from para_server.mail.accounts import MailAccount
from para_server.mail.message import Letter, wire_of

__all__ = ["begin", "deliver", "drop", "end", "note", "place_of"]

logger = logging.getLogger(__name__)

_GOODBYE_SEC = 2.0  # for a server to end a connection whose mail it has taken already
_PIECE = 1 << 18  # bytes of a message that go out before others have their turn
_START, _DONE = 354, 250  # what a server answers to DATA, and to a message that it takes


async def begin(client: aiosmtplib.SMTP, account: MailAccount) -> None:
    """Begin a conversation: TLS before anything that nobody else may hear."""
    await client.ehlo()
    if account.is_starttls and not account.is_tls:
        if not client.supports_extension("starttls"):
            raise UnavailableError(
                f"{place_of(account)} offers no STARTTLS, which mail.tls asks for"
            )
        await client.starttls()
        await client.ehlo()
        note(account, "STARTTLS is done")
    if account.username:
        await client.login(account.username, account.password)
        note(account, "the login is accepted")


async def deliver(client: aiosmtplib.SMTP, letter: Letter) -> int:
    """Hand over a letter; return how many of its recipients were refused.

    The message goes out in pieces, so that a large one does not stop the loop.
    """
    data = await asyncio.to_thread(_stuffed, letter)
    options = [f"size={len(data)}"] if client.supports_extension("size") else []
    await client.mail(letter.address, options=options)
    refused = 0
    for recipient in letter.recipients:
        try:
            await client.rcpt(recipient)
        except aiosmtplib.SMTPRecipientRefused:
            refused += 1
    if refused == len(letter.recipients):
        await client.rset()
        return refused
    _expect(_START, await client.execute_command(b"DATA"))
    for at in range(0, len(data), _PIECE):
        _send(client, data[at : at + _PIECE])
        await asyncio.sleep(0)
    _expect(_DONE, await client.execute_command(b"."))
    return refused


def _stuffed(letter: Letter) -> bytes:
    """Return a mail as it goes out: a line with a dot alone would end it, so dots are doubled."""
    return (b"\r\n" + wire_of(letter)).replace(b"\r\n.", b"\r\n..")[2:]


def _send(client: aiosmtplib.SMTP, data: bytes) -> None:
    transport = client.transport
    if transport is None or transport.is_closing():
        raise aiosmtplib.SMTPServerDisconnected("the connection is lost")
    cast("asyncio.WriteTransport", transport).write(data)


def _expect(code: int, response: aiosmtplib.SMTPResponse) -> None:
    if response.code != code:
        raise aiosmtplib.SMTPDataError(response.code, response.message)


async def end(client: aiosmtplib.SMTP) -> None:
    """Say goodbye; whatever comes of that, what was taken is taken."""
    try:
        async with asyncio.timeout(_GOODBYE_SEC):
            await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        pass
    finally:
        drop(client)


def drop(client: aiosmtplib.SMTP) -> None:
    """Break a connection off: TLS would say goodbye too, and wait for who does not answer."""
    transport = client.transport
    client.close()
    if transport is not None:
        cast("asyncio.WriteTransport", transport).abort()


def place_of(account: MailAccount | None) -> str:
    """Return how a mail server is called in the log."""
    return "the mail server" if account is None else f"{account.host}:{account.port}"


def note(account: MailAccount, what: str) -> None:
    """Log a step, where everybody sees it when the account says so."""
    level = logging.INFO if account.is_logged else logging.DEBUG
    logger.log(level, "smtp: %s", what, extra={"host": account.host, "port": account.port})
