"""The queue in Amazon SQS, or in a server that speaks its protocol."""

from __future__ import annotations
