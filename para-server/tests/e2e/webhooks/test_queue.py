"""The queue as whoever runs the server sees it."""

from __future__ import annotations

import pytest

from para_server.para import Backends, Para

from ...receivers import Receiver  # noqa: TID252 - tests have no absolute names
from ..client import Client  # noqa: TID252 - tests have no absolute names
from .hooks import until


async def test_messages_aside_are_listed_and_put_back(
    root: Client, app: Client, made: Backends
) -> None:
    message = '{"appid":"later","type":"boat","id":"b1","_create":true}'
    await made.queue.push(message)

    async def is_aside() -> bool:
        return bool((await root.get("/v1/_queue")).json["aside"])

    await until(is_aside)
    seen = (await root.get("/v1/_queue")).json
    (entry,) = seen["aside"]
    assert (seen["waiting"], entry["body"], entry["attempts"]) == (0, message, 1)
    assert "no app 'later'" in entry["reason"]
    keys = (await root.get("/v1/_setup/later")).json
    later = Client(root.para, "app:later", keys["secretKey"])
    assert (await root.post(f"/v1/_queue/{entry['id']}")).status == 200

    async def is_stored() -> bool:
        return (await later.get("/v1/boat/b1")).status == 200

    await until(is_stored)
    assert (await root.get("/v1/_queue")).json["aside"] == []
    assert (await root.post(f"/v1/_queue/{entry['id']}")).status == 404


@pytest.mark.parametrize("method", ["GET /v1/_queue", "POST /v1/_queue/1"])
async def test_other_apps_and_guests_do_not_see_it(
    app: Client, para: Para, receiver: Receiver, method: str
) -> None:
    verb, path = method.split()
    await app.put("/v1/_permissions/*/_queue", ["?", "*"])
    assert (await app.send(verb, path)).status == 403
    guest = Client(para, guest_of="app:myapp")
    assert (await guest.send(verb, path)).status == 403
