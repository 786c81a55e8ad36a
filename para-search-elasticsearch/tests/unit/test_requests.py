"""What settings come to in the requests that a cluster gets; who answers here is none."""

from __future__ import annotations

from typing import Any

import msgspec

from para_core.config import Config
from para_search_elasticsearch.engine import engine_of
from para_search_elasticsearch.search import ElasticSearch

from ..standin import stand_in  # noqa: TID252 - tests have no absolute names

DONE = (200, "{}")


def at(port: int, **keys: str) -> ElasticSearch:
    """Return the engine of a server with these keys of ``para.es``, at a port of this machine."""
    where = {"restclient_host": "127.0.0.1", "restclient_port": str(port)}
    settings = {f"para.es.{name}": value for name, value in (where | keys).items()}
    return engine_of(Config({"para.app_name": "My Shop", **settings}))


def body_of(request: bytes) -> dict[str, Any]:
    return msgspec.json.decode(request.partition(b"\r\n\r\n")[2], type=dict[str, Any])


async def test_the_index_of_the_root_app_is_made_as_its_keys_say() -> None:
    sent: list[bytes] = []
    keys = {"shards": "5", "replicas": "2", "shards_for_child_apps": "3"}
    keys |= {"replicas_for_child_apps": "1", "auto_expand_replicas": "0-4"}
    async with stand_in([DONE, DONE], sent) as port, at(port, **keys) as engine:
        for appid in ("my-shop", "cats"):
            await engine.homes.make(appid)
    made = [body_of(request)["settings"]["index"] for request in sent]
    told = ("number_of_shards", "number_of_replicas", "auto_expand_replicas")
    assert [[one[name] for name in told] for one in made] == [[5, 2, "0-4"], [3, 1, "0-4"]]


async def test_the_root_app_shares_its_index_whatever_it_is_called() -> None:
    async with stand_in([DONE]) as port, at(port, root_index_sharing_enabled="true") as engine:
        assert (await engine.homes.make("my-shop")).is_shared
