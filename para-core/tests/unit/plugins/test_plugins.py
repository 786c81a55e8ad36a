from __future__ import annotations

import logging
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta, Struct

from para_core import types as kinds
from para_core.checks import Check, Finding
from para_core.config import Config
from para_core.errors import ConfigError, PluginError
from para_core.extensions import Command, ResourceHandler
from para_core.hookspecs import hookimpl
from para_core.listeners import AppListener, IOListener
from para_core.objects import CLASSES, Sysprop
from para_core.plugins import Plugins, load_plugins
from para_core.selection import CACHES, DAOS, EMAILERS, FAMILIES
from para_core.testing.wheels import WheelRecipe


def a_plugin(name: str = "tides", **functions: object) -> types.ModuleType:
    """Make a module with these functions as hooks, and other values as they are."""
    module = types.ModuleType(name)
    for key, value in functions.items():
        setattr(
            module, key, hookimpl(value) if key.startswith("para_") and callable(value) else value
        )
    return module


def loaded(config: Config, *modules: types.ModuleType) -> Plugins:
    return load_plugins(config, embedded=modules)


# ---- selection ---------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["MockDAO", "mockdao", "MOCKDAO", " MockDAO "])
def test_names_are_compared_without_letter_case(config: Config, value: str) -> None:
    chosen = Config({**config.overrides, "para.dao": value})
    assert type(loaded(config).dao(chosen)).__name__ == "MemoryDAO"


@pytest.mark.parametrize("value", ["CaffeineSearch", "caffeinecache", "inmemory", ""])
def test_old_names_and_blanks_select_the_cache_of_the_process(
    config: Config, tmp_path: Path, value: str
) -> None:
    from para_core.configfiles import read_config_file

    file = tmp_path / "para-application.conf"
    file.write_text(f'para.cache = "{value}"')
    chosen = Config(config.overrides, files=[read_config_file(file)])
    assert type(loaded(config).cache(chosen)).__name__ == "MemoryCache"


def test_defaults_select_what_core_has(config: Config) -> None:
    plugins = loaded(config)
    assert plugins.selected(CACHES, config).name == "CaffeineSearch"
    assert plugins.selected(EMAILERS, config).name == "NoopEmailer"


@pytest.mark.parametrize("value", ["MemoryQueue", "mockqueue"])
def test_a_queue_without_a_database_is_selected_by_name(config: Config, value: str) -> None:
    chosen = Config({**config.overrides, "para.q": value})
    assert type(loaded(config).queue(chosen)).__name__ == "MemoryQueue"


@pytest.mark.parametrize("value", ["AWSQueue", "sqs"])
def test_the_short_name_of_a_queue_means_the_same(config: Config, value: str) -> None:
    with pytest.raises(PluginError, match="pip install para-queue-sqs"):
        loaded(config).queue(Config({**config.overrides, "para.q": value}))


def test_only_the_selected_factory_runs(config: Config) -> None:
    made: list[str] = []
    plugin = a_plugin(
        para_register_daos=lambda: {
            "One": lambda config: made.append("One") or "one",  # type: ignore[func-returns-value]
            "Two": lambda config: made.append("Two") or "two",  # type: ignore[func-returns-value]
        }
    )
    assert loaded(config, plugin).dao(Config({"para.dao": "two"})) == "two"  # type: ignore[comparison-overlap]
    assert made == ["Two"]


@pytest.mark.parametrize(
    ("key", "value", "help_"),
    [
        ("para.dao", "SqlDAO", "pip install para-dao-sql"),
        ("para.dao", "H2DAO", "pip install para-dao-sql"),
        ("para.dao", "MongoDBDAO", "pip install para-dao-mongodb"),
        ("para.search", "LuceneSearch", "pip install para-search-lucene"),
        ("para.search", "ElasticSearch", "pip install para-search-elasticsearch"),
        ("para.cache", "RedisCache", "pip install para-cache-redis"),
        ("para.q", "AWSQueue", "pip install para-queue-sqs"),
        ("para.dao", "MemryDAO", r"did you mean MemoryDAO\?"),
        ("para.emailer", "Pigeon", "put its wheel into .*lib"),
    ],
)
def test_a_name_that_nobody_offers_is_told_with_what_helps(
    config: Config, key: str, value: str, help_: str
) -> None:
    family = next(family for family in FAMILIES if family.key == key)
    chosen = Config({**config.overrides, key: value})
    with pytest.raises(PluginError, match=help_ + "$") as error:
        loaded(config).make(family, chosen)
    message = str(error.value)
    assert message.startswith(f"{key} is {value!r} (--set), which no plugin offers; installed: ")
    assert "\n" not in message


