"""The rules of signing in that hold for the whole server, read once from the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from para_core.errors import ConfigError
from para_server.http.proxies import Networks, trusted_proxies_of
from para_server.signin.passwords import ARGON2ID, BCRYPT

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["SignInPolicy", "policy_of"]


class SignInPolicy(Struct, frozen=True, kw_only=True):
    """What sign-in needs to know of the configuration."""

    min_password_length: int = 8  # bytes of UTF-8
    most_failures: int = 20  # wrong passwords that lock an account
    lock_sec: int = 3600
    reset_timeout_sec: int = 1800  # how long tokens for a new password or an address work
    password_hash: str = BCRYPT  # of new passwords
    bcrypt_cost: int = 12
    separator: str = ":"
    failures_per_address: int = 100  # within ten minutes; 0 for no limit
    sign_ups_per_address: int = 300  # within an hour; 0 for no limit
    resets_per_account: int = 10  # within an hour; 0 for no limit
    trusted_proxies: Networks = ()


def policy_of(config: Config) -> SignInPolicy:
    """Return the rules that the configuration sets.

    Raises:
        ConfigError: A value is not one of those that the key may have.
    """
    scheme = config.text("para.security.password_hash").strip().lower()
    if scheme not in (BCRYPT, ARGON2ID):
        place = config.source_of("para.security.password_hash")
        message = f"{place}: para.security.password_hash is bcrypt or argon2id, not {scheme!r}"
        raise ConfigError(message)
    return SignInPolicy(
        min_password_length=config.number("para.min_password_length"),
        most_failures=max(1, config.number("para.max_pass_matching_attemts")),
        lock_sec=config.number("para.pass_matching_lock_period_hours") * 3600,
        reset_timeout_sec=config.number("para.pass_reset_timeout"),
        password_hash=scheme,
        separator=config.text("para.default_separator") or ":",
        failures_per_address=config.number("para.security.failures_per_address"),
        sign_ups_per_address=config.number("para.security.sign_ups_per_address"),
        resets_per_account=config.number("para.security.resets_per_account"),
        trusted_proxies=trusted_proxies_of(config),
    )
