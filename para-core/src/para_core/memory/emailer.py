"""The emailer of servers that send no mail."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from para_core.contracts.emailer import Attachment, Emailer, is_sendable

if TYPE_CHECKING:
    from para_core.objects import App

__all__ = ["NoopEmailer"]

logger = logging.getLogger(__name__)


class NoopEmailer(Emailer):
    """Accepts every mail and sends none; it logs that there was one, without what is in it."""

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to let go of."""

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
        """Log sizes; true for every mail that could have been sent."""
        del reply_to
        if not is_sendable(recipients, body_html):
            return False
        about = {
            "appid": None if app is None else app.id,
            "recipients": len(recipients),
            "subject_chars": len(subject),
            "body_chars": len(body_html),
            "attachment_bytes": 0 if attachment is None else len(attachment.content),
        }
        logger.info("no mail is sent, para.emailer is NoopEmailer", extra=about)
        return True
