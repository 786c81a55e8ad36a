"""Keys of the categories River & Queue, Metrics, LDAP request names, and File Storage."""

from __future__ import annotations

from para_core.settings.key import NO_PLUGIN, UNUSED, Derived, category, flag, number, text

__all__ = ["FILES", "LDAP_PARAMETERS", "METRICS", "QUEUE"]

QUEUE = category("River & Queue", "river", [
    text("default_queue_name", "para-default", "Name of the queue that the server uses.",
         used_by="para-queue-sqs"),
    flag("queue_link_enabled", "false", "Whether the server takes messages from the queue: objects "
         "to be stored, and jobs for the index. With `para.webhooks_enabled` it does so anyway."),
    number("queue.polling_sleep_seconds", 60, "Nothing here: the server waits for messages and "
           "gets them at once, so there is no time without asking.", used_by=UNUSED),
    number("queue.polling_interval_seconds", 10, "Longest wait in seconds for one answer of the "
           "queue."),
    number("river.max_indexing_retries", 5, "How often an object that a message names is looked "
           "for before it is given up."),
    number("indexing_sync_interval_sec", 10, "Seconds between the messages that keep the indexes "
           "of other regions up to date.", used_by=f"{NO_PLUGIN}AWSDynamoDAO"),
])  # fmt: skip

METRICS = category("Metrics", "metrics", [
    flag("metrics_enabled", "true", "Whether calls are counted and timed."),
    number("metrics.logging_rate", 60, "Seconds between two entries in the metrics log; 0 for no "
           "log."),
    text("metrics.graphite.host", "", "Graphite server that gets the metrics."),
    number("metrics.graphite.port", 2003, "Port of that Graphite server."),
    text("metrics.graphite.prefix_system", "", "Start of the names of the server's own metrics; "
         "`{{INSTANCE_ID}}` becomes the node number."),
    text("metrics.graphite.prefix_apps", "", "Start of the names of the metrics of apps; "
         "`{{INSTANCE_ID}}` and `{{APP_ID}}` are filled in."),
    number("metrics.graphite.period", 0, "Seconds between two deliveries to Graphite; 0 for "
           "none."),
    flag("metrics.jmx_enabled", "false", "Nothing here: JMX belongs to the Java platform; "
         "`/metrics` tells the same.", used_by=UNUSED),
])  # fmt: skip

LDAP_PARAMETERS = category("LDAP Authentication", "sign-in", [
    text("security.ldap.password_param", "password", "Form field that holds the password."),
    text("security.ldap.username_param", "username", "Form field that holds the user name."),
])  # fmt: skip

_BUCKET = Derived(
    "org.paraio.<region>",
    lambda config: f"org.paraio.{config.environ.get('AWS_REGION') or 'us-east-1'}",
)

_BUCKETS = f"{NO_PLUGIN}AWSFileStore"

FILES = category("File Storage", "para-core", [
    text("s3.bucket", _BUCKET,
         "Bucket that keeps the files.", documented="org.paraio.us-east-1", used_by=_BUCKETS),
    number("s3.max_filesize_mb", 10, "Largest file in megabytes that goes to the bucket.",
           used_by=_BUCKETS),
    text("localstorage.folder", "", "Folder that keeps the files of `LocalFileStore`."),
    number("localstorage.max_filesize_mb", 10, "Largest file in megabytes that `LocalFileStore` "
           "takes."),
])  # fmt: skip
