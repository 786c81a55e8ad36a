"""Full-text search for Para inside the server process, on tantivy."""

from __future__ import annotations
