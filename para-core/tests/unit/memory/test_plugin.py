"""What the implementations in memory are called."""

from __future__ import annotations

import logging

import pytest

from para_core.memory import plugin
from para_core.memory.emailer import NoopEmailer


@pytest.mark.parametrize(
    ("offered", "names"),
    [
        (plugin.para_register_caches(), {"CaffeineCache", "CaffeineSearch", "inmemory"}),
        (plugin.para_register_queues(), {"MemoryQueue", "MockQueue"}),
        (plugin.para_register_filestores(), {"MemoryFileStore", "MockFileStore"}),
        (plugin.para_register_emailers(), {"NoopEmailer"}),
    ],
    ids=["caches", "queues", "filestores", "emailers"],
)
def test_names_of_the_original_select_them(offered: dict[str, object], names: set[str]) -> None:
    assert set(offered) == names


async def test_a_mail_that_is_not_sent_is_logged_with_its_sizes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        assert await NoopEmailer().send(None, ["a@b.c", "d@e.f"], "Hi", "<p>Hello</p>")
    (record,) = caplog.records
    logged = vars(record)
    assert (logged["recipients"], logged["body_chars"], logged["appid"]) == (2, 12, None)
