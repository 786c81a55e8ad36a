"""Differences that are wanted: what this server does on purpose in another way.

The original that is asked is version 1.49, the newest whose packages can be started from anywhere;
what this server follows is 1.54 as it is documented. Each entry says what holds here and why. A
difference is decided when each place where two answers differ is explained by an entry.
"""

from __future__ import annotations

import base64
import contextlib
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


_CLIENT_ERROR, _NO_METHOD = 400, 405
_NOTHING = {"items": [], "page": 0, "totalHits": 0}
_NEGATIVE = re.compile(r"(^|[\s(])(-|!|NOT )")
_EXCLUDED_EXISTS = re.compile(r"(-|!|NOT )\(?_exists_")
_OPEN_SORTS = ("properties.", "nothing")
_CODED = re.compile(r"[A-Za-z0-9_-]+")
_IN_PAGE = (".items", ".totalHits", ".lastKey")


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


def _is_generated(case: _Case) -> bool:
    """Whether two names of generated ids differ: one server has made more of them."""
    mine, _, other = _nameless(case.place.partition(": ")[2]).partition(" / ")
    return "<id>" in mine and mine == other


def _nameless(text: str) -> str:
    return re.sub(r"<id \d+>", "<id>", text)


# ---- objects and types ---------------------------------------------------------------------------


def _is_wrong_value(case: _Case) -> bool:
    """Whether a body is refused over which the original stumbles."""
    cause = str(case.theirs.value)
    stumbles = "cannot be cast" in cause or "Cannot invoke" in cause
    kinds = {"odd body", "create", "overwrite"}
    return case.step.kind in kinds and case.statuses == (400, 500) and stumbles


def _has_plural_type(case: _Case) -> bool:
    """Whether an object got the plural as its type, or escaped constraints by that."""
    value = case.ours.value
    is_plural = isinstance(value, dict) and value.get("type") in {"cats", "dogs"}
    escaped = case.ours.status < _CLIENT_ERROR == case.theirs.status
    return is_plural and (escaped or case.place.startswith((".plural:", ".type:")))


def _is_of_grants(case: _Case) -> bool:
    """Whether the original has a type that nothing was stored of: granted, or constrained."""
    found = re.match(r"\.(\w+): '<absent>' / (.*)$", case.place)
    granted = ("kg", "y2f0cw", "zg9ncy8x")  # resources that it did not decode
    return found is not None and (found[1].startswith(granted) or found[2] in {"0", "'cat'"})


def _selects_more(case: _Case) -> bool:
    """Whether a field that was asked for by its name is in our answer only."""
    found = re.search(r"\.(\w+): .* / '<absent>'$", case.place)
    return found is not None and found[1] in case.query("select").split(",")


def _has_coded_resources(case: _Case) -> bool:
    """Whether two permissions are the same once the original's resources are decoded."""
    values = [answer.value for answer in (case.ours, case.theirs)]
    if case.place.startswith(".resourcePermissions."):
        values = [value.get("resourcePermissions") for value in values]
    elif case.step.kind not in {"grant", "revoke", "_permissions"}:
        return False
    mine, other = values
    if not isinstance(mine, dict) or not isinstance(other, dict):
        return False
    decoded = {who: {_decoded(name): to[name] for name in to} for who, to in other.items()}
    return decoded == mine


def _decoded(resource: str) -> str:
    if _CODED.fullmatch(resource) is None:
        return resource
    with contextlib.suppress(ValueError):
        data = base64.urlsafe_b64decode(resource + "=" * (-len(resource) % 4))
        return data.decode() if data.isascii() and data.decode().isprintable() else resource
    return resource


# ---- pages ---------------------------------------------------------------------------------------


def _items(answer: Answer) -> list[dict[str, Any]]:
    return answer.value.get("items", []) if isinstance(answer.value, dict) else []


def _ids(answer: Answer) -> list[Any]:
    return [item.get("id") for item in _items(answer)]


def _is_about_a_page(case: _Case) -> bool:
    """Whether two pages differ in what they hold, and not in an object that both hold."""
    both = case.statuses == (200, 200) and case.place.startswith(_IN_PAGE)
    mine, other = (
        {item.get("id"): _nameless(str(item)) for item in _items(answer)}
        for answer in (case.ours, case.theirs)
    )
    return both and all(mine[key] == other[key] for key in mine.keys() & other.keys())


