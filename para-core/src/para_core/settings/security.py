"""Keys of the category Security: signatures, tokens, passwords, paths of sign-in."""

from __future__ import annotations

from para_core.settings.derived import value_of
from para_core.settings.key import UNUSED, category, flag, items, number, table, text

__all__ = ["KEYS"]

_PUBLIC_PATHS = (
    "/",
    "/images/**",
    "/styles/**",
    "/scripts/**",
    "/v1/_setup",
    "/v1/_health",
    "/v1/_config/options",
    "/v1/_forms/**",
)

KEYS = category("Security", "sign-in", [
    flag("cors_enabled", "true", "Whether browsers on other sites may read the answers.",
         restart=True, used_by="REST"),
    flag("security.csrf_protection", "true",
         "Whether requests outside the REST interface that change something need a token against "
         "forgery.", restart=True),
    flag("security.csrf_protection_with_spa", "false",
         "Whether that token is handed out in the way single-page applications expect.",
         restart=True, documented="true"),
    text("auth_cookie", "para-auth", "Name of the cookie that keeps a user signed in."),
    number("request_expires_after", 900,
           "Seconds for which a signature is valid, before and after its date.",
           rule="default", used_by="access"),
    number("jwt_expires_after", 86400, "Seconds for which an access token is valid.",
           rule="default", used_by="access"),
    number("jwt_refresh_interval", 3600, "Age in seconds at which a client should ask for a new "
           "access token.", rule="default", used_by="access"),
    number("id_token_expires_after", 60, "Seconds for which an identity token is valid.",
           rule="default", used_by="access"),
    number("session_timeout", 86400, "Seconds for which a session cookie is valid. As the setting "
           "of an app it is the life of its tokens too.", rule="default"),
    number("min_password_length", 8, "Fewest characters of a password."),
    number("pass_reset_timeout", 1800, "Seconds for which the links of a forgotten password and of "
           "an email confirmation work.", rule="default"),
    number("max_pass_matching_attemts", 20,
           "Wrong passwords after which an account is locked. The name is spelled this way "
           "everywhere.", rule="default"),
    number("pass_matching_lock_period_hours", 1, "Hours for which a locked account stays locked.",
           rule="default"),
    text("returnto_cookie", "para-returnto",
         "Name of the cookie that remembers where a user was before signing in."),
    text("support_email", "support@myapp.co", "Address that emails come from.", used_by="mail"),
    flag("security.allow_unverified_emails", "false",
         "Whether users who sign up with email and password are active before they confirmed the "
         "address."),
    table("security.protected",
          "Paths that need a signed-in user, as named lists of patterns with optional roles and "
          "methods.", restart=True, listed=False, used_by="access"),
    items("security.ignored", _PUBLIC_PATHS, "Patterns of paths that everyone may use. A list of "
          "your own replaces this one.", separator=None, restart=True, documented="",
          used_by="access"),
    text("security.signin", "/signin", "Path of the sign-in page."),
    text("security.signin_success", "/",
         "Where a user of the root app goes after signing in."),
    text("security.signin_failure", "/signin?error",
         "Where a user goes whose sign-in failed."),
    text("security.signout", "/signout", "Path that signs a user out."),
    text("security.signout_success", value_of("para.security.signin"),
         "Where a user goes after signing out.", documented="/signin"),
    text("security.access_denied", "/error/403", "Where a user goes who may not see a page.",
         documented="/403"),
    text("security.returnto", "returnto",
         "Where a user goes after signing in without a password, as an absolute address."),
    flag("security.remember_me", "true", "Outdated in the original too: a session lasts as "
         "long as its token.", listed=False, used_by=UNUSED),
    text("app_secret_key", "",
         "Key that verifies the tokens which sign users in without a password. A blank one means "
         "the secret key of the app. Outdated for the server; apps set it.",
         documented="md5('paraseckey')", listed=False),
])  # fmt: skip
