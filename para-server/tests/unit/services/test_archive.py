from __future__ import annotations

import io
import json
import random
import time
import tracemalloc
import zipfile

import pytest

from para_server.services import archive as archives
from para_server.services.archive import (
    ArchiveWriter,
    ImportFailedError,
    entries_of,
    items_of,
)

MB = 1 << 20


def archive(**files: bytes | str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for name, content in files.items():
            box.writestr(name.replace("_json", ".json"), content)
    return out.getvalue()


def texts(
    body: bytes, *, most_bytes: int = MB, most_together: int = 8 * MB, most_files: int = 100
) -> list[str]:
    found = entries_of(
        io.BytesIO(body), most_bytes=most_bytes, most_together=most_together, most_files=most_files
    )
    return [text for _, text in found]


def test_what_is_written_can_be_read_by_others_and_by_us() -> None:
    writer = ArchiveWriter("app_1")
    body = writer.part([{"id": "a", "name": "Ünïcode"}]) + writer.part([]) + writer.end()
    with zipfile.ZipFile(io.BytesIO(body)) as box:
        assert box.testzip() is None
        assert box.namelist() == ["app_1_part1.json", "app_1_part2.json"]
        assert json.loads(box.read("app_1_part2.json")) == []
    assert [list(items_of(text)) for text in texts(body)] == [[{"id": "a", "name": "Ünïcode"}], []]


def test_pieces_leave_as_they_are_made() -> None:
    writer = ArchiveWriter("a")
    pieces = [writer.part([{"id": str(n)}]) for n in range(3)]
    assert all(pieces)
    assert all(b"part" in piece for piece in pieces)


def told(**contents: int) -> bytes:
    out = io.BytesIO(archive(a_json="[]", b_json="[]"))
    with zipfile.ZipFile(out, "a") as box:
        box.comment = json.dumps(contents).encode()
    return out.getvalue()


def test_an_archive_without_all_of_its_files_is_an_error() -> None:
    assert texts(told(paraExport=1, objects=0, files=2)) == ["[]", "[]"]
    with pytest.raises(ImportFailedError, match="it has 2 of 5 files"):
        texts(told(paraExport=1, objects=9, files=5))


def test_an_archive_of_a_later_version_is_an_error() -> None:
    with pytest.raises(ImportFailedError, match="format 2"):
        texts(told(paraExport=2, objects=0, files=2))


def test_the_comment_of_another_program_is_left_alone() -> None:
    assert texts(told(files=7)) == ["[]", "[]"]


@pytest.mark.parametrize("body", [b"", b"no archive", b"[{}]"], ids=["empty", "text", "json"])
def test_a_body_that_is_no_archive_holds_nothing(body: bytes) -> None:
    assert texts(body) == []


def test_only_json_files_are_read() -> None:
    assert texts(archive(a_json="[1]", readme="[2]")) == ["[1]"]


def test_a_cut_off_archive_is_an_error() -> None:
    body = archive(a_json="[]", b_json="[]")
    with pytest.raises(ImportFailedError, match="damaged"):
        texts(body[: len(body) // 2])


def test_a_file_with_changed_bytes_is_an_error() -> None:
    body = bytearray(archive(a_json=json.dumps([{"id": str(n)} for n in range(99)])))
    body[60] ^= 0xFF
    with pytest.raises(ImportFailedError, match="cannot be unpacked"):
        texts(bytes(body))


def test_text_in_another_encoding_is_an_error() -> None:
    with pytest.raises(ImportFailedError, match="not UTF-8"):
        texts(archive(a_json='["é"]'.encode("latin-1")))


def test_a_file_that_unpacks_to_too_much_is_an_error() -> None:
    bomb = archive(a_json=b"[" + b" " * (3 * MB) + b"]")
    assert len(bomb) < 10_000
    with pytest.raises(ImportFailedError, match="too large"):
        texts(bomb)


def test_files_that_unpack_to_too_much_together_are_an_error() -> None:
    files = {f"f{n}_json": b"[" + b" " * (MB // 2) + b"]" for n in range(9)}
    with pytest.raises(ImportFailedError, match="too large"):
        texts(archive(**files), most_together=4 * MB)


def test_more_files_than_anybody_exports_are_an_error() -> None:
    files = {f"f{n}_json": "[]" for n in range(9)} | {"readme": "not even JSON"}
    assert texts(archive(**files), most_files=10) == ["[]"] * 9
    with pytest.raises(ImportFailedError, match="more than 9 files"):
        texts(archive(**files), most_files=9)


@pytest.mark.parametrize("piece", range(1, 20))
def test_each_file_counts_once_wherever_it_lies(
    piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_COUNTED", piece)
    body = archive(a_json="[]", b_json="[]", c="")
    assert texts(body, most_files=3) == ["[]"] * 2
    with pytest.raises(ImportFailedError, match="more than 2 files"):
        texts(body, most_files=2)


def test_a_list_of_files_that_fills_the_memory_is_an_error() -> None:
    names = (f"{n:060000}" for n in range(2 * archives._AT_ONCE // 60_000))
    body = archive(**dict.fromkeys(names, ""))
    tracemalloc.start()
    with pytest.raises(ImportFailedError, match=r"names of the files .* too long"):
        texts(body, most_files=10_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2 * archives._AT_ONCE


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_changed_in_an_archive_it_is_read_or_an_error(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seed, not a secret
    body = archive(ä_json='[{"id":"a"}]', b_json="[]")
    outcomes = set[object]()
    for _ in range(300):
        changed = bytearray(body)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(2, len(changed))
            changed[at : at + chance.choice((1, 4))] = chance.choice((b"\xff", chance.randbytes(1)))
        try:
            outcomes.add(len(texts(bytes(changed))))
        except ImportFailedError as error:
            outcomes.add(type(error))
    assert ImportFailedError in outcomes


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2], ids=["lzma", "bzip2"])
@pytest.mark.parametrize("is_whole", [True, False], ids=["whole", "damaged"])
def test_files_that_are_packed_in_another_way_are_an_error(method: int, *, is_whole: bool) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as box:
        box.writestr("a.json", json.dumps([{"id": str(n)} for n in range(99)]))
    body = bytearray(out.getvalue())
    if not is_whole:
        body[60:90] = b"\xff" * 30
    with pytest.raises(ImportFailedError, match=r"a\.json .*compress"):
        texts(bytes(body))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("[]", [], id="empty"),
        pytest.param(" [ ] \n", [], id="spaced"),
        pytest.param('[{}, {"a":[{"b":null}]}]', [{}, {"a": [{"b": None}]}], id="nested"),
        pytest.param('\n[\n{"a":1}\t,\r\n{"a":2}\n]', [{"a": 1}, {"a": 2}], id="pretty"),
    ],
)
def test_objects_of_an_array(text: str, found: list[object]) -> None:
    assert list(items_of(text)) == found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param('{"id":"x"}', id="object"),
        pytest.param("not json", id="text"),
        pytest.param("[", id="open"),
        pytest.param("[{}", id="open-after-item"),
        pytest.param("[{},]", id="comma-at-end"),
        pytest.param("[{} {}]", id="no-comma"),
        pytest.param("[{}, 5]", id="number"),
        pytest.param('[{"a":NaN}]', id="no-number"),
        pytest.param("[{}] []", id="two-arrays"),
        pytest.param("[] x", id="text-behind"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param('[{"a":' + "[" * 100_000 + "]" * 100_000 + "}]", id="deep-inside"),
    ],
)
def test_what_is_no_array_of_objects_is_an_error(text: str) -> None:
    with pytest.raises(ImportFailedError):
        list(items_of(text))


def test_white_space_is_not_walked_in_steps() -> None:
    """A thread that walked it in steps of Python would hold up all requests meanwhile."""
    blanks = " \t\r\n" * (1 << 21)
    began = time.thread_time()
    assert list(items_of(f"{blanks}[{blanks}]{blanks}", only_objects=True)) == []
    walked_sec = time.thread_time() - began
    began = time.thread_time()
    assert sum(1 for _ in blanks) == len(blanks)  # steps, for a third of what was walked
    assert walked_sec < time.thread_time() - began


@pytest.mark.parametrize("blank", ["\u00a0", "\v", "\f", "\u2028"], ids=ascii)
def test_other_white_space_is_none_of_json(blank: str) -> None:
    with pytest.raises(ImportFailedError):
        list(items_of(f"{blank}[]", only_objects=True))
