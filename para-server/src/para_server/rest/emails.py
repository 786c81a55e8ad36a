"""Mail in the name of an app: ``/v1/_emails``."""

from __future__ import annotations

import asyncio

from para_server.http.answers import EMPTY, Answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.services.messages import attachment_of, read_message

__all__ = ["ROUTES"]


async def send(request: Request) -> Answer:
    """``POST /v1/_emails``: send a message by mail. Para: ``Api1.emailHandler``."""
    app = request.the_app()
    message = read_message(request.body)
    attachment = await asyncio.to_thread(attachment_of, message.file) if message.file else None
    await request.services.mailing.send(app, message, attachment=attachment)
    return EMPTY


ROUTES = [Route("POST", "/v1/_emails", send)]
