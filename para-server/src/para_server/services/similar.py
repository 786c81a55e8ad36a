"""The text that a search for similar objects starts from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from para_core.objects.codec import decode, nested_copy
from para_core.text import strip_and_trim, text_of

if TYPE_CHECKING:
    from para_server.http.request import Request

__all__ = ["text_like"]

_BY_ID = "id:"


async def text_like(request: Request, like: str, fields: Sequence[str], *, kind: str = "") -> str:
    """Return the text to look for; ``id:<id>`` stands for the fields of that object.

    Args:
        request: Who asks.
        like: As it was sent.
        fields: Whose texts count.
        kind: The type that the path names; empty for none.
    """
    if not like.startswith(_BY_ID):
        return like
    key = like.removeprefix(_BY_ID)
    record = await request.services.objects.read(request.the_app(), request.caller, key, kind=kind)
    if record is None:
        return like
    copy = nested_copy(decode(record))
    return "".join(strip_and_trim(text_of(value)) + " " for value in _values(copy, fields))


def _values(copy: dict[str, Any], fields: Sequence[str]) -> list[Any]:
    found = []
    for field in fields:
        value: Any = copy
        for step in field.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None:
            found.append(value)
    return found
