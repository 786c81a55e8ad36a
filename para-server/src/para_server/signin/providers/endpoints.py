"""Where an app finds its generic provider: as the app says, else as the issuer describes itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_server.signin.providers.idtokens import Issuer
from para_server.signin.providers.replies import text_in

if TYPE_CHECKING:
    from para_core.contracts.signin import SignInSettings
    from para_server.signin.providers.idtokens import IdTokens

__all__ = ["Endpoints"]


class Endpoints:
    """The settings of one app for one of the three generic providers."""

    def __init__(self, settings: SignInSettings, section: str, id_tokens: IdTokens) -> None:
        self._settings, self._section, self._id_tokens = settings, section, id_tokens

    def text(self, key: str, default: str = "") -> str:
        """Return a setting of the section."""
        return self._settings.text(f"{self._section}.{key}", default).strip()

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return whether a setting of the section is on."""
        return self._settings.flag(f"{self._section}.{key}", default=default)

    @property
    def headers(self) -> dict[str, str]:
        """What requests to the provider carry besides."""
        accept = self.text("accept_header")
        return {"Accept": accept} if accept else {}

    async def url(self, key: str, name: str) -> str:
        """Return an endpoint: the app's setting, else what the issuer calls by a name."""
        own, issuer = self.text(key), self.text("issuer")
        if own or not issuer:
            return own
        return text_in(await self._id_tokens.describe(issuer), name)

    async def issuer(self) -> Issuer | None:
        """Return who signs ID tokens; ``None`` when the app names nobody."""
        name = self.text("issuer")
        if not name:
            return None
        described = await self._id_tokens.describe(name)
        keys = self.text("jwks_url") or text_in(described, "jwks_uri")
        return Issuer(text_in(described, "issuer"), keys)
