"""Regular expressions in the syntax of Java, matched within a bound of time.

Apps keep such expressions as constraints, so they come from strangers. The engine of the standard
library would run some of them for hours; this one follows all paths at once, which takes a time
that grows with the lengths of expression and text, and stops at a limit.
"""

from __future__ import annotations

from para_core.patterns.matcher import Matcher
from para_core.patterns.nodes import PatternError
from para_core.patterns.parser import parse_pattern
from para_core.remembering import remembered

__all__ = ["PatternError", "matches_whole"]


def matches_whole(pattern: str, text: str) -> bool:
    """Whether the whole text fits the expression; ``False`` too when that takes too long to tell.

    Raises:
        PatternError: The expression is malformed, or has back-references, which no bound holds for.
    """
    return _compiled(pattern).matches_whole(text)


@remembered(most=512, longest=500)  # up to 50 kB each
def _compiled(pattern: str) -> Matcher:
    return Matcher(parse_pattern(pattern))
