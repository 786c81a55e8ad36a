"""What every test of the workspace shares: the event loop and the two markers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CI_SERVICES = Path(__file__).parent / ".ci" / "services"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio, the loop that the server and the drivers use."""
    return "asyncio"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose product is not there, and fail instead where CI should have started it."""
    if item.get_closest_marker("long") and not os.environ.get("PARA_TEST_LONG"):
        pytest.skip("takes long: PARA_TEST_LONG is not set (make test-service)")
    for marker in item.iter_markers("service"):
        product = str(marker.args[0])
        if _address(product):
            continue
        reason = f"needs {product}: {_variable(product)} is not set (make services)"
        if os.environ.get("CI") == "true" and product in _ci_services():
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Skip a test of a suite when the implementation under test lacks what the test needs."""
    wanted = {capability for marker in item.iter_markers("needs") for capability in marker.args}
    if not wanted:
        return
    values = getattr(item, "funcargs", {}).values()
    named = [value.capabilities for value in values if hasattr(value, "capabilities")]
    if not named:
        pytest.fail("marked needs(...), but no fixture has capabilities", pytrace=False)
    missing = wanted.difference(*named)
    if missing:
        pytest.skip(f"not a capability here: {', '.join(sorted(map(str, missing)))}")


def _address(product: str) -> str:
    return os.environ.get(_variable(product), "")


def _variable(product: str) -> str:
    return f"PARA_TEST_{product.upper().replace('-', '_')}_URL"


def _ci_services() -> set[str]:
    lines = CI_SERVICES.read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}
