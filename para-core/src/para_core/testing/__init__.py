"""The suites that every implementation of a contract passes; they need pytest and anyio."""

from __future__ import annotations

import pytest

_SUITES = ("cache", "dao", "emailer", "filestore", "queue", "search")

# Before they are imported, so that a failed assertion shows its values.
pytest.register_assert_rewrite(*(f"{__name__}.{suite}" for suite in _SUITES))
