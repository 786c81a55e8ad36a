"""The tests in this folder use everything that Para's Python client has."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from paraclient import Constraint, ParaClient

NOT_REQUESTS = {  # what the methods are made of, and settings of the client itself
    "find", "getApiPath", "getEntity", "getFullPath", "getItems", "getItemsFromList",
    "invokeDelete", "invokeGet", "invokePatch", "invokePost", "invokePut", "invokeSignedRequest",
    "pagerToParams", "setApiPath", "urlenc", "clearAccessToken",
}  # fmt: skip


def test_every_method_of_the_client_is_tested() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))
    called = set(re.findall(r"\.(\w+)\(", tests))
    methods = {name for name, _ in inspect.getmembers(ParaClient, callable) if name[0] != "_"}
    assert methods - NOT_REQUESTS - called == set()
    assert len(methods) > 60


def test_every_constraint_of_the_client_is_tested() -> None:
    tests = (Path(__file__).parent / "test_paraclient_app.py").read_text()
    names = {name for name in vars(Constraint) if not name.startswith("_")} - {"name", "payload"}
    used = set(re.findall(r"Constraint\.(\w+)\(", tests)) | set(
        re.findall(r'Constraint\("(\w+)"', tests)
    )
    assert names <= used
