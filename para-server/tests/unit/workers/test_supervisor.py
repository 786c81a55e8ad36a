from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from stat import S_IMODE

import pytest

from para_server.workers.supervisor import meeting_of

HANGING = """
import time
from para_server.workers.supervisor import supervise

def serve(worker, tether):
    print("begun", flush=True)
    time.sleep(60)

raise SystemExit(supervise(2, serve, stop_sec=1, stopping=lambda: None))
"""


def test_nobody_cleans_up_where_workers_meet() -> None:
    """Programs that remove what is old in ``/tmp`` leave a folder alone that is locked."""
    with meeting_of(2) as meeting:
        assert S_IMODE(meeting.folder.stat().st_mode) == 0o700
        handle = os.open(meeting.folder, os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(handle)
    assert not meeting.folder.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_start_that_hangs_can_be_stopped(number: signal.Signals) -> None:
    command = [sys.executable, "-c", HANGING]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:  # noqa: S603 - our own
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == b"begun\n"
            server.send_signal(number)
            assert server.wait(10) == 0
        finally:
            server.kill()
