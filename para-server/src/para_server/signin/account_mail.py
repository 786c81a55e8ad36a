"""Mail about accounts: the link that confirms an address, and the one to a new password.

Both lead to a page of the app, which the app names: ``security.confirm_email_url`` and
``security.reset_password_url``. Without the page there is no mail, as with apps that write to their
users themselves. The identifier and the token are in the query, as ``id`` and ``token``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from para_core.errors import ParaError
from para_core.formats import is_email, is_url
from para_server.mail.templates import CONFIRM, RESET, fill

if TYPE_CHECKING:
    from para_core.objects import App
    from para_server.services.mailing import Mailing
    from para_server.signin.policy import SignInPolicy
    from para_server.signin.recovery import Recovery
    from para_server.signin.settings import SettingsLookup

__all__ = ["AccountMail"]

logger = logging.getLogger(__name__)

_CONFIRM_URL, _RESET_URL = "security.confirm_email_url", "security.reset_password_url"
_CONFIRM_TEMPLATE, _RESET_TEMPLATE = "mail.confirm_template", "mail.reset_template"
_MOST_UNDER_WAY = 100
_LAST_SEC = 10  # for mails under way when the server stops
_PAUSES_SEC = (5, 30)  # before a mail that nobody waits for is tried again


class AccountMail:
    """Writes to the addresses of accounts with passwords, and to each not too often."""

    def __init__(
        self, recovery: Recovery, mailing: Mailing, lookup: SettingsLookup, policy: SignInPolicy
    ) -> None:
        self._recovery, self._mailing = recovery, mailing
        self._lookup, self._minutes = lookup, max(1, policy.reset_timeout_sec // 60)
        self._under_way: set[asyncio.Task[bool]] = set()

    async def send_confirmation(
        self, app: App, identifier: str, *, pauses_sec: Sequence[float] = ()
    ) -> bool:
        """Mail the link that confirms an address; an older one is worth nothing any more.

        A mail that is not taken is tried again after each of the pauses.

        Returns:
            Whether the mail was taken. Not when the app names no page for it, when nobody has the
            identifier, or when the app or the address has got too many; the log has the reason.
        """
        page = self._page(app, _CONFIRM_URL)
        if not page or not await self._may_write(app, identifier):
            return False
        token = await self._recovery.new_email_token(app, identifier)
        template = self._lookup.of(app).text(_CONFIRM_TEMPLATE) or CONFIRM
        if not token:
            return False
        is_sent = await self._send(app, identifier, page, token, template)
        for pause_sec in pauses_sec:
            if is_sent:
                break
            await asyncio.sleep(pause_sec)
            is_sent = await self._send(app, identifier, page, token, template)
        return is_sent

    async def send_reset(self, app: App, identifier: str) -> bool:
        """Mail the link to a new password; results as for ``send_confirmation``.

        It takes as long as the mail server does, and only where there is an account. Do not let
        strangers wait for it: they would learn who has one.
        """
        page = self._page(app, _RESET_URL)
        if not page or not await self._may_write(app, identifier):
            return False
        token = await self._recovery.new_reset_token(app, identifier)
        template = self._lookup.of(app).text(_RESET_TEMPLATE) or RESET
        return bool(token) and await self._send(app, identifier, page, token, template)

    def confirm_soon(self, app: App, identifier: str) -> None:
        """Mail a confirmation while whoever signs up gets an answer, if the app wants it."""
        if not self._page(app, _CONFIRM_URL):
            return
        if len(self._under_way) >= _MOST_UNDER_WAY:
            logger.warning("too many mails are under way", extra={"appid": app.identifier})
            return
        task = asyncio.create_task(self._confirm(app, identifier))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Wait some seconds for mails under way, and give up the others."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=_LAST_SEC)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _confirm(self, app: App, identifier: str) -> bool:
        try:
            return await self.send_confirmation(app, identifier, pauses_sec=_PAUSES_SEC)
        except ParaError:
            logger.exception("an address was not asked", extra={"appid": app.identifier})
            return False

    def _page(self, app: App, key: str) -> str:
        """Return the page of an app that a mail leads to; blank for none."""
        page = self._lookup.of(app).text(key).strip()
        if not page:
            return ""
        if not is_url(page) or urlsplit(page).scheme.lower() not in ("http", "https"):
            logger.warning("%s is no page in the web", key, extra={"appid": app.identifier})
            return ""
        return page

    async def _may_write(self, app: App, identifier: str) -> bool:
        return is_email(identifier) and await self._mailing.may_notify(app, identifier)

    async def _send(self, app: App, identifier: str, page: str, token: str, template: str) -> bool:
        parts = urlsplit(page)
        added = urlencode({"id": identifier, "token": token})
        query = f"{parts.query}&{added}" if parts.query else added
        values = {
            "app": app.name or app.identifier,
            "link": parts._replace(query=query).geturl(),
            "minutes": str(self._minutes),
        }
        return await self._mailing.notify(app, identifier, *fill(template, values))
