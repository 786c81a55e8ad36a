"""Which responses of an identity provider are believed."""

from __future__ import annotations

import base64
import copy
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from lxml import etree

from para_core.contracts.signin import Profile, Redirect, SignInError, SignInTools
from para_server.signin.providers.saml import Saml

from .kit import Clock, Settings, Visit, tools_of
from .saml_keys import DSIG, Pair, encoded, encrypted, pair, parsed, signed
from .saml_responses import ASSERTION, PERSON, PROTOCOL, Response

SP = "https://para.example/saml_auth/shop"
IDP = "https://idp.example/metadata"
SETTINGS = {
    "security.saml.sp.entityid": SP,
    "security.saml.idp.entityid": IDP,
    "security.saml.idp.single_sign_on_service.url": "https://idp.example/sso",
}


@dataclass
class Bench:
    """A service provider, and an identity provider that signs for it."""

    saml: Saml
    settings: Settings
    tools: SignInTools
    clock: Clock

    async def present(self, response: str, relay: str = "", **more: str) -> Profile:
        settings = replace(self.settings, values={**self.settings.values, **more})
        params = {"SAMLResponse": response, "RelayState": relay}
        visit = Visit(settings, params, method="POST", path="/saml_auth/shop")
        found = await self.saml.finish(visit)
        assert isinstance(found, Profile)
        return found

    async def refused(self, response: str, relay: str = "", **more: str) -> str:
        """Return why a response is refused; nobody is told more than that it is."""
        with pytest.raises(SignInError) as caught:
            await self.present(response, relay, **more)
        assert caught.value.message == "Bad credentials."
        return caught.value.reason

    async def asked(self) -> tuple[str, str]:
        """Start a sign-in; return the id of the request and the relay state."""
        found = await self.saml.finish(Visit(self.settings, path="/saml_auth/shop"))
        assert isinstance(found, Redirect)
        return request_of(found.url)


def request_of(url: str) -> tuple[str, str]:
    import zlib
    from urllib.parse import parse_qs, urlsplit

    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    packed = base64.b64decode(query["SAMLRequest"])
    root = etree.fromstring(zlib.decompress(packed, -15))
    return root.get("ID"), query["RelayState"]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    values = {
        **SETTINGS,
        "security.saml.idp.x509cert": pair("idp").certificate_setting,
        "security.saml.sp.x509cert": pair("sp").certificate_setting,
        "security.saml.sp.privatekey": pair("sp").key_setting,
    }
    clock = Clock()
    async with tools_of(clock) as tools:
        yield Bench(Saml(tools), Settings(values), tools, clock)


def by_assertion(response: Response, signer: Pair | None = None) -> str:
    root = parsed(response.render())
    return encoded(signed(root, signer or pair("idp"), response.assertion_key))


def by_response(response: Response, signer: Pair | None = None) -> str:
    return encoded(signed(parsed(response.render()), signer or pair("idp"), response.key))


# ---- what is believed -------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [by_assertion, by_response], ids=["assertion", "response"])
async def test_a_signed_response_tells_who_somebody_is(
    bench: Bench, sign: Callable[[Response], str]
) -> None:
    found = await bench.present(sign(fresh()))
    assert (found.identifier, found.email) == ("saml:ann", "ann@corp.example")
    assert (found.name, found.picture) == ("Ann Smith", "https://corp.example/ann.png")
    assert not found.email_is_verified


def fresh(**changes: Any) -> Response:  # noqa: ANN401 - any field
    return Response(**{"acs": SP, "audience": SP, **changes})


async def test_the_app_may_trust_the_addresses(bench: Bench) -> None:
    trusting = {"security.saml.emails_are_verified": "true"}
    assert (await bench.present(by_assertion(fresh()), **trusting)).email_is_verified


async def test_the_answer_to_a_request_counts_once(bench: Bench) -> None:
    request, relay = await bench.asked()
    response = by_assertion(fresh(request=request))
    assert (await bench.present(response, relay)).identifier == "saml:ann"
    assert "not known here" in await bench.refused(response, relay)


async def test_a_response_that_nobody_asked_for_counts_once_too(bench: Bench) -> None:
    response = by_response(fresh())
    await bench.present(response)
    assert "used before" in await bench.refused(response)


@pytest.mark.parametrize(
    ("ends", "minutes"), [({"end": 60, "confirmation_end": 5}, 10), ({"end": None}, 10)], ids=str
)
async def test_a_response_tells_what_counts_once_and_until_when(
    bench: Bench, ends: dict[str, float | None], minutes: int
) -> None:
    """The server keeps it with the user, where no restart forgets it."""
    response = fresh(**ends)
    found = await bench.present(by_assertion(response))
    assert found.proof == response.assertion_key
    assert abs(found.proof_ends_ms - bench.clock.ms - minutes * 60_000) < 60_000


