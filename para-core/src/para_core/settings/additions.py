"""Keys that the original did not have; values that cannot be read stop the start."""

from __future__ import annotations

from para_core.settings.key import category, items, number, text

__all__ = ["KEYS"]

KEYS = category("Additions", "server", [
    text("plugin_cache_folder", "", "Folder for the unpacked wheels of the plugin folder; blank "
         "for `para/plugins` in the user's cache folder.", used_by="plugins"),
    items("trusted_proxies", (), "Addresses and networks of proxies in front, whose word counts: "
          "on the address of a client (`X-Forwarded-For`) and on HTTPS (`X-Forwarded-Proto`).",
          used_by="sign-in"),
    number("workers", 1, "How many processes serve the port, on one machine and one set of data; "
           "about as many as it has cores.", rule="strict", at_least=1, at_most=64),
    number("stop_timeout_sec", 30, "Seconds that requests under way may take when the server is "
           "told to stop; then they are cut off.", rule="strict", at_least=0),
    text("security.password_hash", "bcrypt", "How new passwords are stored: `bcrypt`, which the "
         "original reads too, or `argon2id`; then older hashes are replaced at sign-in.",
         used_by="sign-in"),
    number("security.failures_per_address", 100, "Failed sign-ins of one address that an app "
           "takes within ten minutes; 0 for any number. Requests signed by the app are not "
           "counted.", rule="strict", at_least=0, used_by="sign-in"),
    number("security.sign_ups_per_address", 300, "New accounts with passwords that one address may "
           "make in an app within an hour; 0 for any number.", rule="strict", at_least=0,
           used_by="sign-in"),
    number("security.resets_per_account", 10, "Tokens for a new password or an address that may be "
           "tried for one account within an hour; 0 for any number.", rule="strict", at_least=0,
           used_by="sign-in"),
    text("security.confirm_email_url", "", "Page that asks new users with a password to confirm "
         "their address: the server mails them a link to it, with `id` and `token` in the query. "
         "Blank for no mail. Also a setting of apps.", used_by="sign-in"),
    text("security.reset_password_url", "", "Page on which users set a new password: mails that "
         "a program asks for lead to it, with `id` and `token` in the query. Also a setting of "
         "apps.", used_by="sign-in"),
    text("mail.confirm_template", "", "HTML of the mail that asks to confirm an address; "
         "`{{app}}`, `{{link}}` and `{{minutes}}` are filled in, its title is the subject. Also a "
         "setting of apps.", used_by="mail"),
    text("mail.reset_template", "", "HTML of the mail that leads to a new password, filled in the "
         "same way. Also a setting of apps.", used_by="mail"),
    number("mail.timeout_ms", 30000, "Longest time in milliseconds for a mail to be handed to the "
           "mail server.", rule="strict", at_least=100, used_by="mail"),
    number("mail.max_attachment_bytes", 10_485_760, "Largest file that goes with a mail, or with a "
           "form, in bytes.", rule="strict", at_least=0, used_by="mail"),
])  # fmt: skip
