"""Forms: pages anywhere in the web send what visitors wrote, and the app gets it as mail."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from para_core.errors import ParaError
from para_core.formats import is_email
from para_core.objects import App, Form
from para_core.objects.codec import decode
from para_core.types import app_identifier
from para_server.access.principal import Kind, Principal
from para_server.services.mailing import NotSentError
from para_server.services.messages import InvalidMessageError, Message

if TYPE_CHECKING:
    from para_core.contracts.emailer import Attachment
    from para_server.services.apps import Apps
    from para_server.services.captcha import Captcha
    from para_server.services.mailing import Mailing
    from para_server.services.objects import Objects
    from para_server.services.store import Store

__all__ = ["FormNotFoundError", "Forms", "NoPersonError"]

logger = logging.getLogger(__name__)

_STORED_TYPE, _STORED_FIELDS = "formdata", ("name", "email", "subject", "message")


class FormNotFoundError(ParaError):
    """An app has no form with this id."""

    code = "form-not-found"

    def __init__(self, formid: str) -> None:
        self.formid = formid
        super().__init__(f"Form '{formid}' not found.")


class NoPersonError(ParaError):
    """The puzzle of a form was not solved."""

    code = "no-person"

    def __init__(self) -> None:
        super().__init__("Form validation failed due to invalid CAPTCHA response.")


class Forms:
    """Takes what visitors of an app write. Who they are is not known, and anybody may be one."""

    def __init__(
        self, apps: Apps, store: Store, objects: Objects, *, mailing: Mailing, captcha: Captcha
    ) -> None:
        self._apps, self._store, self._objects = apps, store, objects
        self._mailing, self._captcha = mailing, captcha

    async def app_of(self, appid: str) -> App:
        """Return an app by the name that is in the address of a form.

        Raises:
            InvalidMessageError: There is no such app.
        """
        app = await self._apps.find(app_identifier(appid))
        if app is None:
            raise InvalidMessageError("unknown app.")
        return app

    async def find(self, app: App, formid: str) -> Form:
        """Return a form of an app.

        Raises:
            FormNotFoundError: There is none with this id.
        """
        record = await self._store.read(app.identifier, formid)
        form = decode(record) if record is not None and record.type == "form" else None
        if not isinstance(form, Form):
            raise FormNotFoundError(formid)
        return form

    async def take(
        self, app: App, form: Form, fields: Mapping[str, str], *, file: Attachment | None = None
    ) -> None:
        """Store a message where the form says so, and send it to whom the form names.

        Whom it goes to, and in which form, is the form's to say; the fields are ``name``,
        ``email``, ``subject``, ``message`` and the response of a captcha service. A message that
        was stored has arrived, so no mail that fails afterwards makes the visitor send it again.

        Raises:
            InvalidMessageError: The message breaks a rule.
            NoPersonError: The puzzle was not solved.
            UnavailableError: The captcha service does not answer; nothing was taken.
            TooManyError: The app has got too much lately.
            InvalidObjectError: The message breaks a constraint of the app for ``formdata``.
            NotSentError: It is neither stored nor sent.
        """
        message = _message_of(form, fields)
        self._mailing.examine(message, file)
        if not await self._captcha.is_solved(form.captcha_secret_key or "", fields):
            raise NoPersonError
        await self._mailing.count(app)
        if form.message_storage_enabled:
            await self._keep(app, form, fields)
        try:
            title = f"{form.name}: {message.title}"
            await self._mailing.deliver(app, message, title=title, attachment=file)
        except NotSentError:
            if not form.message_storage_enabled:
                raise
            logger.warning("a message is stored, its mail was not sent", extra={"form": form.id})

    async def _keep(self, app: App, form: Form, fields: Mapping[str, str]) -> None:
        body = {name: fields[name] for name in _STORED_FIELDS if fields.get(name, "").strip()}
        about = {**body, "type": _STORED_TYPE, "parentid": form.id}
        caller = Principal(Kind.APP, app.identifier)
        await self._objects.create(app, caller, _STORED_TYPE, about)


def _message_of(form: Form, fields: Mapping[str, str]) -> Message:
    return Message(
        name=fields.get("name"),
        email=fields.get("email"),
        subject=fields.get("subject"),
        message=fields.get("message"),
        to_emails=[address for address in form.notify_emails if is_email(address.strip())],
        plaintext_only=form.plaintext_only,
        markdown_enabled=form.markdown_enabled,
    )
