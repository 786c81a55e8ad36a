"""The mails that the server writes itself."""

from __future__ import annotations

import pytest

from para_core.html_text import lines_of_html
from para_server.mail.templates import CONFIRM, RESET, fill

VALUES = {"app": "Ann's <orchard> & more", "link": "https://a.test/?id=a&token=b", "minutes": "30"}


@pytest.mark.parametrize("template", [CONFIRM, RESET], ids=["confirm", "reset"])
def test_a_mail_names_the_app_and_the_link(template: str) -> None:
    subject, html = fill(template, VALUES)
    assert subject.endswith("for Ann's <orchard> & more")
    assert '<a href="https://a.test/?id=a&amp;token=b">' in html
    assert "<orchard>" not in html
    text = lines_of_html(html)
    assert "https://a.test/?id=a&token=b" in text
    assert "within 30 minutes" in text
    assert "{" not in html.partition("</head>")[2]


def test_a_template_may_be_anything() -> None:
    assert fill("<p>{{ app }}{{none}}{{App}}{{ }}</p>", {"app": "x"}) == (
        "",
        "<p>x{{App}}{{ }}</p>",
    )
    assert fill("<TITLE>\n a\n b </TITLE>", {})[0] == "a b"
    assert fill("{{app}}", {"app": "{{link}}", "link": "x"})[1] == "{{link}}"
