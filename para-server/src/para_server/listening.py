"""The sockets that the server listens on."""

from __future__ import annotations

import os
import socket

from para_core.errors import ConfigError

__all__ = ["listen", "socket_for", "url_host"]

_BACKLOG = 2048
_HERE = "127.0.0.1"


def listen(address: str, port: int, *, key: str, is_shared: bool = False) -> socket.socket:
    """Return a socket that listens.

    Args:
        address: Of this machine; blank for all that it has.
        port: 0 for any free one.
        key: Start of the names of the settings that say where, such as ``para.``.
        is_shared: Whether more sockets of this process may have the same port.

    Raises:
        ConfigError: The port cannot be had there.
    """
    try:
        return _listening(address, port, is_shared=is_shared)
    except (OSError, OverflowError) as error:
        where = f"port {port} of {address}" if address else f"port {port}"
        advice = f"{key}address or {key}port" if address else f"{key}port"
        message = f"cannot listen on {where} ({_reason_of(error)}); choose another {advice}"
        raise ConfigError(message) from error


def url_host(address: str, *, here: str = _HERE) -> str:
    """Return how a URL on this machine names an address that is listened on.

    Args:
        address: The address; blank for all.
        here: Name for the machine itself, when it is reached by its own address.
    """
    if address in {"", "::", "0.0.0.0", _HERE}:  # noqa: S104 - compared, not bound
        return here
    return f"[{address}]" if ":" in address else address


def socket_for(address: str) -> socket.socket:
    """Return a socket that can be bound to an address; with a blank one to all, of both kinds."""
    is_dual = not address and socket.has_dualstack_ipv6()
    made = socket.socket(socket.AF_INET6 if is_dual or ":" in address else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if is_dual:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    return made


def _listening(address: str, port: int, *, is_shared: bool) -> socket.socket:
    made = socket_for(address)
    try:
        if is_shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind((address, port))
        made.listen(_BACKLOG)
    except BaseException:
        made.close()
        raise
    return made


def _reason_of(error: OSError | OverflowError) -> str:
    if isinstance(error, OverflowError):
        return "ports end at 65535"
    if isinstance(error, socket.gaierror) or not error.errno:
        return error.strerror or str(error)
    return os.strerror(error.errno)
