"""Webhooks: events of apps, taken from the change feed and posted to other systems."""

from __future__ import annotations
