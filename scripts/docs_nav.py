"""Builds the navigation of the documentation from its folders, so that a page is only a file.

MkDocs loads this module as a hook. A section is a folder of ``SECTIONS``, in that order; in a
folder ``index.md`` comes first, then the pages by file name, then the folders below.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files

SECTIONS = {
    "tutorial": "Tutorial",
    "how-to": "How-to guides",
    "reference": "Reference",
    "explanation": "Explanation",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Give MkDocs the navigation before it builds one of its own."""
    pages = [PurePosixPath(page.src_uri) for page in files.documentation_pages()]
    config.nav = navigation(pages)
    return files


def navigation(pages: Iterable[PurePosixPath]) -> list[Any]:
    """Arrange the pages as the ``nav`` of ``mkdocs.yml`` would list them."""
    tree = list(pages)
    top = [str(page) for page in sorted(tree, key=_order) if len(page.parts) == 1]
    sections = [
        {title: _folder(tree, PurePosixPath(name))}
        for name, title in SECTIONS.items()
        if any(page.parts[0] == name for page in tree)
    ]
    return [*top, *sections]


def _folder(pages: list[PurePosixPath], folder: PurePosixPath) -> list[Any]:
    own = sorted((page for page in pages if page.parent == folder), key=_order)
    deep = len(folder.parts)
    below = {page.parts[deep] for page in pages if folder in page.parents and page not in own}
    folders = [
        {name.replace("-", " ").capitalize(): _folder(pages, folder / name)}
        for name in sorted(below)
    ]
    return [*(str(page) for page in own), *folders]


def _order(page: PurePosixPath) -> tuple[bool, str]:
    return (page.name != "index.md", page.name)
