"""Differences that are wanted: what this server does on purpose in another way.

The original that is asked is version 1.49, the newest whose packages can be started from anywhere;
what this server follows is 1.54 as it is documented. Each entry says what holds here and why. A
difference is decided when each place where two answers differ is explained by an entry.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.oracle.normalise import differences
from benchmarks.oracle.steps import Step

__all__ = ["Answer", "decisions_for"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one server said, without what must not be compared."""

    status: int
    value: Any


@dataclass(frozen=True, slots=True)
class _Case:
    """One place where two answers differ."""

    step: Step
    ours: Answer
    theirs: Answer
    place: str

    @property
    def statuses(self) -> tuple[int, int]:
        """Both statuses, ours first."""
        return self.ours.status, self.theirs.status

    def query(self, name: str) -> str:
        """The first value of a parameter; empty when it is not there."""
        return next((value for key, value in self.step.query if key == name), "")


_CLIENT_ERROR = 400
_NOTHING = {"items": [], "page": 0, "totalHits": 0}
_NEGATIVE = re.compile(r"(^|[\s(])(-|!|NOT )")


def decisions_for(step: Step, ours: Answer, theirs: Answer) -> list[str]:
    """Return why these answers differ; empty when some of it is nobody's decision."""
    places = list(differences(ours.value, theirs.value)) or [""]
    reasons: dict[str, None] = {}
    for place in places:
        case = _Case(step, ours, theirs, place)
        reason = next((text for text, explains in _DECISIONS if explains(case)), None)
        if reason is None:
            return []
        reasons[reason] = None
    return list(reasons)


def _is_message(case: _Case) -> bool:
    both = min(case.statuses) >= _CLIENT_ERROR
    return both and case.ours.status == case.theirs.status and case.place.startswith(".message:")


def _is_other_uri(case: _Case) -> bool:
    found = re.match(r"\S*\.objectURI: '(.*)' / '(.*)'$", case.place)
    return found is not None and found[1].replace("%20", "+") == found[2].replace("%20", "+")


def _is_whole_value(case: _Case) -> bool:
    asks = case.step.kind in {"search terms", "search in"}
    return asks and _has_more(case) and any("properties." in value for _, value in case.step.query)


def _has_more(case: _Case) -> bool:
    """Whether this server finds all that the original finds, and more."""
    total, fewer = (answer.value.get("totalHits", 0) for answer in (case.ours, case.theirs))
    mine, other = _ids(case.ours), _ids(case.theirs)
    return total > fewer and (set(other) <= set(mine) or len(mine) < total)


def _ids(answer: Answer) -> list[Any]:
    return [item.get("id") for item in answer.value.get("items", [])]


def _is_tie(case: _Case) -> bool:
    """Whether two pages hold the same in another order of objects that are equal in the sort."""
    name = case.query("sort").removeprefix("properties.")
    if not name or case.statuses != (200, 200) or not isinstance(case.ours.value, dict):
        return False
    pages = [answer.value.get("items", []) for answer in (case.ours, case.theirs)]
    values = [[str(item.get(name, "")) for item in page] for page in pages]
    return len(pages[0]) == len(pages[1]) and values[0] == values[1]


def _is_generated(case: _Case) -> bool:
    """Whether two names of generated ids differ: one server has made more of them."""
    mine, _, other = re.sub(r"<id \d+>", "<id>", case.place.partition(": ")[2]).partition(" / ")
    return "<id>" in mine and mine == other


def _finds_complement(case: _Case) -> bool:
    text = case.query("q")
    return (
        case.step.kind == "search text" and _NEGATIVE.search(text) is not None and _has_more(case)
    )


def _has_no_type(case: _Case) -> bool:
    """Whether an object got the plural as its type, or escaped constraints by that."""
    is_plural = isinstance(case.ours.value, dict) and case.ours.value.get("type") in {
        "cats",
        "dogs",
    }
    return is_plural and case.step.method in {"POST", "PUT"}


def _is_about_links(case: _Case) -> bool:
    """Whether two answers differ by what is found of links, or by their place."""
    if case.statuses != (200, 200):
        return False
    mine, other = (
        [item for item in answer.value.get("items", []) if item.get("type") != "linker"]
        for answer in (case.ours, case.theirs)
    )
    has_links = any(
        item.get("type") == "linker"
        for answer in (case.ours, case.theirs)
        for item in answer.value.get("items", [])
    )
    if case.place.startswith(".totalHits"):
        has_links = has_links or not case.step.path.startswith(("/v1/cat", "/v1/dog"))
        return has_links and case.ours.value["totalHits"] < case.theirs.value["totalHits"]
    fewer, more = sorted((mine, other), key=len)
    return has_links and all(item in more for item in fewer)


