"""Where plugins come from: installed distributions, and wheels in the plugin folder."""

from __future__ import annotations

import importlib.metadata
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from para_core.errors import PluginError
from para_core.selection import one_line

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["GROUP", "Plugin", "find_plugins"]

logger = logging.getLogger(__name__)

GROUP = "para.plugins"


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin that was found and imported."""

    name: str  # of its entry point
    distribution: str
    version: str
    source: str  # "installed", "embedded", or the path of a wheel
    module: object

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".strip()


def find_plugins(config: Config) -> list[Plugin]:
    """Import all plugins: Para's own, then installed ones by name, then those in wheels.

    Raises:
        PluginError: A wheel does not fit, or a plugin cannot be imported.
    """
    return [*_installed(config), *_in_wheels(config)]


def _installed(config: Config) -> list[Plugin]:
    cache = _cache_folder(config)
    points = [
        point
        for point in importlib.metadata.entry_points(group=GROUP)
        if point.dist is not None and not _is_below(point.dist, cache)
    ]
    points.sort(key=lambda point: (not _is_own(point), _name(point), point.name))
    return [_imported(point, "installed") for point in points]


def _in_wheels(config: Config) -> list[Plugin]:
    folder = config.text("para.plugin_folder").strip()
    paths = sorted(Path(folder).iterdir()) if folder and Path(folder).is_dir() else []
    for path in paths:
        if path.suffix == ".jar":
            logger.warning("a Java plugin is not used", extra={"path": str(path)})
    wheels = [path for path in paths if path.suffix == ".whl" and path.is_file()]
    if not wheels:
        return []
    from para_core.wheels import unpack_wheels  # packaging is slow to import

    found = []
    for wheel in unpack_wheels(wheels, _cache_folder(config)):
        for distribution in importlib.metadata.distributions(path=[str(wheel.root)]):
            for point in distribution.entry_points.select(group=GROUP):
                plugin = _imported(point, str(wheel.path), distribution)
                _check_origin(plugin, wheel.root)
                found.append(plugin)
    return found


def _imported(
    point: importlib.metadata.EntryPoint,
    source: str,
    distribution: importlib.metadata.Distribution | None = None,
) -> Plugin:
    owner = distribution or point.dist
    name, version = (owner.name, owner.version) if owner else ("", "")
    try:
        module = point.load()
    except Exception as error:
        raise PluginError(
            f"the plugin {point.name} of {name} {version} ({source}) cannot be imported: "
            f"{one_line(error)}"
        ) from error
    return Plugin(point.name, name, version, source, module)


def _check_origin(plugin: Plugin, root: Path) -> None:
    """Make sure that the module is the wheel's: installed modules of its name come first."""
    file = getattr(plugin.module, "__file__", None)
    if file is not None and not Path(file).is_relative_to(root):
        raise PluginError(
            f"{plugin.source} has a module that is installed as {file} too; remove one"
        )


def _cache_folder(config: Config) -> Path:
    """Return where wheels are unpacked."""
    if folder := config.text("para.plugin_cache_folder").strip():
        return Path(folder).absolute()
    base = config.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base, "para", "plugins").absolute()


def _is_below(distribution: importlib.metadata.Distribution, folder: Path) -> bool:
    return Path(str(distribution.locate_file(""))).is_relative_to(folder)


def _is_own(point: importlib.metadata.EntryPoint) -> bool:
    return _name(point) in ("para-core", "para-server")


def _name(point: importlib.metadata.EntryPoint) -> str:
    return point.dist.name if point.dist else ""
