"""ID tokens of OpenID Connect: who signed them, for whom, and until when.

Source: OpenID Connect Core 1.0, section 3.1.3.7, and Discovery 1.0, sections 3 and 4.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
from jwt import PyJWK

from para_core.contracts.signin import SignInError
from para_server.signin.providers.descriptions import Descriptions
from para_server.signin.providers.replies import json_object, object_of, text_in

if TYPE_CHECKING:
    from para_core.contracts.signin import SignInTools

__all__ = ["IdTokens", "Issuer"]

_ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
_LEEWAY_SEC = 60
_LARGEST = 65_536
_LARGEST_DESCRIPTION, _ROOM = 262_144, 8_388_608  # bytes; those of large issuers have about 30,000


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs ID tokens, and where its keys are."""

    name: str
    keys_url: str


class IdTokens:
    """Verifies ID tokens; keys and descriptions of issuers are kept for an hour."""

    def __init__(self, tools: SignInTools) -> None:
        self._descriptions = Descriptions(
            tools,
            object_of,
            accept="application/json",
            largest_bytes=_LARGEST_DESCRIPTION,
            room_bytes=_ROOM,
        )

    async def describe(self, issuer: str) -> Mapping[str, Any]:
        """Return what an issuer says of itself: its endpoints and where its keys are.

        Raises:
            SignInError: It does not say it, or calls itself something else.
            UnavailableError: It cannot be reached.
        """
        url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        found = await self._read(url, "the description of the issuer")
        if text_in(found, "issuer").rstrip("/") != issuer.rstrip("/"):
            raise SignInError(reason=f"{url} describes another issuer")
        return found

    async def verify(
        self, token: str, issuer: Issuer, *, client: str, nonce: str | None = None
    ) -> dict[str, Any]:
        """Return the claims of an ID token that was made for this client and is valid now.

        Args:
            token: As the provider sent it.
            issuer: Who must have signed it.
            client: The app's client id, which must be the audience.
            nonce: Of the flow in which it was asked for; ``None`` when that is not known.

        Raises:
            SignInError: It is not what it must be.
        """
        needed = ("exp", "iat", "iss", "aud", "sub")
        claims = await self._decoded(token, issuer, "the ID token", needed, client=client)
        audiences = claims["aud"]
        is_shared = isinstance(audiences, list) and len(audiences) > 1
        if (is_shared or "azp" in claims) and claims.get("azp") != client:
            raise SignInError(reason="the ID token was made for another party")
        if nonce is not None and not _are_equal(text_in(claims, "nonce"), nonce):
            raise SignInError(reason="the ID token is of another sign-in")
        return claims

    async def claims_of(self, token: str, issuer: Issuer) -> dict[str, Any]:
        """Return the claims of an access token that is a JSON Web Token of this issuer.

        Its audience is left to the caller, since providers differ in where they put the client.

        Raises:
            SignInError: It is no such token, or not valid now.
        """
        return await self._decoded(token, issuer, "the access token", ("exp", "iss"))

    async def _decoded(
        self,
        token: str,
        issuer: Issuer,
        about: str,
        needed: Sequence[str],
        *,
        client: str | None = None,
    ) -> dict[str, Any]:
        """Return the claims of a token; without a client its audience is not looked at."""
        key = await self._key(token, issuer)
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=client,
                issuer=issuer.name,
                leeway=_LEEWAY_SEC,
                options={"require": [*needed], "verify_aud": client is not None},
            )
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise SignInError(reason=f"{about} is not valid: {error}") from error
        return claims

    # ---- keys ---------------------------------------------------------------------------------

    async def _key(self, token: str, issuer: Issuer) -> PyJWK:
        if len(token) > _LARGEST:
            raise SignInError(reason="the token is too large")
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
            raise SignInError(reason=f"there is no token: {error}") from error
        algorithm, name = header.get("alg"), header.get("kid")
        if algorithm not in _ALGORITHMS:
            raise SignInError(reason="the token is not signed with a public key")
        for is_again in (False, True):
            kept = await self._read(issuer.keys_url, "the keys of the issuer", anew=is_again)
            found = _chosen(kept.get("keys"), algorithm, name)
            if found is not None:
                return found
        raise SignInError(reason="the issuer has no such key")

    async def _read(self, url: str, about: str, *, anew: bool = False) -> dict[str, Any]:
        return json_object(await self._descriptions.find(url, about, anew=anew), about)


def _chosen(keys: object, algorithm: str, name: object) -> PyJWK | None:
    """Return the first key that a token can have been signed with."""
    for one in keys if isinstance(keys, list) else []:
        if not isinstance(one, dict) or one.get("use", "sig") != "sig":
            continue
        if name is not None and one.get("kid") != name:
            continue
        try:
            key = PyJWK.from_dict(one, algorithm=algorithm)
        except (jwt.PyJWTError, ValueError, TypeError):  # of a kind that we do not know
            continue
        if one.get("alg", algorithm) == algorithm and key.key_type in _kinds(algorithm):
            return key
    return None


def _kinds(algorithm: str) -> tuple[str, ...]:
    if algorithm == "EdDSA":
        return ("OKP",)
    return ("EC",) if algorithm.startswith("ES") else ("RSA",)


def _are_equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
