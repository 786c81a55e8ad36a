"""SecantusDB, a Python package: speaks the protocol of MongoDB, with transactions.

It is another program than MongoDB, beta, and under GPL 2. It has an environment of its own, so that
nothing of it gets near the packages of this repository. Its transactions, conflicts and durable
writes are real; elections, several members, and the speed of MongoDB are not to be seen here.
"""

from __future__ import annotations

from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from scripts.services.packages import environment, install_apart
from scripts.services.service import Place, Service

_PROGRAM = environment("mongodb") / "bin" / "secantusd-py"


def find_secantusd() -> str | None:
    """Where the program is, for tests that start servers of their own; ``None`` without it."""
    return str(_PROGRAM) if _PROGRAM.exists() else None


def _prepare(place: Place) -> list[str]:
    data = Path(place.folder.absolute()) / "data"
    data.mkdir()
    where = ["--host", "127.0.0.1", "--port", str(place.port), "--storage-path", str(data)]
    return [str(_PROGRAM), *where, "--log-level", "WARNING"]


def _is_ready(place: Place) -> bool:
    try:
        with MongoClient[dict[str, object]](_url(place), timeoutMS=1000) as client:
            client.admin.command("ping")
    except PyMongoError:
        return False
    return True


def _url(place: Place) -> str:
    return f"mongodb://127.0.0.1:{place.port}/"


MONGODB = Service(
    name="mongodb",
    port=27120,
    packages=[],
    is_installed=_PROGRAM.exists,
    install=lambda: install_apart("mongodb", "secantusdb.txt"),
    prepare=_prepare,
    is_ready=_is_ready,
    url=_url,
)
