"""Offers the server's own back-ends, ways to sign in and commands, by the hooks of every plugin."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from para_core.extensions import ResourceHandler
from para_core.hookspecs import EmailerFactory, FileStoreFactory, QueueFactory, hookimpl

if TYPE_CHECKING:
    from msgspec import Struct

    from para_core.checks import Check
    from para_core.config import Config
    from para_core.contracts import Emailer, FileStore, Queue
    from para_core.contracts.signin import SignInFactory
    from para_core.extensions import Command

para_plugin_api = 1

MIB = 1024 * 1024


@hookimpl
def para_register_filestores() -> Mapping[str, FileStoreFactory]:
    """Offer ``LocalFileStore``."""
    return {"LocalFileStore": open_local_files}


@hookimpl
def para_register_emailers() -> Mapping[str, EmailerFactory]:
    """Offer the emailer for SMTP; ``JavaMailEmailer`` is the name of the original."""
    return {"JavaMailEmailer": open_emailer}


@hookimpl
def para_register_queues() -> Mapping[str, QueueFactory]:
    """Offer ``LocalQueue``."""
    return {"LocalQueue": open_local_queue}


@hookimpl
def para_register_commands() -> Mapping[str, Command]:
    """Offer ``access``, ``doctor``, ``backup``, ``restore`` and ``move``."""
    from para_server.commands import access, backup, doctor, move

    return {
        "access": access.COMMAND,
        "doctor": doctor.COMMAND,
        "backup": backup.BACKUP,
        "restore": backup.RESTORE,
        "move": move.COMMAND,
    }


@hookimpl
def para_register_checks() -> Sequence[Check]:
    """Look at the configuration, this machine, the back-ends, and what others could read."""
    from para_server.doctor import CHECKS

    return CHECKS


@hookimpl
def para_register_sections() -> Mapping[str, type[Struct]]:
    """Describe the settings of the server's own parts that have a section."""
    from para_server.config import HealthAdditions
    from para_server.files import LocalStorageSettings
    from para_server.http.pace import HttpSettings
    from para_server.logs.settings import LogSettings
    from para_server.metrics.settings import MetricsAdditions
    from para_server.nodes.settings import NodeSettings
    from para_server.operator.settings import OperatorSettings
    from para_server.outbound.settings import OutboundSettings
    from para_server.services.captcha import CaptchaSettings
    from para_server.signin.providers.ldap.settings import LdapAdditions
    from para_server.signin.providers.saml.settings import SamlAdditions
    from para_server.signin.providers.settings import OAuthAdditions
    from para_server.tls import TlsSettings

    oauth = dict.fromkeys(
        (f"para.security.oauth{which}" for which in ("", "second", "third")), OAuthAdditions
    )
    return {
        "para.captcha": CaptchaSettings,
        "para.health": HealthAdditions,
        "para.http": HttpSettings,
        "para.localstorage": LocalStorageSettings,
        "para.log": LogSettings,
        "para.metrics": MetricsAdditions,
        "para.nodes": NodeSettings,
        "para.operator": OperatorSettings,
        "para.outbound": OutboundSettings,
        "para.security.ldap": LdapAdditions,
        "para.security.saml": SamlAdditions,
        "para.tls": TlsSettings,
        **oauth,
    }


@hookimpl
def para_register_routes(config: Config) -> Sequence[ResourceHandler]:
    """Offer the Model Context Protocol, where ``para.mcp_server_mode`` asks for it.

    Raises:
        ConfigError: Its SDK is not installed.
    """
    mode = config.text("para.mcp_server_mode").strip().lower()
    if mode not in ("r", "rw"):
        return []
    from para_server.mcp.door import AssistantsDoor

    methods = ("POST", "GET", "DELETE")
    return [ResourceHandler("/v1/_mcp", AssistantsDoor(config, mode), methods)]


@hookimpl
def para_register_sign_in_providers(config: Config) -> Sequence[SignInFactory]:
    """Offer directories, single sign-on and networks; apps choose by their settings."""
    from para_server.signin.providers import factories

    return factories(config)


def open_emailer(config: Config) -> Emailer:
    """Make the emailer that the keys ``para.mail`` and the settings of apps describe."""
    from para_server.mail.smtp import open_smtp_emailer

    return open_smtp_emailer(config)


def open_local_files(config: Config) -> FileStore:
    """Make the file store that ``para.localstorage`` describes."""
    from para_server.files import LocalFileStore, LocalStorageSettings

    settings = config.section("para.localstorage", LocalStorageSettings)
    folder = settings.folder.strip() or Path(config.text("para.db.dir"), "files")
    return LocalFileStore(Path(folder), max_file_bytes=settings.max_filesize_mb * MIB)


def open_local_queue(config: Config) -> Queue:
    """Make the queue that ``para.queue`` describes; it keeps its messages in the database."""
    from para_core.memory.queue import QueueSettings
    from para_server.localqueue import LocalQueue

    settings = config.section("para.queue", QueueSettings)
    return LocalQueue(settings, clock=lambda: time.time_ns() // 1_000_000)
