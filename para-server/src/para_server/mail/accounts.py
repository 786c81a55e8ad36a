"""In whose name mail is sent, and by which mail server: the settings ``mail.*`` of an app."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from para_core.errors import UnavailableError
from para_server.signin.settings import AppSettings, SettingsLookup

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.objects import App

__all__ = ["MailAccount", "MailAccounts"]

_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class MailAccount:
    """How mail of one app leaves: the mail server, the login, and the sender that people see."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    is_tls: bool  # from the start of the connection
    is_starttls: bool  # after its start; never without it
    is_logged: bool
    address: str
    name: str


class MailAccounts:
    """Finds accounts: what an app has set; for the root app and the server, the configuration too.

    Source: Para 1.54, ``JavaMailEmailer``. There the server's own account is made of the settings
    of a Java library; here it is that of the root app's keys.
    """

    def __init__(self, config: Config, root: str) -> None:
        self._lookup = SettingsLookup(config, root)
        self._name = config.text("para.app_name")
        self._support = config.text("para.support_email")

    def of(self, app: App | None) -> MailAccount:
        """Return the account of an app, or of the server itself.

        Raises:
            UnavailableError: It has none, or one that cannot be; the message says what to set.
        """
        settings = self._settings(app)
        host = settings.text("mail.host").strip()
        if not host:
            raise UnavailableError("no mail server is known: mail.host is not set")
        port = settings.text("mail.port", "965").strip()
        if not port.isdecimal() or not 0 < int(port) <= _LAST_PORT:
            raise UnavailableError(f"mail.port is no port: {port[:20]!r}")
        return MailAccount(
            host=host,
            port=int(port),
            username=settings.text("mail.username"),
            password=settings.text("mail.password"),
            is_tls=settings.flag("mail.ssl", default=True),
            is_starttls=settings.flag("mail.tls", default=True),
            is_logged=settings.flag("mail.debug"),
            address=settings.text("mail.from").strip() or self._support,
            name=self._name if app is None else app.name or app.identifier,
        )

    def _settings(self, app: App | None) -> AppSettings:
        if app is None:
            return AppSettings(None, self._lookup.configured)
        return self._lookup.of(app)
