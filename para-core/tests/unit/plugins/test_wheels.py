from __future__ import annotations

import multiprocessing
import stat
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from para_core.config import Config
from para_core.errors import PluginError
from para_core.plugins import Plugins, load_plugins
from para_core.selection import DAOS
from para_core.testing.wheels import WheelRecipe
from para_core.wheels import unpack_wheels

SOURCE = """
from para_core.hookspecs import hookimpl
from para_core.memory.dao import MemoryDAO

class TidesDAO(MemoryDAO):
    pass

@hookimpl
def para_register_daos():
    return {"TidesDAO": lambda config: TidesDAO()}
"""


def tides(source: str = SOURCE, **more: Any) -> WheelRecipe:  # noqa: ANN401 - as in the recipe
    files = {"tides.py": source}
    return WheelRecipe(**{"name": "para-tides", "plugin": "tides", "files": files, **more})


def test_a_wheel_in_the_folder_is_a_plugin(
    lib: Path, config: Config, load: Callable[[], Plugins]
) -> None:
    wheel = tides().build(lib)
    plugins = load()
    plugin = plugins.found[-1]
    assert (plugin.distribution, plugin.version, plugin.source) == ("para-tides", "1.0", str(wheel))
    chosen = Config({**config.overrides, "para.dao": "tidesdao"})
    assert type(plugins.dao(chosen)).__name__ == "TidesDAO"


def test_its_modules_come_from_an_unpacked_copy_at_the_end_of_the_path(
    lib: Path, load: Callable[[], Plugins], tmp_path: Path
) -> None:
    tides().build(lib)
    module = load().found[-1].module
    folder = Path(str(module.__file__)).parent  # type: ignore[attr-defined]
    assert folder.parent == tmp_path / "cache"
    assert len(folder.name) == 64
    assert sys.path[-1] == str(folder)


def test_a_wheel_is_unpacked_once(lib: Path, config: Config, tmp_path: Path) -> None:
    tides().build(lib)
    load_plugins(config)
    folder = next((tmp_path / "cache").iterdir())
    before = (folder / "tides.py").stat().st_mtime_ns
    load_plugins(config)
    assert list((tmp_path / "cache").iterdir()) == [folder]
    assert (folder / "tides.py").stat().st_mtime_ns == before


def test_a_changed_wheel_gets_another_folder(lib: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = unpack_wheels([tides().build(lib)], cache)
    second = unpack_wheels([tides(SOURCE + "\nNEW = True\n").build(lib)], cache)
    assert first[0].root != second[0].root


def test_many_processes_may_unpack_one_wheel_at_once(lib: Path, tmp_path: Path) -> None:
    path, cache = tides().build(lib), tmp_path / "cache"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=unpack_wheels, args=([path], cache)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(list(cache.iterdir())) == 1


def test_a_wheel_without_plugin_is_a_library_for_others(
    lib: Path, load: Callable[[], Plugins]
) -> None:
    WheelRecipe(name="tides-tables", files={"tidestables.py": "HIGH = 7\n"}).build(lib)
    source = "from tidestables import HIGH\n" + SOURCE
    tides(source, requires=["tides-tables>=1"]).build(lib)
    assert "TidesDAO" in [offer.name for offer in load().offers(DAOS)]


def test_installed_parts_of_a_wheel_are_put_beside_its_modules(
    lib: Path, load: Callable[[], Plugins], tmp_path: Path
) -> None:
    files = {
        "tides.py": "from tideslib import HIGH\n" + SOURCE,
        "para_tides-1.0.data/purelib/tideslib.py": "HIGH = 7\n",
        "para_tides-1.0.data/scripts/tides": "#!python\n",
    }
    tides(files=files).build(lib)
    load()
    folder = next((tmp_path / "cache").iterdir())
    assert (folder / "tideslib.py").is_file()
    assert not list(folder.rglob("scripts"))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"tag": "cp27-cp27m-win32"}, "is made for cp27-cp27m-win32; this is cp"),
        ({"requires_python": ">=4"}, r"needs Python >=4; this is 3\."),
        ({"requires_python": "soon"}, "Requires-Python that cannot be read"),
        ({"requires": ["para-core>=99"]}, r"made for para-core >=99; this is para-core 0\."),
        ({"requires": ["para-core<0.1"]}, r"made for para-core <0\.1; this is para-core 0\."),
        ({"requires": ["no such thing!"]}, "requirements that cannot be read"),
        (
            {"requires": ["tides-moon>=2", "tides-sun", "msgspec"]},
            'lacks packages that it needs: pip install "tides-moon>=2" "tides-sun"$',
        ),
        ({"requires": ["msgspec>=999"]}, 'pip install "msgspec>=999"$'),
        ({"name": "msgspec", "plugin": None}, r"msgspec is installed \(.*\) and lies in"),
    ],
    ids=[
        "platform", "python", "python-text", "newer-host", "older-host", "requirement-text",
        "missing", "outdated", "installed",
    ],
)  # fmt: skip
def test_a_wheel_that_does_not_fit_is_refused(
    lib: Path, load: Callable[[], Plugins], more: dict[str, Any], message: str
) -> None:
    path = list(sys.path)
    tides(**more).build(lib)
    with pytest.raises(PluginError, match=message) as error:
        load()
    assert "\n" not in str(error.value)
    assert sys.path == path


