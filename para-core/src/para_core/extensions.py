"""What plugins add to the server: resources under its paths, and commands of its command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import argparse

    from para_core.config import Config

__all__ = ["ASGIApp", "Command", "ResourceHandler"]

ASGIMessage: TypeAlias = MutableMapping[str, Any]
ASGIApp: TypeAlias = Callable[
    [ASGIMessage, Callable[[], Awaitable[ASGIMessage]], Callable[[ASGIMessage], Awaitable[None]]],
    Awaitable[None],
]


@dataclass(frozen=True, slots=True)
class ResourceHandler:
    """A resource of a plugin: a path, the methods it answers, and the ASGI application behind it.

    ``path`` is a template whose ``{name}`` segments arrive in ``scope["path_params"]``. Paths below
    ``/v1`` are authorized like built-in resources before ``app`` is called; others are public
    unless ``para.security.protected`` lists them. A built-in path wins over an equal one.
    """

    path: str
    app: ASGIApp
    methods: tuple[str, ...] = ("GET",)

    def __post_init__(self) -> None:
        if not self.path.startswith("/"):
            raise ValueError(f"the path of a resource starts with a slash, unlike {self.path!r}")


@dataclass(frozen=True, slots=True)
class Command:
    """A command of ``para-server``: what help shows, its arguments, and what it does.

    ``run`` gets the configuration and the parsed arguments and returns the exit code. A
    ``ParaError`` from it becomes one line on stderr and exit code 2.
    """

    help: str
    run: Callable[[Config, argparse.Namespace], int]
    configure: Callable[[argparse.ArgumentParser], None] | None = None
