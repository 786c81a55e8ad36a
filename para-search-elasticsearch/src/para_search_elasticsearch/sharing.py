"""Puts apps that were made with ``sharingIndex`` into the shared index, before they are used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from para_core.listeners import AppListener
from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.homes import Homes
from para_search_elasticsearch.settings import ElasticSettings

if TYPE_CHECKING:
    from para_core.objects import App

__all__ = ["Sharing"]


class Sharing(AppListener):
    """Hears of new apps.

    An app that is first used while the cluster is away gets an index of its own, which is as good.
    """

    def __init__(
        self,
        settings: ElasticSettings,
        connect: Callable[[], Connection],
        root: str,
        *,
        is_ordered: bool = False,
    ) -> None:
        """Listen; ``connect`` makes a connection to the cluster, closed after each app."""
        self._settings, self._connect, self._root = settings, connect, root
        self._is_ordered = is_ordered

    async def app_created(self, app: App) -> None:
        """Make room for an app that shares."""
        if not (app.sharing_index and self._settings.root_index_sharing_enabled):
            return
        async with self._connect() as connection:
            homes = Homes(connection, self._settings, self._root, is_ordered=self._is_ordered)
            if await homes.look_up(app.identifier) is None:
                home = await homes.make(app.identifier, shared=True)
                await homes.move_in(app.identifier, home)
