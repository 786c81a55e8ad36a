"""The file that tells which process is the server."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pid_file"]

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def pid_file(port: int, *, is_enabled: bool) -> Iterator[None]:
    """Keep ``para_<port>.pid`` in the working folder while the block runs.

    That it cannot be written is only logged. A file that another process has written meanwhile
    stays.
    """
    file, text = Path(f"para_{port}.pid").absolute(), f"{os.getpid()}\n"
    if is_enabled:
        try:
            file.write_text(text, encoding="ascii")
        except OSError as error:
            logger.warning("cannot write %s: %s", file, error.strerror)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if is_enabled and file.read_text(encoding="ascii") == text:
                file.unlink()
