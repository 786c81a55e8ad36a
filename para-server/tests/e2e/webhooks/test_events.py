"""Which events reach which hooks, and what they say."""

from __future__ import annotations

import asyncio
import base64
import hmac

import pytest

from para_server.para import Para

from ...receivers import Receiver  # noqa: TID252 - tests have no absolute names
from ..backends import ALL  # noqa: TID252 - tests have no absolute names
from ..client import Client  # noqa: TID252 - tests have no absolute names
from .hooks import a_hook, nothing_more

OF_THE_APP = "{{secretKey}}"


@pytest.fixture(params=ALL)
def backend_name(request: pytest.FixtureRequest) -> str:
    """Notes, positions and deliveries lie in the database, whichever it is."""
    name: str = request.param
    return name


async def test_each_event_of_one_object_is_told(app: Client, receiver: Receiver) -> None:
    await a_hook(app, receiver.url, create=True, update=True, delete=True)
    made = (await app.post("/v1/boat", {"id": "b1", "name": "Zoë & co", "sails": 3})).json
    await app.patch("/v1/boat/b1", {"sails": 4})
    await app.delete("/v1/boat/b1")
    requests = await nothing_more(receiver, 3)
    assert [request.event for request in requests] == ["create", "update", "delete"]
    assert [request.items[0]["sails"] for request in requests] == [3, 4, 4]
    first = requests[0].payload
    assert list(first) == ["appid", "event", "items", "timestamp"]
    assert (first["appid"], first["event"]) == ("myapp", "create")
    assert first["items"] == [made]
    assert made["objectURI"] == "/boats/b1"
    assert len({request.delivery for request in requests}) == 3


async def test_batches_are_told_as_one(app: Client, receiver: Receiver) -> None:
    await a_hook(app, receiver.url, createAll=True, updateAll=True, deleteAll=True)
    await app.post("/v1/_batch", [{"id": f"c{n}", "type": "cat", "n": n} for n in range(3)])
    await app.patch("/v1/_batch", [{"id": f"c{n}", "n": 10} for n in range(2)])
    await app.delete("/v1/_batch", ids="c1")
    await app.post("/v1/cat", {"id": "alone"})
    told = [
        (request.event, [item["id"] for item in request.items])
        for request in await nothing_more(receiver, 3)
    ]
    assert told == [
        ("createAll", ["c0", "c1", "c2"]),
        ("updateAll", ["c0", "c1"]),
        ("deleteAll", ["c1"]),
    ]


async def test_what_is_told_is_what_was_then(app: Client, receiver: Receiver) -> None:
    hook = await a_hook(app, receiver.url, create=True, update=True)
    await app.patch(f"/v1/webhooks/{hook['id']}", {"active": False})
    await app.patch(f"/v1/webhooks/{hook['id']}", {"active": True})
    await app.post("/v1/boat", {"id": "b1", "step": 0})
    steps = [app.patch("/v1/boat/b1", {"step": step}) for step in range(1, 30)]
    for step in steps:
        await step
    requests = await nothing_more(receiver, 30)
    assert [request.items[0]["step"] for request in requests] == list(range(30))


@pytest.mark.parametrize("encoded", [False, True], ids=["JSON", "form"])
async def test_the_body_is_signed(app: Client, receiver: Receiver, *, encoded: bool) -> None:
    hook = await a_hook(app, receiver.url, create=True, urlEncoded=encoded)
    await app.post("/v1/boat", {"name": "Zoë & co + 100% ~*"})
    (request,) = await nothing_more(receiver, 1)
    kind = "application/x-www-form-urlencoded" if encoded else "application/json"
    assert request.headers["content-type"] == kind
    assert request.headers["user-agent"].startswith("Para Webhook Dispacher ")
    assert {"X-Webhook-Signature", "X-Para-Event", "X-Para-Delivery"} <= request.names
    digest = hmac.digest(hook["secret"].encode(), request.text.encode(), "sha256")
    assert request.headers["x-webhook-signature"] == base64.b64encode(digest).decode()
    assert request.items[0]["name"] == "Zoë & co + 100% ~*"


async def test_the_secret_of_the_app_can_sign(app: Client, receiver: Receiver) -> None:
    await a_hook(app, receiver.url, create=True, secret=OF_THE_APP)
    await app.post("/v1/boat", {"name": "x"})
    (request,) = await nothing_more(receiver, 1)
    digest = hmac.digest(app.secret.encode(), request.text.encode(), "sha256")
    assert request.headers["x-webhook-signature"] == base64.b64encode(digest).decode()


async def test_hooks_filter_by_type_and_property(app: Client, receiver: Receiver) -> None:
    for name, filters in {
        "type": {"typeFilter": "Boat"},
        "all": {"typeFilter": "*"},
        "custom": {"propertyFilter": "sails:3|4"},
        "flag": {"propertyFilter": "wet:true"},
        "both": {"typeFilter": "car", "propertyFilter": "sails:3"},
        "tags": {"propertyFilter": "tags:a,b"},
        "none": {"propertyFilter": "sails"},
    }.items():
        await a_hook(app, f"{receiver.url}/{name}", create=True, **filters)
    await app.post("/v1/boat", {"sails": 3, "wet": True, "tags": ["a", "b", "c"]})
    await app.post("/v1/car", {"sails": 5, "tags": ["a"]})
    requests = await nothing_more(receiver, 6)
    told = [(request.path[1:], request.items[0]["type"]) for request in requests]
    assert sorted(told) == [
        ("all", "boat"),
        ("all", "car"),
        ("custom", "boat"),
        ("flag", "boat"),
        ("tags", "boat"),
        ("type", "boat"),
    ]


