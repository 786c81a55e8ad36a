"""What errors of the driver and of SQL Server mean.

The numbers are those of "Database Engine events and errors" on
https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
"""

from __future__ import annotations

from OpenSSL import SSL
from pytds import tds_base

from para_dao_sql.servers.meanings import Meanings

__all__ = ["FAILURES", "MEANINGS", "number_of"]

FAILURES: tuple[type[Exception], ...] = (tds_base.Error, SSL.Error, OSError)
"""Everything that python-tds raises by itself."""

_TLS = "tls"  # no number of the server: the driver or OpenSSL says so


def number_of(error: BaseException) -> int:
    """Return the number of an error that the server has answered with; 0 for others."""
    return int(error.msg_no) if isinstance(error, tds_base.DatabaseError) else 0


def _codes_of(error: BaseException) -> frozenset[str]:
    if isinstance(error, SSL.Error) or (type(error) is tds_base.Error and _names_tls(error)):
        return frozenset((_TLS,))
    number = number_of(error)
    return frozenset((str(number),)) if number else frozenset()


def _names_tls(error: BaseException) -> bool:
    said = str(error).lower()
    return "encrypt" in said or "certificate" in said


def _words_of(error: BaseException) -> str:
    if isinstance(error, SSL.Error):
        return f"the encrypted connection fails: {_reasons(error) or 'it was cut'}"
    said = error.args[0] if isinstance(error, tds_base.DatabaseError) and error.args else error
    words = " ".join(str(said).split()) or type(error).__name__
    number = number_of(error)
    return f"{words} ({number})" if number else words


def _reasons(error: SSL.Error) -> str:
    """Return what OpenSSL says: a list of reasons with their parts, or a number and a text."""
    match error.args:
        case (list() as reasons,):
            return ": ".join(part for reason in reasons for part in reason if part)
        case parts:
            return " ".join(map(str, parts))


MEANINGS = Meanings(
    codes_of=_codes_of,
    words_of=_words_of,
    full=frozenset(
        {
            "1101",  # no page can be allocated: the filegroup is full
            "1105",  # no space can be allocated for an object
            "9002",  # the transaction log is full
            "40544",  # Azure SQL: the database has reached its size
        }
    ),
    away=frozenset(
        {
            "701",  # not enough memory
            "802",  # not enough memory in the buffer pool
            "904",  # the database cannot be started now
            "922",  # the database is being recovered
            "1204",  # no lock can be obtained
            "3960",  # a snapshot met a newer change
            "3961",  # a snapshot met a newer definition of a table
            "6005",  # shutdown is in progress
            "8645",  # waited too long for memory
            "10928",  # Azure SQL: a limit of resources is reached
            "10929",
            "17142",  # the server is paused
            "17809",  # no more connections
            "40197",  # Azure SQL: a failover
            "40501",  # Azure SQL: the service is busy
            "40613",  # Azure SQL: the database is not available now
        }
    ),
    refused=frozenset(
        {
            "229",  # no permission on an object
            "262",  # no permission to make a table
            "911",  # no such database
            "916",  # no access to the database
            "4060",  # the database cannot be opened
            "4064",  # the default database cannot be opened
            "18452",  # a login from a domain that is not trusted
            "18456",  # login failed
            "18470",  # the login is disabled
            "18486",  # the account is locked
            "18487",  # the password has expired
            "18488",  # the password has to be changed
            "40615",  # Azure SQL: the firewall refuses this address
        }
    ),
    tls=frozenset({_TLS}),
    tls_help="check encrypt, serverCertificate and hostNameInCertificate in para.sql.url",
    locked=frozenset({"1222"}),  # waited as long as LOCK_TIMEOUT says
    deadlock=frozenset({"1205"}),  # chosen as the victim of a deadlock
)
