"""A file store inside the process, for tests and for servers without a disk."""

from __future__ import annotations

from collections.abc import AsyncIterator

from para_core.contracts.filestore import Content, FileStore, clean_path
from para_core.errors import StorageFullError, UnusableFileError

__all__ = ["MemoryFileStore"]

MIB = 1024 * 1024


class MemoryFileStore(FileStore):
    """Files in the memory of this process, bounded in size one by one and all together."""

    def __init__(self, *, max_file_bytes: int = 10 * MIB, max_bytes: int = 256 * MIB) -> None:
        """Make an empty store."""
        self._max_file_bytes, self._max_bytes = max_file_bytes, max_bytes
        self._files: dict[str, bytes] = {}

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to let go of; the files end with the process."""

    async def store(self, path: str, content: Content) -> str:
        """Keep a file and return its path."""
        cleaned = clean_path(path)
        data = await self._read(cleaned, content)
        others = sum(len(file) for name, file in self._files.items() if name != cleaned)
        if others + len(data) > self._max_bytes:
            raise StorageFullError(f"no room in memory for the file {cleaned!r}")
        self._files[cleaned] = data
        return cleaned

    async def load(self, path: str) -> AsyncIterator[bytes] | None:
        """Return a file in one part."""
        data = self._files.get(_known(path))
        return None if data is None else _parts(data)

    async def delete(self, path: str) -> bool:
        """Remove a file and tell whether there was one."""
        return self._files.pop(_known(path), None) is not None

    async def paths(self) -> AsyncIterator[str]:
        """Yield the paths of the files that there are at the beginning."""
        for path in list(self._files):
            yield path

    async def _read(self, path: str, content: Content) -> bytes:
        parts, size = [], 0
        async for part in _parts(content) if isinstance(content, bytes) else content:
            size += len(part)
            if size > self._max_file_bytes:
                raise UnusableFileError(path, f"it has more than {self._max_file_bytes} bytes")
            parts.append(part)
        return b"".join(parts)


def _known(path: str) -> str:
    try:
        return clean_path(path)
    except UnusableFileError:
        return ""  # no file has this path


async def _parts(data: bytes) -> AsyncIterator[bytes]:
    yield data
