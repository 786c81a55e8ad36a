"""Keys of the category Core: identity, back-ends, limits of the whole server."""

from __future__ import annotations

from para_core.settings.derived import if_production
from para_core.settings.key import UNUSED, Derived, category, flag, number, text

__all__ = ["KEYS"]

_SELECTION = "plugin selection"

KEYS = category("Core", "server", [
    text("app_name", "para",
         "What the root app is called. Its identifier is made from this text: plain ASCII letters "
         "and digits, lower case, words joined by dashes."),
    text("root_secret_override", "",
         "Fixes the secret key of the root app. It replaces a stored one at every start, and no "
         "file with the keys is written."),
    text("context_path", "",
         "Path below which the whole server answers, for instance behind a proxy. Has to start "
         "with a slash.", restart=True),
    text("address", "",
         "Address on which that interface is open; blank for all of the machine.", restart=True),
    number("port", 8080, "TCP port of the HTTP interface.", restart=True),
    text("env", "embedded",
         "What kind of installation this is. `production` turns some defaults around; "
         "`development`, `embedded` and any other text do not.", restart=True, listed=False),
    text("dao", "H2DAO",
         "Name of the database implementation. `H2DAO` is the embedded database in one file.",
         restart=True, used_by=_SELECTION),
    text("search", "LuceneSearch", "Name of the search engine.",
         restart=True, used_by=_SELECTION),
    text("cache", "CaffeineSearch",
         "Name of the object cache. The default, `CaffeineCache`, `inmemory` and a blank value all "
         "mean the cache inside the process.", restart=True, used_by=_SELECTION),
    text("q", "LocalQueue", "Name of the message queue.", restart=True, used_by=_SELECTION),
    text("fs", "LocalFileStore", "Name of the file store.", restart=True, used_by=_SELECTION),
    text("emailer", "NoopEmailer",
         "Name of the implementation that sends email. The default sends nothing.",
         used_by=_SELECTION),
    flag("search_enabled", "true", "Whether objects are indexed and can be searched."),
    flag("cache_enabled", if_production("true", "false"),
         "Whether objects that were read or written are kept in the cache.", documented="false"),
    flag("webhooks_enabled", "false", "Whether webhooks are delivered.", used_by="webhooks"),
    flag("api_enabled", "true", "Whether there is a REST interface at all.", documented="false"),
    text("cluster_name", if_production("para-prod", "para-dev"),
         "Tells the nodes of one installation from those of another on shared infrastructure.",
         documented="para-prod"),
    text("core_package_name", "",
         "Outdated in the original too: plugins add classes for types through a hook.",
         listed=False, used_by=UNUSED),
    text("admin_ident", "",
         "Identifier (email or identity of a provider) of the user that joins the group `admins` "
         "when it is created.", used_by="sign-in"),
    text("worker_id", "1",
         "Number of this node, part of every id it makes: 1 to 1024, and different on each node.",
         rule="default", used_by="ids"),
    number("executor_threads", 2, "Nothing here: work in the background takes turns in the loop of "
           "its process and needs no threads.", used_by=UNUSED),
    flag("executor_service_enabled", "true", "Whether requests that ask for an answer at once "
         "(`X-Para-Respond-Immediately`) get it before their work is done.", used_by="REST"),
    number("max_failed_webhook_attempts", 10,
           "After so many failed deliveries in a row a webhook is turned off.",
           used_by="webhooks"),
    number("reindex_batch_size", Derived("500", lambda _: ""),
           "Objects that a rebuild of an index takes at a time.", documented="100",
           used_by="index"),
    flag("sync_index_with_db", "true",
         "Whether index entries without an object in the database are removed when a search meets "
         "them."),
    flag("read_from_index", "false", "Nothing here: an index keeps no copies of stored objects; "
         "search results come from the cache or the database.", used_by=UNUSED),
    number("max_datatypes_per_app", 256, "How many types of its own an app may have.",
           used_by="types"),
    number("max_entity_size_bytes", 1048576,
           "Largest body of a request, in bytes. A batch may be a hundred times as large, each of "
           "its objects no larger than this.", used_by="REST"),
    number("health.check_interval", 60, "Seconds from one health check to the next."),
    flag("health_check_enabled", "true", "Whether the health is checked again and again."),
])  # fmt: skip
