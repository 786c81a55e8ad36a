"""The root app: made at the first start, its keys handed out once.

The keys are written to a file that only the owner can read, and the log names that file. They are
also handed out over HTTP once: to a caller on this machine, or to anybody before the first request
was served with them.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from para_core.objects import App
from para_server.services.apps import new_secret

if TYPE_CHECKING:
    from para_server.services.apps import Apps

__all__ = ["RootKeys", "Setup"]

logger = logging.getLogger(__name__)

_INFO = "Save the secret key! It is showed only once!"
_MESSAGE = "Save these keys - they are shown only once!"


class RootKeys:
    """Whether the keys of the root app may still be handed out; what this process knows."""

    def __init__(self) -> None:
        self.are_fresh = False  # made by this server, and not handed out
        self.were_used = False

    def made(self) -> None:
        """Say that they were made just now."""
        self.are_fresh = True

    def use(self) -> None:
        """Say that a request was served with them."""
        self.were_used = True

    def take(self) -> bool:
        """Take them to hand them out; only the first who asks may."""
        fresh, self.are_fresh = self.are_fresh, False
        return fresh


class Setup:
    """Creates the root app and hands out its keys."""

    def __init__(
        self,
        apps: Apps,
        *,
        name: str,
        keys_file: Path | None,
        override: str = "",
        keys: RootKeys | None = None,
    ) -> None:
        self._apps, self._name = apps, name
        self._keys_file, self._override = keys_file, override
        self._keys = keys or RootKeys()

    async def ensure_root(self) -> App:
        """Return the root app, making it when there is none yet."""
        await self._apps.begin()
        root = await self._apps.find(self._apps.root)
        if root is None:
            root = await self._make_root()
        elif self._override and root.secret != self._override:
            override = self._override

            def adopt(app: App) -> None:
                app.secret = override

            root = await self._apps.change(self._apps.root, adopt) or root
        return root

    async def _make_root(self) -> App:
        """Make the root app; its keys are in their file before it is stored, so none get lost."""
        secret = self._override or new_secret()
        app = App(id=f"app:{self._apps.root}", name=self._name, secret=secret)
        if not self._override:
            self._write_keys(app)
        made = await self._apps.create(app)
        root = made or await self._apps.find(self._apps.root)
        if root is None:  # pragma: no cover - created, or there already
            message = "the root app cannot be created"
            raise RuntimeError(message)
        if not self._override:
            if root.secret != secret:
                self._write_keys(root)  # another server was faster
            if made is not None:
                self._keys.made()
        return root

    def _write_keys(self, root: App) -> None:
        if self._keys_file is None:
            return
        text = f'para.root_access_key = "{root.id}"\npara.root_secret_key = "{root.secret}"\n'
        self._keys_file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._keys_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        logger.info("wrote the keys of the root app to %s", self._keys_file)

    def note_use(self) -> None:
        """Take note that a request was served with the keys: somebody has them."""
        self._keys.use()

    async def hand_out_keys(self, *, is_local: bool) -> dict[str, str] | None:
        """Return the keys of the root app the first time; ``None`` ever after.

        Args:
            is_local: Whether the caller is on this machine.
        """
        if not self._keys.are_fresh or (self._keys.were_used and not is_local):
            return None
        root = await self._apps.find(self._apps.root)
        if root is None or not self._keys.take():
            return None
        secret = root.secret or ""
        return {"accessKey": root.id, "secretKey": secret, "info": _INFO, "message": _MESSAGE}
