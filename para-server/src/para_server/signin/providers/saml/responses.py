"""Responses of an identity provider: whether to believe them, and what they say.

Source: SAML 2.0 Profiles, section 4.1.4.3, and the decisions of Para 1.54, ``SAMLAuthFilter``,
made stricter: one assertion, a named audience, nothing outside of what was signed.
"""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from para_core.contracts.signin import SignInError
from para_server.signin.providers.saml.decryption import decrypted
from para_server.signin.providers.saml.signatures import has_signature, signed
from para_server.signin.providers.saml.times import milliseconds
from para_server.signin.providers.saml.xml import ASSERTION, PROTOCOL, parse, qualified, the_one

if TYPE_CHECKING:
    from para_server.signin.providers.saml.idp import IdentityProvider
    from para_server.signin.providers.saml.settings import SamlSettings

__all__ = ["Told", "accept"]

_LARGEST = 1_048_576
_SKEW_MS = 300_000
_ENDLESS_MS = sys.maxsize
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_ASSERTION = qualified(ASSERTION, "Assertion")
_ENCRYPTED = qualified(ASSERTION, "EncryptedAssertion")


@dataclass(frozen=True, slots=True)
class Told:
    """What a response says that is believed.

    Attributes:
        attributes: Their texts, by name.
        assertion: The id of the assertion.
        in_response_to: The request it answers; blank when nobody asked.
        until_ms: From when on it is refused, with the tolerance for clocks.
    """

    attributes: Mapping[str, Sequence[str]]
    assertion: str
    in_response_to: str
    until_ms: int


def accept(text: str, settings: SamlSettings, provider: IdentityProvider, now_ms: int) -> Told:
    """Return what a response says, if it is to be believed.

    Whether its request is known, and whether it was used before, is left to the caller.

    Args:
        text: As the browser brings it: Base64 of XML.
        settings: The app's.
        provider: Who must have signed it.
        now_ms: The time.

    Raises:
        SignInError: Something about it is not as it must be.
    """
    root = parse(_decoded(text), "the response")
    if root.tag != qualified(PROTOCOL, "Response"):
        raise SignInError(reason="what came is no response")
    _check_shape(root)
    response, assertion = _believed(root, settings, provider)
    _check_response(response, settings, provider)
    return _Reader(settings, provider, now_ms).read(response, assertion)


def _decoded(text: str) -> bytes:
    if len(text) > _LARGEST:
        raise SignInError(reason="the response is too large")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignInError(reason="the response is no base64") from error


