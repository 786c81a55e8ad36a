"""Pictures of people, copied from a provider into the file store."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from para_core.errors import BackendError, UnusableFileError

if TYPE_CHECKING:
    from para_core.contracts.signin import SignInTools

__all__ = ["keep_picture"]

logger = logging.getLogger(__name__)

# Formats that browsers show and that hold no scripts, so SVG is none of them.
_KINDS = frozenset({"png", "jpeg", "jpg", "gif", "webp", "avif", "bmp"})
_OK = 200


async def keep_picture(
    tools: SignInTools, url: str, headers: Mapping[str, str], appid: str, userid: str
) -> str | None:
    """Copy a picture into the file store and return where it is now.

    Returns:
        ``None`` when there is no picture, or it cannot be had or kept; that is no reason to refuse
        anybody.
    """
    try:
        reply = await tools.outbound.send("GET", url, headers=headers)
        kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
        family, _, subtype = kind.partition("/")
        if reply.status != _OK or family != "image" or subtype not in _KINDS or not reply.body:
            return None
        return await tools.files.store(f"{appid}/{userid}.{subtype}", reply.body)
    except (BackendError, UnusableFileError) as error:
        logger.warning("the picture of a user was not kept: %s", error, extra={"appid": appid})
        return None
