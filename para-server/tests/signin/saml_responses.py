"""Responses of an identity provider, as text: right ones, and with any part changed."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PERSON: Mapping[str, Sequence[str]] = {
    "UserID": ["ann"],
    "EmailAddress": ["ann@corp.example"],
    "GivenName": ["Ann Smith"],
    "Picture": ["https://corp.example/ann.png?size=1"],
}


def new_id() -> str:
    return f"_{secrets.token_hex(16)}"


def at(minutes: float) -> str:
    when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    return when.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@dataclass(frozen=True, kw_only=True)
class Response:
    """What a response says; blank texts leave their part out."""

    acs: str
    audience: str
    issuer: str = "https://idp.example/metadata"
    request: str = ""
    confirmed_request: str | None = None  # None: the same
    destination: str | None = None  # None: the assertion consumer service
    recipient: str | None = None
    status: str = SUCCESS
    begin: float = -1  # minutes from now
    end: float | None = 5  # None: leaves it out
    confirmation_end: float = 5
    method: str = BEARER
    name: str = "ann@corp.example"
    attributes: Mapping[str, Sequence[str]] = field(default_factory=lambda: PERSON)
    key: str = field(default_factory=new_id)
    assertion_key: str = field(default_factory=new_id)
    signature: str = ""  # a template for a signer that wants one
    version: str = "2.0"
    response_issuer: str | None = None

    def render(self) -> str:
        destination = self.acs if self.destination is None else self.destination
        issuer = self.issuer if self.response_issuer is None else self.response_issuer
        head = _attributes(
            ID=self.key,
            Version=self.version,
            IssueInstant=at(0),
            Destination=destination,
            InResponseTo=self.request,
        )
        return (
            f'<samlp:Response xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}"{head}>'
            f"<saml:Issuer>{escape(issuer)}</saml:Issuer>"
            f'<samlp:Status><samlp:StatusCode Value="{self.status}"/></samlp:Status>'
            f"{self.render_assertion()}</samlp:Response>"
        )

    def render_assertion(self) -> str:
        return (
            f'<saml:Assertion xmlns:saml="{ASSERTION}" ID="{self.assertion_key}" '
            f'Version="{self.version}" IssueInstant="{at(0)}">'
            f"<saml:Issuer>{escape(self.issuer)}</saml:Issuer>{self.signature}"
            f"{self._subject()}{self._conditions()}{self._statements()}</saml:Assertion>"
        )

    def _subject(self) -> str:
        asked = self.request if self.confirmed_request is None else self.confirmed_request
        recipient = self.acs if self.recipient is None else self.recipient
        end = at(self.confirmation_end)
        data = _attributes(NotOnOrAfter=end, Recipient=recipient, InResponseTo=asked)
        return (
            f"<saml:Subject><saml:NameID>{self.name}</saml:NameID>"
            f'<saml:SubjectConfirmation Method="{self.method}">'
            f"<saml:SubjectConfirmationData{data}/></saml:SubjectConfirmation></saml:Subject>"
        )

    def _conditions(self) -> str:
        end = "" if self.end is None else at(self.end)
        window = _attributes(NotBefore=at(self.begin), NotOnOrAfter=end)
        audience = (
            f"<saml:AudienceRestriction><saml:Audience>{escape(self.audience)}</saml:Audience>"
            "</saml:AudienceRestriction>"
            if self.audience
            else ""
        )
        return f"<saml:Conditions{window}>{audience}</saml:Conditions>"

    def _statements(self) -> str:
        attributes = "".join(
            f'<saml:Attribute Name="{escape(name)}">'
            + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for name, values in self.attributes.items()
        )
        return (
            f'<saml:AuthnStatement AuthnInstant="{at(0)}"/>'
            f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement>"
        )


def _attributes(**values: str) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in values.items() if value)
