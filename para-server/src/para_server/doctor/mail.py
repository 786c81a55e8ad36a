"""Does the mail server of the configuration take the login?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from para_core.checks import Finding, advice, bad, good
from para_core.errors import ParaError
from para_core.memory.emailer import NoopEmailer
from para_core.plugins import load_plugins
from para_core.selection import EMAILERS
from para_server.mail.smtp import SmtpEmailer

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["examine_mail"]

_LONGEST_SEC = 10
_APPS_OWN = "apps can have their own, in their settings mail.*"


async def examine_mail(config: Config) -> Iterable[Finding]:
    """Connect to the mail server as the root app does, and send nothing."""
    plugins = load_plugins(config)
    try:
        name, emailer = plugins.selected(EMAILERS, config).name, plugins.make(EMAILERS, config)
    except ParaError:
        return []  # the back-ends tell of it
    host = config.text("para.mail.host").strip()
    if host and isinstance(emailer, NoopEmailer):
        said = f"para.mail.host is set, and no mail is sent: para.emailer is {name}"
        return [advice(said, "set para.emailer to JavaMailEmailer")]
    if not isinstance(emailer, SmtpEmailer):
        return [good(f"para.emailer = {name}; no mail server is asked")]
    if not host:
        return [advice("para.mail.host is not set, so the root app sends no mail", _APPS_OWN)]
    place = f"{host}:{config.text('para.mail.port')}"
    try:
        async with asyncio.timeout(_LONGEST_SEC), emailer:
            why = await emailer.check()
    except TimeoutError:
        why = f"{place} does not answer within {_LONGEST_SEC} seconds"
    if why:
        return [bad(why, "put the keys para.mail.* right; docs: Send mail")]
    return [good(f"{place} can be used")]
