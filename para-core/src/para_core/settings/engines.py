"""Keys of the search engines: Elasticsearch Search and Lucene Search."""

from __future__ import annotations

from para_core.settings.derived import if_production
from para_core.settings.key import UNUSED, Derived, category, flag, number, text

__all__ = ["ELASTIC", "LUCENE"]

_ON_AWS = Derived(
    "true if para.es.restclient_host is at amazonaws.com, else false",
    lambda config: str("amazonaws.com" in config.text("para.es.restclient_host")).lower(),
)

ELASTIC = category("Elasticsearch Search", "para-search-elasticsearch", [
    text("es.flavor", "elasticsearch", "Product behind the address: `elasticsearch` or "
         "`opensearch`."),
    number("es.shards", 2, "Shards of the index of the root app."),
    number("es.shards_for_child_apps", 1, "Shards of the index of any other app."),
    number("es.replicas", 0, "Replicas of the index of the root app."),
    number("es.replicas_for_child_apps", 0, "Replicas of the index of any other app."),
    flag("es.use_nested_custom_fields", "false", "Whether custom fields are indexed as nested "
         "pairs of key and value, which keeps the mapping small."),
    flag("es.async_enabled", "false", "Whether writes return as soon as the cluster has them; they "
         "are found a moment later."),
    flag("es.bulk.flush_immediately", "true", "Whether what was written is found at once instead "
         "of after the next refresh."),
    text("es.restclient_scheme", if_production("https", "http"), "`http` or `https`.",
         documented="http"),
    text("es.restclient_host", "localhost", "Host of the cluster."),
    number("es.restclient_port", 9200, "Port of the cluster."),
    flag("es.sign_requests_to_aws", _ON_AWS, "Whether requests carry a signature for AWS.",
         documented="false"),
    text("es.restclient_context_path", "", "Path in front of the cluster's own paths."),
    text("es.auto_expand_replicas", "0-1", "Range in which the cluster may choose the number of "
         "replicas."),
    flag("es.root_index_sharing_enabled", "false", "Whether apps that share an index live in the "
         "one of the root app."),
    text("es.track_total_hits", "true", "How far totals are exact: `true`, `false` or a number."),
    text("es.aws_region", "eu-west-1", "Region that signatures for AWS name."),
    text("es.basic_auth_login", "", "User name at the cluster."),
    text("es.basic_auth_password", "", "Password at the cluster."),
    number("es.bulk.size_limit_mb", 5, "Megabytes after which a bulk is sent."),
    number("es.bulk.action_limit", 1000, "Operations after which a bulk is sent."),
    number("es.bulk.concurrent_requests", 1, "Bulks of one app that may be on their way at once; "
           "0 and 1 for one after the other."),
    number("es.bulk.flush_interval_ms", 5000, "Changes wait for no other ones here: they are sent "
           "as soon as there are some.", used_by=UNUSED),
    number("es.bulk.backoff_initial_delay_ms", 50, "Milliseconds before a failed bulk is sent "
           "again for the first time."),
    number("es.bulk.max_num_retries", 8, "How often a failed bulk is sent again."),
    flag("es.proxy_enabled", "false", "Whether clients may send requests on to the cluster."),
    text("es.proxy_path", "_elasticsearch", "Path for such requests, below that of the REST "
         "interface."),
    flag("es.proxy_reindexing_enabled", "false", "Whether an index may be rebuilt that way."),
])  # fmt: skip

LUCENE = category("Lucene Search", "para-search-lucene", [
    text("lucene.dir", Derived("the working directory", lambda _: "."),
         "Folder in which the folder `data` with the indexes lies.", documented="./"),
])  # fmt: skip
