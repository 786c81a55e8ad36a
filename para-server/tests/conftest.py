"""What the tests of the whole server share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 - TemporaryDirectory makes a folder of its own in it


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where there is one: nothing here is about outliving a loss of power."""
    with TemporaryDirectory(dir=MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None) as name:
        yield Path(name)
