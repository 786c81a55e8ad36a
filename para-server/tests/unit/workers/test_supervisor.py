from __future__ import annotations

import fcntl
import os
from stat import S_IMODE

import pytest

from para_server.workers.supervisor import meeting_of


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
