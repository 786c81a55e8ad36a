"""Messages with numbered places."""

from __future__ import annotations

import pytest

from para_core.messages import format_message


@pytest.mark.parametrize(
    ("message", "values", "text"),
    [
        (None, ["x"], ""),
        ("", ["x"], ""),
        (" ", ["x"], ""),
        ("test", ["one"], "test"),
        ("test {0}", ["two"], "test two"),
        ("Hello {0}, you have {1} mails", ["Ann", "5"], "Hello Ann, you have 5 mails"),
        ("{1}{0}{1}", ["a", "b"], "bab"),
        ("it's {0}", [1234], "it's 1,234"),
        ("it's '{0}'", ["x"], "it's 'x'"),
        ("''{0}''", ["a"], "''a''"),
        ("{0} {1}", ["a"], "a {1}"),
        ("{01} {02}", ["a", "b"], "b {2}"),
        ("{+0}", ["a"], "a"),
        ("{0} {0}", ["z"], "z z"),
        ("{0}", [None], "null"),
        ("{0}", [True], "true"),
        ("{0}", ["a", "b"], "a"),
        ("hi {0}", [], "hi {0}"),
        ("{x}", ["a"], "{x}"),
        ("it's {x}", ["a"], "it''s {x}"),
        ("it's {0", ["a"], "it''s {0"),
        ("open { brace", ["x"], "open { brace"),
        ("a}b", ["x"], "a}b"),
        ("a } b", ["x"], "a } b"),
        ("{0}}", ["a"], "a}"),
        ("{{0}}", ["a"], "{{0}}"),
        ("{}", ["a"], "{}"),
        ("{ 0 }", ["a"], "{ 0 }"),
        ("{-1}", ["a"], "{-1}"),
        ("{99999999999}", ["a"], "{99999999999}"),
        ("{0,}", ["a"], "a"),
        ("{0,number}", [5], "5"),
        ("{0, Number , integer}", [1234.5], "1,234"),
        ("{0,number,percent}", [0.256], "26%"),
        ("{0,number}", ["12"], "{0,number}"),
        ("{0,number,#.##}", ["12"], "{0,number,#.##}"),
        ("{0,number}", [None], "null"),
        ("{1,number}", ["a"], "{1}"),
        ("{0,date}", ["a"], "{0,date}"),
        ("{0,foo}", ["a"], "{0,foo}"),
        ("{0,choice,0#a|1#b}", ["a"], "{0,choice,0#a|1#b}"),
        ("<{0}>", ["{0}"], "<{0}>"),
        ("Здравей, {0}!", ["мир"], "Здравей, мир!"),
    ],
)
def test_places_are_filled_or_stay(message: str | None, values: list[object], text: str) -> None:
    assert format_message(message, values) == text