def test_requirements_of_extras_and_other_platforms_do_not_count(
    lib: Path, load: Callable[[], Plugins]
) -> None:
    requires = ['tides-moon; extra == "moon"', 'tides-sun; sys_platform == "never"']
    tides(requires=requires).build(lib)
    assert load().found[-1].name == "para-tides"


def test_two_releases_of_one_package_are_refused(lib: Path, load: Callable[[], Plugins]) -> None:
    tides().build(lib)
    tides(version="2.0").build(lib)
    with pytest.raises(PluginError, match="are the same package para-tides; remove one"):
        load()


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("../outside.py", "leads out of its folder"),
        ("/outside.py", "leads out of its folder"),
        ("tides/../../outside.py", "leads out of its folder"),
        ("..\\outside.py", "leads out of its folder"),
        ("tides.pth", "would run code on every import; refused"),
        ("para_tides-1.0.data/purelib/tides.pth", "would run code on every import; refused"),
    ],
)
def test_an_unsafe_wheel_is_refused_and_leaves_nothing(
    lib: Path, load: Callable[[], Plugins], tmp_path: Path, place: str, message: str
) -> None:
    tides(files={"tides.py": SOURCE, place: "import os\n"}).build(lib)
    with pytest.raises(PluginError, match=message):
        load()
    assert list((tmp_path / "cache").iterdir()) == []
    assert not list(tmp_path.rglob("outside.py"))


def test_a_link_in_a_wheel_is_refused(lib: Path, load: Callable[[], Plugins]) -> None:
    path = tides().build(lib)
    link = zipfile.ZipInfo("secrets")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(PluginError, match="leads out of its folder"):
        load()


def test_a_huge_wheel_is_refused_before_it_is_unpacked(
    lib: Path, load: Callable[[], Plugins], monkeypatch: pytest.MonkeyPatch
) -> None:
    tides().build(lib)
    monkeypatch.setattr("para_core.wheels._LARGEST_BYTES", 10)
    with pytest.raises(PluginError, match="larger than 1 GiB"):
        load()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("para_tides-1.0-py3-none-any.whl", b"no archive", "is damaged or no wheel"),
        ("tides.whl", b"", "is not named like a wheel"),
    ],
)
def test_a_file_that_is_no_wheel_is_told(
    lib: Path, load: Callable[[], Plugins], name: str, data: bytes, message: str
) -> None:
    lib.mkdir()
    (lib / name).write_bytes(data)
    with pytest.raises(PluginError, match=message):
        load()


def test_a_wheel_cut_short_leaves_no_half_plugin(
    lib: Path, load: Callable[[], Plugins], tmp_path: Path
) -> None:
    path = tides().build(lib)
    data = bytearray(path.read_bytes())
    at = data.index(b"para_register_daos")
    data[at : at + 4] = b"XXXX"  # the checksum of the archive does not fit any more
    path.write_bytes(data)
    with pytest.raises(PluginError, match=r"cannot be unpacked to .*Bad CRC-32"):
        load()
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_made_is_told(lib: Path, tmp_path: Path) -> None:
    tides().build(lib)
    (tmp_path / "file").write_text("no folder")
    overrides = {"para.plugin_folder": str(lib)}
    config = Config(overrides, environ={"XDG_CACHE_HOME": str(tmp_path / "file")})
    with pytest.raises(PluginError, match=r"cannot be made: .*set para\.plugin_cache_folder"):
        load_plugins(config)


def test_a_cache_that_everyone_may_write_to_is_refused(
    lib: Path, load: Callable[[], Plugins], tmp_path: Path
) -> None:
    tides().build(lib)
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    with pytest.raises(PluginError, match=r"everyone may write .* set para\.plugin_cache_folder"):
        load()


def test_a_module_that_is_installed_too_is_refused(lib: Path, load: Callable[[], Plugins]) -> None:
    WheelRecipe(name="para-tides", files={"pluggy.py": SOURCE}, plugin="pluggy").build(lib)
    with pytest.raises(PluginError, match="has a module that is installed as"):
        load()


def test_java_plugins_are_left_alone(
    lib: Path, load: Callable[[], Plugins], caplog: pytest.LogCaptureFixture
) -> None:
    lib.mkdir()
    (lib / "para-dao-sql-1.54.jar").write_bytes(b"PK")
    load()
    assert "a Java plugin is not used" in caplog.messages
