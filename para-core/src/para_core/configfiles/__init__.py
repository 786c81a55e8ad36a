"""Configuration files as trees: HOCON, JSON and Java properties, chosen by the file's ending."""

from __future__ import annotations

from para_core.configfiles.file import ConfigFile, read_config_file

__all__ = ["ConfigFile", "read_config_file"]
