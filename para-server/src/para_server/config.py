"""The settings of the API, read once from the configuration."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

__all__ = ["ApiSettings"]


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
    read_from_index: bool = False
    health_check_interval: int = 60  # seconds
    search_wait_ms: int = 10_000

    @property
    def is_production(self) -> bool:
        """Whether pages and errors outside the API are JSON."""
        return self.environment == "production"
