"""The classes of objects: what every object has, and what the core types have besides.

A type that is not in ``CLASSES`` is held by ``Sysprop``, whose custom fields live in
``properties`` and stand beside the others in JSON. Which fields are stored, locked, derived or
hidden is told by ``para_core.objects.fields``.
Source: Para 1.54, the classes of ``com.erudika.para.core``.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

__all__ = [
    "CLASSES",
    "Address",
    "App",
    "Form",
    "Linker",
    "ParaObject",
    "Sysprop",
    "Tag",
    "Translation",
    "User",
    "Vote",
    "Webhook",
    "class_of",
]


class ParaObject(Struct, kw_only=True):
    """What every object has. Times are milliseconds since the Unix epoch."""

    id: str = ""
    timestamp: int | None = None
    type: str = "sysprop"
    appid: str | None = None
    parentid: str | None = None
    creatorid: str | None = None
    updated: int | None = None
    name: str | None = None
    tags: list[str] | None = None
    votes: int = 0
    version: int = 0  # 0: no optimistic locking
    stored: bool = True
    indexed: bool = True
    cached: bool = True


class Sysprop(ParaObject, kw_only=True):
    """Any object that is of no core type; its custom fields are in ``properties``."""

    properties: dict[str, Any] = field(default_factory=dict)


class User(ParaObject, kw_only=True):
    """Somebody who signs in to an app."""

    type: str = "user"
    identifier: str | None = None
    groups: str = "users"
    active: bool = False
    two_fa: bool = field(default=False, name="twoFA")
    two_fa_key: str | None = field(default=None, name="twoFAkey")
    two_fa_backup_key_hash: str | None = field(default=None, name="twoFAbackupKeyHash")
    email: str | None = None
    currency: str | None = None
    picture: str | None = None
    token_secret: str | None = field(default=None, name="tokenSecret")
    idp_id_token: str | None = field(default=None, name="idpIdToken")
    idp_access_token: str | None = field(default=None, name="idpAccessToken")
    idp_refresh_token: str | None = field(default=None, name="idpRefreshToken")
    # The address that was found to be the user's; empty: none, and the account was never used;
    # "-": none, and it was; missing: not known.
    verified_email: str | None = field(default=None, name="verifiedEmail")
    two_fa_step: int = field(default=0, name="twoFAstep")  # of the last one-time code in use

    @property
    def is_admin(self) -> bool:
        """Whether no resource permission holds this user back."""
        return self.groups.lower() == "admins"


class App(ParaObject, kw_only=True):
    """A tenant: its keys, types, constraints, permissions and settings."""

    type: str = "app"
    sharing_index: bool = field(default=False, name="sharingIndex")
    sharing_table: bool = field(default=False, name="sharingTable")
    secret: str | None = None
    read_only: bool = field(default=False, name="readOnly")
    datatypes: dict[str, str] = field(default_factory=dict)  # plural to singular
    validation_constraints: dict[str, Any] = field(
        default_factory=dict, name="validationConstraints"
    )
    resource_permissions: dict[str, Any] = field(default_factory=dict, name="resourcePermissions")
    active: bool = True
    delete_on: int | None = field(default=None, name="deleteOn")
    token_validity_sec: int = field(default=86_400, name="tokenValiditySec")
    settings: dict[str, Any] = field(default_factory=dict)
    object_count: int = field(default=0, name="objectCount")

    @property
    def identifier(self) -> str:
        """The id without its prefix: the ``appid`` of the objects in this app."""
        return self.id.partition(":")[2]


class Tag(ParaObject, kw_only=True):
    """A word that objects can carry in ``tags``; its id is made from ``tag``."""

    type: str = "tag"
    tag: str | None = None
    count: int = 0
    description: str | None = None


class Vote(ParaObject, kw_only=True):
    """That somebody (``creatorid``) voted on something (``parentid``)."""

    type: str = "vote"
    name: str | None = "vote"
    value: str | None = None  # up or down
    expires_after: int = field(default=2_592_000, name="expiresAfter")  # seconds; 0 never
    locked_after: int = field(default=30, name="lockedAfter")  # seconds in which it can be undone


class Linker(ParaObject, kw_only=True):
    """A link between two objects, ordered by type; ``nstd`` holds copies of both."""

    type: str = "linker"
    id1: str | None = None
    id2: str | None = None
    type1: str | None = None
    type2: str | None = None
    metadata: str | None = None
    nstd: list[Any] = field(default_factory=list)


class Translation(ParaObject, kw_only=True):
    """One text of a program in another language."""

    type: str = "translation"
    name: str | None = "translation"
    author_name: str = field(default="unknown", name="authorName")
    locale: str | None = None
    thekey: str | None = None
    value: str | None = None
    approved: bool = False


class Address(ParaObject, kw_only=True):
    """A place; ``latlng`` makes its parent findable by distance."""

    type: str = "address"
    address: str | None = None
    country: str | None = None
    city: str | None = None
    latlng: str | None = None  # "lat,lng" in degrees
    phone: str | None = None


class Webhook(Sysprop, kw_only=True):
    """Where events of an app are posted to, and which."""

    type: str = "webhook"
    target_url: str | None = field(default=None, name="targetUrl")
    secret: str | None = None
    type_filter: str | None = field(default=None, name="typeFilter")
    property_filter: str | None = field(default=None, name="propertyFilter")
    url_encoded: bool = field(default=False, name="urlEncoded")
    active: bool = False
    too_many_failures: bool = field(default=False, name="tooManyFailures")
    create: bool = False
    update: bool = False
    delete: bool = False
    create_all: bool = field(default=False, name="createAll")
    update_all: bool = field(default=False, name="updateAll")
    delete_all: bool = field(default=False, name="deleteAll")
    custom_events: list[str] = field(default_factory=list, name="customEvents")
    triggered_event: str | None = field(default=None, name="triggeredEvent")
    custom_payload: Any = field(default=None, name="customPayload")
    repeated_delivery_attempts: int = field(default=1, name="repeatedDeliveryAttempts")


class Form(ParaObject, kw_only=True):
    """A public form: whom it notifies and what guards it."""

    type: str = "form"
    captcha_secret_key: str | None = field(default=None, name="captchaSecretKey")
    notify_emails: list[str] = field(default_factory=list, name="notifyEmails")
    message_storage_enabled: bool = field(default=False, name="messageStorageEnabled")
    plaintext_only: bool = field(default=True, name="plaintextOnly")
    markdown_enabled: bool = field(default=False, name="markdownEnabled")
    redirect_to: str | None = field(default=None, name="redirectTo")


CLASSES: dict[str, type[ParaObject]] = {
    "sysprop": Sysprop,
    "user": User,
    "app": App,
    "tag": Tag,
    "vote": Vote,
    "linker": Linker,
    "translation": Translation,
    "address": Address,
    "webhook": Webhook,
    "form": Form,
}


def class_of(kind: str) -> type[ParaObject]:
    """Return the class that holds objects of this type; matching is exact."""
    return CLASSES.get(kind, Sysprop)
