"""Mail through an SMTP server: ``JavaMailEmailer``, as the original calls it."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import aiosmtplib

from para_core.contracts.emailer import Attachment, Emailer, is_sendable
from para_core.errors import UnavailableError
from para_core.types import app_identifier
from para_server.mail.accounts import MailAccount, MailAccounts
from para_server.mail.conversation import begin, deliver, drop, end, note, place_of
from para_server.mail.message import Letter, plain_address, sender_address
from para_server.outbound.settings import addresses_of

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.objects import App
    from para_server.outbound.addresses import Addresses

__all__ = ["SmtpEmailer", "open_smtp_emailer"]

logger = logging.getLogger(__name__)

_PER_MESSAGE = 50  # recipients of one message, as in the original; many servers take 100 at most
_AT_ONCE = 5  # connections of one app
_FAILURES = (aiosmtplib.SMTPException, UnavailableError, OSError, ValueError)


class SmtpEmailer(Emailer):
    """Sends each mail over a connection of its own, within a limit of time.

    A login and its password leave only as the account says: over TLS from the start, or after
    STARTTLS, which a server must then offer; the certificate must be for the host and of an
    authority that this machine trusts. An app may have five connections at a time, so one whose
    mail server hangs keeps only itself waiting.

    A mail that was not taken is logged with the reason, and not sent again: the caller is told.
    """

    def __init__(
        self,
        accounts: MailAccounts,
        addresses: Addresses,
        *,
        timeout_ms: int = 30_000,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Send as ``accounts`` says, to mail servers that ``addresses`` allows."""
        self._accounts, self._addresses = accounts, addresses
        self._timeout_sec, self._tls = timeout_ms / 1000, tls
        self._lanes: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def open(self) -> None:
        """Load the authorities; no mail server is asked yet, since each app has its own."""
        if self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)

    async def close(self) -> None:
        """Nothing to let go of: connections end with their mail."""

    async def send(  # noqa: PLR0913 - a mail has that many parts
        self,
        app: App | None,
        recipients: Sequence[str],
        subject: str,
        body_html: str,
        *,
        attachment: Attachment | None = None,
        reply_to: str = "",
    ) -> bool:
        """Send a mail, to fifty at a time, and tell whether it was accepted for all."""
        if not is_sendable(recipients, body_html):
            return False
        people = list(dict.fromkeys(address.strip() for address in recipients if address.strip()))
        letter = Letter("", "", people, subject, body_html, reply_to, attachment)
        why = await self._try(app, lambda account: self._send_all(account, letter))
        about = {"appid": None if app is None else app.identifier, "recipients": len(people)}
        if why:
            logger.warning("a mail was not sent: %s", why, extra=about)
        else:
            logger.info("a mail was sent", extra=about)
        return not why

    async def check(self, app: App | None = None) -> str:
        """Connect and log in, without a mail; return why that fails, or blank."""
        return await self._try(app, self._greet)

    async def _greet(self, account: MailAccount) -> int:
        await end(await self._connect(account))
        return 0

    async def _try(
        self, app: App | None, work: Callable[[MailAccount], Coroutine[None, None, int]]
    ) -> str:
        """Do something with the account of an app; return why it failed, or blank.

        The result has nothing in it of what is sent and whom it goes to.
        """
        account: MailAccount | None = None
        lane = self._lanes.setdefault("" if app is None else app.id, asyncio.Semaphore(_AT_ONCE))
        try:
            account = self._accounts.of(app)
            async with asyncio.timeout(self._timeout_sec), lane:
                refused = await work(account)
        except TimeoutError:
            return f"{place_of(account)} did not take it within {self._timeout_sec:g} seconds"
        except _FAILURES as error:
            return _why(error, place_of(account))
        return f"{place_of(account)} refused {refused} of the recipients" if refused else ""

    async def _send_all(self, account: MailAccount, letter: Letter) -> int:
        """Return how many of the recipients were refused."""
        address = plain_address(sender_address(account.address))
        if not address:
            raise UnavailableError("mail.from is no address that mail can come from")
        people = [plain_address(person) for person in letter.recipients]
        known = [person for person in people if person]
        refused = len(people) - len(known)
        client = await self._connect(account)
        try:
            for at in range(0, len(known), _PER_MESSAGE):
                group = known[at : at + _PER_MESSAGE]
                one = Letter(
                    account.name,
                    address,
                    group,
                    letter.subject,
                    letter.body_html,
                    plain_address(letter.reply_to),
                    letter.attachment,
                )
                refused += await deliver(client, one)
                note(account, "a message was taken")
        finally:
            await end(client)
        return refused

    async def _connect(self, account: MailAccount) -> aiosmtplib.SMTP:
        sock = await self._reach(account)
        client = aiosmtplib.SMTP(
            hostname=account.host,
            sock=sock,
            local_hostname=_own_name(),
            timeout=self._timeout_sec,
            use_tls=account.is_tls,
            start_tls=False,  # it is asked for below
            tls_context=self._tls,
        )
        try:
            await client.connect()
            await begin(client, account)
        except BaseException:
            drop(client)
            raise
        return client

    async def _reach(self, account: MailAccount) -> socket.socket:
        """Connect to the first address of the mail server that answers, if it is allowed."""
        loop, failed = asyncio.get_running_loop(), OSError("no address")
        for address in await self._addresses.find(account.host, account.port):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.settimeout(0)
            try:
                await loop.sock_connect(sock, (address, account.port))
            except OSError as error:
                sock.close()
                failed = error
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        raise failed


def _why(error: Exception, place: str) -> str:
    """Tell what failed, in words that have no address and no text of a mail in them."""
    match error:
        case UnavailableError():
            why = str(error)
        case aiosmtplib.SMTPAuthenticationError():
            why = f"{place} refuses the login ({error.code}); see mail.username and mail.password"
        case aiosmtplib.SMTPResponseException():
            why = f"{place} refuses it ({error.code})"
        case _ if isinstance(error.__cause__ or error, ssl.SSLError):
            why = _why_no_tls(error.__cause__ or error, place)
        case aiosmtplib.SMTPConnectError() | OSError():
            why = f"{place} cannot be reached ({type(error.__cause__ or error).__name__})"
        case _:
            why = f"{place} cannot take it ({type(error).__name__})"
    return why


def _why_no_tls(error: BaseException, place: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {place} is not trusted: {error.verify_message}"
    return (
        f"{place} does not speak TLS from the start of the connection; "
        "set mail.ssl to false if it wants STARTTLS"
    )


def _own_name() -> str:
    """Return what this machine calls itself, without asking for it over the network."""
    name = socket.gethostname()
    return name if name.isascii() and name.replace("-", "").replace(".", "").isalnum() else "para"


def open_smtp_emailer(config: Config) -> Emailer:
    """Make the emailer that ``para.mail`` and the settings ``mail.*`` of apps describe."""
    return SmtpEmailer(
        MailAccounts(config, app_identifier(config.text("para.app_name"))),
        addresses_of(config),
        timeout_ms=config.number("para.mail.timeout_ms"),
    )
