"""Redis from Debian, without anything on disk."""

from __future__ import annotations

import shutil
import socket

from scripts.services.service import Place, Service


def _prepare(place: Place) -> list[str]:
    return [
        *("redis-server", "--bind", "127.0.0.1", "--port", str(place.port)),
        *("--dir", str(place.folder), "--save", "", "--appendonly", "no"),
    ]


def _is_ready(place: Place) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", place.port), timeout=1) as line:
            line.sendall(b"PING\r\n")
            return line.recv(5) == b"+PONG"
    except OSError:
        return False


REDIS = Service(
    name="redis",
    port=16379,
    packages=["redis-server"],
    is_installed=lambda: shutil.which("redis-server") is not None,
    prepare=_prepare,
    is_ready=_is_ready,
    url=lambda place: f"redis://127.0.0.1:{place.port}/0",
)
