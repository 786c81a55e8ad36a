"""What became of the deliveries of a webhook: ``/v1/_webhooks/{id}/deliveries``."""

from __future__ import annotations

from typing import Any

import msgspec

from para_server.http.answers import Answer, AnswerError, json_answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.webhooks.deliveries import Delivery, Logged

__all__ = ["ROUTES"]


async def deliveries(request: Request) -> Answer:
    """``GET /v1/_webhooks/{id}/deliveries``: what waits for a webhook, and its last deliveries."""
    _require_app(request)
    found = await request.services.webhooks.deliveries(request.the_app(), request.values[0])
    if found is None:
        raise AnswerError(404)
    items = [_waiting(each) for each in found.waiting] + [_done(each) for each in found.done]
    return json_answer({"items": items, "page": 1, "totalHits": len(items)})


async def redeliver(request: Request) -> Answer:
    """``POST /v1/_webhooks/{id}/deliveries/{delivery}``: send a delivery again, as it was."""
    _require_app(request)
    hook, key = request.values
    if not request.services.webhooks.is_enabled:
        raise AnswerError(400, "Webhooks are turned off.")
    logged = await request.services.webhooks.redeliver(request.the_app(), hook, key)
    if logged is None:
        raise AnswerError(404)
    again = msgspec.structs.replace(logged.delivery, attempts=0, not_before=0, status=0, error="")
    return json_answer(_waiting(again))


def _require_app(request: Request) -> None:
    if not request.caller.is_app:
        raise AnswerError(401, "Not an app.")


def _waiting(delivery: Delivery) -> dict[str, Any]:
    fields = _common(delivery) | {"state": "waiting", "attempts": delivery.attempts}
    if delivery.not_before:
        fields["nextAttempt"] = delivery.not_before
    return fields | _why(delivery)


def _done(logged: Logged) -> dict[str, Any]:
    fields = _common(logged.delivery) | {
        "state": "delivered" if logged.delivered else "failed",
        "attempts": logged.delivery.attempts,
        "updated": logged.done,
        "tookMillis": logged.took_ms,
    }
    return fields | _why(logged)


def _why(last: Delivery | Logged) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if last.status:
        fields["status"] = last.status
    if last.error:
        fields["error"] = last.error
    return fields


def _common(delivery: Delivery) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": delivery.id,
        "event": delivery.event,
        "timestamp": delivery.at,
    }
    if delivery.body:
        fields["payload"] = msgspec.Raw(delivery.body.encode())
    return fields


ROUTES = [
    Route("GET", "/v1/_webhooks/{id}/deliveries", deliveries),
    Route("POST", "/v1/_webhooks/{id}/deliveries/{delivery}", redeliver),
]
