"""The systems that vouch for people, one module each, on ``para_core.contracts.signin``.

``FACTORIES`` is what the server's own plugin offers; other plugins offer theirs by the same hook.
"""

from __future__ import annotations

from para_core.contracts.signin import SignInFactory

__all__ = ["FACTORIES"]

FACTORIES: tuple[SignInFactory, ...] = ()
