"""A server loads the drivers of the back-ends that are selected, whatever else is installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = (
    "para_cache_redis",
    "para_dao_mongodb",
    "para_dao_sql",
    "para_queue_sqs",
    "para_search_elasticsearch",
    "para_search_lucene",
)
DRIVERS = (
    *("asyncmy", "asyncpg", "oracledb", "pytds"),
    *("aiobotocore", "opensearchpy", "pymongo", "redis", "tantivy"),
)
PROGRAM = """
import asyncio, sys
from pathlib import Path

from para_core.config import load_config
from para_core.plugins import load_plugins
from para_server.para import Para, settings_of
from para_server.serving import backends_of

folder, drivers, *pairs = sys.argv[1:]
names = {"para.db.dir": folder, "para.lucene.dir": folder}
names |= dict(pair.split("=", 1) for pair in pairs)
config = load_config(overrides=names, environ={}, folder=Path(folder))
made = backends_of(config, load_plugins(config))


async def main():
    async with Para(settings_of(config), made):
        pass


if not pairs:
    asyncio.run(main())
print(*sorted(set(drivers.split(",")) & set(sys.modules)))
"""


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in PACKAGES), reason="needs all packages"
)
@pytest.mark.parametrize(
    ("selected", "loaded"),
    [
        ([], "tantivy"),
        (["para.dao=MongoDBDAO"], "pymongo tantivy"),
        (["para.dao=SqlDAO", "para.sql.url=postgresql://h/db"], "asyncpg tantivy"),
        (["para.dao=SqlDAO", "para.sql.url=mariadb://h/db"], "asyncmy tantivy"),
        (["para.search=ElasticSearch"], "opensearchpy"),
        (["para.cache=RedisCache"], "redis tantivy"),
        (["para.q=AWSQueue"], "aiobotocore tantivy"),
    ],
    ids=lambda value: " ".join(value) or "defaults" if isinstance(value, list) else "",
)
def test_only_drivers_of_what_is_selected_are_loaded(
    tmp_path: Path, selected: list[str], loaded: str
) -> None:
    """With the defaults the server runs; else the back-ends are made, and reach for nobody."""
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), ",".join(DRIVERS), *selected]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.stdout.strip(), done.returncode) == (loaded, 0), done.stderr
