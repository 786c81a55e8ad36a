"""What identity providers are told, and what they tell of themselves."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree
from signxml.verifier import XMLVerifier

from para_core.contracts.signin import Document, Profile, Redirect, SignInError
from para_core.errors import UnavailableError
from para_server.signin.providers.saml import Saml
from para_server.signin.providers.saml.idp import described

from .kit import Clock, Settings, Visit, tools_of
from .saml_keys import DSIG, Pair, encoded, pair, parsed, signed
from .saml_responses import Response
from .web import Told, web

SP = "https://para.example/saml_auth/shop"
IDP = "https://idp.example/metadata"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
OWN = {
    "security.saml.sp.entityid": SP,
    "security.saml.sp.x509cert": pair("sp").certificate_setting,
    "security.saml.sp.privatekey": pair("sp").key_setting,
    "security.saml.idp.entityid": IDP,
    "security.saml.idp.single_sign_on_service.url": "https://idp.example/sso?tenant=1",
    "security.saml.idp.x509cert": pair("idp").certificate_setting,
}


def idp_metadata(
    *signers: Pair, entityid: str = IDP, sso: str = "https://idp.example/sso", more: str = ""
) -> str:
    keys = "".join(
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DSIG}"><ds:X509Data>'
        f"<ds:X509Certificate>{_der(signer.certificate)}</ds:X509Certificate></ds:X509Data>"
        "</ds:KeyInfo></md:KeyDescriptor>"
        for signer in signers
    )
    binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    return (
        f'<md:EntityDescriptor xmlns:md="{MD}" entityID="{entityid}"{more}><md:IDPSSODescriptor '
        f'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}'
        f'<md:SingleSignOnService Binding="{binding}" Location="{sso}"/>'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


def _der(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    text = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    return "\n".join(text[at : at + 64] for at in range(0, len(text), 64))


async def redirected(values: Mapping[str, str]) -> str:
    async with tools_of() as tools:
        found = await Saml(tools).finish(Visit(Settings(values), path="/saml_auth/shop"))
    assert isinstance(found, Redirect)
    return found.url


async def shown(values: Mapping[str, str], path: str = "/saml_metadata/shop") -> Document:
    async with tools_of() as tools:
        found = await Saml(tools).finish(Visit(Settings(values), path=path))
    assert isinstance(found, Document)
    return found


# ---- requests ---------------------------------------------------------------------------------


async def test_a_request_goes_by_redirect() -> None:
    url = await redirected(OWN)
    assert url.startswith("https://idp.example/sso?tenant=1&SAMLRequest=")
    query = parse_qs(urlsplit(url).query)
    root = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
    assert list(query) == ["tenant", "SAMLRequest", "RelayState"]
    assert root.get("AssertionConsumerServiceURL") == SP
    assert root.get("Destination") == "https://idp.example/sso?tenant=1"
    assert root.get("ID", "").startswith("ARQ")
    assert root.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer") == SP
    policy = root.find("{urn:oasis:names:tc:SAML:2.0:protocol}NameIDPolicy")
    assert policy.get("Format").endswith(":unspecified")


async def test_no_two_requests_are_alike() -> None:
    found = [parse_qs(urlsplit(await redirected(OWN)).query) for _ in range(2)]
    assert found[0]["RelayState"] != found[1]["RelayState"]
    assert found[0]["SAMLRequest"] != found[1]["SAMLRequest"]


@pytest.mark.parametrize("key", ["authrequest_signed", "authnrequest_signed"])
async def test_requests_are_signed_when_the_app_wants_it(key: str) -> None:
    """The second name was documented, the first was read."""
    url = await redirected({**OWN, f"security.saml.security.{key}": "true"})
    query = urlsplit(url).query.removeprefix("tenant=1&")
    told, _, signature = query.rpartition("&Signature=")
    assert "SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256" in told
    raw = base64.b64decode(parse_qs(f"s={signature}")["s"][0])
    public = pair("sp").key.public_key()
    public.verify(raw, told.encode(), padding.PKCS1v15(), hashes.SHA256())


async def test_a_request_that_must_be_signed_needs_a_key() -> None:
    wanted = {
        **OWN,
        "security.saml.security.authrequest_signed": "true",
        "security.saml.sp.privatekey": "",
    }
    with pytest.raises(SignInError) as caught:
        await redirected(wanted)
    assert "sp.privatekey" in caught.value.reason


# ---- our description --------------------------------------------------------------------------


async def test_our_description_tells_where_responses_go() -> None:
    found = await shown(OWN)
    assert (found.status, found.content_type) == (200, "text/xml;charset=UTF-8")
    root = etree.fromstring(found.body)
    service = root.find(f".//{{{MD}}}AssertionConsumerService")
    assert root.get("entityID") == SP
    assert service.get("Location") == SP
    assert service.get("Binding") == "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
    uses = [key.get("use") for key in root.iter(f"{{{MD}}}KeyDescriptor")]
    assert uses == ["signing", "encryption"]
    assert found.body.endswith(b"\n")


async def test_our_description_is_signed_when_the_app_wants_it() -> None:
    found = await shown({**OWN, "security.saml.security.sign_metadata": "true"})
    XMLVerifier().verify(found.body, x509_cert=pair("sp").certificate_pem, id_attribute="ID")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("sp.entityid", "", "sp.entityid is not set"),
        ("idp.entityid", "", "is not described"),
        ("idp.single_sign_on_service.url", "", "is not described"),
        ("idp.x509cert", "", "is not described"),
        ("idp.x509cert", "bm8gY2VydGlmaWNhdGU=", "a certificate"),
        ("sp.privatekey", "bm8ga2V5", "no private key"),
        ("sp.x509cert", "%%%", "a certificate"),
        ("sp.x509cert", "x" * 70_000 + pair("sp").certificate_pem, "a certificate"),
        (
            "sp.privatekey",
            pair("sp").key_setting.replace("S", " " * 70_000 + "S", 1),
            "no private key",
        ),
    ],
    ids=[
        *("no name", "no provider", "nowhere", "no keys", "no certificate", "no key"),
        *("no base64", "a large certificate", "a large key"),
    ],
)
async def test_incomplete_settings_are_named(key: str, value: str, reason: str) -> None:
    values = {**OWN, f"security.saml.{key}": value}
    found = await shown(values)
    assert found.status == 400
    assert reason in found.body.decode()
    with pytest.raises(SignInError) as caught:
        await redirected(values)
    assert reason in caught.value.reason


async def test_apps_without_saml_do_not_offer_it() -> None:
    async with tools_of() as tools:
        saml = Saml(tools)
        uri = "https://para.example/saml_auth/{appid}"
        assert saml.entrance(Settings(), uri, "s") == ""
        assert saml.entrance(Settings(OWN), uri, "s") == SP
        assert saml.entrance(Settings(OWN), "https://para.example/saml_metadata", "s") == ""


# ---- their descriptions -----------------------------------------------------------------------


def test_a_description_may_hold_several_providers() -> None:
    both = idp_metadata(pair("idp")) + idp_metadata(pair("evil"), entityid="https://b.example")
    text = f'<md:EntitiesDescriptor xmlns:md="{MD}">{both}</md:EntitiesDescriptor>'.encode()
    assert described(text).entityid == IDP
    assert described(text, "https://b.example").certificates == (pair("evil").certificate,)
    with pytest.raises(SignInError):
        described(text, "https://c.example")


@pytest.mark.parametrize("until", ["2001-01-01T00:00:00Z", "2001-01-01T00:00:00", "soon"])
def test_descriptions_that_are_over_do_not_count(until: str) -> None:
    text = idp_metadata(pair("idp"), more=f' validUntil="{until}"').encode()
    with pytest.raises(SignInError) as caught:
        described(text)
    assert "over" in caught.value.reason


def test_descriptions_with_entities_are_refused() -> None:
    text = f'<!DOCTYPE x [<!ENTITY e "{IDP}">]>'.encode() + idp_metadata(pair("idp")).encode()
    with pytest.raises(SignInError):
        described(text)


async def present(saml: Saml, settings: Settings, signer: Pair, *, minutes: float = 0) -> str:
    """Present a response that is made some minutes from now."""
    response = Response(
        acs=SP,
        audience=SP,
        issuer=IDP,
        begin=minutes - 1,
        end=minutes + 5,
        confirmation_end=minutes + 5,
    )
    root = signed(parsed(response.render()), signer, response.assertion_key)
    params = {"SAMLResponse": encoded(root)}
    found = await saml.finish(Visit(settings, params, path="/saml_auth/shop"))
    assert isinstance(found, Profile)
    return found.identifier


def by_metadata(url: str) -> Settings:
    return Settings({"security.saml.sp.entityid": SP, "security.saml.idp.metadata_url": url})


async def test_a_new_key_in_the_metadata_is_found_without_a_restart() -> None:
    signers, clock = [pair("idp")], Clock()
    async with web(lambda _: Told(200, idp_metadata(*signers).encode())) as server:
        settings = Settings(
            {"security.saml.sp.entityid": SP, "security.saml.idp.metadata_url": server.url}
        )
        async with tools_of(clock) as tools:
            saml = Saml(tools)
            for _ in range(5):
                assert await present(saml, settings, pair("idp")) == "saml:ann"
            assert len(server.asked) == 1  # not for every sign-in
            signers[:] = [pair("idp 2")]
            clock.ms += 120_000
            assert await present(saml, settings, pair("idp 2")) == "saml:ann"
            assert len(server.asked) == 2
            with pytest.raises(SignInError):
                await present(saml, settings, pair("idp"))
            with pytest.raises(SignInError):
                await present(saml, settings, pair("evil"))
            assert len(server.asked) == 2  # forgers do not make us ask each time


async def test_sign_in_outlives_an_outage_of_the_metadata() -> None:
    answers = [Told(200, idp_metadata(pair("idp")).encode())]
    clock = Clock()
    async with web(lambda _: answers[0]) as server, tools_of(clock) as tools:
        saml, settings = Saml(tools), by_metadata(server.url)
        await present(saml, settings, pair("idp"))
        answers[0] = Told(503)
        clock.ms += 2 * 3_600_000
        assert await present(saml, settings, pair("idp"), minutes=120) == "saml:ann"
        assert len(server.asked) == 2
        clock.ms += 24 * 3_600_000
        for _ in range(2):  # the second time, within the minute, it was believed again
            with pytest.raises(UnavailableError):
                await present(saml, settings, pair("idp"), minutes=26 * 60)


async def test_a_page_in_place_of_the_metadata_is_not_kept() -> None:
    answers = [Told(200, b"<html>Back soon<br></html>")]
    async with web(lambda _: answers[0]) as server, tools_of() as tools:
        saml, settings = Saml(tools), by_metadata(server.url)
        with pytest.raises(SignInError) as caught:
            await present(saml, settings, pair("idp"))
        assert "no XML" in caught.value.reason
        answers[0] = Told(200, idp_metadata(pair("idp")).encode())
        assert await present(saml, settings, pair("idp")) == "saml:ann"


async def test_metadata_that_never_were_there_are_a_failure() -> None:
    async with web(lambda _: Told(404)) as server:
        with pytest.raises(UnavailableError):
            await redirected(by_metadata(server.url).values)
