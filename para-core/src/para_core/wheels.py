"""Plugins in wheels: checked, unpacked once, and put at the end of the import path.

A wheel is never imported from its archive: compiled modules could not be, and the archive may be
replaced while the process runs.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import shutil
import stat
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from para_core.errors import PluginError

__all__ = ["Wheel", "unpack_wheels"]

_HOSTS = ("para-core", "para-server")
_LARGEST_BYTES = 1024**3  # of one unpacked wheel; the largest real ones stay below
_LIBRARY_FOLDERS = ("purelib", "platlib")  # parts of *.data that belong beside the modules


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel that was checked and unpacked: ``root`` is the folder that holds its modules."""

    path: Path
    name: str
    version: str
    root: Path


@dataclass(frozen=True, slots=True)
class _Claims:
    """What a wheel says of itself."""

    path: Path
    name: str
    version: str
    requires_python: str
    requires: tuple[Requirement, ...]


def unpack_wheels(paths: Iterable[Path], cache: Path) -> list[Wheel]:
    """Check wheels, unpack those that are not unpacked yet, and make their modules importable.

    Args:
        paths: The wheels, in the order in which their folders join the import path.
        cache: Where a folder is made for each wheel, named by the SHA-256 of the file. A wheel that
            changes gets another folder; a folder is complete as soon as it has its name.

    Raises:
        PluginError: A wheel is damaged, unsafe, made for something else, installed already, or
            lacks packages it needs. Nothing joins the import path then.
    """
    claims = [_read_claims(path) for path in paths]
    _refuse_twins(claims)
    for claim in claims:
        _check_host(claim)
    _check_requirements(claims, cache)
    wheels = [_unpack(claim, cache) for claim in claims]
    for wheel in wheels:
        if str(wheel.root) not in sys.path:
            sys.path.append(str(wheel.root))
    return wheels


# ---- what a wheel says -----------------------------------------------------------------------


