"""The HTTP process of Para: REST, sign-in, permissions, and the services behind them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["COMPATIBLE_VERSION", "__version__"]

COMPATIBLE_VERSION = "1.54.0"
"""The line of Para whose clients work with this server; they read its first digit."""

try:
    __version__ = version("para-server")
except PackageNotFoundError:  # pragma: no cover - run from a tree that is not installed
    __version__ = "0"
