"""Keys of the generic providers that the original did not have."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["OAuthAdditions"]


class OAuthAdditions(Struct, frozen=True, rename={"email_verified": "parameters.email_verified"}):
    """Keys of ``para.security.oauth``, and of the second and third provider."""

    issuer: Annotated[
        str,
        Meta(
            description="The OpenID Connect issuer. It describes its own endpoints, so the other "
            "addresses may be left out, and its ID tokens are verified."
        ),
    ] = ""
    authorization_url: Annotated[
        str, Meta(description="Where browsers start to sign in, when there is no `issuer`.")
    ] = ""
    introspection_url: Annotated[
        str,
        Meta(
            description="Where access tokens that programs bring are checked (RFC 7662): tokens of "
            "other clients are then refused."
        ),
    ] = ""
    jwks_url: Annotated[
        str, Meta(description="Where the keys of the issuer are, if it does not tell itself.")
    ] = ""
    email_verified: Annotated[
        str,
        Meta(description="Field of the profile that tells whether the address was verified."),
    ] = "email_verified"