def _read_claims(path: Path) -> _Claims:
    try:
        name, version, _, tags = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise PluginError(
            f"{path} is not named like a wheel; use the name it was built with"
        ) from error
    if tags.isdisjoint(sys_tags()):
        made_for = ", ".join(sorted(map(str, tags)))
        here = next(iter(sys_tags()))
        raise PluginError(f"{path} is made for {made_for}; this is {here}: get the wheel for it")
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read(_metadata_name(archive)).decode()
    except (OSError, KeyError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise PluginError(f"{path} is damaged or no wheel: {error}; copy it again") from error
    fields = HeaderParser().parsestr(text)
    try:
        requires = tuple(Requirement(line) for line in fields.get_all("Requires-Dist") or ())
    except InvalidRequirement as error:
        raise PluginError(f"{path} has requirements that cannot be read") from error
    return _Claims(path, name, str(version), fields.get("Requires-Python") or "", requires)


def _metadata_name(archive: zipfile.ZipFile) -> str:
    for name in archive.namelist():
        if name.endswith(".dist-info/METADATA") and name.count("/") == 1:
            return name
    raise KeyError("it has no METADATA")


# ---- checks ----------------------------------------------------------------------------------


def _refuse_twins(claims: Sequence[_Claims]) -> None:
    seen: dict[str, Path] = {}
    for claim in claims:
        if claim.name in seen:
            raise PluginError(
                f"{seen[claim.name]} and {claim.path} are the same package {claim.name}; remove one"
            )
        seen[claim.name] = claim.path


def _check_host(claim: _Claims) -> None:
    here = platform.python_version()
    try:
        fits = SpecifierSet(claim.requires_python).contains(here, prereleases=True)
    except InvalidSpecifier as error:
        raise PluginError(f"{claim.path} has a Requires-Python that cannot be read") from error
    if not fits:
        raise PluginError(f"{claim.path} needs Python {claim.requires_python}; this is {here}")
    for need in _needs(claim):
        version = _installed(need.name)
        is_host = canonicalize_name(need.name) in _HOSTS
        if is_host and version is not None and not _fits(need, version):
            raise PluginError(
                f"{claim.path} is made for {need.name} {need.specifier}; this is {need.name} "
                f"{version}: use the release of the plugin that was made for it"
            )


def _check_requirements(claims: Sequence[_Claims], cache: Path) -> None:
    beside = {claim.name: claim.version for claim in claims}
    for claim in claims:
        _refuse_installed(claim, cache)
        missing = []
        for need in _needs(claim):
            name = canonicalize_name(need.name)
            version = beside.get(name) or _installed(name)
            if name not in _HOSTS and (version is None or not _fits(need, version)):
                missing.append(need)
        if missing:
            wanted = " ".join(f'"{need.name}{need.specifier}"' for need in missing)
            raise PluginError(f"{claim.path} lacks packages that it needs: pip install {wanted}")


def _refuse_installed(claim: _Claims, cache: Path) -> None:
    """A package in two places would be imported from one of them by chance."""
    try:
        found = importlib.metadata.distribution(claim.name)
    except importlib.metadata.PackageNotFoundError:
        return
    if not Path(str(found.locate_file(""))).is_relative_to(cache):
        raise PluginError(
            f"{claim.name} is installed ({found.version}) and lies in {claim.path} too; remove one"
        )


def _needs(claim: _Claims) -> Iterator[Requirement]:
    """Return the requirements that hold here; extras are never asked for."""
    for need in claim.requires:
        if need.marker is None or need.marker.evaluate({"extra": ""}):
            yield need


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _fits(need: Requirement, version: str) -> bool:
    return need.specifier.contains(version, prereleases=True)


# ---- unpacking -------------------------------------------------------------------------------


def _unpack(claim: _Claims, cache: Path) -> Wheel:
    _prepare_cache(cache)
    try:
        with claim.path.open("rb") as file:
            root = cache / hashlib.file_digest(file, "sha256").hexdigest()
            if not root.is_dir():
                _unpack_to(root, claim.path, file)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise PluginError(f"{claim.path} cannot be unpacked to {cache}: {error}") from error
    return Wheel(claim.path, claim.name, claim.version, root)


def _prepare_cache(cache: Path) -> None:
    help_ = "set para.plugin_cache_folder to a folder of your own"
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = cache.stat().st_mode
    except OSError as error:
        raise PluginError(
            f"the folder {cache} cannot be made: {error.strerror}; {help_}"
        ) from error
    if mode & stat.S_IWOTH:
        raise PluginError(f"everyone may write to {cache}, where plugins are run from; {help_}")


def _unpack_to(root: Path, path: Path, file: BinaryIO) -> None:
    """Unpack beside the place, then rename: no process ever sees half a plugin."""
    begun = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=root.parent))
    try:
        with zipfile.ZipFile(file) as archive:
            for member, target in _members(path, archive):
                place = begun.joinpath(*target.parts)
                place.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, place.open("xb") as copy:
                    shutil.copyfileobj(source, copy)
        try:
            begun.rename(root)
        except OSError:
            if not root.is_dir():  # else another process was faster, with the same bytes
                raise
    finally:
        shutil.rmtree(begun, ignore_errors=True)


def _members(
    path: Path, archive: zipfile.ZipFile
) -> Iterator[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """Return the files to unpack and where they go below the root; refuse what is unsafe."""
    if sum(member.file_size for member in archive.infolist()) > _LARGEST_BYTES:
        raise PluginError(f"{path} is larger than 1 GiB when unpacked; this is no plugin")
    for member in archive.infolist():
        if member.is_dir():
            continue
        target = PurePosixPath(member.filename)
        kind = stat.S_IFMT(member.external_attr >> 16)
        is_outside = target.is_absolute() or ".." in target.parts or "\\" in member.filename
        if is_outside or kind not in (0, stat.S_IFREG):
            raise PluginError(f"{path} holds {member.filename!r}, which leads out of its folder")
        if target.parts[0].endswith(".data"):
            if target.parts[1] not in _LIBRARY_FOLDERS:
                continue  # scripts, headers and data of an installation
            target = PurePosixPath(*target.parts[2:])
        if len(target.parts) == 1 and target.suffix == ".pth":
            raise PluginError(
                f"{path} holds {target}, which would run code on every import; refused"
            )
        yield member, target
