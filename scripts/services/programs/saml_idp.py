"""A SAML 2.0 identity provider for tests: ``python saml_idp.py PORT FOLDER``; stops on SIGTERM.

``GET /metadata`` describes it. ``GET /sso`` takes a request by redirect and signs in ``?user=``,
whom nobody asks for a password; it answers with the form that browsers post back. ``?sign=`` says
what is signed: ``assertion`` (the usual), ``response``, or ``encrypted`` for a response whose
assertion is encrypted for the certificate in ``?sp=``, as PEM.
"""

from __future__ import annotations

import base64
import datetime
import secrets
import subprocess
import sys
import zlib
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

DSIG = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"

# Templates of xmlsec1: it fills in what is empty.
SIGNATURE = f"""<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo>\
<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>\
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>\
<ds:Reference URI="#{{key}}"><ds:Transforms>\
<ds:Transform Algorithm="{DSIG}enveloped-signature"/><ds:Transform Algorithm="{EXCLUSIVE}"/>\
</ds:Transforms><ds:DigestMethod Algorithm="{XENC}sha256"/><ds:DigestValue/></ds:Reference>\
</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>"""
ENCRYPTION = f"""<xenc:EncryptedData xmlns:xenc="{XENC}" Type="{XENC}Element">\
<xenc:EncryptionMethod Algorithm="{XENC}aes256-cbc"/><ds:KeyInfo xmlns:ds="{DSIG}">\
<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{XENC}rsa-oaep-mgf1p"/>\
<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>\
<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>"""


class Provider(BaseHTTPRequestHandler):
    """Answers ``/metadata`` and ``/sso``."""

    base = ""
    folder = Path()

    def do_GET(self) -> None:
        """Answer one request."""
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/metadata":
            self._tell(self._metadata(), "application/samlmetadata+xml")
        elif url.path == "/sso" and "SAMLRequest" in query:
            self._tell(self._form(query), "text/html")
        else:
            self.send_error(404)

    def _metadata(self) -> str:
        lines = (self.folder / "cert.pem").read_text(encoding="ascii").splitlines()
        return (
            f'<EntityDescriptor xmlns="{METADATA}" entityID="{self.base}/metadata">'
            f'<IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}">'
            f'<KeyDescriptor use="signing"><KeyInfo xmlns="{DSIG}"><X509Data><X509Certificate>'
            f"{''.join(lines[1:-1])}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
            f'<SingleSignOnService Binding="{REDIRECT}" Location="{self.base}/sso"/>'
            "</IDPSSODescriptor></EntityDescriptor>"
        )

    def _form(self, query: dict[str, str]) -> str:
        text = zlib.decompress(base64.b64decode(query["SAMLRequest"]), -zlib.MAX_WBITS)
        request = ElementTree.fromstring(text)  # noqa: S314 - of our own tests
        acs = request.get("AssertionConsumerServiceURL", "")
        response = self._response(request, acs, query)
        fields = {
            "SAMLResponse": base64.b64encode(response).decode(),
            "RelayState": query.get("RelayState", ""),
        }
        inputs = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">'
            for name, value in fields.items()
        )
        form = f'<form method="post" action="{escape(acs)}">{inputs}<button>Go on</button></form>'
        return f"<!doctype html><title>Signed in</title>{form}"

    def _response(self, request: ElementTree.Element, acs: str, query: dict[str, str]) -> bytes:
        user, wanted = query.get("user", "ann"), query.get("sign", "assertion")
        now = datetime.datetime.now(datetime.UTC)
        asked, key, own = request.get("ID", ""), _id(), _id()
        audience = request.findtext(f"{{{ASSERTION}}}Issuer") or ""
        signature = SIGNATURE.format(key=own) if wanted == "assertion" else ""
        end = _stamp(now + datetime.timedelta(minutes=5))
        values = {"UserID": user, "EmailAddress": f"{user}@corp.example", "GivenName": f"Dr {user}"}
        attributes = "".join(
            f'<saml:Attribute Name="{name}"><saml:AttributeValue>{escape(value)}'
            "</saml:AttributeValue></saml:Attribute>"
            for name, value in values.items()
        )
        assertion = (
            f'<saml:Assertion xmlns:saml="{ASSERTION}" ID="{own}" Version="2.0" '
            f'IssueInstant="{_stamp(now)}"><saml:Issuer>{self.base}/metadata</saml:Issuer>'
            f"{signature}<saml:Subject><saml:NameID>{escape(user)}</saml:NameID>"
            '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
            f'<saml:SubjectConfirmationData InResponseTo="{asked}" Recipient="{escape(acs)}" '
            f'NotOnOrAfter="{end}"/></saml:SubjectConfirmation></saml:Subject>'
            f'<saml:Conditions NotBefore="{_stamp(now)}" NotOnOrAfter="{end}">'
            f"<saml:AudienceRestriction><saml:Audience>{escape(audience)}</saml:Audience>"
            f'</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="'
            f'{_stamp(now)}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:'
            "SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext>"
            f"</saml:AuthnStatement><saml:AttributeStatement>{attributes}"
            "</saml:AttributeStatement></saml:Assertion>"
        )
        if wanted == "assertion":
            assertion = self._signed(assertion, f"{ASSERTION}:Assertion")
        if wanted == "encrypted":
            hidden = _encrypted(assertion, query["sp"])
            assertion = f"<saml:EncryptedAssertion>{hidden}</saml:EncryptedAssertion>"
        response = (
            f'<samlp:Response xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="{key}" '
            f'Version="2.0" IssueInstant="{_stamp(now)}" Destination="{escape(acs)}" '
            f'InResponseTo="{asked}"><saml:Issuer>{self.base}/metadata</saml:Issuer>'
            f"{'' if wanted == 'assertion' else SIGNATURE.format(key=key)}<samlp:Status>"
            '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>'
            f"</samlp:Status>{assertion}</samlp:Response>"
        )
        if wanted != "assertion":
            response = self._signed(response, f"{PROTOCOL}:Response")
        return response.encode()

    def _signed(self, text: str, element: str) -> str:
        key = f"{self.folder}/key.pem,{self.folder}/cert.pem"
        return _xmlsec(text, "--sign", "--privkey-pem", key, "--id-attr:ID", element)

    def _tell(self, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def _encrypted(text: str, certificate: str) -> str:
    with TemporaryDirectory() as name:
        data, reader = Path(name) / "data.xml", Path(name) / "reader.pem"
        data.write_text(text, encoding="utf-8")
        reader.write_text(certificate, encoding="ascii")
        words = ["--pubkey-cert-pem", str(reader), "--session-key", "aes-256"]
        return _xmlsec(ENCRYPTION, "--encrypt", *words, "--xml-data", str(data))


def _xmlsec(text: str, *words: str) -> str:
    """Run xmlsec1 over a template and return what it makes, without the XML declaration."""
    with TemporaryDirectory() as name:
        template, result = Path(name) / "in.xml", Path(name) / "out.xml"
        template.write_text(text, encoding="utf-8")
        command = ["xmlsec1", words[0], "--output", str(result), *words[1:], str(template)]
        subprocess.run(command, check=True, capture_output=True)
        found = result.read_text(encoding="utf-8")
    return found.partition("?>")[2].strip() if found.startswith("<?xml") else found.strip()


def _id() -> str:
    return f"_{secrets.token_hex(16)}"


def _stamp(when: datetime.datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    Provider.base = f"http://127.0.0.1:{sys.argv[1]}"
    Provider.folder = Path(sys.argv[2])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Provider).serve_forever()
