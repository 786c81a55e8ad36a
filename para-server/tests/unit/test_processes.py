"""What waits for a server in a process of its own bears one that is slow."""

from __future__ import annotations

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from .. import processes  # noqa: TID252 - tests have no absolute names

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_a_server_that_does_not_answer_in_time_at_first_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    is_over = threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if len(asked) == 1:
                is_over.wait(600)
                return
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

    monkeypatch.setattr(processes, "ANSWER_SEC", 0.5)
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server,
        subprocess.Popen(SLEEPER) as process,  # noqa: S603 - the words above
    ):
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            processes.wait_until_ready(process, url, tmp_path / "log")
        finally:
            is_over.set()
            server.shutdown()
            serving.join()
            process.kill()
    assert len(asked) >= 2
