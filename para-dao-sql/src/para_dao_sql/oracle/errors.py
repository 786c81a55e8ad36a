"""What errors of the driver and of Oracle mean.

ORA codes are explained in "Database Error Messages" (https://docs.oracle.com/error-help/db/), those
that begin with DPY in the driver's documentation, under "Troubleshooting".
"""

from __future__ import annotations

import re

import oracledb

from para_dao_sql.servers.meanings import Meanings

__all__ = ["EXISTS", "FAILURES", "MEANINGS", "UNIQUE", "codes_of"]

FAILURES: tuple[type[Exception], ...] = (oracledb.Error, OSError)
"""Everything that python-oracledb raises by itself."""

EXISTS = "ORA-00955"  # the name belongs to an object that is there
UNIQUE = "ORA-00001"

_CODE = re.compile(r"\b(?:ORA|DPY)-\d{4,5}\b")
_HELP = re.compile(r"\s*\b(?:Help: )?https?://\S+")


def codes_of(error: BaseException) -> frozenset[str]:
    """Return all codes that an error names: that of the driver, and what it was told."""
    return (
        frozenset(_CODE.findall(str(error))) if isinstance(error, oracledb.Error) else frozenset()
    )


def _words_of(error: BaseException) -> str:
    return " ".join(_HELP.sub("", str(error)).split()) or type(error).__name__


MEANINGS = Meanings(
    codes_of=codes_of,
    words_of=_words_of,
    full=frozenset(
        {
            "ORA-01536",  # the quota of the tablespace is used up
            "ORA-01652",  # a temporary segment cannot grow
            "ORA-01653",  # a table cannot grow
            "ORA-01654",  # an index cannot grow
            "ORA-01691",  # a segment of large objects cannot grow
            "ORA-01692",
            "ORA-30036",  # the undo tablespace is full
        }
    ),
    away=frozenset(
        {
            "DPY-1001",  # not connected any more
            "DPY-4011",  # the connection was closed
            "DPY-4024",  # a call took too long
            "DPY-6000",  # the listener refuses
            "DPY-6005",  # no connection can be made
            "ORA-00018",  # too many sessions
            "ORA-00020",  # too many processes
            "ORA-00028",  # the session was killed
            "ORA-01012",  # not signed in any more
            "ORA-01013",  # cancelled
            "ORA-01033",  # starting or stopping
            "ORA-01034",  # not started
            "ORA-01089",  # stopping
            "ORA-01090",
            "ORA-01092",  # the instance has ended
            "ORA-01555",  # a snapshot is older than what is kept
            "ORA-02391",  # too many sessions of this user
            "ORA-02396",  # silent for too long
            "ORA-03113",  # end of file on the line
            "ORA-03114",  # not connected
            "ORA-03135",  # the connection was lost
            "ORA-12170",  # no connection in time
            "ORA-12514",  # the listener does not know the service, maybe not yet
            "ORA-12516",  # the listener has no handler to give
            "ORA-12520",
            "ORA-12541",  # no listener
            "ORA-12545",  # the host cannot be reached
        }
    ),
    refused=frozenset(
        {
            "DPY-3010",  # a server older than the driver talks to
            "DPY-3015",  # a verifier of passwords that the driver does not know
            "DPY-4000",  # no such alias in tnsnames.ora
            "DPY-4001",  # no user or password
            "DPY-4017",  # the connect string cannot be read
            "DPY-4026",  # no tnsnames.ora
            "DPY-4027",  # no folder with it
            "DPY-6001",  # the listener does not know the service
            "DPY-6003",  # the listener does not know the SID
            "ORA-00942",  # no such table, or no permission
            "ORA-01005",  # no password
            "ORA-01017",  # user or password is wrong
            "ORA-01031",  # a privilege is missing
            "ORA-01045",  # CREATE SESSION is missing
            "ORA-01950",  # no quota on the tablespace
            "ORA-12154",  # the connect string cannot be resolved
            "ORA-12505",  # the listener does not know the SID
            "ORA-28000",  # the account is locked
            "ORA-28001",  # the password has expired
            "ORA-28009",  # SYS has to connect as SYSDBA
            "ORA-28040",  # no way to sign in that both know
        }
    ),
    tls=frozenset(
        {
            "DPY-6006",  # the name in the certificate is another one
            "ORA-28759",  # the wallet cannot be opened
            "ORA-28860",  # the encrypted connection fails
            "ORA-29024",  # the certificate is not trusted
        }
    ),
    tls_help="check the wallet and ssl_server_dn_match in para.sql.url",
    locked=frozenset(
        {
            "ORA-00054",  # somebody else has it, and there was to be no waiting
            "ORA-30006",  # somebody else has it, and the wait is over
        }
    ),
    deadlock=frozenset({"ORA-00060"}),
)