def _check_shape(root: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Refuse responses in which an assertion could hide beside the one that is signed."""
    children = [*root.findall(_ASSERTION), *root.findall(_ENCRYPTED)]
    everywhere = [element for name in (_ASSERTION, _ENCRYPTED) for element in root.iter(name)]
    if len(children) != 1 or len(everywhere) != 1:
        raise SignInError(reason=f"the response has {len(everywhere)} assertions, not one")


def _believed(root: Any, settings: SamlSettings, provider: IdentityProvider) -> tuple[Any, Any]:  # noqa: ANN401
    """Return the response, and the assertion as it was signed."""
    if has_signature(root):
        response = signed(root, root, provider.certificates)
        encrypted = response.find(_ENCRYPTED)
        if encrypted is not None:
            return response, decrypted(encrypted, settings.private_key)
        return response, the_one(response, ASSERTION, "Assertion", "the response")
    assertion = root.find(_ASSERTION)
    if assertion is None:
        raise SignInError(reason="an encrypted assertion in a response that is not signed")
    return root, signed(root, assertion, provider.certificates)


def _check_response(response: Any, settings: SamlSettings, provider: IdentityProvider) -> None:  # noqa: ANN401
    if response.get("Version") != "2.0":
        raise SignInError(reason="the response is not of SAML 2.0")
    destination = response.get("Destination", "").strip()
    if destination and destination != settings.acs_url:
        raise SignInError(reason="the response was sent to another place")
    issuer = response.findtext(qualified(ASSERTION, "Issuer"))
    if issuer is not None and issuer.strip() != provider.entityid:
        raise SignInError(reason="the response is of another identity provider")
    status = the_one(response, PROTOCOL, "Status", "the response")
    code = the_one(status, PROTOCOL, "StatusCode", "the status")
    if code.get("Value") != _SUCCESS:
        raise SignInError(reason=f"the identity provider refuses: {code.get('Value', '')[:100]}")


class _Reader:
    """Checks and reads one assertion."""

    def __init__(self, settings: SamlSettings, provider: IdentityProvider, now_ms: int) -> None:
        self._settings, self._provider, self._now = settings, provider, now_ms

    def read(self, response: Any, assertion: Any) -> Told:  # noqa: ANN401
        """Return what the assertion says; the response only names the request."""
        key = assertion.get("ID", "")
        issuer = the_one(assertion, ASSERTION, "Issuer", "the assertion")
        if assertion.get("Version") != "2.0" or not key:
            raise SignInError(reason="the assertion is not of SAML 2.0, or has no id")
        if (issuer.text or "").strip() != self._provider.entityid:
            raise SignInError(reason="the assertion is of another identity provider")
        until_ms = self._conditions(assertion)
        subject = the_one(assertion, ASSERTION, "Subject", "the assertion")
        the_one(subject, ASSERTION, "NameID", "the subject")
        requests, ends_ms = self._confirmation(subject)
        requests.add(response.get("InResponseTo", ""))
        if len(requests) != 1:
            raise SignInError(reason="the response and the assertion answer different requests")
        self._sessions(assertion)
        until_ms = min(until_ms, ends_ms) + _SKEW_MS
        return Told(_attributes(assertion), key, requests.pop(), until_ms)

    def _conditions(self, assertion: Any) -> int:  # noqa: ANN401
        conditions = the_one(assertion, ASSERTION, "Conditions", "the assertion")
        until_ms = self._window(conditions, "the assertion")
        restrictions = conditions.findall(qualified(ASSERTION, "AudienceRestriction"))
        for restriction in restrictions:
            audiences = restriction.findall(qualified(ASSERTION, "Audience"))
            names = [(audience.text or "").strip() for audience in audiences]
            if self._settings.sp_entityid not in names:
                raise SignInError(reason="the assertion is for another audience")
        if not restrictions:
            raise SignInError(reason="the assertion names no audience")
        return until_ms

    def _confirmation(self, subject: Any) -> tuple[set[str], int]:  # noqa: ANN401
        """Return the request that a bearer may answer with, and until when."""
        failure = "the subject is not confirmed for a bearer"
        for confirmation in subject.findall(qualified(ASSERTION, "SubjectConfirmation")):
            data = confirmation.find(qualified(ASSERTION, "SubjectConfirmationData"))
            if confirmation.get("Method") != _BEARER or data is None:
                continue
            if data.get("Recipient", "").strip() != self._settings.acs_url:
                failure = "the assertion is for another recipient"
                continue
            if not data.get("NotOnOrAfter"):
                failure = "the confirmation has no end"
                continue
            return {data.get("InResponseTo", "")}, self._window(data, "the confirmation")
        raise SignInError(reason=failure)

    def _sessions(self, assertion: Any) -> None:  # noqa: ANN401
        for statement in assertion.findall(qualified(ASSERTION, "AuthnStatement")):
            end = statement.get("SessionNotOnOrAfter")
            if end and milliseconds(end) + _SKEW_MS <= self._now:
                raise SignInError(reason="the session at the identity provider is over")

    def _window(self, element: Any, about: str) -> int:  # noqa: ANN401
        """Return when something is over, if it has begun and is not over yet.

        What names no end of its own lasts as long as the rest of the assertion.
        """
        begin, end = element.get("NotBefore"), element.get("NotOnOrAfter")
        if begin and milliseconds(begin) - _SKEW_MS > self._now:
            raise SignInError(reason=f"{about} is not valid yet")
        end_ms = milliseconds(end) if end else _ENDLESS_MS
        if end_ms + _SKEW_MS <= self._now:
            raise SignInError(reason=f"{about} is not valid any more")
        return end_ms


def _attributes(assertion: Any) -> dict[str, list[str]]:  # noqa: ANN401
    found: dict[str, list[str]] = {}
    for statement in assertion.findall(qualified(ASSERTION, "AttributeStatement")):
        for attribute in statement.findall(qualified(ASSERTION, "Attribute")):
            values = attribute.findall(qualified(ASSERTION, "AttributeValue"))
            texts = [value.text or "" for value in values if len(value) == 0]
            found.setdefault(attribute.get("Name", ""), []).extend(texts)
    return found