@pytest.mark.parametrize(
    ("ends", "minutes"),
    [
        ({"end": 5, "confirmation_end": 60}, 5),
        ({"end": 60, "confirmation_end": 5}, 5),
        ({"end": 60, "confirmation_end": 60}, 60),
        ({"end": None, "confirmation_end": 60}, 60),
        ({"end": None, "confirmation_end": 3}, 3),
    ],
    ids=["conditions", "confirmation", "both", "confirmation alone", "confirmation alone, soon"],
)
async def test_a_response_is_remembered_until_it_is_over(
    bench: Bench, ends: dict[str, float | None], minutes: int
) -> None:
    """Without an end of its conditions it was forgotten after ten minutes, and counted again."""
    response = by_assertion(fresh(**ends))
    await bench.present(response)
    tolerated = minutes + 5
    for passed in range(1, tolerated):
        bench.clock.ms += 60_000
        assert "used before" in await bench.refused(response), passed
    bench.clock.ms += 60_000 + 1000
    assert "not valid any more" in await bench.refused(response)


async def test_responses_that_nobody_asked_for_can_be_refused(bench: Bench) -> None:
    strict = {"security.saml.idp_initiated_allowed": "false"}
    assert "nobody asked" in await bench.refused(by_assertion(fresh()), **strict)


@pytest.mark.parametrize("method", ["aes256-gcm", "aes256-cbc"])
async def test_an_encrypted_assertion_in_a_signed_response_is_opened(
    bench: Bench, method: str
) -> None:
    response = fresh()
    root = encrypted(parsed(response.render()), pair("sp"), method=method)
    found = await bench.present(encoded(signed(root, pair("idp"), response.key)))
    assert found.identifier == "saml:ann"


async def test_names_and_addresses_are_made_up_when_they_are_missing(bench: Bench) -> None:
    response = fresh(attributes={"UserID": ["bob"], "FirstName": ["Bob"], "LastName": ["Dot"]})
    found = await bench.present(by_assertion(response))
    assert (found.email, found.fallback_email, found.name) == ("", "bob@paraio.com", "Bob Dot")
    response = fresh(attributes={"UserID": ["bob@b.example"], "FirstName": ["Bob"]})
    found = await bench.present(by_assertion(response))
    assert (found.fallback_email, found.name) == ("bob@b.example", "")
    assert found.fallback_name == "Anonymous"


async def test_what_was_told_is_kept_when_the_app_wants_it(bench: Bench) -> None:
    keeping = {"security.saml.token_delegation_enabled": "true"}
    found = await bench.present(by_assertion(fresh()), **keeping)
    assert found.tokens is not None
    middle = (found.tokens.access or "").split(".")[1]
    assert b'"UserID":["ann"]' in base64.urlsafe_b64decode(middle + "===")


async def test_a_comment_does_not_cut_a_value(bench: Bench) -> None:
    """Some readers took ``admin<!-- -->.evil.example`` for ``admin``."""
    names = {**PERSON, "UserID": ["admin<!-- x -->.evil"]}
    response = fresh(attributes=names)
    found = await bench.present(by_assertion(response))
    assert found.identifier == "saml:admin.evil"


async def test_a_certificate_past_its_date_counts_since_it_is_configured(bench: Bench) -> None:
    old = pair("old idp", days=-10)
    own = {"security.saml.idp.x509cert": old.certificate_setting}
    found = await bench.present(by_assertion(fresh(), old), **own)
    assert found.identifier == "saml:ann"


# ---- what is refused --------------------------------------------------------------------------

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "for another audience": ({"audience": "https://other.example"}, "another audience"),
    "for nobody": ({"audience": ""}, "no audience"),
    "over": ({"end": -6}, "not valid any more"),
    "not valid yet": ({"begin": 6}, "not valid yet"),
    "confirmed too long ago": ({"confirmation_end": -6}, "not valid any more"),
    "sent to another place": ({"destination": "https://other.example/"}, "another place"),
    "for another recipient": ({"recipient": "https://other.example/"}, "another recipient"),
    "for no recipient": ({"recipient": ""}, "another recipient"),
    "of another identity provider": ({"issuer": "https://evil.example"}, "another identity"),
    "in a response of another": ({"response_issuer": "https://evil.example"}, "another identity"),
    "not a success": ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, "refuses"),
    "not for a bearer": (
        {"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"},
        "not confirmed for a bearer",
    ),
    "of another version": ({"version": "1.1"}, "not of SAML 2.0"),
    "for an unknown request": ({"request": "ARQ1"}, "not known here"),
    "for two requests": ({"request": "ARQ1", "confirmed_request": "ARQ2"}, "different requests"),
    "for a request in one place only": ({"confirmed_request": "ARQ2"}, "different requests"),
    "without an id of the person": ({"attributes": {"GivenName": ["Ann"]}}, "no attribute"),
    "with a structure for an id": (
        {"attributes": {"UserID": ["<b xmlns=''>ann</b>"]}},
        "no attribute",
    ),
}