def _has_more(case: _Case) -> bool:
    """Whether this server finds all that the original finds, and more."""
    return _is_about_a_page(case) and _is_more(case.ours, case.theirs)


def _is_more(one: Answer, other: Answer) -> bool:
    more, fewer = (answer.value.get("totalHits", 0) for answer in (one, other))
    found, few = _ids(one), _ids(other)
    return more > fewer and (set(few) <= set(found) or len(found) < more)


def _is_whole_value(case: _Case) -> bool:
    asks = case.step.kind in {"search terms", "search in"}
    return asks and _has_more(case) and any("properties." in value for _, value in case.step.query)


def _finds_complement(case: _Case) -> bool:
    text = case.query("q")
    return (
        case.step.kind == "search text" and _NEGATIVE.search(text) is not None and _has_more(case)
    )


def _asks_for_existence(case: _Case) -> bool:
    """Whether more is found because a field exists, or less because it is excluded."""
    text = case.query("q")
    if "_exists_" not in text or not _is_about_a_page(case):
        return False
    excluded = _EXCLUDED_EXISTS.search(text) is not None
    return _is_more(case.ours, case.theirs) or (excluded and _is_more(case.theirs, case.ours))


def _is_tie(case: _Case) -> bool:
    """Whether two pages hold the same in another order of objects that are equal in the sort.

    What one page has instead of another is equal to the first or last of it, at its border.
    """
    name = case.query("sort").removeprefix("properties.")
    if not name or case.statuses != (200, 200) or not case.place.startswith(".items["):
        return False
    mine, other = _items(case.ours), _items(case.theirs)
    values = [str(item.get(name, "")) for item in mine]
    if values != [str(item.get(name, "")) for item in other]:
        return False
    texts = [{_nameless(str(item)): item for item in page} for page in (mine, other)]
    alone = [texts[0][text] for text in texts[0].keys() - texts[1].keys()]
    lacking = [texts[1][text] for text in texts[1].keys() - texts[0].keys()]
    are_others = not {item.get("id") for item in alone} & {item.get("id") for item in lacking}
    at_border = all(str(item.get(name, "")) in {values[0], values[-1]} for item in alone)
    return are_others and at_border


def _is_only_nested(case: _Case) -> bool:
    """Whether the original finds, besides links, objects that hold no others."""
    if case.step.kind != "search nested" or not _is_about_a_page(case):
        return False
    links = [item.get("id") for item in _items(case.theirs) if item.get("type") == "linker"]
    return (
        _ids(case.ours) == links and case.ours.value["totalHits"] < case.theirs.value["totalHits"]
    )


def _is_total_of_addresses(case: _Case) -> bool:
    return (
        case.step.kind == "search nearby"
        and case.place.startswith(".totalHits:")
        and _ids(case.ours) == _ids(case.theirs)
        and case.ours.value["totalHits"] < case.theirs.value["totalHits"]
    )


def _is_about_copies(case: _Case) -> bool:
    """Whether the original finds more links than this server, by the copies in them."""
    if not case.step.kind.startswith(("search", "list")) or not _is_about_a_page(case):
        return False
    if case.ours.value["totalHits"] >= case.theirs.value["totalHits"]:
        return False
    mine, other = (
        {item.get("id") for item in _items(answer) if item.get("type") != "linker"}
        for answer in (case.ours, case.theirs)
    )
    shows_links = any(item.get("type") == "linker" for item in _items(case.theirs))
    only_counts = not _items(case.theirs) and not case.step.path.startswith(("/v1/cat", "/v1/dog"))
    return (shows_links and other <= mine) or only_counts


def _is_left_identifier(case: _Case) -> bool:
    """Whether the original still has what a user signed in with that a batch deleted."""
    if not _is_about_a_page(case) or not _is_more(case.theirs, case.ours):
        return False
    alone = [item for item in _items(case.theirs) if item.get("id") not in _ids(case.ours)]
    return all(
        item.get("type") == "sysprop" and "@example.com" in str(item.get("id")) for item in alone
    )


