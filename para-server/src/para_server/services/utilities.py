"""The helper functions that clients may call: ids, times, texts, Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from para_core.dates import DatePatternError, format_date
from para_core.humantime import approximately
from para_core.messages import format_message
from para_core.text import no_spaces, strip_and_trim
from para_server.services.locales import date_names

if TYPE_CHECKING:
    from para_core.ids import IdGenerator
    from para_server.markdown import MarkdownConverter
    from para_server.services.container import Clock

__all__ = ["PLAIN", "Parameters", "Utilities", "UtilityError", "UtilityText"]

PLAIN, HTML = "text/plain", "text/html"

_WHOLE = re.compile(r"[+-]?\d{1,19}")
_LARGEST = 2**63 - 1  # what the original can count
_DATE = "yyyy-MM-dd"


class UtilityError(ValueError):
    """A call that makes no sense; the message is for the client."""


class Parameters(Protocol):
    """The parameters of a call; each may have several values."""

    def get(self, name: str) -> str | None:
        """The first value, or ``None``."""

    def all(self, name: str) -> Sequence[str]:
        """All values."""


@dataclass(frozen=True, slots=True)
class UtilityText:
    """What a call answers."""

    content_type: str
    text: str


class Utilities:
    """Runs the functions by their names; they read nothing of any app."""

    def __init__(
        self,
        ids: IdGenerator,
        clock: Clock,
        *,
        soft_break: str = "<br>",
        follow_domains: Collection[str] = (),
    ) -> None:
        """Set the functions up.

        Args:
            ids: Where new ids come from.
            clock: Tells the time.
            soft_break: HTML for a single line end in Markdown (``para.markdown_soft_break``).
            follow_domains: Hosts whose links in Markdown are not marked as ``nofollow``
                (``para.markdown_allowed_follow_domains``).
        """
        self._ids, self._clock = ids, clock
        self._soft_break, self._follow_domains = soft_break, follow_domains
        self._functions: Mapping[str, Callable[[Parameters], str]] = {
            "newid": lambda _: ids.next(),
            "timestamp": lambda _: str(clock()),
            "formatdate": self._format_date,
            "formatmessage": _format_message,
            "nospaces": lambda given: no_spaces(given.get("string"), given.get("replacement")),
            "nosymbols": lambda given: strip_and_trim(given.get("string")),
            "md2html": lambda given: self.markdown.convert(given.get("md")),
            "timeago": _time_ago,
        }

    @cached_property
    def markdown(self) -> MarkdownConverter:
        """The converter, made at its first use: most servers never need it."""
        from para_server.markdown import MarkdownConverter

        return MarkdownConverter(soft_break=self._soft_break, follow_domains=self._follow_domains)

    def run(self, method: str, given: Parameters) -> UtilityText:
        """Call a function; Para: ``Api1.utilsHandler``.

        Args:
            method: Its name: ``newid``, ``timestamp``, ``formatdate``, ``formatmessage``,
                ``nospaces``, ``nosymbols``, ``md2html`` or ``timeago``.
            given: Its parameters; missing texts count as empty.

        Raises:
            UtilityError: No function has that name, or a date pattern cannot be read.
        """
        function = self._functions.get(method)
        if function is None:
            raise UtilityError(f"Unknown method: {method}")
        return UtilityText(HTML if method == "md2html" else PLAIN, function(given))

    def _format_date(self, given: Parameters) -> str:
        """The current time, in the time zone of this machine."""
        moment = datetime.fromtimestamp(self._clock() / 1000, UTC).astimezone()
        pattern = (given.get("format") or "").strip() and given.get("format")
        try:
            return format_date(moment, pattern or _DATE, date_names(given.get("locale")))
        except DatePatternError as error:
            raise UtilityError(str(error)) from error


def _format_message(given: Parameters) -> str:
    return format_message(given.get("message"), given.all("fields"))


def _time_ago(given: Parameters) -> str:
    delta = given.get("delta") or ""
    length = int(delta) if _WHOLE.fullmatch(delta) else 1
    return approximately(length if abs(length) <= _LARGEST else 1)
