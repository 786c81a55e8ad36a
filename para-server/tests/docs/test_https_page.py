"""The page about HTTPS: its commands make a certificate, ask, and renew it under a server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ..processes import free_port, stop  # noqa: TID252 - tests have no absolute names
from .pages import DOCS, blocks_of
from .shell import said_by_shell

PAGE = DOCS / "how-to" / "use-https.md"


@pytest.mark.skipif(
    not (shutil.which("openssl") and shutil.which("curl")), reason="needs openssl and curl"
)
def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    port = free_port()
    make, ask, renew = (
        block.text.replace("8443", str(port)) for block in blocks_of(PAGE) if block.language == "sh"
    )
    config = next(block.text for block in blocks_of(PAGE) if block.language == "hocon")
    (tmp_path / "application.conf").write_text(config.replace("8443", str(port)))
    said_by_shell(make, tmp_path, os.environ)
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "para_server"],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(log, f"https://localhost:{port}")
        assert '"version"' in patiently(ask, tmp_path)
        said_by_shell(renew, tmp_path, os.environ)
        wait_for(log, "read the certificate again")
        assert '"version"' in said_by_shell(ask, tmp_path, os.environ)  # with the new cert.pem
    finally:
        assert stop(process) == 0, log.read_text()


def wait_for(log: Path, words: str) -> None:
    end = time.monotonic() + 30
    while words not in log.read_text():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def patiently(ask: str, folder: Path) -> str:
    """Ask until the server listens."""
    return said_by_shell(
        f"for n in $(seq 100); do {ask.strip()} && exit; sleep 0.1; done", folder, os.environ
    )
