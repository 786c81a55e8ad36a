"""Which implementation of a back-end is used: chosen by name, letter case ignored."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from para_core.errors import ParaError, PluginError

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.contracts import DAO, Cache, Emailer, FileStore, Queue, Search

__all__ = [
    "CACHES",
    "DAOS",
    "EMAILERS",
    "FAMILIES",
    "FILESTORES",
    "QUEUES",
    "SEARCHES",
    "Family",
    "Offer",
    "find_offer",
    "offers_by_name",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Family(Generic[T]):
    """A kind of back-end: the key that selects one, the hook that offers some.

    ``aliases`` are names, in lower case, that stand for another one; the empty one is for a blank
    value.
    """

    key: str
    hook: str
    aliases: Mapping[str, str] = field(default_factory=dict)


DAOS: Family[DAO] = Family("para.dao", "para_register_daos", {"": "MemoryDAO"})
SEARCHES: Family[Search] = Family("para.search", "para_register_searches", {"": "MemorySearch"})
CACHES: Family[Cache] = Family("para.cache", "para_register_caches", {"": "CaffeineCache"})
QUEUES: Family[Queue] = Family(
    "para.q",
    "para_register_queues",
    {"": "LocalQueue", "local": "LocalQueue", "sqs": "AWSQueue"},
)
FILESTORES: Family[FileStore] = Family(
    "para.fs", "para_register_filestores", {"": "LocalFileStore"}
)
EMAILERS: Family[Emailer] = Family(
    "para.emailer",
    "para_register_emailers",
    {"": "NoopEmailer", "javamail": "JavaMailEmailer"},
)
FAMILIES: tuple[Family[Any], ...] = (DAOS, SEARCHES, CACHES, QUEUES, FILESTORES, EMAILERS)

_PACKAGES = {
    "h2dao": "para-dao-sql",
    "sqldao": "para-dao-sql",
    "mongodbdao": "para-dao-mongodb",
    "lucenesearch": "para-search-lucene",
    "elasticsearch": "para-search-elasticsearch",
    "rediscache": "para-cache-redis",
    "awsqueue": "para-queue-sqs",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """An implementation that a plugin offers; ``by`` names the plugin for people."""

    name: str
    factory: Callable[[Config], Any]
    by: str

    def make(self, config: Config, key: str) -> Any:  # noqa: ANN401 - the family knows the type
        """Run the factory.

        Raises:
            PluginError: It failed; the message names the key, the plugin and the reason.
        """
        try:
            return self.factory(config)
        except ParaError:
            raise
        except ImportError as error:
            raise PluginError(
                f"{self.name}, selected by {key}, lacks a package: {one_line(error)}"
            ) from error
        except Exception as error:
            raise PluginError(
                f"{self.name} of {self.by}, selected by {key}, cannot be made: {one_line(error)}"
            ) from error


def offers_by_name(family: Family[Any], offers: Iterable[Offer]) -> dict[str, Offer]:
    """Return offers by their names in lower case.

    Raises:
        PluginError: Two plugins offer one name.
    """
    found: dict[str, Offer] = {}
    for offer in offers:
        other = found.setdefault(offer.name.lower(), offer)
        if other is not offer:
            raise PluginError(
                f"{other.by} and {offer.by} both offer {offer.name} for {family.key}; remove one"
            )
    return found


def find_offer(family: Family[Any], offers: Mapping[str, Offer], config: Config) -> Offer:
    """Return the offer that the configuration selects.

    Raises:
        PluginError: Nobody offers the name; the message has the key, its place, what there is, and
            the ``pip install`` that would help.
    """
    value = config.text(family.key).strip()
    name = family.aliases.get(value.lower(), value)
    offer = offers.get(name.lower())
    if offer is None:
        raise PluginError(_nobody(family, value or name, offers, config))
    return offer


def one_line(error: BaseException) -> str:
    """Return the kind and the message of an error without line breaks."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _nobody(family: Family[Any], value: str, offers: Mapping[str, Offer], config: Config) -> str:
    names = ", ".join(sorted(offer.name for offer in offers.values())) or "none"
    plugins = ", ".join(dict.fromkeys(offer.by for offer in offers.values()))
    package = _PACKAGES.get(family.aliases.get(value.lower(), value).lower())
    close = difflib.get_close_matches(value.lower(), offers, n=1)
    if package is not None:
        help_ = f"pip install {package}"
    elif close:
        help_ = f"did you mean {offers[close[0]].name}?"
    else:
        folder = config.text("para.plugin_folder")
        help_ = f"install a plugin that offers it, or put its wheel into {folder}"
    place = config.source_of(family.key)
    installed = f"installed: {names}" + (f" (by {plugins})" if plugins else "")
    return f"{family.key} is {value!r} ({place}), which no plugin offers; {installed}; {help_}"
