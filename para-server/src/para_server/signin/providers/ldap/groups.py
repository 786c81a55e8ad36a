"""Which group of users a person belongs to, by the name of the entry and of its groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from para_server.signin.providers.ldap.names import Part, parts_of

if TYPE_CHECKING:
    from para_server.signin.providers.ldap.settings import LdapSettings

__all__ = ["authorities_of", "group_of"]


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


def _contains(name: Sequence[Part], node: str) -> bool:
    """Tell whether a node is part of a name, as whole components in this order.

    The original looks for the text alone; then a user called ``x,ou=admins`` is one.
    """
    wanted = parts_of(node)
    if not wanted:  # only a value, without the attribute
        return any(value == node.strip().lower() for _, value in name)
    size = len(wanted)
    return any(list(name[at : at + size]) == wanted for at in range(len(name) - size + 1))
