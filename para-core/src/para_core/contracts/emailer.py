"""The Emailer contract: mail to people."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from para_core.contracts.component import Component

if TYPE_CHECKING:
    from para_core.objects import App

__all__ = ["Attachment", "Emailer", "is_sendable"]


class Attachment(Struct, frozen=True):
    """A file that goes with a mail."""

    name: str
    media_type: str
    content: bytes


class Emailer(Component):
    """Sends mail in the name of an app, or of the server itself.

    The sender's address and the mail server come from the settings ``mail.*`` of the app, or from
    the configuration. Recipients of one mail do not see each other.
    Source: Para 1.54, ``Emailer``; the result is true there whatever happens to the mail.
    """

    @abstractmethod
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
        """Send a mail and tell whether it was accepted for **every** recipient.

        Args:
            app: Whose mail it is; ``None`` for the server's own.
            recipients: Addresses; without any nothing is sent and the result is false.
            subject: May be empty.
            body_html: HTML; a blank one is not sent and the result is false.
            attachment: Up to one file.
            reply_to: Whom an answer to the mail goes to; blank for the sender.

        Returns:
            False also when the mail server refuses, or does not answer in time; it is logged
            without addresses and contents.
        """


def is_sendable(recipients: Sequence[str], body_html: str) -> bool:
    """Tell whether there is somebody to write to and something to say."""
    return any(address.strip() for address in recipients) and bool(body_html.strip())
