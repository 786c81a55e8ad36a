from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from para_core.configfiles import read_config_file
from para_core.configfiles.hocon import read_hocon
from para_core.configfiles.lines import line_of
from para_core.configfiles.plain import read_plain
from para_core.configfiles.properties import read_properties
from para_core.errors import ConfigError

NOWHERE = Path("some.conf")

# ---- what the plain reader reads, it reads like pyhocon -----------------------------------------

_names = st.from_regex(r"[a-z_][a-z0-9_]{0,6}(\.[a-z_][a-z0-9_]{0,6}){0,2}", fullmatch=True)
_texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=8)
_bare = st.sampled_from(
    ["true", "False", "null", "5m", "1e3", "007", "-3", "1.50", "/a/b", "a-b c", "10 days", "x.y"]
)
_values = st.one_of(
    _bare,
    st.integers(-(10**9), 10**9).map(str),
    st.builds(json.dumps, _texts, ensure_ascii=st.booleans()),
    st.lists(_texts.filter(bool), max_size=3).map(json.dumps),  # pyhocon drops empty elements
)
_settings = st.builds(
    lambda name, sign, value, end: f"{name}{sign}{value}{end}",
    _names,
    st.sampled_from(["=", " = ", ": "]),
    _values,
    st.sampled_from(["", " ", ",", "  # note"]),
)
_lines = st.one_of(
    _settings,
    st.sampled_from(["", "# note", "// note", 'include "other.conf"']),
    st.builds(lambda name, inner: f"{name} {{\n  {inner}\n}}", _names, _settings),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(_lines, max_size=4).map("\n".join))
def test_both_readers_of_hocon_agree(content: str) -> None:
    plain = read_plain(content)
    assert plain is not None
    try:
        whole = read_hocon(NOWHERE, content)
    except ConfigError as error:
        assert "both a value and a section" in str(error)  # noqa: PT017 - HOCON allows it
        reject()
    assert plain == whole


@pytest.mark.parametrize(
    "content",
    [
        "a = ${B}",
        'a = """three"""',
        "a = [\n1\n]",
        "a = x, b = y",
        "a += 1",
        "a { b = 1 }",
        "a = http://host",
        '"a.b" = 1',
        "a {\nb = 1",
        "a = 1\n}",
        "a",
        'a = "open',
    ],
)
def test_the_plain_reader_gives_up_on_anything_else(content: str) -> None:
    assert read_plain(content) is None


# ---- all of HOCON ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a { b = 1, c : [x, y] }", {"a": {"b": 1, "c": ["x", "y"]}}),
        ("a.b = 1\na { c = 2 }", {"a": {"b": 1, "c": 2}}),
        ('a = """two\nlines"""', {"a": "two\nlines"}),
        ('a = "one" two', {"a": "one two"}),
        (
            'a = ["\\u00e9", "\\/", "tab\\t"]\nb { c = 1 }',
            {"a": ["é", "/", "tab\t"], "b": {"c": 1}},
        ),
        ("a = 5m // five\nb { c = 10 seconds }", {"a": "5m", "b": {"c": "10 seconds"}}),
        ("{ a = 1 }", {"a": 1}),
        ("a = x\nb = ${a}y", {"a": "x", "b": "xy"}),
        ('"a.b" = 1\nc { d = 2 }', {"a.b": 1, "c": {"d": 2}}),
        ("a { b = null }", {"a": {"b": None}}),
    ],
)
def test_hocon_as_files_of_the_original_use_it(content: str, expected: object) -> None:
    assert read_hocon(NOWHERE, content) == expected


def test_references_name_environment_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_NAME", "corner")
    monkeypatch.delenv("SHOP_PORT", raising=False)
    content = "a = ${SHOP_NAME}\nb = 8080\nb = ${?SHOP_PORT}\nc = ${?SHOP_NAME}\n"
    assert read_hocon(NOWHERE, content) == {"a": "corner", "b": 8080, "c": "corner"}


@pytest.mark.parametrize(
    "line",
    [
        'include "{}"',
        'include file("{}")',
        'include required(file("{}"))',
        'include url("file://{}")',
        'include package("os:{}")',
    ],
)
def test_include_is_read_and_ignored(tmp_path: Path, line: str) -> None:
    other = tmp_path / "other.conf"
    other.write_text("a = 2")
    content = f"a = 1\nb {{ c = 3 }}\n{line.format(other)}\n"
    assert read_hocon(NOWHERE, content) == {"a": 1, "b": {"c": 3}}


def test_reading_changes_nothing_for_others_who_use_pyhocon() -> None:
    from pyhocon import ConfigFactory

    read_hocon(NOWHERE, "a = 5m")
    assert not isinstance(ConfigFactory.parse_string("a = 5m")["a"], str)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a = 1\npara.b = [1, 2\nc = 3", r"some\.conf, line 3, key c: this cannot be read"),
        ("a = 1\npara.b = @secret", r"some\.conf, line 2, key para\.b: this cannot be read"),
        ("x { \n a = 1", r"some\.conf, line 2"),
        ("a = 1\nb = ${NOT_THERE_AT_ALL}", r"line 2: \$\{NOT_THERE_AT_ALL\} names no key"),
        ("a = 1\na.b = 2", "both a value and a section"),
        ("[1, 2]", "made of keys and values"),
        ("a = ${b}\nb = ${a}", r"names no key|cannot be read|no HOCON"),
    ],
)
def test_a_malformed_file_is_told_with_line_and_key(content: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        read_hocon(NOWHERE, content)
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)


# ---- the other formats -------------------------------------------------------------------------


def test_properties_as_java_reads_them() -> None:
    content = (
        "# note\n! note\n\npara.a=1\npara.b : two words \npara.c three\n"
        "para.d = one, \\\n   two\npara.e=\\u00e9\\t\\=\npara.f\n\\ x = y\npara.g=a\\\\\npara.h=1\n"
    )
    assert read_properties(content) == {
        "para": {
            "a": "1",
            "b": "two words ",
            "c": "three",
            "d": "one, two",
            "e": "é\t=",
            "f": "",
            "g": "a\\",
            "h": "1",
        },
        " x": "y",
    }


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.json", b'{"a": 1,\n "b" 2}', r"a\.json, line 2: this is no JSON"),
        ("a.json", b"[]", "a configuration is a JSON object"),
        ("a.json", b"[" * 100_000, "nested too deep"),
        ("a.conf", b"a = \xff", "is not UTF-8 at byte 4"),
        ("folder", None, "cannot be read: Is a directory"),
    ],
)
def test_unreadable_files_are_told(
    tmp_path: Path, name: str, data: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if data is None:
        path.mkdir()
    else:
        path.write_bytes(data)
    with pytest.raises(ConfigError, match=message):
        read_config_file(path)


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_bytes(b"\xef\xbb\xbfpara.port = 1")
    assert read_config_file(path).find("para.port") == 1


@pytest.mark.parametrize(
    ("key", "line"),
    [("para.a", 1), ("para.b.c", 4), ("para.b.d.e", 6), ("para.f", 9), ("para.c", None)],
)
def test_lines_are_found_in_sections(key: str, line: int | None) -> None:
    content = "para.a = 1\npara {\n b {\n c = 1\n d {\n e : 2\n }\n }\n f = 3\n}\n"
    assert line_of(content, key) == line
