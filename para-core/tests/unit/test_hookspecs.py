from __future__ import annotations

import inspect

import pluggy
import pytest

from para_core import hookspecs

HOOKS = {name: value for name, value in vars(hookspecs).items() if name.startswith("para_")}


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_says_since_when_it_exists(name: str) -> None:
    text = inspect.getdoc(HOOKS[name]) or ""
    assert "Since plugin API 1." in text
    assert text.splitlines()[0].endswith((".", ":"))


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_describes_its_arguments_and_its_answer(name: str) -> None:
    text = inspect.getdoc(HOOKS[name]) or ""
    signature = inspect.signature(HOOKS[name])
    assert ("Args:" in text) == bool(signature.parameters)
    assert ("Returns:" in text) == (not name.startswith("para_on_"))


def test_every_function_of_the_module_is_a_hook() -> None:
    manager = pluggy.PluginManager("para")
    manager.add_hookspecs(hookspecs)
    functions = inspect.getmembers(hookspecs, inspect.isfunction)
    own = {name for name, value in functions if value.__module__ == hookspecs.__name__}
    assert own == {name for name in own if hasattr(manager.hook, name)} == HOOKS.keys()
