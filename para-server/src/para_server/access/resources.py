"""Paths of requests, taken apart: for finding their route, and for deciding about them.

Both are here, because what is decided about must be what the route is found for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus

from para_core.types import CORE_TYPES, SINGULARS, plural_of

__all__ = ["Resource", "resource_of", "segments_of"]


@dataclass(frozen=True, slots=True)
class Resource:
    """A path below the version, taken apart.

    Attributes:
        segments: Each decoded once; a plus is a space there, as clients grant and as they ask.
        firsts: The ways to write the first segment: as it is, then the other number of a type that
            objects have registered or that is built in. Empty when it holds a slash: no type does.
    """

    segments: tuple[str, ...]
    firsts: tuple[str, ...]

    @classmethod
    def parse(cls, path: str, types: Mapping[str, str]) -> Resource | None:
        """Take a percent-encoded path apart; ``None`` when nothing is in it.

        Args:
            path: Without version and query. Slashes at the ends and doubled ones count for none.
            types: The app's singulars by plural.
        """
        segments = tuple(unquote_plus(part) for part in path.split("/") if part)
        if not segments:
            return None
        first = segments[0]
        if "/" in first:
            return cls(segments, ())
        twin = _twin(first, types)
        return cls(segments, (first, twin) if twin else (first,))

    def names(self, depth: int) -> list[str]:
        """Return the names of the path down to ``depth`` segments, as written first."""
        rest = self.segments[1:depth]
        return ["/".join((first, *rest)) for first in self.firsts]

    @property
    def depth(self) -> int:
        """The number of segments."""
        return len(self.segments)


def resource_of(path: bytes, context: bytes = b"") -> str:
    """Return the resource that a raw request path names: what follows the version.

    ``/v1/posts/1`` gives ``posts/1``, ``/v1`` an empty text. A context path in front is cut off,
    and so are parameters of segments: what is decided about is what the router goes to.
    """
    if context and path.startswith(context + b"/"):
        path = path[len(context) :]
    resource = path.lstrip(b"/").partition(b"/")[2].decode(errors="replace")
    if ";" not in resource:
        return resource
    return "/".join(_without_parameters(segment) for segment in resource.split("/"))


def segments_of(path: bytes) -> list[str] | None:
    """Return the decoded segments of a raw path, as routes are found; a slash at its end is none.

    Returns:
        ``None`` for a path with a segment that is ``.`` or ``..``. An empty segment before the
        end stays, and no route has one: two slashes in a row are 404.
    """
    parts = path.decode("ascii", "replace").split("/")
    del parts[0]
    if len(parts) > 1 and not parts[-1]:
        parts.pop()
    if "." in parts or ".." in parts:
        return None
    return [_decoded(part) for part in parts] if b"%" in path or b";" in path else parts


def _decoded(segment: str) -> str:
    segment = _without_parameters(segment)
    return unquote(segment) if "%" in segment else segment


def _without_parameters(segment: str) -> str:
    """Return a raw segment without ``;name=value``, which means nothing here."""
    return segment.partition(";")[0]


def _twin(name: str, types: Mapping[str, str]) -> str | None:
    singular = types.get(name) or SINGULARS.get(name)
    if singular is not None:
        return singular if singular != name else None
    plural = CORE_TYPES.get(name) or plural_of(name)
    return plural if CORE_TYPES.get(name) == plural or types.get(plural) == name else None
