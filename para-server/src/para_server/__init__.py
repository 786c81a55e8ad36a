"""The HTTP process of Para: REST, sign-in, permissions, workers and the command line."""

from __future__ import annotations
