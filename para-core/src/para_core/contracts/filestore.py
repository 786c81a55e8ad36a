"""The FileStore contract: files that users upload or sign-in downloads, such as avatars."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterable, AsyncIterator
from typing import TypeAlias

from para_core.contracts.component import Component
from para_core.errors import UnusableFileError

__all__ = ["Content", "FileStore", "clean_path"]

Content: TypeAlias = "bytes | AsyncIterable[bytes]"

MAX_PATH_BYTES = 1024  # the length of a key in S3
MAX_NAME_BYTES = 255  # the length of a file name in common file systems


class FileStore(Component):
    """Files by path, for example ``myapp/avatar.png``.

    Paths are as ``clean_path`` allows; none reaches out of the store. A file is there whole or not
    at all: while it is replaced, and when replacing it fails, the file before is served.

    Every method may raise ``UnavailableError``, ``StorageFullError`` and ``BackendError``.
    Source: Para 1.54, ``FileStore``; Para's own answers ``null`` where this raises.
    """

    @abstractmethod
    async def store(self, path: str, content: Content) -> str:
        """Keep a file, replacing one of the same path, and return where it is: a URL or a path.

        The result is for people and browsers; ``load`` and ``delete`` take ``path``.

        Raises:
            UnusableFileError: The path is not allowed, or the file is larger than the configured
                size. What was stored under the path before stays.
        """

    @abstractmethod
    async def load(self, path: str) -> AsyncIterator[bytes] | None:
        """Return the parts of a file in order, or ``None`` when there is none or never can be."""

    @abstractmethod
    async def delete(self, path: str) -> bool:
        """Remove a file and tell whether there was one."""

    @abstractmethod
    def paths(self) -> AsyncIterator[str]:
        """Yield the paths of all files, in any order.

        One that is stored or removed meanwhile may be among them or not.
        """


def clean_path(path: str) -> str:
    """Return a path without the slash before it, when it is safe in every store.

    Safe are names joined by single slashes. A name is any text of up to 255 bytes that does not
    start with a dot and has no backslash and no control character.

    Raises:
        UnusableFileError: Anything else, and paths of more than 1024 bytes.
    """
    cleaned = path.strip().removeprefix("/")
    names = cleaned.split("/")
    if _size(cleaned) > MAX_PATH_BYTES or not all(map(_is_safe, names)):
        raise UnusableFileError(path[:100], "the path is not allowed")
    return cleaned


def _is_safe(name: str) -> bool:
    if not name or name.startswith(".") or _size(name) > MAX_NAME_BYTES:
        return False
    return name.isprintable() and "\\" not in name


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
