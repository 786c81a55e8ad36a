"""Keys that the list of options never had: files of the server, mail, settings of apps."""

from __future__ import annotations

from para_core.settings.derived import value_of
from para_core.settings.key import UNUSED, Derived, category, flag, items, number, table, text

__all__ = ["APP_SETTINGS", "LEFTOVERS", "LOGGING", "MAIL", "UNDOCUMENTED"]

UNDOCUMENTED = category("Undocumented", "server", [
    flag("store_config_locally", "true", "Nothing here: no program writes its configuration back.",
         used_by=UNUSED),
    text("root_access_key", "", "Where the original wrote the access key of the root app. It is "
         "not read.", used_by=UNUSED),
    text("root_secret_key", "", "Where the original wrote the secret key of the root app. It is "
         "not read.", used_by=UNUSED),
])  # fmt: skip

LOGGING = category("Logging", "server", [
    text("logs_dir", ".", "Folder of the log files.", restart=True),
    text("file_logger_level", "INFO", "Least important level that goes to the log files; `OFF` for "
         "no files.", restart=True),
])  # fmt: skip

MAIL = category("Mail", "mail", [
    text("mail.host", "", "SMTP server."),
    number("mail.port", 965, "Port of the SMTP server; the usual ones are 465 and, without "
           "`para.mail.ssl`, 587."),
    text("mail.username", "", "User name at the SMTP server; blank for no login."),
    text("mail.password", "", "Password at the SMTP server."),
    flag("mail.tls", "true", "Whether the connection turns to TLS after its start, which the "
         "server must then offer. With `para.mail.ssl` it is TLS already."),
    flag("mail.ssl", "true", "Whether the connection is TLS from its start."),
    flag("mail.debug", "false", "Whether the steps of the conversation with the SMTP server are "
         "logged, without what is sent."),
    text("mail.from", value_of("para.support_email"), "Address that emails come from."),
])  # fmt: skip

APP_SETTINGS = category("App Settings", "sign-in", [
    flag("security.one_session_per_user", "true", "Whether signing in ends the other sessions of "
         "the user."),
    items("security.hosturl_aliases", [], "Addresses, separated by commas, to which a sign-in may "
          "return. Only as the setting of an app.", separator=", "),
    text("signin_success", "", "Where users go after signing in. Only as the setting of an app."),
    text("signin_failure", "", "Where users go whose sign-in failed. Only as the setting of an "
         "app."),
    table("metricsGraphiteReporter", "Graphite server of an app: `host` and `port`. Only as the "
          "setting of an app.", used_by="metrics"),
])  # fmt: skip

_UNLESS_PRODUCTION = Derived("true unless production", lambda config: (
    str(config.text("para.env") != "production").lower()))  # fmt: skip

LEFTOVERS = (
    *category("Metrics", UNUSED, [
        text("instance_id", "", "Never read by the original: `para.worker_id` is the number "
             "of the node."),
    ]),
    *category("Security", UNUSED, [
        text("security.csrf_cookie", "", "Never read by the original: the name of the cookie is "
             "fixed."),
    ]),
    *category("Elasticsearch Search", UNUSED, [
        flag("es.fail_on_indexing_errors", "false", "Never read by the original; searches "
             "wait for the index, which catches up after an error."),
        text("es.dir", "data", "Never read by the original: no Elasticsearch runs inside."),
    ]),
    *category("Hazelcast Cache", UNUSED, [
        number("hc.eviction_percentage", 25, "Never read by the original, only documented."),
        flag("hc.jmx_enabled", "true", "Never read by the original, only documented."),
        flag("hc.mancenter_enabled", _UNLESS_PRODUCTION, "Never read by the original, only "
             "documented."),
        text("hc.mancenter_url", "http://localhost:8001/mancenter", "Never read by the original, "
             "only documented."),
    ]),
)  # fmt: skip
