"""Ranges of texts, as regular expressions over terms."""

from __future__ import annotations

from tantivy import Query

from para_core.query import tree
from para_core.query.analysis import fold
from para_search_lucene.clauses import Clauses
from para_search_lucene.marks import Marks
from para_search_lucene.schema import EXACT_CHARS, Field

__all__ = ["between", "text_range"]

_LONGEST = 24  # characters of a bound that count; the engine's automata end at 1,000 states
_MOST_SHARED = 300  # characters of two bounds on a keyword field, whose terms are whole
_MOST_PATHS = 256  # of an app, that a range without a field looks at
_LAST = 0x10FFFF
_ANY = "(?s:.*)"


def text_range(clauses: Clauses, marks: Marks, field: Field | None, node: tree.Range) -> Query:
    """Return documents with a text between the bounds, in the order of UTF-8 bytes.

    That is a whole value or, on an analysed field, one of its words.
    """
    if field is not None and _is_one_value(node):
        return _value(clauses, field, node)
    if field is not None and field.is_keyword:
        return clauses.pattern(field, between(node, _MOST_SHARED), in_words=False)
    whole = between(node)
    word = between(_folded(node)) if node.folded else whole
    found = [
        clauses.pattern(field, word, in_words=True),
        clauses.pattern(field, whole, in_words=False),
    ]
    if field is None:
        own = [own for own in marks.keywords() if own.is_own]
        found += [clauses.pattern(one, whole, in_words=False) for one in own]
    if word != whole:
        # A value that is one word is not among the whole values, but it is what a document is
        # sorted by.
        fields = [field] if field is not None else marks.fields("tb", _MOST_PATHS)
        found += [clauses.sort_texts(one, node) for one in fields if not one.is_keyword]
    return clauses.any_of(found)


def _is_one_value(node: tree.Range) -> bool:
    return node.low == node.high and node.includes_low and node.includes_high


def _value(clauses: Clauses, field: Field, node: tree.Range) -> Query:
    """Return documents with the value that both bounds are; a long one is told by its hash."""
    text = node.low or ""
    found = [clauses.value(field, text)]
    if node.folded and not field.is_keyword:
        found.append(clauses.word(field, fold(text)))
    return clauses.any_of(found)


def _folded(node: tree.Range) -> tree.Range:
    low = None if node.low is None else fold(node.low)
    high = None if node.high is None else fold(node.high)
    return tree.Range(None, low, high, node.includes_low, node.includes_high)


def between(node: tree.Range, most_shared: int = EXACT_CHARS) -> str | None:
    """Return an expression for the texts between two bounds; ``None`` where there are none.

    Bounds that share a longer beginning than ``most_shared`` stand for all texts that begin so,
    since the terms of long values end in a hash.

    It is ``(begins so|or so) any text|exactly this``: with one ``any text`` for all beginnings the
    engine's automaton stays small.
    """
    low, high = node.low, node.high
    if low is None:
        begins, exactly = _below(high or "", is_closed=node.includes_high)
    elif high is None:
        begins, exactly = _above(low, is_closed=node.includes_low), None
    else:
        begins, exactly = _between(low, high, node, most_shared)
    return _either(None if begins is None else begins + _ANY, exactly)


def _between(
    low: str, high: str, node: tree.Range, most_shared: int
) -> tuple[str | None, str | None]:
    shared = 0
    while shared < min(len(low), len(high)) and low[shared] == high[shared]:
        shared += 1
    if shared > most_shared:
        return "".join(map(_code, low[:most_shared])), None
    prefix = "".join(map(_code, low[:shared]))
    low, high = low[shared:], high[shared:]
    if not low:
        is_beginning_in = node.includes_low
        begins, exactly = _below(high, is_closed=node.includes_high, with_beginning=is_beginning_in)
        return _after(prefix, begins), _after(prefix, exactly)
    if not high or low > high:
        return None, None
    first, last = ord(low[0]), ord(high[0])
    begins, exactly = _below(high[1:], is_closed=node.includes_high)
    above = _either(
        _code(low[0]) + _above(low[1:], is_closed=node.includes_low),
        _set(first + 1, last - 1) if first + 1 < last else None,
        _after(_code(high[0]), begins),
    )
    return _after(prefix, above), _after(prefix + _code(high[0]), exactly)


def _above(low: str, *, is_closed: bool) -> str:
    """The beginnings of texts greater than ``low``, or equal to it."""
    low, is_closed = low[:_LONGEST], is_closed or len(low) > _LONGEST
    begins = "" if is_closed else "(?s:.)"
    for char in reversed(low):
        greater = _set(ord(char) + 1, _LAST) if ord(char) < _LAST else None
        begins = _either(greater, _code(char) + begins) or ""
    return begins


def _below(
    high: str, *, is_closed: bool, with_beginning: bool = True
) -> tuple[str | None, str | None]:
    """The beginnings of texts that are smaller than ``high`` and none of its own beginnings; those.

    Args:
        high: The bound.
        is_closed: Whether the bound itself is inside.
        with_beginning: Whether the empty text is; the other beginnings of ``high`` are anyway.
    """
    is_closed = is_closed and (len(high) > 0 or with_beginning) and len(high) <= _LONGEST
    begins: str | None = None
    exactly = "" if is_closed else None
    for place, char in reversed(list(enumerate(high[:_LONGEST]))):
        less = _set(0, ord(char) - 1) if ord(char) > 0 else None
        begins = _either(less, _after(_code(char), begins))
        empty = "" if place or with_beginning else None
        exactly = _either(_after(_code(char), exactly), empty)
    return begins, exactly


def _after(prefix: str, rest: str | None) -> str | None:
    return None if rest is None else prefix + rest


def _either(*parts: str | None) -> str | None:
    kept = [part for part in parts if part is not None]
    return f"(?:{'|'.join(kept)})" if kept else None


def _code(char: str) -> str:
    return f"\\x{{{ord(char):x}}}"


def _set(first: int, last: int) -> str:
    return f"[\\x{{{first:x}}}-\\x{{{last:x}}}]"
