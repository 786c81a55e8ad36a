"""An emailer that keeps what it was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from para_core.contracts.emailer import Attachment, Emailer
from para_core.objects import App


@dataclass(frozen=True)
class Sent:
    """One mail that was handed over."""

    appid: str
    recipients: list[str]
    subject: str
    html: str
    attachment: Attachment | None
    reply_to: str


@dataclass
class Recorder(Emailer):
    """Takes every mail, or none."""

    sent: list[Sent] = field(default_factory=list)
    takes: bool = True

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def send(  # noqa: PLR0913 - the contract
        self,
        app: App | None,
        recipients: Sequence[str],
        subject: str,
        body_html: str,
        *,
        attachment: Attachment | None = None,
        reply_to: str = "",
    ) -> bool:
        appid = "" if app is None else app.identifier
        if self.takes:
            sent = Sent(appid, list(recipients), subject, body_html, attachment, reply_to)
            self.sent.append(sent)
        return self.takes
