"""Load from another process on another core: wrk replays requests that were made beforehand."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Load", "LoadError", "replay"]

_SCRIPT = """
local file = io.open(os.getenv("REQUESTS"), "rb")
local requests = {}
for one in string.gmatch(file:read("*a"), "(.-)%z") do requests[#requests + 1] = one end
file:close()
local at = tonumber(os.getenv("START")) % #requests
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("DONE %d %d %.1f %.1f %.1f %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency.max,
    e.status + e.timeout + e.read + e.write + e.connect))
end
"""


_SHOW = """
local shown = false
response = function(status, headers, body)
  if status >= 300 and not shown then
    shown = true
    io.stderr:write(status .. " " .. body:sub(1, 200) .. "\\n")
  end
end
"""


class LoadError(Exception):
    """The load could not be made, or a server answered with errors."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one round of load saw."""

    requests: int
    per_sec: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    errors: int


def replay(  # noqa: PLR0913 - what is sent, how, how long
    port: int,
    requests: Sequence[bytes],
    *,
    seconds: int,
    connections: int,
    start: int = 0,
    core: int | None = 1,
    is_light: bool = False,
) -> Load:
    """Send these requests, over and over, as fast as they are answered.

    With ``is_light`` the answers are counted and not looked at, which takes half the processor.

    Raises:
        LoadError: wrk is not there, failed, or got errors.
    """
    with tempfile.TemporaryDirectory(prefix="bench-wrk-") as folder:
        script, data = Path(folder) / "replay.lua", Path(folder) / "requests"
        script.write_text(_SCRIPT if is_light else _SCRIPT + _SHOW)
        data.write_bytes(b"".join(request + b"\0" for request in requests))
        bound = [] if core is None else ["taskset", "-c", str(core)]
        options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s"]
        try:
            done = subprocess.run(
                [*bound, "wrk", *options, "-s", str(script), f"http://127.0.0.1:{port}/"],
                env={**os.environ, "REQUESTS": str(data), "START": str(start)},
                capture_output=True,
                text=True,
                check=True,
            )
        except FileNotFoundError as error:
            raise LoadError("wrk and taskset are needed: apt-get install wrk util-linux") from error
        except subprocess.CalledProcessError as error:
            raise LoadError(f"wrk failed: {error.stderr}") from error
    return _load(done.stdout, done.stderr)


def _load(out: str, err: str) -> Load:
    found = re.search(r"DONE (.*)", out)
    if found is None:
        raise LoadError(f"wrk said nothing:\n{out}{err}")
    count, microseconds, p50, p99, worst, errors = (float(text) for text in found[1].split())
    if errors:
        raise LoadError(f"{errors:.0f} of {count:.0f} requests failed: {err.strip()}")
    per_sec = count / microseconds * 1e6
    return Load(int(count), per_sec, p50 / 1000, p99 / 1000, worst / 1000, int(errors))
