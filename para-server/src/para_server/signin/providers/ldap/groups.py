"""Which group of users a person belongs to, by the name of the entry and of its groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from para_server.signin.providers.ldap.settings import LdapSettings

__all__ = ["authorities_of", "group_of", "parts_of"]

_Part: TypeAlias = "tuple[str, str]"


def group_of(
    settings: LdapSettings, dn: str, authorities: Sequence[str], groups: Sequence[str]
) -> str:
    """Return ``admins``, ``mods`` or ``users``.

    Args:
        settings: The nodes that make somebody an administrator or a moderator.
        dn: The name of the person's entry.
        authorities: Short names of the person's groups; only an Active Directory has them.
        groups: Whole names of the same groups, looked at when there are short names.
    """
    names = [parts_of(dn), [("cn", name.lower()) for name in authorities]]
    names += [parts_of(name) for name in groups] if authorities else []
    for node, group in ((settings.admins_node, "admins"), (settings.mods_node, "mods")):
        if node and any(_contains(name, node) for name in names):
            return group
    return "users"


def authorities_of(groups: Sequence[str]) -> list[str]:
    """Return the first part of each group's name: ``Staff`` for ``CN=Staff,DC=example,DC=org``."""
    return [parts[0][1] for group in groups if (parts := parts_of(group))]


def _contains(name: Sequence[_Part], node: str) -> bool:
    """Tell whether a node is part of a name, as whole components in this order.

    The original looks for the text alone; then a user called ``x,ou=admins`` is one.
    """
    wanted = parts_of(node)
    if not wanted:  # only a value, without the attribute
        return any(value == node.strip().lower() for _, value in name)
    size = len(wanted)
    return any(list(name[at : at + size]) == wanted for at in range(len(name) - size + 1))


def parts_of(dn: str) -> list[_Part]:
    """Return the components of a distinguished name in lower case; empty when it is none."""
    found = []
    for component in _split(dn, ","):
        for part in _split(component, "+"):
            name, sign, value = part.partition("=")
            if not sign or not name.strip():
                return []
            found.append((name.strip().lower(), _unescaped(value.strip()).lower()))
    return found


def _split(text: str, separator: str) -> Iterator[str]:
    """Yield what separators without a backslash in front, outside of quotes, divide."""
    part, is_escaped = "", False
    for char in text:
        if char == separator and not is_escaped:
            yield part
            part = ""
            continue
        part += char
        is_escaped = char == "\\" and not is_escaped
    yield part


def _unescaped(value: str) -> str:
    found, at = bytearray(), 0
    while at < len(value):
        code = value[at + 1 : at + 3]
        if value[at] == "\\" and len(code) == len("00") and _is_hex(code):
            found += bytes.fromhex(code)
            at += 3
        elif value[at] == "\\":
            found += value[at + 1 : at + 2].encode()
            at += 2
        else:
            found += value[at].encode()
            at += 1
    return found.decode("utf-8", "replace")


def _is_hex(text: str) -> bool:
    return all(char in "0123456789abcdefABCDEF" for char in text)
