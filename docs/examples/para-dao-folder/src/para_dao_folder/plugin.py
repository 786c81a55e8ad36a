"""Offers ``FolderDAO``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from para_core.config import Config
from para_core.contracts.dao import DAO
from para_core.hookspecs import DAOFactory, hookimpl

para_plugin_api = 1


class FolderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.folder``."""

    dir: Annotated[str, msgspec.Meta(description="Folder with a file for each app.")] = "data/apps"


@hookimpl
def para_register_daos() -> Mapping[str, DAOFactory]:
    """Offer ``FolderDAO``."""
    return {"FolderDAO": open_folder}


@hookimpl
def para_register_sections() -> Mapping[str, type[msgspec.Struct]]:
    """Describe the setting."""
    return {"para.folder": FolderSettings}


def open_folder(config: Config) -> DAO:
    """Make the DAO on the folder that ``para.folder`` names; the host opens it."""
    from para_dao_folder.dao import FolderDAO

    return FolderDAO(Path(config.section("para.folder", FolderSettings).dir))
