"""The first example of the repository does what it shows."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from .conftest import RunningServer

README = Path(__file__).parents[3] / "README.md"


def test_the_first_example_runs(running_server: RunningServer, keys: dict[str, str]) -> None:
    found = re.search(r"^```python\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
    assert found
    example = found[1].replace("http://localhost:8080", running_server.url)
    example = example.replace("app:para", keys["accessKey"])
    example = example.replace("SECRET KEY", keys["secretKey"])
    _, cat, cats, updated, tagged, _ = results_of(example)
    assert (cat.name, cat.color, cat.tags) == ("Whiskers", "grey", [])
    assert [one.id for one in cats] == [one.id for one in tagged] == [cat.id] == [updated.id]


def results_of(code: str) -> list[Any]:
    """Run Python and return what the expressions gave that stand alone as statements."""
    module = ast.parse(code)
    results: list[Any] = []
    collector = ast.Name("collect", ast.Load())
    for statement in module.body:
        if isinstance(statement, ast.Expr):
            statement.value = ast.Call(collector, [statement.value], [])
    program = compile(ast.fix_missing_locations(module), "README.md", "exec")
    exec(program, {"collect": results.append})  # noqa: S102 - our own example
    return results
