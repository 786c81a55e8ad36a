"""The section ``para.sqs``."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["SqsSettings"]


class SqsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the service is, and who asks it."""

    endpoint: Annotated[
        str,
        Meta(
            description="Address of a server that speaks the protocol of SQS. Blank for AWS, in "
            "the environment `embedded` for `http://localhost:9324`."
        ),
    ] = ""
    region: Annotated[
        str,
        Meta(description="AWS region; blank for the one of the variable `AWS_REGION`."),
    ] = ""
    access_key: Annotated[
        str,
        Meta(
            description="AWS access key; blank for what AWS tools would use: `AWS_ACCESS_KEY_ID`, "
            "a profile, the role of the machine."
        ),
    ] = ""
    secret_key: Annotated[str, Meta(description="The secret of that access key.")] = ""
    dead_letter_queue: Annotated[
        str,
        Meta(
            description="Queue for messages that cannot be done. Blank for the one that the "
            "queue's own redrive policy names, else the name of the queue and `-dead`."
        ),
    ] = ""
    timeout_ms: Annotated[
        int, Meta(ge=100, description="Longest wait for one answer, repetitions included.")
    ] = 5000
