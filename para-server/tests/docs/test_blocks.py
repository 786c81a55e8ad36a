"""Blocks of configuration can be read, and they and the texts name keys that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from para_core.config import Config, load_config
from para_core.plugins import Plugins, load_plugins
from para_core.settings.unknown import unknown_keys

from .pages import Block, all_pages, blocks_of, name_of

HOCON = [
    pytest.param(block, id=f"{name_of(page)}:{block.line}")
    for page in all_pages()
    for block in blocks_of(page)
    if block.language == "hocon"
]
OF_EXAMPLES = (  # of plugins that pages write
    *("para.journal.", "para.guestbook.", "para.spool.", "para.plain.", "para.notebook."),
)
NAMED = re.compile(r"`(para(?:\.\w+)+)`")
NO_KEYS = {  # groups of entry points, a file, and the sections of the examples
    *("para.plugins", "para.daos", "para.caches", "para.db.lock"),
    *(name.rstrip(".") for name in OF_EXAMPLES),
}


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    """The plugins of this repository, whose keys count as known."""
    return load_plugins(load_config(overrides={"para.plugin_folder": ""}, environ={}))


@pytest.fixture(params=HOCON)
def config(
    request: pytest.FixtureRequest,
    plugins: Plugins,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Config:
    """The configuration of a block, with the keys of our plugins."""
    block: Block = request.param
    for name in re.findall(r"\$\{\??(\w+)\}", block.text):
        monkeypatch.setenv(name, "a value of the environment")
    file = tmp_path / "application.conf"
    file.write_text(block.text, encoding="utf-8")
    return plugins.described(load_config(file, environ={}))


def test_a_block_of_configuration_sets_keys_that_there_are(config: Config) -> None:
    assert config.files[0].tree
    found = unknown_keys(config)
    assert [line for line in found if not any(name in line for name in OF_EXAMPLES)] == []


def test_each_key_that_a_text_names_is_there(plugins: Plugins, tmp_path: Path) -> None:
    config = plugins.described(load_config(environ={}, folder=tmp_path))
    known = {key.name for key in config.known_keys()}
    sections = {name.rpartition(".")[0] for name in known}
    named = {
        (name, name_of(page))
        for page in all_pages()
        for name in NAMED.findall(page.read_text(encoding="utf-8"))
    }
    assert {key for key, _ in named} & known
    assert [one for one in sorted(named) if one[0] not in known | sections | NO_KEYS] == []


def test_every_block_says_its_language() -> None:
    bare = [
        f"{name_of(page)}:{block.line}"
        for page in all_pages()
        for block in blocks_of(page)
        if not block.language
    ]
    assert bare == []
