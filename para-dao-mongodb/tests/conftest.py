"""What tests of the driver share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def collected() -> Iterator[None]:
    """Let what the driver left behind be collected here, and not in another test."""
    yield
    gc.collect()
