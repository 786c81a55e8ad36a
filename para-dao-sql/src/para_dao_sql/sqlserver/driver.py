"""What has to be said to python-tds once, before it connects."""

from __future__ import annotations

import logging

from pytds import tls

from para_dao_sql.sqlserver.certificates import check_name

__all__ = ["prepare_driver"]


def prepare_driver() -> None:
    """Let the driver check names of certificates as it should, and keep each statement to itself.

    It would write every statement to the log, and a line of its own for each failure that is
    answered with one of ours. Done again it changes nothing.
    """
    tls.validate_host = check_name
    logging.getLogger("pytds").setLevel(logging.CRITICAL)
