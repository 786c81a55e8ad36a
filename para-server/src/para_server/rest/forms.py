"""Forms of web pages: ``/v1/_forms``. Whoever sends one is a person with a browser, or says so."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from para_core.contracts.emailer import Attachment
from para_core.formats import is_url
from para_server.access.authorize import check_app
from para_server.http.answers import EMPTY, Answer, AnswerError
from para_server.http.multipart import FormFields, UnreadableFormError, is_multipart, read_form
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.rest.responses import answer_of
from para_server.services.messages import InvalidMessageError

if TYPE_CHECKING:
    from para_core.objects import App

__all__ = ["ROUTES"]

_FILE = "file"
_MOST_FIELDS, _MOST_FIELD_BYTES = 50, 65_536
_URL_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"
_WEB = ("http", "https")


async def submit(request: Request) -> Answer:
    """``POST /v1/_forms/{appid}/{formid}``: take a form. Para: ``Api1.formHandler``.

    The browser goes on to where the form says, or from a form that is not there back to the page;
    what went wrong is told in the query. Without such a place, the answer is as everywhere.
    """
    target, form = "", None
    try:
        app = await request.services.forms.app_of(request.values[0])
        form = await request.services.forms.find(app, request.values[1])
        target = _web_address(form.redirect_to or "")
        _check_state(app)
        fields = _fields(request)
        await request.services.forms.take(app, form, fields.texts, file=_file_of(fields))
    except Exception as error:  # noqa: BLE001 - each becomes an answer, or a place to go on to
        if form is None:
            target = _web_address(request.headers.get(b"referer", b"").decode("latin-1"))
        answer = answer_of(error)
        return _going_on(_told(target, answer), answer) if target else answer
    return _going_on(target, EMPTY) if target else EMPTY


def _check_state(app: App) -> None:
    refused = check_app(app, "POST")
    if refused is not None:
        raise AnswerError(refused.status, refused.message)


def _fields(request: Request) -> FormFields:
    if not is_multipart(request.headers):
        raise AnswerError(415, "", [(b"accept", b"multipart/form-data")])
    try:
        return read_form(
            request.headers,
            request.body,
            most_fields=_MOST_FIELDS,
            most_bytes=_MOST_FIELD_BYTES,
        )
    except UnreadableFormError as error:
        raise InvalidMessageError from error


def _file_of(fields: FormFields) -> Attachment | None:
    file = fields.files.get(_FILE)
    return None if file is None else Attachment(file.name, file.media_type, file.content)


def _web_address(text: str) -> str:
    """Return an address that a browser may be sent to, in ASCII; blank for any other text."""
    is_good = is_url(text) and urlsplit(text).scheme.lower() in _WEB
    return quote(text, safe=_URL_CHARACTERS) if is_good else ""


def _told(target: str, answer: Answer) -> str:
    """Return a target with what went wrong in its query."""
    told = urlencode(
        {"status": answer.status, "message": msgspec.json.decode(answer.body)["message"]}
    )
    parts = urlsplit(target)
    query = f"{parts.query}&{told}" if parts.query else told
    return parts._replace(query=query).geturl()


def _going_on(target: str, answer: Answer) -> Answer:
    return Answer(302, headers=[*answer.headers, (b"location", target.encode())])


ROUTES = [Route("POST", "/v1/_forms/{appid}/{formid}", submit, is_public=True)]
