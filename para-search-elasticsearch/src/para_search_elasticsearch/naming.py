"""What the apps of a server are called in the cluster: aliases, indexes, documents.

An app is reached by an *alias*, its own name where a cluster takes that name. Behind the alias is
an *index*, whose name says for which app and in which form it was made, so that nothing of another
form is ever taken for it.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from hashlib import blake2b

__all__ = ["Names", "document_id", "guard_id", "state_id"]

_FORMAT = 1
"""Grows when the mapping or the way values are written changes; older indexes are built again."""

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\Z")
_HASHED = re.compile(r".*-[0-9a-f]{16}([._-]|\Z)")  # as names begin that are made here
_UNFIT = re.compile(r"[^a-z0-9]+")
_MOST_ID_BYTES = 512  # of a document, in both products
_SLUG_CHARS = 40


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one server's aliases and indexes."""

    prefix: str
    root: str
    form: str
    """``p`` for plain fields, ``n`` for nested ones, with ``o`` where writes are kept in order."""

    def alias(self, appid: str) -> str:
        """Return the alias of an app: its id, unless a cluster would not take that."""
        if _PLAIN.match(appid) and not _HASHED.match(appid):
            return f"{self.prefix}{appid}"
        return f"{self.prefix}{_slug(appid)}-{_hash(appid)}"

    def new_index(self, appid: str) -> str:
        """Return a name that no index ever had."""
        return f"{self._stem(appid)}_{self.form}{_FORMAT}_{uuid.uuid4().hex[:12]}"

    def indexes(self, appid: str) -> str:
        """Return the pattern of all indexes that were ever made for an app."""
        return f"{self._stem(appid)}_*"

    def new_pen(self, appid: str) -> str:
        """Return a name for the alias that only the writer of an app's index knows."""
        return f"{self._stem(appid)}.pen-{uuid.uuid4().hex[:16]}"

    def pens(self, appid: str) -> str:
        """Return the pattern of all such names of an app; no index has one."""
        return f"{self._stem(appid)}.pen-*"

    def filling(self, appid: str, mark: str) -> str:
        """Return the alias of a part of the shared index while a rebuild fills it."""
        return f"{self._stem(appid)}.new-{mark}"

    def fillings(self, appid: str) -> str:
        """Return the pattern of all such aliases of an app."""
        return self.filling(appid, "*")

    def shared_index(self) -> str:
        """Return the name of the index of the root app and of those that share it."""
        return f"{self._stem(self.root)}-shared_{self.form}{_FORMAT}"

    def is_current(self, index: str) -> bool:
        """Return whether an index has the form that this server reads and writes."""
        return f"_{self.form}{_FORMAT}" in index[len(self.prefix) :]

    def _stem(self, appid: str) -> str:
        return f"{self.prefix}{_slug(appid)}-{_hash(appid)}"


def document_id(tenant: str, key: str) -> str:
    """Return the id of an object's document, apart from those of all other apps."""
    name = f"{tenant}:{key}"
    if len(name.encode()) <= _MOST_ID_BYTES:
        return name
    return f"{tenant}:\x1f{_hash(key, size=20)}"


def state_id(tenant: str) -> str:
    """Return the id of the document that says how far an index is."""
    return f"\x1e{tenant}"


def guard_id(tenant: str) -> str:
    """Return the id of a document that says nothing: see ``Bulk.send``."""
    return f"\x1d{tenant}"


def _slug(appid: str) -> str:
    return _UNFIT.sub("-", appid.lower())[:_SLUG_CHARS].strip("-") or "app"


def _hash(text: str, size: int = 8) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()
