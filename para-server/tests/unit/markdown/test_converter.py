"""Markdown to HTML."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from para_server.markdown import MarkdownConverter

REL = 'rel="nofollow noreferrer"'
BOX = 'type="checkbox" class="task-list-item-checkbox"'
FIXED = 'disabled="disabled" readonly="readonly" />&nbsp;'
NO_AUDIO = "Your browser does not support the audio element.</audio>"
NO_VIDEO = "Your browser does not support the video element.</video>"
SOURCES = '<source src="u.mp4" type="video/mp4" /><source src="x" />'
MARKDOWN = MarkdownConverter()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param(
            "# Title\n\nSome *text* and **more**, `code`.",
            "<h1>Title</h1>\n<p>Some <em>text</em> and <strong>more</strong>,"
            " <code>code</code>.</p>\n",
            id="heading without an anchor",
        ),
        pytest.param(
            "a <b>bold</b> & <script>alert(1)</script>",
            "<p>a &lt;b&gt;bold&lt;/b&gt; &amp; &lt;script&gt;alert(1)&lt;/script&gt;</p>\n",
            id="HTML in a line",
        ),
        pytest.param("<center/>", "<p>&lt;center/&gt;</p>\n", id="HTML alone"),
        pytest.param(
            "<div>\n*x*\n</div>", "<p>&lt;div&gt;\n*x*\n&lt;/div&gt;</p>\n", id="block of HTML"
        ),
        pytest.param('"a" &copy; &nosuch;', "<p>&quot;a&quot; © &amp;nosuch;</p>\n", id="entities"),
        pytest.param("one\ntwo", "<p>one<br>two</p>\n", id="single line end"),
        pytest.param("one  \ntwo\\\n3", "<p>one<br />\ntwo<br />\n3</p>\n", id="hard breaks"),
        pytest.param(
            "- one\n- two\n  1. three\n",
            "<ul>\n<li>one</li>\n<li>two\n<ol>\n<li>three</li>\n</ol>\n</li>\n</ul>\n",
            id="list",
        ),
        pytest.param(
            "| a | b |\n|---|:-:|\n| 1 | 2 |\n",
            '<table>\n<thead>\n<tr><th>a</th><th align="center">b</th></tr>\n</thead>\n<tbody>\n'
            '<tr><td>1</td><td align="center">2</td></tr>\n</tbody>\n</table>\n',
            id="table",
        ),
        pytest.param(
            "| a | b |\n|:--|--:|\n| 1 |\n| 1 | 2 | 3 |",
            '<table>\n<thead>\n<tr><th align="left">a</th><th align="right">b</th></tr>\n</thead>\n'
            '<tbody>\n<tr><td align="left">1</td><td align="right"></td></tr>\n'
            '<tr><td align="left">1</td><td align="right">2</td></tr>\n</tbody>\n</table>\n',
            id="table with missing and surplus cells",
        ),
        pytest.param(
            "| a |\n|---|",
            "<table>\n<thead>\n<tr><th>a</th></tr>\n</thead>\n<tbody></tbody>\n</table>\n",
            id="table without rows",
        ),
        pytest.param(
            "~~gone~~\n\n- [x] done\n- [ ] open",
            '<p><del>gone</del></p>\n<ul>\n<li class="task-list-item">'
            f'<input {BOX} checked="checked" {FIXED}done</li>\n'
            f'<li class="task-list-item"><input {BOX} {FIXED}open</li>\n</ul>\n',
            id="struck out and tasks",
        ),
        pytest.param(
            "1. [X] a\n\n2. [x](b)",
            f'<ol>\n<li class="task-list-item">\n<p><input {BOX} checked="checked" {FIXED}a</p>\n'
            f'</li>\n<li>\n<p><a href="b" {REL}>x</a></p>\n</li>\n</ol>\n',
            id="loose tasks, and a link that looks like one",
        ),
        pytest.param(
            "```python\nprint(1 < 2)\n```",
            '<pre><code class="language-python">print(1 &lt; 2)\n</code></pre>\n',
            id="fence",
        ),
        pytest.param(
            "> said\n> so\n\n---\n\nafter",
            "<blockquote>\n<p>said<br>so</p>\n</blockquote>\n<hr />\n<p>after</p>\n",
            id="quote",
        ),
        pytest.param(
            ">>>\nsaid\n\n- so\n>>>\nafter",
            "<blockquote>\n<p>said</p>\n<ul>\n<li>so</li>\n</ul>\n</blockquote>\n<p>after</p>\n",
            id="fenced quote",
        ),
        pytest.param(
            "++a *b*++ {+c+} [+d+] {-e-} [-f-]",
            "<p><ins>a <em>b</em></ins> <ins>c</ins> <ins>d</ins> <del>e</del> <del>f</del></p>\n",
            id="inserted and deleted",
        ),
        pytest.param("C++ and D++, {+ x", "<p>C++ and D++, {+ x</p>\n", id="no insertion"),
        pytest.param("[-f-](u)", f'<p><a href="u" {REL}>-f-</a></p>\n', id="link between dashes"),
        pytest.param(
            ":+1: :nosuch: `:smile:`", "<p>👍 :nosuch: <code>:smile:</code></p>\n", id="emoji"
        ),
        pytest.param("", "", id="nothing"),
        pytest.param(" \n ", "", id="blank"),
    ],
)
def test_markdown_becomes_html(text: str, html: str) -> None:
    assert MARKDOWN.convert(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[fd](https://www.example.com)", f'<a href="https://www.example.com" {REL}>fd</a>'),
        (
            "https://www.example.com",
            f'<a href="https://www.example.com" {REL}>https://www.example.com</a>',
        ),
        ("www.example.com", f'<a href="https://www.example.com" {REL}>www.example.com</a>'),
        ("test@example.com", f'<a href="mailto:test@example.com" {REL}>test@example.com</a>'),
        ("<https://a.b>", f'<a href="https://a.b" {REL}>https://a.b</a>'),
        ("<me@a.b>", f'<a href="mailto:me@a.b" {REL}>me@a.b</a>'),
        ("[x](/a?b=c&d=e 't<i>')", f'<a href="/a?b=c&amp;d=e" title="t&lt;i&gt;" {REL}>x</a>'),
        ("[ref]\n\n[ref]: http://x.y", f'<a href="http://x.y" {REL}>ref</a>'),
        ("https://é.b/ü", f'<a href="https://é.b/ü" {REL}>https://é.b/ü</a>'),
        ("(https://a.b/c_(d)).", f'(<a href="https://a.b/c_(d)" {REL}>https://a.b/c_(d)</a>).'),
        ("**ftp://a.b**", f'<strong><a href="ftp://a.b" {REL}>ftp://a.b</a></strong>'),
        ("HTTPS://A.B", f'<a href="HTTPS://A.B" {REL}>HTTPS://A.B</a>'),
        ("mailto:x@y.z", f'mailto:<a href="mailto:x@y.z" {REL}>x@y.z</a>'),
        ("[https://a.b](https://c.d)", f'<a href="https://c.d" {REL}>https://a.b</a>'),
        ("a@b a.b.com xhttp://a awww.b.c", "a@b a.b.com xhttp://a awww.b.c"),
        ("`https://a.b`", "<code>https://a.b</code>"),
        (
            '![alt](https://a.b/i.png "t")',
            f'<img src="https://a.b/i.png" alt="alt" title="t" {REL} />',
        ),
    ],
)
def test_links_are_made_and_marked(text: str, html: str) -> None:
    assert MARKDOWN.convert(text).partition("\n")[0] == f"<p>{html}</p>"


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "&#106;avascript:alert(1)",
        "java&#10;script:alert(1)",
        "&#32;javascript:alert(1)",
        "java&Tab;script&colon;alert(1)",
    ],
)
def test_links_to_scripts_are_taken_away(target: str) -> None:
    assert MARKDOWN.convert(f"[x *y*]({target})") == "<p>x <em>y</em></p>\n"
    assert MARKDOWN.convert(f"![x]({target})") == "<p></p>\n"
    assert "<a" not in MARKDOWN.convert(f"[x]\n\n[x]: {target}")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "!A[a](u.mp3)",
            f'<audio title="a" controls=""><source src="u.mp3" type="audio/mpeg" />{NO_AUDIO}',
        ),
        (
            '!V["v"](u.mp4|x)',
            f'<video title="&quot;v&quot;" controls="">{SOURCES}{NO_VIDEO}',
        ),
        ("!P[p](u.png)", '<picture><img src="u.png" alt="p" /></picture>'),
        ("!E[e](https://u)", '<embed title="e" src="https://u" />'),
        ("!E[e](javascript:x)", "!Ee"),
        ("!E[e](/local)", f'!E<a href="/local" {REL}>e</a>'),
        ("!V[v](u.mp4|javascript:x)", f'!V<a href="u.mp4|javascript:x" {REL}>v</a>'),
    ],
)
def test_media_become_tags(text: str, html: str) -> None:
    assert MARKDOWN.convert(text) == f"<p>{html}</p>\n"


@pytest.mark.parametrize(
    ("url", "is_followed"),
    [
        ("https://allow.example.com", True),
        ("https://ALLOW.example.com:8080/x", True),
        ("https://allow.example2.com", False),
        ("https://www2.example2.com", False),
        ("https://www.example2.com", True),
        ("https://allow.example.com@evil.com", False),
        ("mailto:x@allow.example.com", False),
    ],
)
def test_links_to_followed_hosts_are_not_marked(url: str, *, is_followed: bool) -> None:
    domains = ["allow.example.com", "www.example2.com"]
    html = MarkdownConverter(follow_domains=domains).convert(f"[x]({url})")
    assert ("rel=" not in html) is is_followed


def test_the_soft_break_is_configurable() -> None:
    assert MarkdownConverter(soft_break=" ").convert("a\nb") == "<p>a b</p>\n"


class _Tags(HTMLParser):
    """Collects tags and the attributes that could run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.targets: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.targets += [value or "" for name, value in attrs if name in {"href", "src"}]


