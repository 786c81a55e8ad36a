"""What pages and browsers need to know of the configuration, read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from para_server.http.proxies import Networks, trusted_proxies_of

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["WebSettings", "web_settings_of"]


class WebSettings(Struct, frozen=True, kw_only=True):
    """The keys of ``para.security`` and the cookies; paths begin with a slash."""

    csrf_protection: bool = True
    csrf_protection_with_spa: bool = False
    auth_cookie: str = "para-auth"
    returnto_cookie: str = "para-returnto"
    session_timeout: int = 86_400  # seconds
    signin: str = "/signin"
    signin_success: str = "/"
    signin_failure: str = "/signin?error"
    signout: str = "/signout"
    signout_success: str = "/signin"
    access_denied: str = "/error/403"
    returnto: str = "returnto"
    username_param: str = "username"  # of the directory's form
    password_param: str = "password"  # noqa: S105 - the name of a field
    trusted_proxies: Networks = ()  # whose word on HTTPS counts

    @property
    def is_csrf_on(self) -> bool:
        """Whether requests that change something need a token against forgery."""
        return self.csrf_protection or self.csrf_protection_with_spa


def web_settings_of(config: Config) -> WebSettings:
    """Return the settings that the configuration has."""
    security = "para.security"
    return WebSettings(
        csrf_protection=config.flag(f"{security}.csrf_protection"),
        csrf_protection_with_spa=config.flag(f"{security}.csrf_protection_with_spa"),
        auth_cookie=config.text("para.auth_cookie"),
        returnto_cookie=config.text("para.returnto_cookie"),
        session_timeout=config.number("para.session_timeout"),
        signin=config.text(f"{security}.signin"),
        signin_success=config.text(f"{security}.signin_success"),
        signin_failure=config.text(f"{security}.signin_failure"),
        signout=config.text(f"{security}.signout"),
        signout_success=config.text(f"{security}.signout_success"),
        access_denied=config.text(f"{security}.access_denied"),
        returnto=config.text(f"{security}.returnto"),
        username_param=config.text(f"{security}.ldap.username_param"),
        password_param=config.text(f"{security}.ldap.password_param"),
        trusted_proxies=trusted_proxies_of(config),
    )
