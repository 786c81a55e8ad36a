"""Keys of the configuration that providers and mail read for the root app."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import cast

import pytest

from para_core.config import Config
from para_core.contracts.signin import SignInTools
from para_core.objects import App
from para_server.mail.accounts import MailAccounts
from para_server.signin.providers import factories
from para_server.signin.providers.endpoints import Endpoints
from para_server.signin.providers.fields import Fields
from para_server.signin.providers.generic import OAuth2, OAuth2Second, OAuth2Third
from para_server.signin.providers.idtokens import IdTokens
from para_server.signin.providers.ldap import Ldap
from para_server.signin.providers.ldap.settings import ldap_settings
from para_server.signin.providers.microsoft import Microsoft
from para_server.signin.providers.saml.settings import saml_settings
from para_server.signin.settings import AppSettings, SettingsLookup

NO_TOOLS = cast("SignInTools", None)  # nothing is asked here
GENERIC = pytest.mark.parametrize("kind", [OAuth2, OAuth2Second, OAuth2Third])


def of_the_root_app(values: Mapping[str, object]) -> AppSettings:
    config = Config({f"para.{key}": value for key, value in values.items()})
    return SettingsLookup(config, "para").of(App(id="app:para"))


@pytest.mark.parametrize(
    "prefix",
    [*("fb", "gp", "in", "tw", "gh", "ms", "az", "sl"), *("oa2", "oa2second", "oa2third")],
)
def test_each_network_has_an_id_and_a_secret(prefix: str) -> None:
    keys = {f"{prefix}_app_id": "the id", f"{prefix}_secret": "the secret"}
    assert of_the_root_app(keys).credentials(prefix) == ("the id", "the secret")
    providers = {
        getattr(make.func if isinstance(make, partial) else make, "prefix", "")
        for make in factories(Config())
    }
    assert prefix in providers


def test_the_tenant_of_microsoft() -> None:
    url = Microsoft(NO_TOOLS).token_url(of_the_root_app({"ms_tenant_id": "harbour"}))
    assert url == "https://login.microsoftonline.com/harbour/oauth2/v2.0/token"


def test_the_fields_of_the_form_for_ldap() -> None:
    config = Config(
        {
            "para.security.ldap.username_param": "who",
            "para.security.ldap.password_param": "word",
            "para.default_separator": "|",
        }
    )
    (made,) = [m for m in factories(config) if isinstance(m, partial) and m.func is Ldap]
    assert made.keywords == {"fields": ("who", "word"), "separator": "|"}


@GENERIC
def test_the_keys_of_generic_providers(kind: type[OAuth2]) -> None:
    fields = ("id", "picture", "email", "name", "given_name", "family_name")
    given = {f"{kind.section}.parameters.{field}": f"my {field}" for field in fields}
    urls = {"token_url": "https://a.test/token", "profile_url": "https://a.test/me", "scope": "s"}
    given |= {f"{kind.section}.{key}": value for key, value in urls.items()}
    given[f"{kind.section}.accept_header"] = "text/x"
    given[f"{kind.section}.send_scope_to_token_endpoint"] = "false"
    settings, provider = of_the_root_app(given), kind(NO_TOOLS)
    profile = Fields(settings, kind.section, {})
    assert [profile.name_of(field) for field in fields] == [f"my {field}" for field in fields]
    endpoints = Endpoints(settings, kind.section, cast("IdTokens", None))
    assert {key: endpoints.text(key) for key in urls} == urls
    assert endpoints.headers["Accept"] == "text/x"
    assert provider.token_url(settings) == "https://a.test/token"
    assert provider.scope_of(settings) == "s"
    assert provider.more_fields(settings) == {}


def test_the_keys_of_ldap() -> None:
    given = {
        "server_url": "ldaps://a.test:1636/",
        "base_dn": "dc=a",
        "bind_dn": "cn=b",
        "bind_pass": "word",
        "user_search_base": "ou=c",
        "user_search_filter": "(d={0})",
        "user_dn_pattern": "e={0}|f={0}",
        "displayname_attribute": "g",
        "username_as_name": "true",
        "mods_group_node": "h",
        "admins_group_node": "i",
        "token_delegation_enabled": "true",
    }
    found = ldap_settings(of_the_root_app({f"security.ldap.{k}": v for k, v in given.items()}))
    assert (found.servers[0].host, found.servers[0].port) == ("a.test", 1636)
    assert (found.base_dn, found.bind_dn, found.bind_pass) == ("dc=a", "cn=b", "word")
    assert (found.search_base, found.search_filter) == ("ou=c", "(d={0})")
    assert (found.dn_patterns, found.name_attribute) == (("e={0}", "f={0}"), "g")
    assert (found.mods_node, found.admins_node) == ("h", "i")
    assert found.username_as_name
    assert found.keeps_profile


@pytest.mark.parametrize(
    ("given", "domain"),
    [({"active_directory_domain": "A.test"}, "a.test"), ({"ad_mode_enabled": "true"}, "")],
    ids=["domain", "mode"],
)
def test_the_keys_of_an_active_directory(given: Mapping[str, str], domain: str) -> None:
    found = ldap_settings(of_the_root_app({f"security.ldap.{k}": v for k, v in given.items()}))
    assert (found.is_active_directory, found.domain) == (True, domain)


@pytest.mark.parametrize("name", ["authrequest_signed", "authnrequest_signed"])
def test_the_keys_of_saml(name: str) -> None:
    fields = ("id", "picture", "email", "name", "firstname", "lastname")
    given = {
        "sp.entityid": "https://me.test",
        "sp.assertion_consumer_service.url": "https://me.test/acs",
        "sp.nameidformat": "urn:a",
        "idp.entityid": "https://they.test",
        "idp.single_sign_on_service.url": "https://they.test/sso",
        "idp.metadata_url": "https://they.test/metadata",
        f"security.{name}": "true",
        "security.sign_metadata": "true",
        "domain": "me.test",
        **{f"attributes.{field}": f"My{field}" for field in fields},
    }
    found = saml_settings(of_the_root_app({f"security.saml.{k}": v for k, v in given.items()}))
    assert (found.sp_entityid, found.acs_url) == ("https://me.test", "https://me.test/acs")
    assert (found.nameid_format, found.domain) == ("urn:a", "me.test")
    assert (found.idp_entityid, found.sso_url) == ("https://they.test", "https://they.test/sso")
    assert found.metadata_url == "https://they.test/metadata"
    assert found.attributes == {field: f"My{field}" for field in fields}
    assert (found.signs_requests, found.signs_metadata) == (True, True)


def test_the_keys_of_mail() -> None:
    given = {
        "mail.host": "mail.test",
        "mail.port": "2525",
        "mail.username": "ann",
        "mail.password": "word",
        "mail.tls": "false",
        "mail.ssl": "false",
        "mail.debug": "true",
        "mail.from": "ann@a.test",
    }
    found = MailAccounts(Config({f"para.{k}": v for k, v in given.items()}), "para").of(None)
    assert (found.host, found.port) == ("mail.test", 2525)
    assert (found.username, found.password, found.address) == ("ann", "word", "ann@a.test")
    assert (found.is_tls, found.is_starttls, found.is_logged) == (False, False, True)
    without = Config({"para.mail.host": "mail.test", "para.support_email": "help@a.test"})
    assert MailAccounts(without, "para").of(None).address == "help@a.test"