async def test_hooks_themselves_and_what_is_not_stored_are_not_told(
    app: Client, receiver: Receiver
) -> None:
    await a_hook(app, receiver.url, create=True, update=True, delete=True)
    other = await a_hook(app, receiver.url, update=True, typeFilter="nothing")
    await app.patch(f"/v1/webhooks/{other['id']}", {"typeFilter": "never"})
    await app.delete(f"/v1/webhooks/{other['id']}")
    await app.post("/v1/boat", {"id": "b0", "stored": False})
    await app.delete("/v1/boat/absent")
    await app.post("/v1/boat", {"id": "b1"})
    (request,) = await nothing_more(receiver, 1)
    assert request.items[0]["id"] == "b1"


async def test_no_secret_is_told(app: Client, receiver: Receiver) -> None:
    await a_hook(app, receiver.url, create=True, createAll=True)
    await app.post(
        "/v1/users",
        {"name": "Ann", "email": "a@b.co", "identifier": "a@b.co", "password": "secret-password"},
    )
    await app.post("/v1/_batch", [{"type": "webhook", "targetUrl": "https://a.b", "secret": "s3"}])
    requests = await receiver.until(3)
    text = b"".join(request.body for request in requests)
    for secret in (b"password", b"secret", b"tokenSecret", b"$2"):
        assert secret not in text


async def test_apps_hear_of_their_own_objects_only(
    root: Client, para: Para, app: Client, receiver: Receiver
) -> None:
    keys = (await root.get("/v1/_setup/other")).json
    other = Client(para, "app:other", keys["secretKey"])
    await a_hook(app, f"{receiver.url}/mine", create=True)
    await a_hook(other, f"{receiver.url}/other", create=True)
    await other.post("/v1/boat", {"id": "b1"})
    await app.post("/v1/boat", {"id": "b2"})
    told = {(request.path, request.items[0]["id"]) for request in await nothing_more(receiver, 2)}
    assert told == {("/mine", "b2"), ("/other", "b1")}
    await root.delete("/v1/apps/app:other")
    await other.post("/v1/boat", {"id": "b3"})
    await nothing_more(receiver, 2)


async def test_custom_events_reach_those_who_ask_for_them(app: Client, receiver: Receiver) -> None:
    await a_hook(app, f"{receiver.url}/yes", customEvents=["boat.sold", "boat.lost"])
    await a_hook(app, f"{receiver.url}/no", customEvents=["boat.found"])
    await a_hook(app, f"{receiver.url}/typed", customEvents=["boat.sold"], typeFilter="boat")
    await a_hook(
        app, f"{receiver.url}/red", customEvents=["boat.sold"], propertyFilter="colour:red"
    )
    for payload in ({"id": "b1", "colour": "red"}, [{"id": "b2"}, {"id": "b3"}]):
        reply = await app.post(
            "/v1/webhooks", {"triggeredEvent": "boat.sold", "customPayload": payload}
        )
        assert (reply.status, reply.json["id"]) == (201, "triggered:boat.sold")
    told = [
        (request.path, request.event, [item["id"] for item in request.items])
        for request in await nothing_more(receiver, 3)
    ]
    assert sorted(told) == [
        ("/red", "boat.sold", ["b1"]),
        ("/yes", "boat.sold", ["b1"]),
        ("/yes", "boat.sold", ["b2", "b3"]),
    ]


async def test_an_event_can_bring_its_own_address(app: Client, receiver: Receiver) -> None:
    await app.post(
        "/v1/webhooks",
        {
            "targetUrl": f"{receiver.url}/direct",
            "secret": "its own",
            "urlEncoded": True,
            "triggeredEvent": "boat.sold",
            "customPayload": {"id": "b1"},
        },
    )
    (request,) = await nothing_more(receiver, 1)
    digest = hmac.digest(b"its own", request.text.encode(), "sha256")
    assert request.path == "/direct"
    assert request.headers["x-webhook-signature"] == base64.b64encode(digest).decode()


async def test_copies_of_a_delivery_carry_one_id(app: Client, receiver: Receiver) -> None:
    await a_hook(app, receiver.url, create=True, repeatedDeliveryAttempts=-3)
    await app.post("/v1/boat", {"id": "b1"})
    requests = await nothing_more(receiver, 3)
    assert len({(request.delivery, request.body) for request in requests}) == 1


async def test_a_hook_hears_of_what_happens_from_then_on(app: Client, receiver: Receiver) -> None:
    await app.post("/v1/boat", {"id": "before"})
    await asyncio.sleep(0.005)
    await a_hook(app, receiver.url, create=True)
    await app.post("/v1/boat", {"id": "after"})
    (request,) = await nothing_more(receiver, 1)
    assert request.items[0]["id"] == "after"