_DECISIONS: Sequence[tuple[str, Callable[[_Case], bool]]] = (
    ("the wording of errors is not part of the API", _is_message),
    ("objectURI escapes a space as in a path, not as in a form", _is_other_uri),
    (
        "a query of negative clauses only finds all the others; the original finds nothing",
        _finds_complement,
    ),
    (
        "_exists_ finds objects that have the field; the original takes it for a field's name",
        lambda case: "_exists_" in case.query("q") and case.statuses == (200, 200),
    ),
    ("terms and in match the whole value as it was stored, beside its words", _is_whole_value),
    (
        "nested searches look at what links hold, not at other objects",
        lambda case: case.step.kind == "search nested" and case.ours.value.get("totalHits") == 0,
    ),
    ("equal values, and times of the run, may come in another order", _is_tie),
    ("a name of a generated id", _is_generated),
    (
        "an object that is not stored can be created (stored: false), 201",
        lambda case: (
            case.step.kind == "create"
            and case.statuses == (201, 400)
            and b'"stored":false' in case.step.body
        ),
    ),
    (
        "a tag without an id takes it from its tag; the original makes up a number",
        lambda case: "loose" in case.place and re.search(r"<id \d+>", case.place) is not None,
    ),
    (
        "the resource of a permission is decoded from base64, padded or not",
        lambda case: (
            case.step.kind in {"grant", "revoke", "may", "_permissions"}
            or case.place.startswith(".resourcePermissions.")
        ),
    ),
    (
        "the total of a search near a place counts what is found, not the addresses",
        lambda case: case.step.kind == "search nearby" and case.place.startswith(".totalHits"),
    ),
    (
        "types come from stored objects, not from grants or constraints",
        lambda case: (
            case.step.kind in {"_types", "_constraints"} and ": '<absent>' / " in case.place
        ),
    ),
    (
        "a sort by a field that no object has, or one of mixed types, leaves nothing out",
        lambda case: bool(case.query("sort")) and case.theirs.value == _NOTHING,
    ),
    (
        "the built-in type form has constraints and is a type (since 1.50)",
        lambda case: (
            case.step.kind in {"_constraints", "_types"} and case.place.startswith(".form")
        ),
    ),
    (
        "a plural in a path means a type when objects of it are stored; constraints do not count",
        lambda case: case.step.path.split("/")[2] in {"cats", "dogs"} and _has_no_type(case),
    ),
    (
        "a link is one object; the original finds its copies of the linked objects too",
        lambda case: case.step.kind.startswith(("search", "list")) and _is_about_links(case),
    ),
    (
        "which words tell most depends on all that is indexed; the original counts copies in links",
        lambda case: case.step.kind == "search similar" and case.statuses == (200, 200),
    ),
    (
        "select takes derived fields too",
        lambda case: bool(case.query("select")) and "'<absent>'" in case.place,
    ),
    (
        "apps tell their number of objects (since 1.50)",
        lambda case: case.step.path == "/v1/_me" and case.place.startswith(".objectCount"),
    ),
    (
        "_setup tells its status in the body (since 1.50)",
        lambda case: case.step.path.startswith("/v1/_setup") and case.place.startswith(".code"),
    ),
    (
        "a body that is no object, or has values of a wrong type, is 400 and not 500",
        lambda case: case.step.kind == "odd body" and case.statuses == (400, 500),
    ),
    (
        "a body of settings that is no object is 400",
        lambda case: case.step.path == "/v1/_settings" and case.statuses == (400, 200),
    ),
    (
        "what begins with an underscore is no type: POST is 405",
        lambda case: case.step.path.startswith("/v1/_") and case.statuses == (405, 201),
    ),
    (
        "methods that _me lacks are 405, and say which there are",
        lambda case: case.step.path == "/v1/_me" and case.statuses == (405, 403),
    ),
    (
        "utils and search are no types of their own; with other methods they are paths of objects",
        lambda case: (
            case.step.path.startswith(("/v1/utils", "/v1/search/")) and case.step.kind == "odd path"
        ),
    ),
)
"""What holds here, and whether it explains a place; the first that does counts."""
