"""Commands run as the user of the server, or what they leave behind would keep it out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from para_core.errors import ConfigError
from para_server.doctor.folders import other_owner

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["refuse_as_another"]


def refuse_as_another(config: Config, command: str) -> None:
    """Refuse to open the embedded database of another user.

    Even who only reads it may leave files beside it that its owner then cannot write.

    Raises:
        ConfigError: It belongs to another user; the message says how to run the command.
    """
    file = Path(config.text("para.db.dir") or "data", "para.db")
    owner = other_owner(file)
    if owner is not None:
        raise ConfigError(f"{file} belongs to {owner}; run `sudo -u {owner} para-server {command}`")
