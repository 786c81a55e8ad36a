"""Export and import of an app's objects: ``/v1/_export`` and ``/v1/_import``."""

from __future__ import annotations

from para_core.objects.codec import wire
from para_server.http.answers import (
    Answer,
    AnswerError,
    StreamingAnswer,
    bytes_answer,
    json_answer,
)
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.rest.rendering import render
from para_server.services.archive import ImportFailedError
from para_server.services.importing import Wish

__all__ = ["ROUTES"]

_ZIP = b"application/zip"


async def export(request: Request) -> Answer:
    """``GET /v1/_export``: all objects as a ZIP file, whatever ``Accept`` says."""
    app, backup = request.the_app(), request.services.backup
    if backup.is_busy(app):
        raise AnswerError(503, "Too many exports at a time.", [(b"retry-after", b"10")])
    name = backup.name(app)
    # without quotes: the command line tool takes what follows the last "=" for the name
    disposition = f"attachment;filename={name}.zip".encode()
    chunks = backup.export(app, request.caller, name)
    return StreamingAnswer(chunks, _ZIP, [(b"content-disposition", disposition)])


async def import_(request: Request) -> Answer:
    """``PUT /v1/_import``: store the objects of a ZIP file.

    With ``lenient=true`` what cannot be taken is left out and reported, with ``dryrun=true``
    nothing is stored.
    """
    if _media_type(request) != _ZIP:
        raise AnswerError(415)
    app = request.the_app()
    name = request.params.first("filename").strip() or f"{app.identifier}_backup.zip"
    wish = Wish(
        is_lenient=request.params.first("lenient") == "true",
        is_dry=request.params.first("dryrun") == "true",
    )
    try:
        record = await request.services.backup.import_(app, request.file, name, wish)
    except ImportFailedError as error:
        message = f"Import failed - {error}"
        raise AnswerError(400, message) from error
    if record.id:
        return bytes_answer(render(request, record))
    fields = wire(record)
    del fields["id"]  # it is stored nowhere
    return json_answer(fields)


def _media_type(request: Request) -> bytes:
    return request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()


ROUTES = [
    Route("GET", "/v1/_export", export),
    Route("PUT", "/v1/_import", import_, answers_at_once=True, is_spooled=True),
]
