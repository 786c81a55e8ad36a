"""Links between objects: many to many by linkers, one to many by ``parentid``.

A linker is an object that names two others and carries a copy of each. Its id tells both ends, so
whether two objects are linked is one read; everything else is searched. The two ends are ordered
by their types, so either of them leads to the same linker. Where both are of one type, the order
in which they were linked stays, and both orders mean the same link.
Source: Para 1.54, ``Linker`` and the link methods of ``ParaObject``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from para_core.contracts.dao import Record
from para_core.objects import App, Linker, ParaObject, Vote
from para_core.objects.codec import decode, nested_copy
from para_core.pager import Pager
from para_core.query.tree import Bool, Exact, Exists, Node
from para_server.access.reach import opens
from para_server.access.visibility import secret_fields
from para_server.services.finder import Found, each_of
from para_server.services.store import Save, Store

if TYPE_CHECKING:
    from para_server.access.principal import Principal
    from para_server.services.container import Clock
    from para_server.services.finder import Finder
    from para_server.services.objects import Objects

__all__ = ["Links", "copy_of", "without_secrets_in"]

_LINKER = "linker"
_BATCH = 250  # links or children that are deleted in one write


class Links:
    """Links between the objects of one app at a time. ``obj`` is always the object asked about."""

    def __init__(self, store: Store, objects: Objects, finder: Finder, *, clock: Clock) -> None:
        self._store, self._objects, self._finder = store, objects, finder
        self._clock = clock

    # ---- many to many -------------------------------------------------------------------------

    async def link(self, app: App, obj: ParaObject, key: str) -> str | None:
        """Link an object to another; one that is linked already is linked anew.

        Returns:
            The id of the linker; ``None`` when there is no other object, when the first is a vote,
            or when something else has that id.
        """
        record = await self._store.read(app.identifier, key)
        if record is None or isinstance(obj, Vote):
            return None
        other = decode(record)
        ends = _ends(obj.type, obj.id, other.type, other.id)
        (type1, id1), (type2, id2) = ends[0]
        linkerid = _linker_id(ends[0])
        held = await self._store.read(app.identifier, linkerid)
        if held is not None and held.type != _LINKER:
            return None
        linker = Linker(
            id=linkerid,
            name=f"{type1}:{type2}",
            appid=app.identifier,
            timestamp=self._clock(),
            id1=id1,
            id2=id2,
            type1=type1,
            type2=type2,
            nstd=[copy_of(obj), copy_of(other)],
        )
        twins = [key for pair in ends[1:] if (key := _linker_id(pair)) != linker.id]
        await self._store.save(app.identifier, "create", [Save(linker)], deletes=twins)
        return linker.id

    async def is_linked(self, app: App, obj: ParaObject, kind: str, key: str) -> bool:
        """Return whether an object is linked to the one of that type and id."""
        return bool(await self._between(app, obj, kind, key))

    async def unlink(self, app: App, obj: ParaObject, kind: str, key: str) -> None:
        """Remove the link between two objects, if there is one."""
        await self._store.delete(app.identifier, "delete", await self._between(app, obj, kind, key))

    async def _between(self, app: App, obj: ParaObject, kind: str, key: str) -> list[str]:
        """Return the ids of the links between two objects; what else has such an id is none."""
        keys = [_linker_id(pair) for pair in _ends(obj.type, obj.id, kind, key)]
        found = await self._store.read_all(app.identifier, list(dict.fromkeys(keys)))
        return [record.id for record in found.values() if record.type == _LINKER]

    async def unlink_all(self, app: App, obj: ParaObject, kind: str | None = None) -> None:
        """Remove all links of an object, or those with objects of one type."""
        query = _links_of(obj.id) if kind is None else _links_to(obj, kind)
        keys = [
            linker.id
            async for linker in self._finder.each(app, query, kind=_LINKER)
            if _other_end(linker, obj.id) is not None
        ]
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            await self._store.delete(app.identifier, "deleteAll", batch)

    async def linked(
        self, app: App, obj: ParaObject, kind: str, pager: Pager, *, query: Node | None = None
    ) -> Found:
        """Return a page of the objects of one type that an object is linked to.

        Args:
            app: The app.
            obj: The object.
            kind: The type of the others.
            pager: The page, in the order of the links.
            query: What a link must match besides; ``builders.nested_query`` looks into its copies.

        Returns:
            ``total`` counts links, also those with objects that are gone.
        """
        links = _links_to(obj, kind)
        wanted = links if query is None else Bool(must=[links, query])
        found = await self._finder.find(app, wanted, kind=_LINKER, pager=pager)
        ends = [_other_end(record, obj.id) for record in found.records]
        keys = list(dict.fromkeys(key for key in ends if key is not None))
        others = await self._store.read_all(app.identifier, keys)
        return Found(list(others.values()), found.total, found.last_key)

    async def count(self, app: App, obj: ParaObject, kind: str) -> int:
        """Return how many links an object has with objects of one type."""
        return await self._finder.count(app, _links_to(obj, kind), kind=_LINKER)

    def all_linked(self, app: App, obj: ParaObject, kind: str) -> AsyncIterator[Record]:
        """Yield the objects of one type that an object is linked to, page by page."""
        return each_of(lambda pager: self.linked(app, obj, kind, pager))

    # ---- one to many --------------------------------------------------------------------------

    async def children(
        self, app: App, obj: ParaObject, kind: str, pager: Pager, *, query: Node | None = None
    ) -> Found:
        """Return a page of the objects of one type whose parent an object is.

        Args:
            app: The app.
            obj: The parent.
            kind: The type of the children.
            pager: The page.
            query: What a child must match besides.
        """
        children = _children_of(obj)
        wanted = children if query is None else Bool(must=[children, query])
        return await self._finder.find(app, wanted, kind=kind, pager=pager)

    async def count_children(
        self, app: App, obj: ParaObject, kind: str, *, query: Node | None = None
    ) -> int:
        """Return how many objects of one type have an object as their parent; see ``children``."""
        children = _children_of(obj)
        wanted = children if query is None else Bool(must=[children, query])
        return await self._finder.count(app, wanted, kind=kind)

    async def delete_children(
        self, app: App, caller: Principal, obj: ParaObject, kind: str
    ) -> None:
        """Delete the children of one type, with what belongs to them.

        What the caller may not delete one by one stays. They go in batches: a failure leaves the
        rest.
        """
        keys = [
            record.id
            async for record in self._finder.each(app, _children_of(obj), kind=kind)
            if opens(caller, app, "DELETE", record)
        ]
        for start in range(0, len(keys), _BATCH):
            await self._objects.delete_all(app, caller, keys[start : start + _BATCH])


def copy_of(obj: ParaObject) -> dict[str, Any]:
    """Return the copy of an object for its link."""
    return without_secrets_in(nested_copy(obj))


def without_secrets_in(copy: Mapping[str, Any]) -> dict[str, Any]:
    """Return the copy of an object without what readers of its links must not find there."""
    secrets = secret_fields(str(copy.get("type")))
    shown = {name: value for name, value in copy.items() if name not in secrets}
    custom = copy.get("properties")
    if isinstance(custom, dict):
        shown["properties"] = {k: v for k, v in custom.items() if k not in secrets}
    return shown


_End = tuple[str, str]  # type and id


def _ends(kind: str, key: str, other_kind: str, other_key: str) -> list[tuple[_End, _End]]:
    """Return the ends in the order in which a linker names them; both orders for equal types."""
    mine, other = (kind, key), (other_kind, other_key)
    low, high = kind.lower(), other_kind.lower()
    if low == high:
        return [(mine, other), (other, mine)]
    return [(mine, other)] if low < high else [(other, mine)]


def _linker_id(ends: tuple[_End, _End]) -> str:
    (type1, id1), (type2, id2) = ends
    return f"{type1}:{id1}:{type2}:{id2}"


def _other_end(record: Record, key: str) -> str | None:
    """Return the id of the other object; ``None`` when this is no link of the object.

    The index may find an id as a word of another one, so the ids themselves decide.
    """
    linker = decode(record)
    if not isinstance(linker, Linker) or key not in (linker.id1, linker.id2):
        return None
    return linker.id2 if linker.id1 == key else linker.id1


def _links_to(obj: ParaObject, kind: str) -> Node:
    """Return what finds the links of an object with objects of one type."""
    sides: list[Node] = []
    for (type1, _), (type2, _) in _ends(obj.type, "", kind, ""):
        name = Exact("name", f"{type1}:{type2}")
        sides += [
            Bool(must=[name, Exact(side, obj.id)])
            for side, there in (("id1", type1), ("id2", type2))
            if there == obj.type
        ]
    found = sides[0] if len(sides) == 1 else Bool(should=_distinct(sides))
    return Bool(must=[found, _carries(obj.id)])


def _links_of(key: str) -> Node:
    sides = Bool(should=[Exact("id1", key), Exact("id2", key)])
    return Bool(must=[sides, _carries(key)])


def _carries(key: str) -> Node:
    """Return what leaves out links that have the id as a word of another id.

    A link made by hand carries no copies; then the words of its ends must do.
    """
    copied = Exact("nstd.id", key)
    return Bool(should=[copied, Bool(must_not=[Exists("nstd.id")])])


def _children_of(obj: ParaObject) -> Node:
    return Exact("parentid", obj.id)


def _distinct(nodes: Sequence[Node]) -> list[Node]:
    return [node for at, node in enumerate(nodes) if node not in nodes[:at]]
