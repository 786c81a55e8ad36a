"""Wheels for tests of plugins, built without a build tool."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["WheelRecipe"]


@dataclass(frozen=True, kw_only=True)
class WheelRecipe:
    """What goes into a wheel: sources by their path inside it, and what it says of itself.

    ``plugin`` is the module that an entry point of the group ``para.plugins`` names, if any.
    ``requires`` are lines for ``Requires-Dist``; ``tag`` is Python, ABI and platform.
    """

    name: str
    files: Mapping[str, str]
    version: str = "1.0"
    tag: str = "py3-none-any"
    plugin: str | None = None
    requires: Sequence[str] = ()
    requires_python: str = ""

    def build(self, folder: Path) -> Path:
        """Write the wheel into a folder, made when it is not there, and return its path."""
        stem = f"{self.name.replace('-', '_')}-{self.version}"
        info = f"{stem}.dist-info"
        contents = {
            **self.files,
            f"{info}/METADATA": self._metadata(),
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {self.tag}\n",
        }
        if self.plugin is not None:
            contents[f"{info}/entry_points.txt"] = f"[para.plugins]\n{self.name} = {self.plugin}\n"
        contents[f"{info}/RECORD"] = _record(contents) + f"{info}/RECORD,,\n"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{stem}-{self.tag}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for place, content in contents.items():
                archive.writestr(place, content)
        return path

    def _metadata(self) -> str:
        lines = ["Metadata-Version: 2.3", f"Name: {self.name}", f"Version: {self.version}"]
        lines += [f"Requires-Dist: {line}" for line in self.requires]
        if self.requires_python:
            lines.append(f"Requires-Python: {self.requires_python}")
        return "\n".join(lines) + "\n"


def _record(contents: Mapping[str, str]) -> str:
    lines = []
    for place, content in contents.items():
        digest = hashlib.sha256(content.encode()).digest()
        coded = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        lines.append(f"{place},sha256={coded},{len(content.encode())}\n")
    return "".join(lines)
