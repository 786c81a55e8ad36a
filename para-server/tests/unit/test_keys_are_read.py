"""What the reference says of each key: something reads it, or it is told why nothing does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from para_core.settings import KNOWN, NO_PLUGIN, UNUSED, Key

REPOSITORY = Path(__file__).parents[3]
DECLARATIONS = REPOSITORY / "para-core" / "src" / "para_core" / "settings"
OF_CLIENTS = "the Java client, which reads the same files"
ENDINGS = ("_app_id", "_secret")  # in front of them stands the short name of a provider


@cache
def pieces() -> frozenset[str]:
    """Return what source code could make names of keys of: texts, and fields of Structs."""
    found = set[str]()
    for file in REPOSITORY.glob("para-*/src/**/*.py"):
        if DECLARATIONS not in file.parents:
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                found.update(names_in(node))
    return frozenset(found)


def names_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value.removeprefix("para.")
        yield text if text in ENDINGS else text.strip(".")
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def is_named(key: str) -> bool:
    """Return whether code names a key, whole or in parts as it is composed."""
    if key in pieces():
        return True
    cuts = [at for at, sign in enumerate(key) if sign == "."]
    if any(key[:at] in pieces() and is_named(key[at + 1 :]) for at in cuts):
        return True
    ending = next((end for end in ENDINGS if key.endswith(end)), None)
    return ending is not None and {key.removesuffix(ending), ending} <= pieces()


def is_at_hand(key: Key) -> bool:
    """Return whether what uses a key is in this repository."""
    return not key.used_by.startswith("para-") or (REPOSITORY / key.used_by).is_dir()


USED = [
    key
    for key in KNOWN.values()
    if key.used_by not in {UNUSED, OF_CLIENTS} and not key.used_by.startswith(NO_PLUGIN)
]


def test_code_that_reads_it_names_each_key_that_is_used() -> None:
    unread = [key.name for key in USED if is_at_hand(key) and not is_named(key.name[5:])]
    assert unread == []


def test_each_field_of_settings_is_looked_at() -> None:
    fields, read = set[str](), set[str]()
    for file in REPOSITORY.glob("para-server/src/**/*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Settings"):
                lines = [line for line in node.body if isinstance(line, ast.AnnAssign)]
                fields |= {ast.unparse(line.target) for line in lines}
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                read.add(node.attr)
    by_name = {"hcaptcha_url", "recaptcha_url", "turnstile_url"}  # of the captcha that is used
    assert sorted(fields - read - by_name) == []


def test_no_code_names_a_key_that_nothing_uses() -> None:
    in_parts = {"para.db.user", "para.db.password", "para.es.dir"}  # words that others have too
    unused = {key.name for key in KNOWN.values() if key.used_by == UNUSED}
    assert {key for key in unused if is_named(key[5:])} <= in_parts


@pytest.mark.parametrize("key", [k for k in KNOWN.values() if k not in USED], ids=lambda k: k.name)
def test_a_key_without_use_says_why(key: Key) -> None:
    assert key.used_by.startswith((UNUSED, NO_PLUGIN, OF_CLIENTS))
    if key.used_by == UNUSED:
        assert len(key.about.split()) > 4, "a reason, in a sentence"
