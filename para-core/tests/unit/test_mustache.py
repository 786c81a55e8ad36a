"""Texts with places in double braces."""

from __future__ import annotations

import time

import pytest

from para_core.mustache import TemplateError, fill_template

PAGE = "<html>{{test}}</html>"


def test_values_are_made_safe_only_where_that_is_asked_for() -> None:
    values = {"test": "<b>string</b>"}
    assert fill_template(PAGE, values) == "<html><b>string</b></html>"
    safe = fill_template(PAGE, values, escapes=True)
    assert safe == "<html>&lt;b&gt;string&lt;/b&gt;</html>"
    assert fill_template("{{{test}}} {{& test}}", values, escapes=True) == (
        "<b>string</b> <b>string</b>"
    )


@pytest.mark.parametrize(("template", "values"), [(None, {}), ("", {}), (" \n", {}), (PAGE, None)])
def test_without_a_template_or_values_the_text_is_empty(
    template: str | None, values: dict[str, object] | None
) -> None:
    assert fill_template(template, values) == ""


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{missing}}", ""),
        ("{{ name }}, {{age}}", "Ann, 7"),
        ("{{user.name}}{{user.none}}{{name.none}}", "Ben"),
        ("{{#yes}}a{{/yes}}{{#no}}b{{/no}}{{#empty}}c{{/empty}}{{#missing}}d{{/missing}}", "a"),
        ("{{^yes}}a{{/yes}}{{^no}}b{{/no}}{{^empty}}c{{/empty}}{{^missing}}d{{/missing}}", "bcd"),
        ("{{#tags}}<{{.}}>{{/tags}}{{^tags}}none{{/tags}}", "<a><b>"),
        ("{{#boats}}{{name}} of {{user.name}} {{/boats}}", "Cora of Ben Dora of Ben "),
        ("{{#user}}{{name}}{{age}}{{/user}}", "Ben7"),
        ("a{{! a note }}b", "ab"),
        ("begin\n{{#tags}}\n- {{.}}\n{{/tags}}\nend", "begin\n- a\n- b\nend"),
        ("{ {{name}} } {{", "{ Ann } {{"),
    ],
)
def test_a_template_is_filled(template: str, text: str) -> None:
    values = {
        "name": "Ann",
        "age": 7,
        "yes": True,
        "no": False,
        "empty": "",
        "tags": ["a", "b"],
        "user": {"name": "Ben"},
        "boats": [{"name": "Cora"}, {"name": "Dora"}],
    }
    assert fill_template(template, values) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{#a}}", "'a' has no end"),
        ("{{/a}}", "'a' ends where"),
        ("{{#a}}{{#b}}{{/a}}{{/b}}", "'a' ends where"),
        ("{{#a}}" * 51 + "{{/a}}" * 51, "more than 50"),
    ],
)
def test_sections_that_do_not_fit_together_are_an_error(template: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        fill_template(template, {})


@pytest.mark.parametrize(
    "template", ["{{" + " " * 20_000, "{{{" + " " * 20_000 + "}", "{{#" + "\n" * 20_000 + "}"]
)
def test_a_place_without_an_end_takes_no_time(template: str) -> None:
    began = time.thread_time()
    assert fill_template(template, {}) == template
    assert time.thread_time() - began < 1
