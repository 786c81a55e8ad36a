"""What nodes tell each other through Redis, on a channel of the cluster."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from para_cache_redis.near import ALL_CHANGES, Near

__all__ = [
    "EVERYTHING",
    "below_of_put",
    "below_of_removal",
    "news_of_app",
    "news_of_records",
    "take_news",
]

_News = tuple[str, list[tuple[str, int]] | None]  # the app, and keys with the changes that end
_DECODER = msgspec.msgpack.Decoder(_News)

EVERYTHING = msgspec.msgpack.encode(("", None))


def news_of_records(appid: str, below: Iterable[tuple[str, int]]) -> bytes:
    """Say that of these records the changes below a number are no longer true."""
    return msgspec.msgpack.encode((appid, list(below)))


def news_of_app(appid: str) -> bytes:
    """Say that an app was cleared."""
    return msgspec.msgpack.encode((appid, None))


def take_news(near: Near, news: bytes) -> None:
    """Let the memory of this process learn what a node said; what nobody understands drops all."""
    try:
        appid, records = _DECODER.decode(news)
    except msgspec.DecodeError:
        near.drop()
        return
    if records is not None:
        for key, below in records:
            near.hear(appid, key, below)
    elif appid:
        near.hear_of_app(appid)
    else:
        near.drop()


def below_of_removal(change: int) -> int:
    """Return the number below which changes end when this one removed a record."""
    return change + 1 if change > 0 else ALL_CHANGES


def below_of_put(change: int) -> int:
    """Return the number below which changes end when this one is put; unnumbered ones end too."""
    return max(change, 1)
