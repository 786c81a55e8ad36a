"""The SignIn contract: other systems that vouch for people, such as a directory or a network.

A provider only tells who somebody is: it returns a ``Profile`` or raises ``SignInError``. Which
user of the app that is, whether a user is made, and what the browser sees next, is decided by the
server, the same way for all of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from para_core.errors import SignInError

if TYPE_CHECKING:
    from para_core.contracts.cache import Cache
    from para_core.contracts.filestore import FileStore
    from para_core.contracts.outbound import Outbound

__all__ = [
    "Cookie",
    "Document",
    "IdpTokens",
    "Profile",
    "Redirect",
    "SignIn",
    "SignInError",
    "SignInFactory",
    "SignInSettings",
    "SignInTools",
    "Visit",
]


@dataclass(frozen=True, slots=True)
class IdpTokens:
    """Tokens of a provider, kept with the user (``idpAccessToken`` and so on)."""

    access: str | None = None
    refresh: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a provider says about a person whose credentials it has checked.

    Attributes:
        identifier: The person at this provider, with its prefix: ``gh:123``. Exact, case matters.
        aliases: Older forms of the identifier under which the user may be known.
        email: The address as given; blank when the provider has none.
        email_is_verified: Whether the provider says that it belongs to the person. Accounts are
            linked by verified addresses only.
        fallback_email: The address of a new user when ``email`` is blank; ``{id}`` in it stands for
            the id of the user. Never used to find anybody.
        name: Blank when the provider has none.
        fallback_name: The name of a new user then.
        picture: Where the picture is. ``None`` leaves the user's as it is; a new user gets the one
            that belongs to the address.
        load_picture: Asked with the user's id instead of ``picture`` when set, for pictures that
            are copied into the file store; runs before the user is stored.
        groups: The group the provider puts the person in; blank leaves it as it is.
        tokens: Kept with the user, replacing those of the last time; ``None`` keeps none.
        proof: What shows who it is, if that counts once: an id that no other proof of the person
            has. The server writes it down with the user and takes it no second time, after a
            restart and in other processes either. Blank for what may be shown again, or what the
            provider itself takes once, as it does a code.
        proof_ends_ms: Until when it could be shown again.
    """

    identifier: str
    aliases: tuple[str, ...] = ()
    email: str = ""
    email_is_verified: bool = False
    fallback_email: str = ""
    name: str = ""
    fallback_name: str = "No Name"
    picture: str | None = None
    load_picture: Callable[[str], Awaitable[str | None]] | None = None
    groups: str = ""
    tokens: IdpTokens | None = None
    proof: str = ""
    proof_ends_ms: int = 0


class SignInSettings(Protocol):
    """The settings of one app, where the root app's fall back to the configuration."""

    @property
    def appid(self) -> str:
        """The app's identifier, without prefix; empty when there is no such app."""

    def text(self, key: str, default: str = "") -> str:
        """Return a setting by its key without ``para.``, as text.

        The app's own setting wins, an empty one too. The root app falls back to the configuration;
        other apps never do.
        """

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return whether a setting is ``true`` in any letter case."""

    def credentials(self, prefix: str) -> tuple[str, str]:
        """Return ``<prefix>_app_id`` and ``<prefix>_secret``: both of one place, or two blanks."""


class Visit(Protocol):
    """A request of a browser to the endpoint of a provider."""

    @property
    def method(self) -> str:
        """The HTTP method, upper-case."""

    @property
    def path(self) -> str:
        """The path, decoded, without the context path."""

    @property
    def settings(self) -> SignInSettings:
        """The settings of the app that the request names."""

    @property
    def redirect_uri(self) -> str:
        """The address of this endpoint as the provider must know it, with ``appid`` and so on."""

    def param(self, name: str) -> str:
        """Return the first value of a parameter of the query, else of the form; blank for none."""

    def cookie(self, name: str) -> str:
        """Return the value of a cookie; blank for none."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie to set: not readable by scripts, for the endpoints of sign-in only."""

    name: str
    value: str
    max_age_sec: int = 600
    same_site: str = "Lax"  # "None" for endpoints that other sites post to


@dataclass(frozen=True, slots=True)
class Redirect:
    """The browser has to go to the provider first."""

    url: str
    cookies: tuple[Cookie, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """Something to show that is no sign-in at all, such as metadata."""

    body: bytes
    content_type: str
    status: int = 200


@dataclass(frozen=True, slots=True)
class SignInTools:
    """What the server lends to providers."""

    outbound: Outbound
    files: FileStore
    cache: Cache
    clock: Callable[[], int]  # milliseconds since the Unix epoch


class SignIn:
    """One system that vouches for people.

    One instance serves every app of the process, so its methods may run at the same time; settings
    come with each call. A method that is not overridden refuses. Whatever goes wrong with the
    credentials or with the other system is a ``SignInError``; other errors are failed sign-ins too,
    and are logged with their traceback.
    """

    names: tuple[str, ...] = ()
    """Names for ``POST /jwt_auth``, in lower case; none when it is for browsers only."""

    paths: tuple[str, ...] = ()
    """Paths for browsers, such as ``/github_auth``; a last segment ``{appid}`` names the app."""

    title: str = ""
    """What the sign-in page calls it: ``GitHub``."""

    async def profile_of(self, settings: SignInSettings, token: str) -> Profile:
        """Return who presents this token at ``POST /jwt_auth``.

        Raises:
            SignInError: The provider does not accept it, or it was made for another application.
        """
        del settings, token
        raise SignInError("Bad credentials.", reason="tokens are not accepted")

    async def finish(self, visit: Visit) -> Profile | Redirect | Document:
        """Answer a browser that comes to one of ``paths``.

        Raises:
            SignInError: The person is not who it says, or the provider refused.
        """
        del visit
        raise SignInError("Bad credentials.", reason="browsers are not served")

    def entrance(self, settings: SignInSettings, redirect_uri: str, state: str) -> str:
        """Return where a browser starts to sign in; blank when this app does not use the provider.

        Args:
            settings: The app's.
            redirect_uri: The endpoint that the provider sends the browser back to.
            state: To be handed through unchanged.
        """
        del settings, redirect_uri, state
        return ""

    async def renew(
        self, settings: SignInSettings, identifier: str, tokens: IdpTokens
    ) -> IdpTokens | None:
        """Return the tokens of a user as they are now, or ``None`` when they are worth nothing.

        Asked for requests of users whose tokens are kept, when the app delegates that decision to
        the provider. Answering ``tokens`` itself keeps them.
        """
        del settings, identifier
        return tokens

    def delegates(self, settings: SignInSettings, identifier: str) -> bool:
        """Tell whether ``renew`` decides about the tokens of the user with this identifier."""
        del settings, identifier
        return False


SignInFactory: TypeAlias = Callable[[SignInTools], SignIn]