def test_the_message_has_what_is_installed_and_the_place_of_the_key(config: Config) -> None:
    chosen = Config(environ={"PARA_DAO": "Nope"})
    with pytest.raises(PluginError) as error:
        loaded(config).dao(chosen)
    assert "(environment PARA_DAO)" in str(error.value)
    assert "installed: MemoryDAO, MockDAO" in str(error.value)
    assert "by para-core 0." in str(error.value)


def test_a_factory_may_refuse_the_configuration(config: Config) -> None:
    def refusing(config: Config) -> object:
        raise ConfigError("para.tides is too low")

    plugin = a_plugin(para_register_daos=lambda: {"Tides": refusing})
    with pytest.raises(ConfigError, match="too low"):
        loaded(config, plugin).dao(Config({"para.dao": "Tides"}))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            ModuleNotFoundError("No module named 'moon'"),
            r"Tides, selected by para\.dao, lacks a pac",
        ),
        (KeyError("low\ntide"), r"Tides of tides, selected by para\.dao, cannot be made: KeyError"),
    ],
)
def test_a_factory_that_fails_is_told_in_one_line(
    config: Config, error: Exception, message: str
) -> None:
    def failing(config: Config) -> object:
        raise error

    plugin = a_plugin(para_register_daos=lambda: {"Tides": failing})
    with pytest.raises(PluginError, match=message) as raised:
        loaded(config, plugin).dao(Config({"para.dao": "Tides"}))
    assert "\n" not in str(raised.value)


# ---- plugins that cannot be used ---------------------------------------------------------------


def test_two_plugins_with_one_name_stop_the_start(config: Config) -> None:
    plugin = a_plugin(para_register_daos=lambda: {"memorydao": object})
    with pytest.raises(
        PluginError, match=r"para-core 0\..* and tides both offer memorydao for para"
    ):
        loaded(config, plugin)


def test_a_plugin_for_a_newer_host_is_refused(config: Config) -> None:
    with pytest.raises(
        PluginError, match="asks for plugin API 2; this host has 1: upgrade para-core"
    ):
        loaded(config, a_plugin(para_plugin_api=2))
    with pytest.raises(PluginError, match="para_plugin_api that is no number"):
        loaded(config, a_plugin(para_plugin_api="2"))
    assert loaded(config, a_plugin(para_plugin_api=1)).found[-1].name == "tides"


def test_a_hook_that_does_not_exist_is_refused(config: Config) -> None:
    with pytest.raises(PluginError, match="unknown hook 'para_register_doas'"):
        loaded(config, a_plugin(para_register_doas=lambda: {"Tides": object}))


def test_an_argument_that_does_not_exist_is_refused(config: Config) -> None:
    with pytest.raises(PluginError, match="does not fit"):
        loaded(config, a_plugin(para_register_daos=lambda moon: {}))


