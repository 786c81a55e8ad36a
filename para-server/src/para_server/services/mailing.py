"""Sending the messages of apps by mail, in the form that they ask for and not too often."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from para_core.errors import ParaError
from para_core.html_text import lines_of_html
from para_server.mail.letters import html_of_text, with_sender
from para_server.services.messages import InvalidMessageError, Message, check
from para_server.services.rates import Rate, Rates, TooManyError

if TYPE_CHECKING:
    from para_core.contracts.emailer import Attachment, Emailer
    from para_core.objects import App
    from para_server.services.utilities import Utilities

__all__ = ["Mailing", "NotSentError"]

logger = logging.getLogger(__name__)

_MAILS = Rate("mails", alone=(100, 500, 1000), sharing=(10, 100, 200))
_NOTICES = Rate("notices", alone=(100, 500, 1000), sharing=(10, 100, 200))
_TO_ONE = (3, 5, 10)  # notices to one address, whoever asks for them


class NotSentError(ParaError):
    """A mail was not taken for all of its recipients, or there were none."""

    code = "not-sent"

    def __init__(self) -> None:
        super().__init__("the mail was not sent; the log has the reason")


class Mailing:
    """Sends messages, each within the limits of its app; forms and the API count together."""

    def __init__(
        self, emailer: Emailer, rates: Rates, utilities: Utilities, *, most_file_bytes: int
    ) -> None:
        self._emailer, self._rates, self._utilities = emailer, rates, utilities
        self.most_file_bytes = most_file_bytes

    async def send(
        self, app: App, message: Message, *, attachment: Attachment | None = None
    ) -> None:
        """Send a message in the name of an app.

        Raises:
            InvalidMessageError: It breaks a rule, or the file is too large.
            TooManyError: The app has sent too much lately.
            NotSentError: It names nobody, or the emailer did not take it for everybody.
        """
        self.examine(message, attachment)
        if not message.recipients:
            about = {"appid": app.identifier}
            logger.warning("a mail was not sent: it names nobody", extra=about)
            raise NotSentError
        await self.count(app)
        await self.deliver(app, message, attachment=attachment)

    def examine(self, message: Message, attachment: Attachment | None) -> None:
        """Refuse what breaks a rule; errors as for ``send``."""
        check(message)
        if attachment is not None and len(attachment.content) > self.most_file_bytes:
            limit = self.most_file_bytes // 1024
            raise InvalidMessageError(f"'file' must not be larger than {limit} KB")

    async def count(self, app: App) -> None:
        """Count a mail of an app; errors as for ``send``."""
        await self._rates.take(app, _MAILS)

    async def deliver(
        self, app: App, message: Message, *, title: str = "", attachment: Attachment | None = None
    ) -> None:
        """Hand a message that was examined and counted to the emailer; errors as for ``send``.

        A blank ``title`` stands for the message's own.
        """
        is_sent = await self._emailer.send(
            app,
            message.recipients,
            title or message.title,
            await self._html_of(message),
            attachment=attachment,
            reply_to=message.sender,
        )
        if not is_sent:
            raise NotSentError

    async def may_notify(self, app: App, address: str) -> bool:
        """Count a mail about an account, which others of the app do not take the place of."""
        to_one = Rate(f"notices to {address}", alone=_TO_ONE, sharing=_TO_ONE)
        try:
            await self._rates.take(app, to_one)
            await self._rates.take(app, _NOTICES)
        except TooManyError as error:
            wait_sec = error.retry_after_sec
            about = {"appid": app.identifier, "retry_after_sec": wait_sec}
            logger.warning("a mail about an account was one too many", extra=about)
            return False
        return True

    async def notify(self, app: App, address: str, subject: str, html: str) -> bool:
        """Send a mail of the server's own that was counted; true when it was taken."""
        return await self._emailer.send(app, [address], subject, html)

    async def _html_of(self, message: Message) -> str:
        """Return the body: text and Markdown with their writer below, HTML as it is."""
        text, name = message.message or "", message.name or ""
        if message.plaintext_only is not False:
            body = html_of_text(lines_of_html(text, keep_breaks=True))
            return with_sender(body, name, message.sender)
        if message.markdown_enabled:
            # ten thousand characters may take half a second, and strangers choose them
            html = await asyncio.to_thread(self._utilities.markdown.convert, text)
            return with_sender(html, name, message.sender)
        return text
