"""Keys of the category Miscellaneous: pages, output, small behaviours."""

from __future__ import annotations

from para_core.settings.key import NO_PLUGIN, UNUSED, category, flag, items, number, text

__all__ = ["KEYS"]

KEYS = category("Miscellaneous", "REST", [
    number("max_items_per_page", 30, "Objects of a page when the request does not say."),
    number("max_pages", 1000, "Last page that can be asked for by its number."),
    number("max_page_limit", 256, "Most objects of a page, whatever the request says."),
    flag("access_log_enabled", "true", "Whether each request gets a line in a log file of its day.",
         used_by="server"),
    text("shared_table_name", "0", "Name of the table of the apps that share one.",
         used_by=f"{NO_PLUGIN}AWSDynamoDAO"),
    flag("fail_on_write_errors", "true", "Nothing here: a write that the database refused always "
         "fails the request, and neither index nor cache hear of it.", used_by=UNUSED),
    number("import_batch_size", 100, "Objects that an import stores at a time."),
    flag("gzip_enabled", "true", "Whether answers of 128 bytes and more are compressed for clients "
         "that allow it.", documented="false"),
    flag("debug_request_signatures", "false", "Whether the log explains refused signatures; the "
         "right ones are never in it.", used_by="access"),
    number("vote_expires_after", 2592000, "Seconds after which the same user may vote on the same "
           "object again.", rule="default", used_by="votes"),
    number("vote_locked_after", 30, "Seconds within which a vote can be taken back or turned "
           "around.", rule="default", used_by="votes"),
    text("plugin_folder", "lib/", "Folder whose wheels are plugins, beside those that are "
         "installed.", used_by="plugins"),
    flag("prepend_shared_appids_with_space", "false", "Nothing here: objects of all apps are kept "
         "apart by their app, in shared tables and indexes too.", used_by=UNUSED),
    flag("print_version", "true", "Whether `GET /v1` tells the version."),
    flag("print_logo", "true", "Whether the start prints a banner.", used_by="server"),
    text("markdown_soft_break", "<br>", "What a single line break in Markdown becomes.",
         used_by="utilities"),
    items("markdown_allowed_follow_domains", [], "Hosts, separated by commas, whose links in "
          "Markdown search engines may follow.", used_by="utilities"),
    text("aws_ses_region", "eu-west-1", "Region of the email service SES.",
         used_by=f"{NO_PLUGIN}AWSEmailer"),
    flag("pidfile_enabled", "true", "Whether the process id is written to the file "
         "`para_<port>.pid`.", used_by="server"),
    text("default_separator", ":", "Character between field and value of a term, and between "
         "the parts of tokens that sign users in. In ids it is always a colon.",
         used_by="REST"),
    text("default_encoding", "UTF-8", "Nothing here: texts on the wire are always UTF-8, as JSON "
         "has to be.", used_by=UNUSED),
    flag("landing_page_enabled", "true", "Whether the root of the server greets its visitors."),
    text("mcp_server_mode", "off", "What AI assistants may do through the Model Context Protocol: "
         "`off`, `r` to read, `rw` to read and write.", used_by="MCP"),
])  # fmt: skip
