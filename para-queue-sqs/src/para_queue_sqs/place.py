"""Which service is asked, by whom, for which queues: what the configuration comes to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from para_core.errors import ConfigError
from para_queue_sqs.settings import SqsSettings

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["Place", "place_of"]

_ELASTICMQ = "http://localhost:9324"  # the original's in the environment embedded
_ANY = "local"  # a key and a region for servers that check neither
_LONGEST_NAME = 80
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_DEAD = "-dead"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ENDPOINTS = ("AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL")  # read by botocore itself


@dataclass(frozen=True, slots=True)
class Place:
    """``None`` leaves a choice to botocore, which asks environment, profile and machine."""

    queue: str
    dead_letters: str  # blank: see ``SqsSettings.dead_letter_queue``
    endpoint: str | None = None
    region: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    timeout_ms: int = 5000

    @property
    def usual_dead_letters(self) -> str:
        """The queue of dead letters where nobody names another."""
        return f"{self.queue[: _LONGEST_NAME - len(_DEAD)]}{_DEAD}"


def place_of(config: Config) -> Place:
    """Return what the configuration says.

    Raises:
        ConfigError: A name that no queue can have, half a key, or an address that is none.
    """
    settings = config.section("para.sqs", SqsSettings)
    queue = _name_of(config, "para.default_queue_name", config.text("para.default_queue_name"))
    dead = settings.dead_letter_queue.strip()
    endpoint, region = _endpoint_of(config, settings), _region_of(config, settings)
    access, secret = settings.access_key.strip(), settings.secret_key.strip()
    if bool(access) != bool(secret):
        raise ConfigError("para.sqs.access_key and para.sqs.secret_key belong together; set both")
    is_local = endpoint is not None and urlsplit(endpoint).hostname in _LOOPBACK
    if is_local and config.text("para.env") == "embedded":
        region = region or _ANY
        if not access and not config.environ.get("AWS_ACCESS_KEY_ID"):
            access = secret = _ANY
    return Place(
        queue=queue,
        dead_letters=_name_of(config, "para.sqs.dead_letter_queue", dead) if dead else "",
        endpoint=endpoint,
        region=region,
        access_key=access or None,
        secret_key=secret or None,
        timeout_ms=settings.timeout_ms,
    )


def _name_of(config: Config, key: str, value: str) -> str:
    name = value.strip()
    if name.endswith(".fifo"):
        raise ConfigError(
            f"{config.source_of(key)}: {key} {name!r} is a FIFO queue; use a usual one"
        )
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise ConfigError(
            f"{config.source_of(key)}: {key} is 1 to 80 letters, digits, '-' and '_', not {name!r}"
        )
    return name


def _endpoint_of(config: Config, settings: SqsSettings) -> str | None:
    endpoint = settings.endpoint.strip()
    if not endpoint:
        is_elsewhere = any(config.environ.get(name) for name in _ENDPOINTS)
        is_embedded = config.text("para.env") == "embedded"
        return _ELASTICMQ if is_embedded and not is_elsewhere else None
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        place = config.source_of("para.sqs.endpoint")
        raise ConfigError(f"{place}: para.sqs.endpoint starts with http:// or https://")
    return endpoint


def _region_of(config: Config, settings: SqsSettings) -> str | None:
    given = (
        settings.region,
        config.environ.get("AWS_REGION"),
        config.environ.get("AWS_DEFAULT_REGION"),
    )
    return next((region.strip() for region in given if region and region.strip()), None)
