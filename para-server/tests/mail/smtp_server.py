"""A mail server in the test's own loop, which wants STARTTLS and a login; it may misbehave."""

from __future__ import annotations

import asyncio
import logging
import ssl
import warnings
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from para_core.testing.closing import closed_at_the_end

from ..signin.certificates import self_signed  # noqa: TID252 - tests have no absolute names

HOST = "localhost"
USERNAME, PASSWORD = "postman", "sealed with a kiss"


@dataclass
class Mail:
    """What was taken: the envelope, and the message in it."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    was_tls: bool

    @property
    def html(self) -> str:
        return self._body("html")

    @property
    def text(self) -> str:
        return self._body("plain")

    def _body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None, kind
        return str(part.get_content()).replace("\r\n", "\n")


@dataclass
class MailServer:
    """A server that runs, and what it took."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)  # recipients
    data_answer: str = "250 OK"
    held: asyncio.Event | None = None  # what a hanging server waits for before it takes a message

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        del server, session, envelope, mechanism
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        # handled=False has the server answer a failure; else the client waits for ever
        known = (USERNAME.encode(), PASSWORD.encode())
        return AuthResult(success=(data.login, data.password) == known, handled=False)

    async def handle_RCPT(  # noqa: N802 - the name and the arguments of aiosmtpd
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        del server, session, rcpt_options
        if address in self.refused:
            return "550 nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the name of aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        del server
        if self.held is not None:
            await self.held.wait()
        if self.data_answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            parsed = message_from_bytes(content, policy=policy.default)
            sender = envelope.mail_from or ""
            people, was_tls = list(envelope.rcpt_tos), session.ssl is not None
            self.mails.append(Mail(sender, people, parsed, was_tls))
        return self.data_answer


@dataclass(frozen=True)
class Tls:
    """Both ends of a protected connection to ``localhost``."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    authority: Path


def tls_of(folder: Path) -> Tls:
    """Make a certificate, and what trusts it."""
    server = self_signed(folder, HOST)
    authority = folder / "cert.pem"
    return Tls(server, ssl.create_default_context(cafile=str(authority)), authority)


@asynccontextmanager
async def mail_server(
    tls: ssl.SSLContext | None = None, *, from_start: bool = False, login: bool = True
) -> AsyncIterator[MailServer]:
    """Run a server; with TLS it takes nothing without it, and nobody without a login."""
    running = MailServer()
    conversations: list[SMTP] = []

    def begin() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a login without STARTTLS is meant
            made = SMTP(
                running,
                hostname=HOST,
                loop=asyncio.get_running_loop(),
                tls_context=None if from_start else tls,
                require_starttls=tls is not None and not from_start,
                auth_required=login,
                auth_require_tls=tls is not None and not from_start,
                authenticator=running.authenticate,
                enable_SMTPUTF8=False,
            )
        conversations.append(made)
        return made

    logging.getLogger("mail.log").setLevel(logging.ERROR)  # it logs who gets mail
    async with _listening(begin, tls if from_start else None) as port:
        running.port = port
        try:
            yield running
        finally:
            if running.held is not None:
                running.held.set()
            await _end(one.transport for one in conversations)


@asynccontextmanager
async def _listening(
    made: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None
) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0, ssl=tls)
    async with closed_at_the_end(server) as port:
        yield port


async def _end(transports: Iterable[object]) -> None:
    """Break connections off that the tests have left, and let the loop forget them."""
    for transport in transports:
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
    await asyncio.sleep(0.01)


@asynccontextmanager
async def odd_server(greeting: bytes) -> AsyncIterator[int]:
    """Run a server that says one thing to each client, and nothing more; the value is its port."""
    transports: list[asyncio.WriteTransport] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transports.append(writer.transport)
        writer.write(greeting)
        await reader.read()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        async with closed_at_the_end(server) as port:
            yield port
    finally:
        await _end(transports)
