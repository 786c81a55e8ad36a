"""The suite that every DAO passes.

::

    class TestTideDAO(DAOSuite):
        @pytest.fixture
        async def dao(self, tmp_path: Path) -> AsyncIterator[DAO]:
            async with TideDAO(tmp_path) as dao:
                yield dao
"""

from __future__ import annotations

from para_core.testing.dao.apps import AppTests
from para_core.testing.dao.feed import FeedTests
from para_core.testing.dao.groups import GroupSuite
from para_core.testing.dao.life import LifeTests
from para_core.testing.dao.model import ModelTests
from para_core.testing.dao.pages import PageTests
from para_core.testing.dao.parallel import ParallelTests
from para_core.testing.dao.records import RecordTests
from para_core.testing.dao.samples import a_record
from para_core.testing.dao.snapshots import SnapshotTests
from para_core.testing.dao.writes import WriteTests

__all__ = ["DAOSuite", "GroupSuite", "a_record"]


class DAOSuite(
    RecordTests,
    WriteTests,
    PageTests,
    FeedTests,
    SnapshotTests,
    ParallelTests,
    AppTests,
    LifeTests,
    ModelTests,
):
    """What every DAO promises; provide the fixture ``dao``, open and empty.

    A DAO that forgets everything when it is closed sets ``keeps_after_close`` to false. One that
    takes a long way for each record may lower ``many``.
    """
