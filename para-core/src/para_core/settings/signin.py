"""Keys of sign-in with other systems: generic OAuth 2.0, LDAP and SAML."""

from __future__ import annotations

from collections.abc import Iterator

from para_core.settings.derived import value_of
from para_core.settings.key import UNUSED, Key, category, flag, text

__all__ = ["LDAP", "OAUTH", "SAML"]


def _oauth(suffix: str, which: str) -> Iterator[Key]:
    section = f"security.oauth{suffix}"
    yield text(f"oa2{suffix}_app_id", "", f"Client id of the root app at {which}; other apps keep "
               "theirs in their settings.")  # fmt: skip
    yield text(f"oa2{suffix}_secret", "", f"Client secret that belongs to the id at {which}.")
    yield text(f"{section}.profile_url", "", f"Where {which} tells who the user is.")
    yield text(f"{section}.token_url", "", f"Where {which} hands out tokens.")
    yield text(f"{section}.scope", "", f"What {which} is asked for.")
    yield flag(f"{section}.send_scope_to_token_endpoint", "true",
               f"Whether requests for a token at {which} repeat the scope.")  # fmt: skip
    yield text(f"{section}.accept_header", "", f"Header `Accept` of requests to {which}; blank for "
               "none.")  # fmt: skip
    yield flag(f"{section}.download_avatars", "false",
               f"Whether pictures from {which} are copied to the file store.")  # fmt: skip
    yield text(f"{section}.domain", "paraio.com",
               f"Domain of the made-up address of a user without email at {which}.")  # fmt: skip
    for field, usual in _PROFILE_FIELDS.items():
        yield text(f"{section}.parameters.{field}", usual,
                   f"Field of the profile from {which} that holds {_MEANING[field]}.")  # fmt: skip
    yield flag(f"{section}.token_delegation_enabled", "false",
               f"Whether the tokens of {which} are kept with the user and checked again on every "
               "request.")  # fmt: skip


_PROFILE_FIELDS = {
    "id": "sub",
    "picture": "picture",
    "email": "email",
    "name": "name",
    "given_name": "given_name",
    "family_name": "family_name",
}
_MEANING = {
    "id": "the id of the user",
    "picture": "the address of the picture",
    "email": "the email address",
    "name": "the full name",
    "given_name": "the first name",
    "family_name": "the last name",
}

OAUTH = category("OAuth 2.0 Authentication", "sign-in", [
    *_oauth("", "the OAuth 2.0 provider"),
    *_oauth("second", "the second OAuth 2.0 provider"),
    *_oauth("third", "the third OAuth 2.0 provider"),
])  # fmt: skip

LDAP = category("LDAP Authentication", "sign-in", [
    text("security.ldap.server_url", "ldap://localhost:8389/", "Address of the directory."),
    text("security.ldap.base_dn", "dc=springframework,dc=org", "Where the directory begins."),
    text("security.ldap.bind_dn", "", "Name of the directory user that searches."),
    text("security.ldap.bind_pass", "", "Password of the directory user that searches."),
    text("security.ldap.user_search_base", "", "Where users are searched."),
    text("security.ldap.user_search_filter", "(cn={0})", "Filter that finds a user; `{0}` is the "
         "user name."),
    text("security.ldap.user_dn_pattern", "uid={0}", "Names under which a user may sign in, "
         "separated by `|`; `{0}` is the user name."),
    text("security.ldap.password_attribute", "userPassword", "Nothing here: whether a password is "
         "right is told by signing in with it, and none is ever read.", used_by=UNUSED),
    text("security.ldap.displayname_attribute", "cn", "Attribute that becomes the name of the "
         "user."),
    text("security.ldap.active_directory_domain", "", "Domain of an Active Directory; a value "
         "turns its way of signing in on."),
    text("security.ldap.ad_mode_enabled", "", "`true` for an Active Directory without naming its "
         "domain."),
    flag("security.ldap.username_as_name", "false", "Whether users are named by the part of their "
         "address before the @."),
    text("security.ldap.mods_group_node", "", "Directory group whose members are moderators."),
    text("security.ldap.admins_group_node", "", "Directory group whose members are "
         "administrators."),
    flag("security.ldap.token_delegation_enabled", "false", "Whether the user is looked up in the "
         "directory again on every request."),
    text("security.ldap.compare_passwords", "", "Never read by the original; a password is checked "
         "by signing in with it.",
         used_by=UNUSED),
])  # fmt: skip

_SP, _IDP = "security.saml.sp", "security.saml.idp"


def _saml() -> Iterator[Key]:
    yield text(f"{_SP}.entityid", "", "Name of this server among the parties of SAML.")
    yield text(f"{_SP}.assertion_consumer_service.url", value_of("para.security.saml.sp.entityid"),
               "Where the identity provider sends users back.")  # fmt: skip
    yield text(f"{_SP}.nameidformat", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
               "Kind of name to ask for.")  # fmt: skip
    yield text(f"{_SP}.x509cert", "", "Own certificate: PEM in Base64.")
    yield text(f"{_SP}.privatekey", "", "Own private key: PKCS#8 PEM in Base64.")
    yield text(f"{_IDP}.entityid", "", "Name of the identity provider.")
    yield text(f"{_IDP}.single_sign_on_service.url", "", "Where the identity provider signs in.")
    yield text(f"{_IDP}.x509cert", "", "Certificate of the identity provider in Base64.")
    yield text(f"{_IDP}.metadata_url", "", "Where the identity provider describes itself.")
    yield flag("security.saml.security.authrequest_signed", "false",
               "Whether requests to the identity provider are signed.")  # fmt: skip
    yield flag("security.saml.security.sign_metadata", "false",
               "Whether the description of this server is signed.")  # fmt: skip
    for field, attribute in _SAML_ATTRIBUTES.items():
        yield text(f"security.saml.attributes.{field}", attribute,
                   f"Attribute that becomes the {field} of the user.")  # fmt: skip
    yield text("security.saml.domain", "paraio.com",
               "Domain of the made-up address of a user without email.")  # fmt: skip
    yield flag("security.saml.security.authnrequest_signed", "false",
               "The same as `authrequest_signed`, under the name that was documented.")  # fmt: skip
    for name in _SAML_UNREAD:
        yield flag(f"security.saml.security.{name}", "false", _NEVER_READ, used_by=UNUSED)
    yield flag("security.saml.security.want_xml_validation", "true", _NEVER_READ, used_by=UNUSED)
    yield text("security.saml.security.signature_algorithm", "", _NEVER_READ, used_by=UNUSED)


_SAML_ATTRIBUTES = {
    "id": "UserID",
    "picture": "Picture",
    "email": "EmailAddress",
    "name": "GivenName",
    "firstname": "FirstName",
    "lastname": "LastName",
}
_SAML_UNREAD = (
    "want_messages_signed",
    "want_assertions_signed",
    "want_assertions_encrypted",
    "want_nameid_encrypted",
)
_NEVER_READ = (
    "Never read by the original: a response must be signed, encrypted ones are opened with the own "
    "key, and all are validated."
)

SAML = category("SAML Authentication", "sign-in", _saml())
