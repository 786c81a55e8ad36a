"""The query tree: what is searched for, in terms that every search engine can translate.

A node is a pure filter over documents; there are no scores, since results are always ordered by a
field. ``field`` is the full path of a field (``name``, ``properties.year``), or ``None`` for all
fields of the document. Fields are of two classes (``para_core.query.fields``): *keyword* fields
hold each value whole, *analysed* fields hold the lower-case words of a text
(``para_core.query.analysis``).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import force_setattr

__all__ = [
    "All",
    "Bool",
    "Exact",
    "Exists",
    "Fuzzy",
    "Near",
    "Node",
    "Nothing",
    "Phrase",
    "Prefix",
    "Range",
    "Regexp",
    "Similar",
    "Term",
    "Wildcard",
]


class All(Struct, frozen=True, tag=True):
    """Every document."""


class Nothing(Struct, frozen=True, tag=True):
    """No document."""


class Term(Struct, frozen=True, tag=True):
    """A word, or a run of bare words.

    On a keyword field the whole text is the value; on an analysed one the text is cut into words
    and any of them is enough.
    """

    field: str | None
    text: str


class Exact(Struct, frozen=True, tag=True):
    """A value as it was stored, whole and with its case; on an analysed field one word as well.

    ``findTerms``, ``findTermInList``, ``findTagged``. Numbers and booleans are compared by their
    text form, numbers also by value (``5`` and ``5.0``).
    """

    field: str
    value: str


class Phrase(Struct, frozen=True, tag=True):
    """Words in this order, with at most ``slop`` moves; on a keyword field the exact value.

    The words of a list's values follow each other without a gap; those of a linker's two objects
    are apart. As in Lucene, a move takes a word one place on: ``"b a"`` is ``"a b"`` with 2 moves.
    """

    field: str | None
    text: str
    slop: int = 0


class Prefix(Struct, frozen=True, tag=True):
    """Terms that begin so. ``folded``: lower-cased first where the field is analysed."""

    field: str | None
    text: str
    folded: bool = True


class Wildcard(Struct, frozen=True, tag=True):
    r"""Terms that match a pattern of ``*`` (any run) and ``?`` (one character), ``\`` escaping."""

    field: str | None
    pattern: str
    folded: bool = True


class Fuzzy(Struct, frozen=True, tag=True):
    """Terms within ``edits`` (0 to 2) insertions, deletions, replacements, swaps of neighbours."""

    field: str | None
    text: str
    edits: int = 2


class Regexp(Struct, frozen=True, tag=True):
    """Terms that match a regular expression as a whole, in Lucene's dialect."""

    field: str | None
    pattern: str


class Range(Struct, frozen=True, tag=True):
    """Values between two bounds; ``None`` is an open end.

    Where every bound that is given writes a number, numbers and texts that write one are compared
    with it by value, and nothing else matches. Other bounds are compared with terms, in the order
    of their UTF-8 bytes: with each value whole (its text form, the bounds as they are), and on an
    analysed field with each word as well (the bounds in lower case where ``folded``).
    Both ends open: the field has a value.
    """

    field: str | None
    low: str | None = None
    high: str | None = None
    includes_low: bool = True
    includes_high: bool = True
    folded: bool = True


class Exists(Struct, frozen=True, tag=True):
    """Documents in which the field has a value."""

    field: str


class Near(Struct, frozen=True, tag=True):
    """Documents whose ``latlng`` lies within a radius of a point, by great-circle distance."""

    lat: float  # degrees, -90 to 90
    lng: float  # degrees, -180 to 180
    radius_km: float


class Similar(Struct, frozen=True, tag=True):
    """Documents that share enough of the telling words of a text.

    A word (of the first 5000 of the text) is as telling as its count in the text times
    ``1 + ln((N + 1) / (n + 1))``, where ``N`` documents of the app have one of the fields and ``n``
    of them the word, which on a keyword field is a whole value. Words that no document has do not
    count. Of the 5 best (equal ones in the order of the words), ``floor(0.7 * k)`` of the ``k``
    there are must be in a document, and at least one.
    """

    fields: Sequence[str]
    text: str

    def __post_init__(self) -> None:
        """Keep a tuple, as ``Bool`` does."""
        _keep_tuple(self, "fields")


class Bool(Struct, frozen=True, tag=True):
    """All of ``must``, none of ``must_not``, and one of ``should`` where ``must`` is empty.

    With only ``must_not`` it matches every document that has none of them. Empty it matches
    nothing.
    """

    must: Sequence[Node] = ()
    should: Sequence[Node] = ()
    must_not: Sequence[Node] = ()

    def __post_init__(self) -> None:
        """Keep tuples, so that trees can be compared and be keys of a cache."""
        for name in ("must", "should", "must_not"):
            _keep_tuple(self, name)


Node = (
    All
    | Nothing
    | Term
    | Exact
    | Phrase
    | Prefix
    | Wildcard
    | Fuzzy
    | Regexp
    | Range
    | Exists
    | Near
    | Similar
    | Bool
)


def _keep_tuple(node: Bool | Similar, name: str) -> None:
    value = getattr(node, name)
    if type(value) is not tuple:
        force_setattr(node, name, tuple(value))
