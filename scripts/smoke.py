"""Does what a user with pip does: installs the built wheels, starts the server, asks it.

``make smoke`` builds the wheels first. Nothing of this repository is on the path of the server, so
a file or a dependency that a wheel lacks shows here.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
READY_SEC = 30.0
STOP_SEC = 20.0


class SmokeError(Exception):
    """The installed server does not do what it should; the message shows what it said."""


def main() -> int:
    """Install, start and ask; 1 when the server does not answer as it should."""
    with tempfile.TemporaryDirectory(prefix="para-smoke-") as folder:
        try:
            version = check(Path(folder))
        except SmokeError as error:
            print(f"smoke: {error}", file=sys.stderr)
            return 1
    print(f"smoke: para-server {version}, installed from dist/, answers and stops")
    return 0


def check(folder: Path) -> str:
    """Install into the folder, run the server there, and return the version it tells.

    Raises:
        SmokeError: A step failed.
    """
    server = install(folder / "venv")
    port = free_port()
    config = folder / "para-application.conf"
    config.write_text(f'para.address = "127.0.0.1"\npara.port = {port}\n', encoding="utf-8")
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [server, "--config", config], cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        version = ask(process, f"http://127.0.0.1:{port}/v1", log)
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SEC)
    except subprocess.TimeoutExpired as error:
        msg = f"the server goes on {STOP_SEC:.0f} s after SIGTERM:\n{log.read_text()}"
        raise SmokeError(msg) from error
    finally:
        process.kill()
        process.wait()
    return version


def install(venv: Path) -> Path:
    """Make an empty environment and install ``para-server[standalone]`` from ``dist/``.

    uv keeps wheels by their names; those of ours change without a new version.
    """
    wheels = ("--find-links", str(DIST), "para-server[standalone]")
    uv = shutil.which("uv", path=f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}")
    python = str(venv / "bin/python")
    if uv is not None:
        run([uv, "venv", "--quiet", "--python", sys.executable, str(venv)])
        fresh = [f"--refresh-package={wheel.name.split('-')[0]}" for wheel in DIST.glob("*.whl")]
        run([uv, "pip", "install", "--quiet", *fresh, "--python", python, *wheels])
    else:
        run([sys.executable, "-m", "venv", str(venv)])
        run([python, "-m", "pip", "install", "--quiet", *wheels])
    return venv / "bin/para-server"


def run(command: list[str]) -> None:
    """Run the command to its end."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        msg = f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}"
        raise SmokeError(msg)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(process: subprocess.Popen[bytes], url: str, log: Path) -> str:
    """Wait until the server answers and return the version in its answer."""
    deadline = time.monotonic() + READY_SEC
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
                return str(json.load(answer)["server"]["version"])
        except OSError:  # not listening yet
            time.sleep(0.05)
    msg = f"no answer from {url}; the server said:\n{log.read_text()}"
    raise SmokeError(msg)


if __name__ == "__main__":
    sys.exit(main())
