"""What the configuration comes to for the API."""

from __future__ import annotations

import pytest

from para_core.config import Config
from para_server.config import settings_of


@pytest.mark.parametrize(
    ("value", "path"),
    [("", ""), ("/", ""), ("/backend", "/backend"), ("/a/b/", "/a/b"), ("backend", "")],
)
def test_a_path_stands_in_front_of_all_others_when_it_begins_with_a_slash(
    value: str, path: str
) -> None:
    assert settings_of(Config({"para.context_path": value})).context_path == path