@pytest.mark.parametrize(("changes", "reason"), WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize("sign", [by_assertion, by_response], ids=["assertion", "response"])
async def test_a_response_must_be(
    bench: Bench, sign: Callable[[Response], str], changes: dict[str, Any], reason: str
) -> None:
    assert reason in await bench.refused(sign(fresh(**changes)))


async def test_an_answer_must_come_with_the_relay_state_of_its_request(bench: Bench) -> None:
    first, _ = await bench.asked()
    _, other = await bench.asked()
    response = by_assertion(fresh(request=first))
    assert "not known here" in await bench.refused(response, other)
    assert "not known here" in await bench.refused(response)


async def test_an_unsigned_response_is_refused(bench: Bench) -> None:
    assert "no signature" in await bench.refused(encoded(fresh().render()))


@pytest.mark.parametrize("sign", [by_assertion, by_response], ids=["assertion", "response"])
async def test_another_key_is_refused_though_its_certificate_comes_along(
    bench: Bench, sign: Callable[[Response, Pair], str]
) -> None:
    assert "signature is not valid" in await bench.refused(sign(fresh(), pair("evil")))


async def test_what_is_changed_after_signing_is_refused(bench: Bench) -> None:
    for sign in (by_assertion, by_response):
        text = base64.b64decode(sign(fresh()))
        forged = base64.b64encode(text.replace(b">ann<", b">eve<")).decode()
        assert "signature is not valid" in await bench.refused(forged)


async def test_old_digests_are_refused(bench: Bench) -> None:
    response = fresh()
    root = signed(parsed(response.render()), pair("idp"), response.key, sha1=True)
    assert "forbidden" in await bench.refused(encoded(root))


async def test_a_key_inside_the_document_proves_nothing(bench: Bench) -> None:
    """Without the certificate, with the bare key of the forger in its place."""
    response = fresh()
    root = signed(parsed(response.render()), pair("evil"), response.key)
    info = root.find(f".//{{{DSIG}}}KeyInfo")
    for child in list(info):
        info.remove(child)
    assert "signature is not valid" in await bench.refused(encoded(root))


async def test_a_signature_without_references_is_refused(bench: Bench) -> None:
    response = fresh()
    root = signed(parsed(response.render()), pair("idp"), response.key)
    reference = root.find(f".//{{{DSIG}}}Reference")
    reference.getparent().remove(reference)
    assert "signature is not valid" in await bench.refused(encoded(root))


# ---- signatures that cover something else -----------------------------------------------------


def _forged(assertion: Any) -> Any:  # noqa: ANN401
    """Return a copy of an assertion that tells another person, without its signature."""
    copied = copy.deepcopy(assertion)
    copied.set("ID", "_forged")
    for signature in copied.findall(f"{{{DSIG}}}Signature"):
        copied.remove(signature)
    for value in copied.iter(f"{{{ASSERTION}}}AttributeValue"):
        if value.text == "ann":
            value.text = "admin"
    return copied


def _before(root: Any, real: Any) -> Any:  # noqa: ANN401
    root.insert(root.index(real), _forged(real))
    return root


def _behind(root: Any, real: Any) -> Any:  # noqa: ANN401
    root.append(_forged(real))
    return root


def _around(root: Any, real: Any) -> Any:  # noqa: ANN401
    """The forged assertion has the real one inside its own signature's place."""
    forged = _forged(real)
    root.replace(real, forged)
    forged.append(real)
    return root


def _inside_object(root: Any, real: Any) -> Any:  # noqa: ANN401
    """The signature moves into the forged assertion, the signed one into an Object of it."""
    forged, signature = _forged(real), real.find(f"{{{DSIG}}}Signature")
    root.replace(real, forged)
    real.remove(signature)
    forged.insert(1, signature)
    etree.SubElement(signature, f"{{{DSIG}}}Object").append(real)
    return root


def _in_extensions(root: Any, real: Any) -> Any:  # noqa: ANN401
    forged = _forged(real)
    root.replace(real, forged)
    extensions = etree.Element(f"{{{PROTOCOL}}}Extensions")
    extensions.append(real)
    root.insert(1, extensions)
    return root


def _same_id(root: Any, real: Any) -> Any:  # noqa: ANN401
    forged = _forged(real)
    forged.set("ID", real.get("ID"))
    root.insert(root.index(real), forged)
    return root


def _other_response(root: Any, real: Any) -> Any:  # noqa: ANN401
    """A forged response has the real one, with its signed assertion, hidden behind."""
    outer = etree.Element(root.tag, root.attrib, nsmap=root.nsmap)
    outer.set("ID", "_outer")
    for child in root:
        if child is not real:
            outer.append(copy.deepcopy(child))
    outer.append(_forged(real))
    etree.SubElement(outer, f"{{{PROTOCOL}}}Extensions").append(root)
    return outer


WRAPPINGS = [
    _before,
    _behind,
    _around,
    _inside_object,
    _in_extensions,
    _same_id,
    _other_response,
]


@pytest.mark.parametrize("wrap", WRAPPINGS, ids=[wrap.__name__.strip("_") for wrap in WRAPPINGS])
async def test_a_forged_assertion_beside_a_signed_one_is_refused(
    bench: Bench, wrap: Callable[[Any, Any], Any]
) -> None:
    response = fresh()
    root = signed(parsed(response.render()), pair("idp"), response.assertion_key)
    wrapped = wrap(root, root.find(f"{{{ASSERTION}}}Assertion"))
    reason = "an id twice" if wrap is _same_id else "2 assertions, not one"
    assert reason in await bench.refused(encoded(wrapped))


async def test_the_signature_of_another_element_does_not_count(bench: Bench) -> None:
    """A signed assertion of somebody, moved away; its signature stands in the forged response."""
    response = fresh()
    root = signed(parsed(response.render()), pair("idp"), response.assertion_key)
    real = root.find(f"{{{ASSERTION}}}Assertion")
    signature = real.find(f"{{{DSIG}}}Signature")
    real.remove(signature)
    root.insert(1, signature)
    assert "covers something else" in await bench.refused(encoded(root))


# ---- documents that do harm while they are read -----------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HARM = {
    "an entity that grows": f'<!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]><r>&l9;</r>',
    "an entity from a file": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
    "an entity from a server": '<!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1:9/">]><r>&x;</r>',
    "a document type from elsewhere": '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/"><r/>',
    "a mere document type": "<!DOCTYPE r><r/>",
}