def test_a_hook_that_fails_is_told(config: Config) -> None:
    def failing() -> object:
        raise ValueError("no tide\ntoday")

    with pytest.raises(
        PluginError, match=r"tides failed in para_register_daos: ValueError: no tide t"
    ):
        loaded(config, a_plugin(para_register_daos=failing))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import tidesmoon", "ModuleNotFoundError: No module named 'tidesmoon'"),
        ("def", "SyntaxError: "),
        ("raise OSError('low\\ntide')", "OSError: low tide"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_told(
    lib: Path, config: Config, source: str, message: str
) -> None:
    recipe = WheelRecipe(name="para-tides", files={"tides.py": source}, plugin="tides")
    path = recipe.build(lib)
    with pytest.raises(PluginError, match=message) as error:
        load_plugins(config)
    start = f"the plugin para-tides of para-tides 1.0 ({path}) cannot be imported: "
    assert str(error.value).startswith(start)
    assert "\n" not in str(error.value)


# ---- what plugins add --------------------------------------------------------------------------


class TidesSettings(Struct, frozen=True):
    """The section ``para.tides``."""

    depth_m: Annotated[int, Meta(ge=1, description="Depth in metres.")] = 5


def test_sections_become_keys(config: Config) -> None:
    plugin = a_plugin(para_register_sections=lambda: {"para.tides": TidesSettings})
    described = loaded(config, plugin).described(config)
    key = described.key("para.tides.depth_m")
    assert key is not None
    assert (key.about, key.used_by, described.number(key.name)) == ("Depth in metres.", "tides", 5)
    known = described.key("para.caffeine.cache_size")
    assert known is not None
    assert known.category == "Caffeine Cache"


def test_listeners_come_in_the_order_of_their_plugins(config: Config) -> None:
    first, second, apps = IOListener(), IOListener(), AppListener()
    plugins = loaded(
        config,
        a_plugin("one", para_register_io_listeners=lambda config: [first]),
        a_plugin("two", para_register_io_listeners=lambda: [second],
                 para_register_app_listeners=lambda: [apps]),
    )  # fmt: skip
    assert plugins.io_listeners(config) == [first, second]
    assert plugins.app_listeners(config) == [apps]


async def test_a_resource_is_an_asgi_application(config: Config) -> None:
    async def app(scope: object, receive: object, send: Callable[[object], object]) -> None:
        await send({"type": "http.response.start", "status": 204})  # type: ignore[misc]

    handler = ResourceHandler("/v1/_tides/{station}", app, ("GET", "PUT"))  # type: ignore[arg-type]
    plugins = loaded(config, a_plugin(para_register_routes=lambda: [handler]))
    found = plugins.routes(config)[0]
    sent: list[object] = []

    async def send(message: object) -> None:
        sent.append(message)

    await found.app({}, None, send)  # type: ignore[arg-type]
    assert sent == [{"type": "http.response.start", "status": 204}]


def test_two_plugins_with_one_route_stop_the_start(config: Config) -> None:
    async def app(scope: object, receive: object, send: object) -> None:
        """Answer nothing."""

    routes = [ResourceHandler("/tides", app)]
    one = a_plugin("one", para_register_routes=lambda: routes)
    two = a_plugin("two", para_register_routes=lambda: routes)
    with pytest.raises(PluginError, match="one and two both answer GET /tides; remove one"):
        loaded(config, one, two).routes(config)
    with pytest.raises(ValueError, match="starts with a slash"):
        ResourceHandler("tides", app)


class Tide(Sysprop, kw_only=True):
    """A type with a field of its own."""

    height: float = 0.0


def test_core_types_are_classes_by_type(config: Config) -> None:
    plugin = a_plugin(para_register_core_types=lambda: {"tide": Tide})
    assert loaded(config, plugin).core_types() == {"tide": Tide}
    clash = a_plugin(para_register_core_types=lambda: {"user": Tide})
    with pytest.raises(
        PluginError, match="tides has a class for the type 'user', which Para has too"
    ):
        loaded(config, clash).core_types()


def test_a_class_with_impossible_fields_is_refused(config: Config) -> None:
    class Wave(Sysprop, kw_only=True):
        height: complex = 0j

    plugin = a_plugin(para_register_core_types=lambda: {"wave": Wave})
    with pytest.raises(
        PluginError, match=r"class Wave for the type 'wave' has fields .* 'complex'"
    ):
        loaded(config, plugin).core_types()


def test_commands_are_added_by_name(config: Config) -> None:
    command = Command("tell the tide", lambda config, options: 0)
    plugins = loaded(config, a_plugin(para_register_commands=lambda: {"tide": command}))
    assert plugins.commands(["run"]) == {"tide": command}
    with pytest.raises(
        PluginError, match="tides has a command named 'tide', which para-server has"
    ):
        plugins.commands(["tide"])


def test_checks_come_in_the_order_of_the_plugins(config: Config) -> None:
    async def examine(_: Config) -> list[Finding]:
        return []

    first, second = Check("tide", examine), Check("moon", examine)
    plugins = loaded(
        config,
        a_plugin("tides", para_register_checks=lambda: [first]),
        a_plugin("moons", para_register_checks=lambda config: [second] if config else []),
    )
    assert plugins.checks(config)[-2:] == [first, second]


# ---- start and stop ----------------------------------------------------------------------------


async def test_plugins_start_in_order_and_stop_in_reverse(config: Config) -> None:
    calls: list[str] = []

    async def slow_start(config: Config) -> None:
        calls.append(f"two starts on {config.number('para.port')}")

    plugins = loaded(
        config,
        a_plugin("one", para_on_start=lambda: calls.append("one starts"),
                 para_on_stop=lambda: calls.append("one stops")),
        a_plugin("two", para_on_start=slow_start, para_on_stop=lambda: calls.append("two stops")),
    )  # fmt: skip
    await plugins.start(config)
    await plugins.stop(config)
    await plugins.stop(config)
    assert calls == ["one starts", "two starts on 8080", "two stops", "one stops"]


async def test_a_failed_start_stops_what_had_started(config: Config) -> None:
    calls: list[str] = []

    def failing(config: Config) -> None:
        raise RuntimeError("no moon")

    plugins = loaded(
        config,
        a_plugin("one", para_on_stop=lambda: calls.append("one stops")),
        a_plugin("two", para_on_start=failing, para_on_stop=lambda: calls.append("two stops")),
    )
    with pytest.raises(PluginError, match="two failed to start: RuntimeError: no moon"):
        await plugins.start(config)
    assert calls == ["one stops"]


async def test_a_failed_stop_is_logged_and_the_others_stop(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[str] = []

    async def failing() -> None:
        raise RuntimeError("no moon")

    plugins = loaded(
        config,
        a_plugin("one", para_on_stop=lambda: calls.append("one stops")),
        a_plugin("two", para_on_stop=failing),
    )
    await plugins.start(config)
    await plugins.stop(config)
    assert calls == ["one stops"]
    assert caplog.messages == ["a plugin failed to stop"]


# ---- looking on --------------------------------------------------------------------------------


def test_hook_calls_are_traced_when_asked(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    plugin = a_plugin(para_register_daos=lambda: {"Tides": object})
    with caplog.at_level(logging.INFO):
        loaded(config, plugin)
        assert not caplog.messages
        loaded(Config(config.overrides, environ={"PARA_TRACE_PLUGINS": "1"}), plugin)
    traced = [message for message in caplog.messages if "of tides" in message]
    assert len(traced) == 1
    assert traced[0].startswith("para_register_daos of tides took ")


def test_plugins_of_para_come_first_and_tell_their_hooks(config: Config) -> None:
    plugins = loaded(config, a_plugin(para_on_stop=lambda: None))
    assert plugins.found[0].distribution == "para-core"
    assert "para_register_caches" in plugins.hooks_of(plugins.found[0])
    assert plugins.hooks_of(plugins.found[-1]) == ["para_on_stop"]
    assert [offer.name for offer in plugins.offers(DAOS)] == ["MemoryDAO", "MockDAO"]


def test_types_keep_their_class_when_they_are_registered_again(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(kinds._plurals, "tide", "")
    monkeypatch.setitem(kinds._singulars, "tides", "")
    monkeypatch.setitem(CLASSES, "tide", Tide)
    plugins = loaded(config, a_plugin(para_register_core_types=lambda: {"tide": Tide}))
    plugins.register_core_types()
    plugins.register_core_types()
    assert CLASSES["tide"] is Tide

    class Other(Sysprop, kw_only=True):
        pass

    other = loaded(config, a_plugin(para_register_core_types=lambda: {"tide": Other}))
    with pytest.raises(PluginError, match="another class for the type 'tide'"):
        other.register_core_types()
    assert CLASSES["tide"] is Tide
