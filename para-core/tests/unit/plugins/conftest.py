from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from para_core.config import Config
from para_core.plugins import Plugins, load_plugins


@pytest.fixture(autouse=True)
def only_core(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hide plugins of other packages, and forget afterwards what wheels brought."""
    entry_points = importlib.metadata.entry_points

    def of_core(*, group: str) -> list[importlib.metadata.EntryPoint]:
        return [p for p in entry_points(group=group) if p.dist and p.dist.name == "para-core"]

    monkeypatch.setattr(importlib.metadata, "entry_points", of_core)
    modules, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("tides"):
            del sys.modules[name]


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    """The plugin folder."""
    return tmp_path / "lib"


@pytest.fixture
def config(lib: Path, tmp_path: Path) -> Config:
    """A configuration with folders below ``tmp_path``."""
    return Config(
        {
            "para.plugin_folder": str(lib),
            "para.plugin_cache_folder": str(tmp_path / "cache"),
            "para.dao": "MemoryDAO",
        }
    )


@pytest.fixture
def load(config: Config) -> Callable[[], Plugins]:
    """Load the plugins of core and of the plugin folder."""
    return lambda: load_plugins(config)