SIGNS = [
    "<",
    ">",
    '"',
    "'",
    "[",
    "]",
    "(",
    ")",
    "!",
    "`",
    "*",
    "|",
    "\\",
    "=",
    ":",
    "#",
    "~~",
    "++",
]
LONGER = ["javascript:", "&#10;", "&lt;", "<img src=x onerror=y>", "<a href=", "{+", "+}", "- [x] "]
WORDS = ["script", "onclick", "a", " ", "\n", "\n\n", "https://a.b", "x@y.z", "!A", "<!--", "-->"]
PIECES = st.sampled_from([*SIGNS, *LONGER, *WORDS])


@given(st.lists(PIECES, max_size=14).map("".join))
def test_what_people_write_never_becomes_a_script(text: str) -> None:
    tags = _Tags()
    tags.feed(MARKDOWN.convert(text))
    tags.close()
    assert tags.tags.isdisjoint({"script", "iframe", "style", "object", "svg"})
    assert not [name for name in tags.attributes if name.startswith("on") or name == "style"]
    assert not [url for url in tags.targets if url.strip().lower().startswith("javascript:")]


ODD = ["{+" * 20_000, "++" * 20_001, "!A[" * 20_000, "a" * 100_000, "www." * 20_000]
ODDER = ["a@" * 20_000, "https://a" + ")" * 50_000, ":" * 50_000, "[" * 10_000, ">>>\n" * 2001]


@pytest.mark.parametrize("text", [*ODD, *ODDER], ids=lambda text: text[:6])
def test_odd_texts_take_no_longer_than_others(text: str) -> None:
    start = time.thread_time()
    MARKDOWN.convert(text)
    assert time.thread_time() - start < 3
