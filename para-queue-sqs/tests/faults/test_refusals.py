"""What a server does that refuses: the login, one item of many, an answer nobody understands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from para_core.contracts.queue import Message
from para_core.errors import BackendError, ConfigError, UnavailableError
from para_queue_sqs.place import Place
from para_queue_sqs.queue import AWSQueue

from ..places import a_queue  # noqa: TID252 - tests have no absolute names
from ..standin import PAGE, StandIn, stand_in  # noqa: TID252

_SECRET = "a-secret-that-nobody-may-see"  # noqa: S105 - of this test
_OLD = Message("an-id an-old-receipt", "a")


def done(*places: int) -> list[dict[str, str]]:
    return [{"Id": str(place)} for place in places]


@pytest.fixture
async def server() -> AsyncIterator[StandIn]:
    async with stand_in() as server:
        yield server


@pytest.fixture
def place(server: StandIn) -> Place:
    return Place("para-default", "", server.address, "local", "AKIAEXAMPLE", _SECRET, 5000)


@pytest.fixture
async def queue(place: Place) -> AsyncIterator[AWSQueue]:
    async with a_queue(place) as queue:
        yield queue


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("InvalidClientTokenId", 403),
        ("SignatureDoesNotMatch", 403),
        ("AccessDeniedException", 400),
        ("ExpiredToken", 403),
    ],
)
async def test_a_refused_login_stops_the_start_and_names_the_keys(
    server: StandIn, place: Place, code: str, status: int
) -> None:
    server.refuse("GetQueueUrl", code, status)
    with pytest.raises(ConfigError, match=r"para\.sqs\.access_key") as caught:
        async with a_queue(place):
            pass
    assert code in str(caught.value)
    assert _SECRET not in str(caught.value)
    assert server.count("GetQueueUrl") == 1


async def test_a_login_that_is_refused_later_is_one_line(server: StandIn, queue: AWSQueue) -> None:
    server.refuse("SendMessageBatch", "AccessDeniedException")
    with pytest.raises(BackendError, match=r"may not be used.*para\.sqs\.secret_key") as caught:
        await queue.push("a")
    assert not isinstance(caught.value, UnavailableError)
    assert server.count("SendMessageBatch") == 1


async def test_those_who_come_meanwhile_wait_no_longer(server: StandIn, place: Place) -> None:
    server.refuse("GetQueueUrl", "InternalError", 500)
    async with a_queue(place) as queue:
        asked = server.count("GetQueueUrl")
        pushes = (queue.push(f"{number}") for number in range(10))
        outcomes = await asyncio.gather(*pushes, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {UnavailableError}
        assert server.count("GetQueueUrl") - asked == 3  # the tries of one


async def test_one_bad_message_of_a_batch_is_told_and_not_sent_again(
    server: StandIn, queue: AWSQueue
) -> None:
    failed = {"Id": "1", "SenderFault": True, "Code": "InvalidMessageContents", "Message": "no"}
    server.prepare("SendMessageBatch", {"Successful": done(0, 2), "Failed": [failed]})
    with pytest.raises(BackendError, match="InvalidMessageContents"):
        await queue.push_all(["a", "b", "c"])
    assert server.count("SendMessageBatch") == 1


async def test_what_the_service_could_not_take_is_sent_again_alone(
    server: StandIn, queue: AWSQueue
) -> None:
    failed = {"Id": "1", "SenderFault": False, "Code": "InternalError"}
    server.prepare(
        "SendMessageBatch", {"Successful": done(0, 2), "Failed": [failed]}, {"Successful": done(0)}
    )
    await queue.push_all(["a", "b", "c"])
    sent: list[Any] = [one.body["Entries"] for one in server.asked if "Entries" in one.body]
    assert [[entry["MessageBody"] for entry in entries] for entries in sent] == [
        ["a", "b", "c"],
        ["b"],
    ]


async def test_a_service_that_takes_nothing_is_unavailable(
    server: StandIn, queue: AWSQueue
) -> None:
    failed = {"Id": "0", "SenderFault": False, "Code": "InternalError"}
    server.prepare("SendMessageBatch", {"Failed": [failed]})
    with pytest.raises(UnavailableError, match="did not take 1 messages"):
        await queue.push("a")


@pytest.mark.parametrize("code", ["RequestThrottled", "ThrottlingException"])
async def test_a_push_that_was_certainly_not_taken_is_sent_again(
    server: StandIn, queue: AWSQueue, code: str
) -> None:
    server.refuse("SendMessageBatch", code)
    with pytest.raises(UnavailableError, match=code):
        await queue.push("a")
    assert server.count("SendMessageBatch") == 3


async def test_a_queue_with_too_many_messages_under_way_is_busy(
    server: StandIn, queue: AWSQueue
) -> None:
    """SQS has room without end for messages, but not for those that are being worked on."""
    server.refuse("ReceiveMessage", "OverLimit", 403)
    with pytest.raises(UnavailableError, match=r"busy.*OverLimit"):
        await queue.pull()
    server.prepare("ReceiveMessage", {"Messages": []})
    assert await queue.pull() == []


async def test_a_push_of_which_nobody_knows_is_not_sent_again(
    server: StandIn, queue: AWSQueue
) -> None:
    server.refuse("SendMessageBatch", "InternalError", 500)
    with pytest.raises(UnavailableError, match="InternalError"):
        await queue.push("a")
    assert server.count("SendMessageBatch") == 1
    server.refuse("DeleteMessageBatch", "InternalError", 500)
    with pytest.raises(UnavailableError, match="InternalError"):
        await queue.ack(_OLD)
    assert server.count("DeleteMessageBatch") == 3


@pytest.mark.parametrize("code", ["ReceiptHandleIsInvalid", "MessageNotInflight"])
async def test_a_receipt_that_does_not_count_any_more_does_nothing(
    server: StandIn, queue: AWSQueue, code: str
) -> None:
    server.refuse("ChangeMessageVisibility", code)
    failed = {"Id": "0", "SenderFault": True, "Code": code}
    server.prepare("DeleteMessageBatch", {"Failed": [failed]})
    assert await queue.extend(_OLD) is None
    await queue.set_aside(_OLD, "of no use")
    await queue.ack(_OLD)
    assert server.count("SendMessageBatch") == 0


async def test_an_expired_receipt_in_the_words_of_aws(server: StandIn, queue: AWSQueue) -> None:
    failed = {
        "Id": "0",
        "SenderFault": True,
        "Code": "InvalidParameterValue",
        "Message": "Value x for parameter ReceiptHandle is invalid. Reason: it has expired.",
    }
    server.prepare("DeleteMessageBatch", {"Failed": [failed]})
    await queue.ack(_OLD)
    assert server.count("DeleteMessageBatch") == 1


async def test_one_bad_acknowledgement_of_many_is_told_to_who_gave_it(
    server: StandIn, queue: AWSQueue
) -> None:
    failed = {"Id": "0", "SenderFault": False, "Code": "InternalError"}
    server.prepare("DeleteMessageBatch", {"Failed": [failed]})
    with pytest.raises(BackendError, match="InternalError"):
        await queue.ack(_OLD)


async def test_an_answer_that_says_nothing_of_a_message_is_no_yes(
    server: StandIn, queue: AWSQueue
) -> None:
    server.prepare("SendMessageBatch", {"Successful": done(0)})
    with pytest.raises(UnavailableError, match="whether it took 1 messages"):
        await queue.push_all(["a", "b"])
    server.prepare("DeleteMessageBatch", {})
    with pytest.raises(UnavailableError, match="what it removed"):
        await queue.ack(_OLD)


@pytest.mark.parametrize(
    "answer", [b"", PAGE, b'{"Messages":[{"Body":1}]}'], ids=["", "page", "odd"]
)
async def test_answers_of_something_else_are_errors_of_ours(
    server: StandIn, queue: AWSQueue, answer: bytes
) -> None:
    server.prepare("ReceiveMessage", answer)
    if answer:
        with pytest.raises(BackendError):
            await queue.pull()
    else:
        assert await queue.pull() == []


async def test_a_queue_that_disappears_takes_its_messages_along(
    server: StandIn, queue: AWSQueue
) -> None:
    for operation in ("DeleteMessageBatch", "ChangeMessageVisibility"):
        server.refuse(operation, "QueueDoesNotExist")
    await queue.ack(_OLD)
    assert await queue.extend(_OLD) is None


async def test_closing_twice_and_asking_afterwards(place: Place) -> None:
    queue = a_queue(place)
    with pytest.raises(UnavailableError, match="not open"):
        await queue.push("a")
    await queue.open()
    await queue.close()
    await queue.close()
    assert await queue.pull() == []
    for asking in (queue.push("a"), queue.ack(_OLD), queue.size()):
        with pytest.raises(UnavailableError, match="not open"):
            await asking
