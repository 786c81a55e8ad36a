"""The settings of the API, read once from the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from para_core.types import app_identifier
from para_server.http.pace import HttpSettings

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["ApiSettings", "HealthAdditions", "context_path_of", "keys_file_of", "settings_of"]

_BODY_FACTOR = 100  # times the limit of one object


class HealthAdditions(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of ``para.health`` that the original did not have."""

    timeout_ms: Annotated[
        int,
        Meta(ge=1, description="Milliseconds after which a part that has not answered is away."),
    ] = 5_000
    behind_sec: Annotated[
        int,
        Meta(
            ge=1,
            description="Seconds after which something that follows the writes, and has not caught "
            "up, is told to be behind.",
        ),
    ] = 60


class ApiSettings(Struct, frozen=True, kw_only=True):
    """What the API needs to know of the configuration; times in their documented units."""

    root: str = "para"  # identifier of the root app
    root_name: str = "para"
    root_secret_override: str = ""
    environment: str = "embedded"
    context_path: str = ""
    port: int = 8080
    api_enabled: bool = True
    cors_enabled: bool = True
    gzip_enabled: bool = True
    print_version: bool = True
    landing_page_enabled: bool = True
    cache_enabled: bool = False
    search_enabled: bool = True
    max_entity_size_bytes: int = 1_048_576
    max_items_per_page: int = 30
    max_page_limit: int = 256
    max_pages: int = 1000
    max_datatypes_per_app: int = 256
    import_batch_size: int = 100
    works_in_background: bool = True  # after requests that are answered at once
    reindex_batch_size: int = 0  # 0: as many as the index takes by itself
    request_expires_after: int = 900  # seconds
    jwt_expires_after: int = 86_400  # seconds
    jwt_refresh_interval: int = 3_600  # seconds
    id_token_expires_after: int = 60  # seconds
    vote_expires_after: int = 2_592_000  # seconds
    vote_locked_after: int = 30  # seconds
    allows_unverified_emails: bool = False  # an e-mail address is good before it is confirmed
    min_password_length: int = 8
    default_separator: str = ":"
    markdown_soft_break: str = "<br>"  # HTML for a single line end
    markdown_allowed_follow_domains: Sequence[str] = ()  # hosts that search engines may follow
    admin_ident: str = ""
    worker_id: int = 1
    sync_index_with_db: bool = True
    health_check_enabled: bool = True
    health_check_interval: int = 60  # seconds
    health_timeout_ms: int = 5_000
    health_behind_sec: int = 60
    search_wait_ms: int = 10_000
    mail_max_attachment_bytes: int = 10_485_760
    import_max_bytes: int = 1 << 30
    import_folder: str = ""  # for archives while they come; blank for the system's
    head_timeout_sec: int = 30
    body_timeout_sec: int = 20
    body_min_bytes: int = 10_000  # in each body_timeout_sec

    @property
    def max_body_bytes(self) -> int:
        """The largest body that is read into memory: a batch, what a plugin takes."""
        return self.max_entity_size_bytes * _BODY_FACTOR

    @property
    def max_upload_bytes(self) -> int:
        """The largest body that is read from somebody who has shown nothing: a form with a file."""
        return self.max_entity_size_bytes + self.mail_max_attachment_bytes

    @property
    def is_production(self) -> bool:
        """Whether pages and errors outside the API are JSON."""
        return self.environment == "production"


def context_path_of(config: Config) -> str:
    """Return what stands in front of every path; a text without a slash in front is none."""
    path = config.text("para.context_path").strip().rstrip("/")
    return path if path.startswith("/") else ""


def settings_of(config: Config) -> ApiSettings:
    """Return the settings of the API from the configuration."""
    name = config.text("para.app_name")
    environment = config.text("para.env")
    health = config.section("para.health", HealthAdditions)
    http = config.section("para.http", HttpSettings)
    return ApiSettings(
        root=app_identifier(name),
        root_name=name,
        root_secret_override=config.text("para.root_secret_override").strip(),
        environment=environment,
        context_path=context_path_of(config),
        port=config.number("para.port"),
        api_enabled=config.flag("para.api_enabled"),
        cors_enabled=config.flag("para.cors_enabled"),
        gzip_enabled=config.flag("para.gzip_enabled"),
        print_version=config.flag("para.print_version"),
        landing_page_enabled=config.flag("para.landing_page_enabled"),
        cache_enabled=config.flag("para.cache_enabled"),
        search_enabled=config.flag("para.search_enabled"),
        max_entity_size_bytes=config.number("para.max_entity_size_bytes"),
        max_items_per_page=config.number("para.max_items_per_page"),
        max_page_limit=config.number("para.max_page_limit"),
        max_pages=config.number("para.max_pages"),
        max_datatypes_per_app=config.number("para.max_datatypes_per_app"),
        import_batch_size=config.number("para.import_batch_size"),
        works_in_background=config.flag("para.executor_service_enabled"),
        reindex_batch_size=config.number("para.reindex_batch_size"),
        request_expires_after=config.number("para.request_expires_after"),
        jwt_expires_after=config.number("para.jwt_expires_after"),
        jwt_refresh_interval=config.number("para.jwt_refresh_interval"),
        id_token_expires_after=config.number("para.id_token_expires_after"),
        vote_expires_after=config.number("para.vote_expires_after"),
        vote_locked_after=config.number("para.vote_locked_after"),
        allows_unverified_emails=config.flag("para.security.allow_unverified_emails"),
        min_password_length=config.number("para.min_password_length"),
        default_separator=config.text("para.default_separator"),
        markdown_soft_break=config.text("para.markdown_soft_break"),
        markdown_allowed_follow_domains=tuple(config.items("para.markdown_allowed_follow_domains")),
        admin_ident=config.text("para.admin_ident"),
        worker_id=config.number("para.worker_id"),
        sync_index_with_db=config.flag("para.sync_index_with_db"),
        health_check_enabled=config.flag("para.health_check_enabled"),
        health_check_interval=config.number("para.health.check_interval"),
        health_timeout_ms=health.timeout_ms,
        health_behind_sec=health.behind_sec,
        mail_max_attachment_bytes=config.number("para.mail.max_attachment_bytes"),
        import_max_bytes=http.import_max_bytes,
        import_folder=http.import_folder,
        head_timeout_sec=http.head_timeout_sec,
        body_timeout_sec=http.body_timeout_sec,
        body_min_bytes=http.body_min_bytes,
    )


def keys_file_of(config: Config) -> Path:
    """Return where the keys of a new root app are written."""
    return Path(config.text("para.db.dir") or "data", "para-root-keys.conf")
