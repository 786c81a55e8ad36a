"""Does this machine know the time, has it room for many connections, and is the port free?"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import json
import resource
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from para_core.checks import Finding, advice, bad, good
from para_server.config import context_path_of
from para_server.listening import socket_for, url_host
from para_server.operator.settings import OperatorSettings

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["examine_clock", "examine_limits", "examine_port", "running_server"]

_TIMEX_BYTES = 256  # more than any system's struct timex
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_FEW_FILES = 4096
_ASK_SEC = 5.0
_TOLERANCE_SEC = 120


async def examine_clock(config: Config) -> Iterable[Finding]:
    """Look whether the clock is set: signatures and ids need the time."""
    latest = _latest_write(Path(config.text("para.db.dir") or "data"))
    behind = latest - time.time()
    if behind > _TOLERANCE_SEC:
        said = f"the clock is {behind / 60:.0f} minutes behind the last write of the data"
        return [bad(said, "set the clock, and let a time service keep it right")]
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    if _kernel_says() == _UNSYNCHRONISED:
        return [
            advice(
                f"{now}, and no time service keeps it right",
                "install chrony or enable systemd-timesyncd: signatures allow 15 minutes at most",
            )
        ]
    return [good(f"{now}, kept by a time service")]


def _latest_write(folder: Path) -> float:
    try:
        return max((file.stat().st_mtime for file in folder.iterdir()), default=0.0)
    except OSError:
        return 0.0


def _kernel_says() -> int:
    """Return the state of the clock as adjtimex(2) tells it; 0 where it cannot be asked."""
    try:
        ask = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return 0
    return int(ask(ctypes.create_string_buffer(_TIMEX_BYTES)))  # all zero: it changes nothing


async def examine_limits(config: Config) -> Iterable[Finding]:
    """Look how many connections and files the process may have."""
    del config
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = f"{soft if soft != resource.RLIM_INFINITY else 'any number of'} open files"
    if 0 <= soft < _FEW_FILES:
        most = f"; this process could have {hard}" if hard > soft else ""
        return [
            advice(
                f"{said}{most}: each connection and each part of an index needs one",
                "start it with `ulimit -n 65536`, in systemd with LimitNOFILE=65536",
            )
        ]
    return [good(said)]


async def examine_port(config: Config) -> Iterable[Finding]:
    """Look whether the port is free, or is this server's already."""
    port = config.number("para.port")
    if not 0 < port < 65_536:  # noqa: PLR2004 - ports end there
        return [bad(f"para.port is {port}", "take a number from 1 to 65535")]
    server = await asyncio.to_thread(running_server, config)
    if server is not None:
        name = server.get("name", "Para")
        return [good(f"{port}, where {name} {server.get('version', '')} runs".rstrip())]
    found = [_tried(config.text("para.address").strip(), port, "para.")]
    operator = config.section("para.operator", OperatorSettings)
    if operator.port == port:
        found.append(bad(f"para.operator.port is para.port, {port}", "give it a port of its own"))
    elif operator.port:
        found.append(_tried(operator.address.strip(), operator.port, "para.operator."))
    return found


def _tried(address: str, port: int, key: str) -> Finding:
    """Tell whether a port can be had; ``key`` begins the names of the settings that say where."""
    with socket_for(address) as probe:
        try:
            probe.bind((address, port))
        except PermissionError:
            return bad(
                f"{port} is for privileged programs",
                f"set {key}port above 1023, with a proxy in front, or allow it with "
                "AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit",
            )
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                return bad(
                    f"{key}address is {address}, which this machine does not have",
                    "`ip address` tells which it has; set one, or leave it blank for all",
                )
            return bad(
                f"{port} is taken by another program ({error.strerror})",
                f"`ss -ltnp sport = :{port}` tells which; stop it, or set {key}port",
            )
    return good(f"{port} is free")


def running_server(config: Config) -> dict[str, Any] | None:
    """Return what the server at the configured port says about itself, if one is there."""
    told = ask_server(config, "/v1")
    if told is None or "version" not in told:
        return None
    server = told.get("server")
    return server if isinstance(server, dict) else {"name": "Para", "version": told["version"]}


def ask_server(config: Config, path: str) -> dict[str, Any] | None:
    """Return the JSON that the server at the configured port answers, whatever its status."""
    context = None
    scheme = "http"
    if config.text("para.tls.cert_file").strip():
        scheme, context = "https", ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is this machine
    base = context_path_of(config)
    host = url_host(config.text("para.address").strip())
    url = f"{scheme}://{host}:{config.number('para.port')}{base}{path}"
    try:
        with urllib.request.urlopen(url, timeout=_ASK_SEC, context=context) as reply:  # noqa: S310
            told = json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return {"code": error.code}
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None