def _is_of_one_type(case: _Case) -> bool:
    """Whether a link between two objects of a type is seen from its other side, too."""
    if case.step.kind not in {"is linked", "linked"}:
        return False
    parts = case.step.path.split("/")  # /v1/TYPE/ID/links/TYPE
    if parts[2].rstrip("s") != parts[5].rstrip("s"):
        return False
    return case.place == ": True / False" if case.step.kind == "is linked" else _has_more(case)


def _counts_all_as_children(case: _Case) -> bool:
    told = dict(case.step.query)
    return (
        case.step.kind == "linked"
        and {"childrenonly", "count"} <= told.keys()
        and case.place.startswith(".totalHits:")
        and case.ours.value["totalHits"] < case.theirs.value["totalHits"]
    )


_DECISIONS: Sequence[tuple[str, Callable[[_Case], bool]]] = (
    ("the wording of errors is not part of the API", _is_message),
    ("objectURI escapes a space as in a path, not as in a form", _is_other_uri),
    (
        "a query of negative clauses only finds all the others; the original finds nothing",
        _finds_complement,
    ),
    (
        "_exists_ finds objects that have the field; the original takes it for a field's name",
        _asks_for_existence,
    ),
    ("terms and in match the whole value as it was stored, beside its words", _is_whole_value),
    ("nested searches look at what links hold, not at other objects", _is_only_nested),
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
        lambda case: bool(
            re.search(r"\.(id|tag|objectURI): '.*loose' / '.*<id \d+>'$", case.place)
        ),
    ),
    (
        "the resource of a permission is decoded from base64, padded or not",
        _has_coded_resources,
    ),
    (
        "the total of a search near a place counts what is found, not the addresses",
        _is_total_of_addresses,
    ),
    (
        "types come from stored objects, not from grants or constraints",
        lambda case: case.step.kind == "_types" and _is_of_grants(case),
    ),
    (
        "a sort by a field that no object has, or one of mixed types, leaves nothing out",
        lambda case: (
            case.query("sort").startswith(_OPEN_SORTS)
            and case.theirs.value == _NOTHING
            and _has_more(case)
        ),
    ),
    (
        "the built-in type form has constraints and is a type (since 1.50)",
        lambda case: (
            case.step.kind in {"_constraints", "_types"}
            and re.match(r"\.forms?: .* / '<absent>'$", case.place) is not None
        ),
    ),
    (
        "a plural in a path means a type when objects of it are stored; constraints do not count",
        lambda case: case.step.path.split("/")[2] in {"cats", "dogs"} and _has_plural_type(case),
    ),
    (
        "a link is one object; the original finds its copies of the linked objects too",
        _is_about_copies,
    ),
    (
        "which words tell most depends on all that is indexed; the original counts copies in links",
        lambda case: case.step.kind == "search similar" and _is_about_a_page(case),
    ),
    ("select takes derived fields and custom ones, each by its name", _selects_more),
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
        _is_wrong_value,
    ),
    (
        "a body of settings that is no object is 400",
        lambda case: (
            case.step.kind == "odd body"
            and case.step.path == "/v1/_settings"
            and case.statuses == (400, 200)
        ),
    ),
    (
        "what begins with an underscore is no type: POST is 405",
        lambda case: (
            case.step.kind == "odd path"
            and case.step.path.startswith("/v1/_")
            and case.statuses == (405, 201)
        ),
    ),
    (
        "methods that _me lacks are 405, and say which there are",
        lambda case: case.step.path == "/v1/_me" and case.statuses == (405, 403),
    ),
    (
        "utils and search are no types of their own; with other methods they are paths of objects",
        lambda case: (
            case.step.kind == "odd path"
            and (
                (case.step.path == "/v1/utils" and case.place.startswith((".type", ".plural")))
                or (case.step.path == "/v1/utils" and _is_about_a_page(case))
                or (case.step.path.startswith("/v1/search/") and case.theirs.status == _NO_METHOD)
            )
        ),
    ),
    ("a link between two objects of a type is seen from both of them", _is_of_one_type),
    (
        "childrenonly with count counts children; the original counts the type",
        _counts_all_as_children,
    ),
    ("a user that a batch deletes leaves nothing to sign in with", _is_left_identifier),
)
"""What holds here, and whether it explains a place; the first that does counts."""