@pytest.mark.parametrize("text", HARM.values(), ids=HARM.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
async def test_entities_and_document_types_are_refused(
    bench: Bench, text: str, encoding: str
) -> None:
    sent = base64.b64encode(text.encode(encoding)).decode()
    reason = await bench.refused(sent)
    assert "document type" in reason or "amplification" in reason


NONSENSE = {
    "no base64": ("%%%", "no base64"),
    "no XML": (base64.b64encode(b"hello").decode(), "no XML: Start tag expected"),
    "empty": (base64.b64encode(b" ").decode(), "no XML: Start tag expected"),
    "another element": (base64.b64encode(b"<a/>").decode(), "what came is no response"),
    "too deep": (base64.b64encode(b"<a>" * 5000 + b"</a>" * 5000).decode(), "Excessive depth"),
    "too large": ("QUFB" * 300_000, "too large"),
    "not closed": (base64.b64encode(b"<a><b></a>").decode(), "tag mismatch"),
}


@pytest.mark.parametrize(("text", "reason"), NONSENSE.values(), ids=NONSENSE.keys())
async def test_what_is_no_response_is_refused(bench: Bench, text: str, reason: str) -> None:
    assert reason in await bench.refused(text)


# ---- encryption -------------------------------------------------------------------------------


async def test_an_encrypted_assertion_in_an_unsigned_response_is_refused(bench: Bench) -> None:
    response = fresh()
    root = signed(parsed(response.render()), pair("idp"), response.assertion_key)
    reason = await bench.refused(encoded(encrypted(root, pair("sp"))))
    assert "not signed" in reason


async def test_what_is_encrypted_for_another_is_refused(bench: Bench) -> None:
    response = fresh()
    root = encrypted(parsed(response.render()), pair("other sp"))
    reason = await bench.refused(encoded(signed(root, pair("idp"), response.key)))
    assert "cannot be opened" in reason


async def test_without_a_key_nothing_is_opened(bench: Bench) -> None:
    response = fresh()
    root = encrypted(parsed(response.render()), pair("sp"))
    sent = encoded(signed(root, pair("idp"), response.key))
    assert "privatekey" in await bench.refused(sent, **{"security.saml.sp.privatekey": ""})


async def test_an_encrypted_assertion_is_checked_like_any_other(bench: Bench) -> None:
    response = fresh(audience="https://other.example")
    root = encrypted(parsed(response.render()), pair("sp"))
    reason = await bench.refused(encoded(signed(root, pair("idp"), response.key)))
    assert "another audience" in reason
