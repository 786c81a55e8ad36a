"""``python -m para_server`` is ``para-server``."""

from __future__ import annotations

import sys

from para_server.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
