"""The page about security names tests that are there."""

from __future__ import annotations

import re

from .pages import DOCS, ROOT

PAGE = DOCS / "explanation" / "security.md"


def test_each_promise_names_a_test_that_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    promises = re.search(r"\| promise \| tested in \|\n\|---\|---\|\n((?:\|.*\|\n)+)", text)
    assert promises is not None
    for row in promises[1].splitlines():
        named = re.findall(r"`(para-\S+\.py)`", row)
        assert named, row
        for name in named:
            assert "def test_" in (ROOT / name).read_text(encoding="utf-8"), name
