"""Markdown to HTML that is safe to show: what people write never becomes a tag or a script."""

from __future__ import annotations

from para_server.markdown.converter import MarkdownConverter

__all__ = ["MarkdownConverter"]
