"""The converter: which extensions are on, and how HTML is written."""

from __future__ import annotations

from collections.abc import Collection

from markdown_it import MarkdownIt

from para_server.markdown.emojis import add_emojis
from para_server.markdown.inserts import add_inserts
from para_server.markdown.links import add_links
from para_server.markdown.media import add_media
from para_server.markdown.quotes import add_fenced_quotes
from para_server.markdown.shapes import add_shapes
from para_server.markdown.tasks import add_tasks

__all__ = ["MarkdownConverter"]


class _Markdown(MarkdownIt):
    """Keeps the targets of links as they were written; ``links`` takes the dangerous ones away."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the name of markdown-it
        return True

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - the name of markdown-it
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - the name of markdown-it
        return link


class MarkdownConverter:
    """Turns Markdown into HTML; one instance serves all requests, from several threads too.

    CommonMark with tables, ``~~struck~~``, ``++inserted++``, ``{+inserted+}``, ``{-deleted-}``,
    task lists, ``>>>`` around quotes, bare addresses as links, emoji codes, and tags for audio,
    video, pictures and embedded pages. HTML in the text is escaped, headings carry no anchor, and
    links to scripts are taken away.
    """

    def __init__(self, *, soft_break: str = "<br>", follow_domains: Collection[str] = ()) -> None:
        """Set the converter up.

        Args:
            soft_break: HTML that stands for a single line end in a paragraph.
            follow_domains: Hosts whose links are not marked ``nofollow``.
        """
        self._markdown = _Markdown("commonmark", {"xhtmlOut": True})
        self._markdown.enable(["table", "strikethrough"])
        self._markdown.add_render_rule("softbreak", lambda *_: soft_break)
        add_fenced_quotes(self._markdown)
        add_inserts(self._markdown)
        add_shapes(self._markdown)  # before what adds HTML of its own, since it escapes all HTML
        add_media(self._markdown)
        add_tasks(self._markdown)
        add_links(self._markdown, frozenset(domain.strip().lower() for domain in follow_domains))
        add_emojis(self._markdown)

    def convert(self, text: str | None) -> str:
        """The HTML of a text; empty when the text is missing or blank."""
        if text is None or not text.strip():
            return ""
        html: str = self._markdown.render(text)
        return html
