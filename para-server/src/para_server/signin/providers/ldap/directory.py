"""Asking a directory: binds and searches, in threads of their own.

python-ldap is an extra of this package (``para-server[ldap]``), so it loads with the first sign-in
that needs it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from para_core.errors import ParaError, UnavailableError
from para_server.signin.providers.ldap.tunnel import tunnel

if TYPE_CHECKING:
    from para_core.contracts.outbound import Outbound
    from para_server.signin.providers.ldap.settings import LdapSettings

__all__ = ["BindRefusedError", "Directories", "Directory", "Entry"]

T = TypeVar("T")

_PLACE = re.compile(r"\{(\d)\}")
_THREADS = 8
_WAITING = 32
_MISSING = "LDAP needs the package python-ldap: pip install 'para-server[ldap]'"


class BindRefusedError(ParaError):
    """The directory does not accept a name and a password; ``info`` is what it says about it."""

    code = "bind-refused"

    def __init__(self, info: str) -> None:
        self.info = info
        super().__init__(f"the directory refuses the name or the password: {info or 'no reason'}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its distinguished name, and its attributes by lower-case name."""

    dn: str
    attributes: Mapping[str, Sequence[bytes]]

    def texts(self, name: str) -> list[str]:
        """Return the values of an attribute as texts."""
        return [value.decode("utf-8", "replace") for value in self.attributes.get(name.lower(), ())]

    def text(self, name: str) -> str:
        """Return the first value of an attribute as text; blank when it has none."""
        return next(iter(self.texts(name)), "").strip()


class Directory:
    """A directory that is open for one sign-in."""

    def __init__(self, connection: Any, run: Callable[..., Any]) -> None:  # noqa: ANN401
        self._connection, self._run = connection, run

    async def bind(self, dn: str, password: str) -> None:
        """Prove to be somebody; later searches are done in this name.

        Raises:
            BindRefusedError: The name or the password is wrong, or blank.
            UnavailableError: The directory cannot answer.
        """
        if not dn or not password:  # a bind without a password proves nothing and succeeds
            raise BindRefusedError("a blank name or password")
        await self._run(self._connection.simple_bind_s, dn, password)

    async def search(self, base: str, template: str, names: Sequence[str]) -> list[Entry]:
        """Return the entries below a name, at most two.

        Args:
            base: Where to search.
            template: A filter in which ``{0}``, ``{1}`` and so on stand for ``names``.
            names: Texts from outside; they are escaped.
        """
        import ldap
        from ldap.filter import escape_filter_chars

        def escaped(found: re.Match[str]) -> str:
            number = int(found[1])
            return str(escape_filter_chars(names[number])) if number < len(names) else found[0]

        asked = _PLACE.sub(escaped, template)
        return await self._find(base, ldap.SCOPE_SUBTREE, asked)

    async def read(self, dn: str) -> Entry | None:
        """Return one entry, or ``None`` when it is not there or may not be seen."""
        import ldap

        return next(iter(await self._find(dn, ldap.SCOPE_BASE, "(objectClass=*)")), None)

    async def _find(self, base: str, scope: int, asked: str) -> list[Entry]:
        found = await self._run(_search, self._connection, base, scope, asked)
        return [
            Entry(dn, {name.lower(): values for name, values in attributes.items()})
            for dn, attributes in found
            if dn is not None  # a reference to another directory
        ]


class Directories:
    """Opens directories. Use one per process: it keeps the threads."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._pool = ThreadPoolExecutor(_THREADS, "ldap")
        self._places = _THREADS + _WAITING

    @contextlib.asynccontextmanager
    async def open(self, settings: LdapSettings) -> AsyncIterator[Directory]:
        """Open a directory for as long as one sign-in may take.

        Raises:
            UnavailableError: It cannot be reached or does not answer in time, too many wait
                already, or python-ldap is not installed.
        """
        await asyncio.to_thread(_need_library)
        if self._places <= 0:
            raise UnavailableError("too many sign-ins wait for directories")
        self._places -= 1
        try:
            async with asyncio.timeout(settings.timeout_ms / 1000):
                async with tunnel(settings, self._outbound) as end:
                    yield Directory(await self._run(_open, end), self._run)
        except TimeoutError as error:
            message = f"the directory did not answer within {settings.timeout_ms} ms"
            raise UnavailableError(message) from error
        finally:
            self._places += 1

    async def _run(self, function: Callable[..., T], *args: object) -> T:
        """Run a call of the library in a thread, with our errors in place of its own."""
        import ldap

        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, function, *args)
        except (
            ldap.INVALID_CREDENTIALS,
            ldap.INVALID_DN_SYNTAX,
            ldap.NO_SUCH_OBJECT,
            ldap.UNWILLING_TO_PERFORM,
            ldap.INAPPROPRIATE_AUTH,
            ldap.INSUFFICIENT_ACCESS,
            ldap.CONSTRAINT_VIOLATION,
            ValueError,
        ) as error:
            raise BindRefusedError(_info(error)) from error
        except ldap.FILTER_ERROR as error:
            message = "security.ldap.user_search_filter is no filter"
            raise UnavailableError(message) from error
        except ldap.LDAPError as error:
            raise UnavailableError(f"the directory fails: {_description(error)}") from error


def _need_library() -> None:
    try:
        import ldap  # noqa: F401 - loaded, not used
    except ImportError as error:
        raise UnavailableError(_MISSING) from error


def _open(end: socket.socket) -> Any:  # noqa: ANN401 - the library has no types
    import ldap

    connection = ldap.initialize("ldap://directory/", fileno=end.fileno())
    end.detach()  # now the library closes it
    connection.protocol_version = ldap.VERSION3
    connection.set_option(ldap.OPT_REFERRALS, ldap.OPT_OFF)
    connection.set_option(ldap.OPT_RESTART, ldap.OPT_OFF)
    return connection


def _search(connection: Any, base: str, scope: int, asked: str) -> Any:  # noqa: ANN401
    import ldap

    try:
        return connection.search_ext_s(base, scope, asked, sizelimit=2)
    except ldap.SIZELIMIT_EXCEEDED:
        return [("", {}), ("", {})]  # more than one, and nobody asks which
    except ldap.NO_SUCH_OBJECT:
        return []


def _info(error: Exception) -> str:
    """Return what the directory itself says about an error, else what the library says."""
    if about := _about(error):
        return str(about.get("info") or about.get("desc") or "")
    return str(error) or type(error).__name__


def _description(error: Exception) -> str:
    """Return what kind of error it is, with what is known besides."""
    about = _about(error)
    parts = dict.fromkeys(str(about[key]) for key in ("desc", "info") if about.get(key))
    return ": ".join(parts) or type(error).__name__


def _about(error: Exception) -> Mapping[str, object]:
    about = error.args[0] if error.args else None
    return about if isinstance(about, dict) else {}
