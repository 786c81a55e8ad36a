"""An app with its back-up, and what lies in archives."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any

from para_core.contracts.dao import Put, Write
from para_core.ids import IdGenerator
from para_core.memory.dao import MemoryDAO
from para_core.objects import App, ParaObject, Sysprop, User
from para_core.objects.codec import decode, record_of
from para_server.access.principal import Kind, Principal
from para_server.config import ApiSettings
from para_server.services.apps import Apps
from para_server.services.backup import Backup
from para_server.services.importing import AS_IT_IS, Wish
from para_server.services.store import Store

from ....archives import archive  # noqa: TID252 - tests have no absolute names

NOW = 1_700_000_000_000
THE_APP = Principal(Kind.APP, "cinema")


@dataclass
class Vault:
    """A root app, a child app, and their back-up."""

    dao: MemoryDAO
    settings: ApiSettings = field(default_factory=lambda: ApiSettings(max_items_per_page=3))
    now: int = NOW
    apps: Apps = field(init=False)
    backup: Backup = field(init=False)

    def __post_init__(self) -> None:
        store = Store(self.dao, cache=None, index=None)
        self.apps = Apps(store, self.settings, clock=self.clock)
        ids = IdGenerator(1, self.clock)
        self.backup = Backup(store, self.apps, ids=ids, clock=self.clock, settings=self.settings)

    def clock(self) -> int:
        return self.now

    async def app(self, name: str) -> App:
        return await self.apps.find(name) or await self._made(name)

    async def _made(self, name: str) -> App:
        made = await self.apps.create(App(id=f"app:{name}", name=name))
        assert made is not None
        return made

    async def put(self, appid: str, *objects: ParaObject) -> None:
        puts = [Put(record_of(obj)) for obj in objects]
        await self.dao.write(appid, Write("createAll", puts))

    async def read(self, appid: str, key: str) -> Any:  # noqa: ANN401 - of any class
        record = await self.dao.read(appid, key)
        return None if record is None else decode(record)

    async def export(self, caller: Principal = THE_APP) -> list[list[dict[str, Any]]]:
        app = await self.app("cinema")
        chunks = [part async for part in self.backup.export(app, caller, "x")]
        with zipfile.ZipFile(io.BytesIO(b"".join(chunks))) as box:
            return [json.loads(box.read(name)) for name in box.namelist()]

    async def load(self, *parts: object, into: str = "cinema", wish: Wish = AS_IT_IS) -> Sysprop:
        box = io.BytesIO(archive(*parts))
        return await self.backup.import_(await self.app(into), box, "films.zip", wish)


def film(n: int, **more: object) -> dict[str, Any]:
    return {"id": f"f{n}", "type": "film", "name": f"Film {n}", "timestamp": n, **more}


SECRET = [
    User(
        id="ann",
        identifier="a@x.org",
        picture="https://x.org/a.png",
        token_secret="s",  # noqa: S106
        two_fa_key="t",
        idp_id_token="i",  # noqa: S106
    ),
    Sysprop(id="z@x.org", name="identifier", creatorid="ann", properties={"password": "$2b$"}),
]


DEPOT = {
    "id": "app:depot",
    "type": "app",
    "name": "Depot",
    "readOnly": True,
    "secret": "mine",
    "datatypes": {"crates": "crate"},
    "settings": {"a": 1},
}
