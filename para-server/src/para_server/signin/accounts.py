"""From a profile to a user: who is known already, who is linked, and who is new.

Nothing is stored before the provider has checked the credentials, and nothing for a user who is
not active. Accounts are linked by an e-mail address only when both sides have verified it: else
whoever writes another's address into a profile, or signs up with it first, would share an account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_core.contracts.signin import Profile, SignInError
from para_core.errors import InvalidObjectError
from para_core.formats import is_email
from para_core.objects import App, User
from para_core.objects.rules import default_name, settle
from para_core.text import is_blank, picture_of
from para_server.services.users import TakenError, Users, is_unused
from para_server.services.validation import validate

if TYPE_CHECKING:
    from para_core.ids import IdGenerator
    from para_server.services.container import Clock

__all__ = ["NOT_CREATED", "Accounts"]

NOT_CREATED = "Authentication failed: cannot create new user."


class Accounts:
    """Finds, links, makes and updates the users whom profiles describe."""

    def __init__(self, users: Users, *, ids: IdGenerator, clock: Clock) -> None:
        self._users, self._ids, self._clock = users, ids, clock

    async def user_of(self, app: App, profile: Profile, *, is_vouched: bool = False) -> User:
        """Return the active user whom a profile describes, stored as the profile has it now.

        Args:
            app: The app to sign in to.
            profile: Of somebody whose credentials are verified.
            is_vouched: The app itself says who it is, with its own key. Its word on an address
                counts like a verification of any active account.

        Raises:
            SignInError: The user is not active, or cannot be made.
        """
        known, by = await self._known(app, profile)
        if known is None:
            known = await self._linkable(app, profile, is_vouched=is_vouched)
        if known is None:
            return await self._make(app, profile)
        if not known.active:
            raise SignInError(reason="the user is not active")
        return await self._update(app, known, profile, by=by)

    async def _known(self, app: App, profile: Profile) -> tuple[User | None, str]:
        """Return the user of one of the identifiers of a profile, and that identifier."""
        for identifier in (profile.identifier, *profile.aliases):
            user = await self._users.by_identifier(app, identifier)
            if user is not None:
                return user, identifier
        return None, ""

    # ---- linking ------------------------------------------------------------------------------

    async def _linkable(self, app: App, profile: Profile, *, is_vouched: bool) -> User | None:
        """Return the user of the same address, if both sides have verified it.

        An account that waits for its address to be confirmed, and never was used, is handed to the
        person who proves the address; nothing of whoever signed up lets anybody in any more.
        """
        email = profile.email.strip().lower()
        if not email or not (profile.email_is_verified or is_vouched):
            return None
        user = await self._users.by_email(app, email)
        if user is None or is_vouched or self._has_verified(app, user, email):
            return user
        if not is_unused(user):
            raise SignInError(NOT_CREATED, reason="another account has this address, unverified")
        return await self._users.claim(app, user.id, email, profile.identifier)

    def _has_verified(self, app: App, user: User, email: str) -> bool:
        """Tell whether the address of an account was verified.

        Accounts of which nothing is known, such as imported ones, count as the app's rule for new
        accounts says: where unverified addresses may not sign in, an active one was verified.
        """
        if user.verified_email is None:
            return user.active and not self._users.allows_unverified(app)
        return user.active and user.verified_email == email

    # ---- known users --------------------------------------------------------------------------

    async def _update(self, app: App, user: User, profile: Profile, *, by: str) -> User:
        """Store what the profile has changed, with the identifier that was used as the main one.

        Args:
            app: The app.
            user: Whom the profile describes.
            profile: Of a user who may sign in.
            by: The identifier by which the user is known; blank if it was linked just now.
        """
        if by and not await self._users.holds(app, user, by):  # a claim has taken it away
            raise SignInError(reason="the identifier is not the user's any more")
        picture = profile.picture
        if profile.load_picture is not None:
            picture = await profile.load_picture(user.id)
        email = await self._new_email(app, user, profile)
        if by != profile.identifier:
            await self._users.attach(app, user, profile.identifier)

        def alter(fresh: User) -> bool:
            before = _told(fresh)
            fresh.identifier = profile.identifier
            fresh.picture = picture if picture is not None else fresh.picture
            fresh.name = profile.name if not is_blank(profile.name) else fresh.name
            fresh.groups = profile.groups.strip() or fresh.groups
            if email:
                fresh.email, fresh.verified_email = email, ""
            if profile.email_is_verified and fresh.email == profile.email.lower():
                fresh.verified_email = fresh.email
            _keep_tokens(fresh, profile)
            settle(fresh)
            return _told(fresh) != before

        return await self._users.change(app, user.id, alter) or user

    async def _new_email(self, app: App, user: User, profile: Profile) -> str:
        """Return the address the user gets; blank when the old one stays.

        An unverified address does not replace a verified one, nor one that is somebody else's.
        """
        email = profile.email.strip().lower()
        if email == (user.email or "") or not is_email(email):
            return ""
        if not profile.email_is_verified and user.verified_email == user.email:
            return ""
        other = await self._users.by_email(app, email)
        return email if other is None or other.id == user.id else ""

    # ---- new users ----------------------------------------------------------------------------

    async def _make(self, app: App, profile: Profile) -> User:
        user = User(id=self._ids.next(), identifier=profile.identifier, appid=app.identifier)
        user.email = profile.email.strip() or profile.fallback_email.replace("{id}", user.id)
        user.verified_email = user.email.lower() if profile.email_is_verified else ""
        user.name = profile.name if not is_blank(profile.name) else profile.fallback_name
        user.groups = profile.groups.strip() or "users"
        user.active = True
        user.timestamp = self._clock()
        user.picture = profile.picture
        if profile.load_picture is not None:
            user.picture = await profile.load_picture(user.id)
        user.picture = user.picture or picture_of(user.email)
        _keep_tokens(user, profile)
        settle(user)
        user.name = user.name or default_name(user)
        try:
            validate(user, app, self._clock())
            return await self._users.create(app, user)
        except (InvalidObjectError, TakenError) as error:
            return await self._made_meanwhile(app, profile, error)

    async def _made_meanwhile(self, app: App, profile: Profile, error: Exception) -> User:
        """Return the user whom another sign-in of the same person has made just now."""
        user, _ = await self._known(app, profile)
        if user is None:
            raise SignInError(NOT_CREATED, reason=str(error)) from error
        if not user.active:
            raise SignInError(reason="the user is not active")
        return user


def _keep_tokens(user: User, profile: Profile) -> None:
    if profile.tokens is not None:
        user.idp_access_token = profile.tokens.access
        user.idp_refresh_token = profile.tokens.refresh
        user.idp_id_token = profile.tokens.id


def _told(user: User) -> tuple[object, ...]:
    """Return all that a profile can change."""
    return (
        user.identifier,
        user.email,
        user.verified_email,
        user.name,
        user.picture,
        user.groups,
        user.idp_access_token,
        user.idp_refresh_token,
        user.idp_id_token,
    )
