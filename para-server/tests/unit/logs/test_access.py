from __future__ import annotations

import os
import re
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from para_server.logs.access import AccessLog

LINE = re.compile(
    r'(\S+) (\S+) (\S+) \[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "(\S+ \S+ \S+)" '
    r"(\d{3}) (\d+|-)"
)


def a_scope(path: bytes, query: bytes = b"", client: object = ("192.0.2.7", 1)) -> dict[str, Any]:
    return {"client": client, "method": "GET", "raw_path": path, "query_string": query}


def today(folder: Path) -> list[str]:
    (file,) = folder.glob("para-access_*.log")
    assert file.name == time.strftime("para-access_%Y_%m_%d.log")
    return file.read_text().splitlines()


async def test_an_answer_is_a_line_of_the_common_log_format(tmp_path: Path) -> None:
    async with AccessLog(tmp_path) as log:
        log.note(a_scope(b"/v1/cats/c1"), 200, 512)
        log.note(a_scope(b"/v1/_export", client=None), 200, -1)
    first, second = (LINE.fullmatch(line) for line in today(tmp_path))
    assert first is not None
    assert first.group(1, 2, 3) == ("192.0.2.7", "-", "-")
    assert first.group(5, 6, 7) == ("GET /v1/cats/c1 HTTP/1.1", "200", "512")
    moment = time.strptime(first[4], "%d/%b/%Y:%H:%M:%S %z")
    assert abs(time.mktime(moment) - time.time()) < 10
    assert second is not None
    assert second.group(1, 7) == ("-", "-")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (b"limit=5&sort=name", "limit=5&sort=name"),
        (b"q=password%3Dx&ids=a&ids=b", "q=*&ids=a&ids=b"),
        (b"X-Amz-Credential=app:x&X-Amz-Signature=0a1b", "X-Amz-Credential=*&X-Amz-Signature=*"),
        (b"token=abc&access_token=def", "token=*&access_token=*"),
        (b"eyJhbGciOi", "*"),
    ],
)
async def test_values_that_may_be_secrets_are_left_out(
    tmp_path: Path, query: bytes, shown: str
) -> None:
    async with AccessLog(tmp_path) as log:
        log.note(a_scope(b"/v1/cats", query), 200, 2)
    assert f'"GET /v1/cats?{shown} HTTP/1.1"' in today(tmp_path)[0]


async def test_a_path_cannot_pretend_to_be_another_line(tmp_path: Path) -> None:
    async with AccessLog(tmp_path) as log:
        log.note(a_scope(b'/v1/a" 200 1\n10.0.0.1 - \xff'), 404, 2)
    (line,) = today(tmp_path)
    assert LINE.fullmatch(line)
    assert r"/v1/a\x22\x20200\x201\x0a10.0.0.1\x20-\x20\xff" in line


async def test_long_addresses_are_not_kept(tmp_path: Path) -> None:
    async with AccessLog(tmp_path) as log:
        tracemalloc.start()
        try:
            for number in range(2000):
                log.note(a_scope(b"/v1/cats", b"%d=" % number + b"x" * 10_000), 200, 2)
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert kept < 2_000_000
    assert len(today(tmp_path)) == 2000


async def test_many_answers_are_written_before_they_are_too_many(tmp_path: Path) -> None:
    async with AccessLog(tmp_path) as log:
        for number in range(2500):
            log.note(a_scope(b"/v1/cats/%d" % number), 200, number)
        assert 2000 <= len(today(tmp_path)) < 2500
    assert [LINE.fullmatch(line)[7] for line in today(tmp_path)] == list(map(str, range(2500)))  # type: ignore[index]


async def test_old_files_go_and_others_stay(tmp_path: Path) -> None:
    for name, days in (
        ("para-access_2020_01_01.log", 40), ("para-access_2020_02_01.log", 5), ("other.log", 40),
    ):  # fmt: skip
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (time.time() - days * 86_400,) * 2)
    async with AccessLog(tmp_path, keep_days=31) as log:
        log.note(a_scope(b"/"), 200, 1)
    left = set(os.listdir(tmp_path))  # noqa: PTH208 - in the loop
    assert left >= {"other.log", "para-access_2020_02_01.log"}
    assert "para-access_2020_01_01.log" not in left


async def test_a_folder_that_is_gone_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with AccessLog(tmp_path / "gone") as log:
        log.note(a_scope(b"/"), 200, 1)
    assert "answers are missing" in caplog.text
