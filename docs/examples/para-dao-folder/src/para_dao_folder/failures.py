"""What the system says of files, as errors that Para understands."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from para_core.errors import BackendError, StorageFullError

_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def reported(folder: Path) -> Iterator[None]:
    """Raise errors of the system as such of Para, with the key that would help."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError(f"no space left for para.folder.dir {folder}") from error
        raise BackendError(f"para.folder.dir {folder} failed: {error}") from error
