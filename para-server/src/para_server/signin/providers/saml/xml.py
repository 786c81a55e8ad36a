"""Reading XML from outside: no entities, no documents that others refer to, nothing huge."""

from __future__ import annotations

from collections import Counter
from typing import Any

from para_core.contracts.signin import SignInError

__all__ = ["ASSERTION", "DSIG", "METADATA", "PROTOCOL", "XENC", "parse", "qualified", "the_one"]

ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"

_IDS = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id")


def parse(text: bytes, about: str) -> Any:  # noqa: ANN401 - lxml has no types
    """Return the root element of a document.

    Raises:
        SignInError: It is no XML, declares a document type, or has an id twice.
    """
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    # Before the parser sees it; other encodings than UTF-8 are caught behind it.
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise SignInError(reason=f"{about} declares a document type")
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SignInError(reason=f"{about} is no XML: {error}") from error
    document = root.getroottree().docinfo
    if document.internalDTD is not None or document.externalDTD is not None or document.doctype:
        raise SignInError(reason=f"{about} declares a document type")
    ids = Counter(element.get(name) for element in root.iter("*") for name in _IDS)
    if any(key is not None and count > 1 for key, count in ids.items()):
        raise SignInError(reason=f"{about} has an id twice")
    return root


def qualified(namespace: str, name: str) -> str:
    """Return the name of an element as lxml writes it."""
    return f"{{{namespace}}}{name}"


def the_one(parent: Any, namespace: str, name: str, about: str) -> Any:  # noqa: ANN401
    """Return the only child of that name.

    Raises:
        SignInError: There is none, or more than one.
    """
    found = parent.findall(qualified(namespace, name))
    if len(found) != 1:
        raise SignInError(reason=f"{about} has {len(found)} times {name}, not once")
    return found[0]
