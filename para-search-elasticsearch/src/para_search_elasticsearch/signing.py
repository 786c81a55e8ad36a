"""Signs requests for the clusters of Amazon: AWS Signature Version 4 over headers and body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

from para_core.errors import ConfigError

__all__ = ["AwsSigner", "Credentials", "credentials_of"]

_ALGORITHM, _SCOPE_END = "AWS4-HMAC-SHA256", "aws4_request"
_SAFE = "-_.~"


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """Who signs."""

    access_key: str
    secret_key: str
    token: str = ""


def credentials_of(environ: Mapping[str, str]) -> Credentials:
    """Read the variables that the tools of AWS read.

    Raises:
        ConfigError: They are not set.
    """
    access, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not access or not secret:
        raise ConfigError(
            "para.es.sign_requests_to_aws is on, but AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
            "are not in the environment; set both, or set the key to false"
        )
    return Credentials(access, secret, environ.get("AWS_SESSION_TOKEN", ""))


class AwsSigner:
    """Makes the headers of a signature."""

    def __init__(
        self,
        credentials: Credentials,
        region: str,
        service: str = "es",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._credentials, self._region, self._service = credentials, region, service
        self._now = now

    def __call__(self, method: str, url: str, query: str, body: bytes) -> dict[str, str]:
        """Return what has to be sent beside ``Host`` and the content type.

        Args:
            method: Of HTTP.
            url: Without the query, its path as it goes on the wire.
            query: As it goes on the wire.
            body: As it goes on the wire.
        """
        digest = hashlib.sha256(body).hexdigest()
        headers = {"x-amz-content-sha256": digest}
        if self._credentials.token:
            headers["x-amz-security-token"] = self._credentials.token
        return headers | self.sign(method, url, query, digest, headers)

    def sign(
        self, method: str, url: str, query: str, digest: str, headers: Mapping[str, str]
    ) -> dict[str, str]:
        """Return date and signature; ``headers`` are signed besides the date and ``Host``."""
        parts, stamp = urlsplit(url), self._now().strftime("%Y%m%dT%H%M%SZ")
        signed = {"host": _host(parts.scheme, parts.netloc), "x-amz-date": stamp, **headers}
        names = ";".join(sorted(signed))
        canonical = "\n".join(
            [
                method,
                quote(parts.path or "/", safe=f"/{_SAFE}"),  # once more, as all but S3 want it
                _canonical_query(query),
                *(f"{name}:{' '.join(signed[name].split())}" for name in sorted(signed)),
                "",
                names,
                digest,
            ]
        )
        scope = f"{stamp[:8]}/{self._region}/{self._service}/{_SCOPE_END}"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        signature = _mac(self._key(stamp[:8]), f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashed}").hex()
        credential = f"{self._credentials.access_key}/{scope}"
        told = f"Credential={credential}, SignedHeaders={names}, Signature={signature}"
        return {"x-amz-date": stamp, "authorization": f"{_ALGORITHM} {told}"}

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self._credentials.secret_key}".encode()
        for part in (day, self._region, self._service, _SCOPE_END):
            key = _mac(key, part)
        return key


def _host(scheme: str, netloc: str) -> str:
    """Return the header as clients send it: without the port that goes without saying."""
    usual = {"http": ":80", "https": ":443"}.get(scheme, "")
    return netloc.removesuffix(usual) if usual else netloc


def _canonical_query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    return "&".join(sorted(f"{quote(n, safe=_SAFE)}={quote(v, safe=_SAFE)}" for n, v in pairs))


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
