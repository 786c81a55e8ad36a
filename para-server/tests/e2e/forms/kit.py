"""Forms as browsers send them, and the captcha service that is asked about them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...signin.web import Asked, Told, json_of  # noqa: TID252
from ..client import Client, Reply  # noqa: TID252

SECRET, SOLVED = "shared with the service", "a solved puzzle"
SECRETS = {  # and the paths at which their services are asked
    "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe": "/re",
    "0x0000000000000000000000000000000000000000": "/h",
    "1x0000000000000000000000000000000AA": "/cf",
}
FORM: dict[str, Any] = {
    "type": "form",
    "id": "contact",
    "name": "Contact",
    "captchaSecretKey": SECRET,
    "notifyEmails": ["ann@orchard.test", "cid@orchard.test"],
}
FIELDS = {
    "name": "Bob",
    "email": "bob@b.co",
    "message": "Tea?\r\n<b>Now</b>",
    "g-recaptcha-response": SOLVED,
}
PATH = "/v1/_forms/myapp/contact"
BOUNDARY = "----of-the-tests"


@dataclass
class Verifier:
    """What a captcha service is asked and says."""

    asked: list[Asked] = field(default_factory=list)
    told: Told | None = None
    held: asyncio.Event | None = None
    arrived: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def answer(self, asked: Asked) -> Told:
        self.asked.append(asked)
        self.arrived.release()
        if self.held is not None:
            await self.held.wait()
        is_solved = asked.form in [{"secret": of, "response": SOLVED} for of in (SECRET, *SECRETS)]
        return self.told or json_of({"success": is_solved, "hostname": "orchard.test"})


def multipart(fields: Mapping[str, str], file: tuple[str, str, bytes] | None = None) -> bytes:
    """Return a body as browsers make it."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if file is not None:
        name, kind, content = file
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"'
        parts.append(f"{head}\r\nContent-Type: {kind}\r\n\r\n".encode() + content + b"\r\n")
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


async def submit(
    client: Client,
    fields: Mapping[str, str] = FIELDS,
    *,
    path: str = PATH,
    file: tuple[str, str, bytes] | None = None,
    **headers: str,
) -> Reply:
    kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return await client.send("POST", path, raw=multipart(fields, file), headers={**kind, **headers})
