"""The sections ``para.es`` and ``para.es.bulk``."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["BulkSettings", "ElasticSettings"]


class ElasticSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.es``; what each key means stands in the reference of all keys."""

    restclient_scheme: str
    sign_requests_to_aws: bool
    flavor: str = "elasticsearch"
    restclient_host: str = "localhost"
    restclient_port: Annotated[int, Meta(ge=1, le=65535)] = 9200
    restclient_context_path: str = ""
    basic_auth_login: str = ""
    basic_auth_password: str = ""
    aws_region: str = "eu-west-1"
    shards: Annotated[int, Meta(ge=1)] = 2
    shards_for_child_apps: Annotated[int, Meta(ge=1)] = 1
    replicas: Annotated[int, Meta(ge=0)] = 0
    replicas_for_child_apps: Annotated[int, Meta(ge=0)] = 0
    auto_expand_replicas: str = "0-1"
    use_nested_custom_fields: bool = False
    root_index_sharing_enabled: bool = False
    track_total_hits: str = "true"
    async_enabled: bool = False
    proxy_enabled: bool = False
    proxy_path: str = "_elasticsearch"
    proxy_reindexing_enabled: bool = False
    index_prefix: Annotated[
        str,
        Meta(
            pattern="^([a-z0-9][a-z0-9._-]*)?$",
            description="In front of the name of every index and alias, so that several servers "
            "can use one cluster.",
        ),
    ] = ""
    timeout_ms: Annotated[
        int, Meta(ge=1, description="Longest wait for one answer of the cluster.")
    ] = 10_000
    bulk_timeout_ms: Annotated[
        int, Meta(ge=1, description="Longest wait for the answer to one bulk.")
    ] = 60_000
    connections: Annotated[
        int, Meta(ge=1, description="Requests that may be on their way to the cluster at once.")
    ] = 16


class BulkSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.es.bulk``."""

    flush_immediately: bool = True
    size_limit_mb: Annotated[int, Meta(ge=1)] = 5
    action_limit: Annotated[int, Meta(ge=1)] = 1000
    concurrent_requests: Annotated[int, Meta(ge=0)] = 1
    backoff_initial_delay_ms: Annotated[int, Meta(ge=0)] = 50
    max_num_retries: int = 8
