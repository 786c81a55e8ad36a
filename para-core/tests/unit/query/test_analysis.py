"""Words of a text: the samples of Unicode segmentation that people notice."""

from __future__ import annotations

import pytest

from para_core.query.analysis import MAX_WORD, analyse, fold

SAMPLES = {
    "The O'Neil's wi-fi user_name foo.bar": "the o'neil's wi fi user_name foo.bar",
    "3.14 1,000 50% $5.00 -5 v1.2.3 1a 1e10": "3.14 1,000 50 5.00 5 v1.2.3 1a 1e10",
    "bob@example.com http://ex.com/p?q=1": "bob example.com http ex.com p q 1",
    "10:30 2020-01-02 12/31/2020": "10 30 2020 01 02 12 31 2020",
    "C++ C# .NET #tag @home R&D e.g. U.S.A.": "c c net tag home r d e.g u.s.a",
    "Ünïcödé STRASSE ß İstanbul camelCase": "ünïcödé strasse ß istanbul camelcase",
    "日本語 テスト ひら 한국어": "日 本 語 テスト ひ ら 한국어",
    "emoji 😀 rocket🚀 don't can\u2019t": "emoji 😀 rocket 🚀 don't can\u2019t",
    "a.b.1 1.a.b a_1 _a_ ___ a:b 1:2": "a.b 1 1 a.b a_1 _a_ a:b 1 2",
    "'quoted' a''b a..b 1,,2 1,a": "quoted a b a b 1 2 1 a",
    "ΜΕΓΑΣ ΟΔΟΣ": "μεγασ οδοσ",
    "тест, ёлка; Ёж-1": "тест ёлка ёж 1",
    "e\u0301te\u0301 na\u00efve": "e\u0301te\u0301 naïve",
    "ประเทศไทย ลาว": "ประเทศไทย ลาว",
    "\u0663\u066b\u0661\u0664 १२३ x²": "\u0663\u066b\u0661\u0664 १२३ x",
    "🇧🇬🇩🇪 👩‍👩‍👧 👍🏽 1️⃣": "🇧🇬 🇩🇪 👩‍👩‍👧 👍🏽 1️⃣",
    "© 2024 Acme™": "© 2024 acme ™",
    "\t\n !!! … — “”": "",
}


@pytest.mark.parametrize("text", SAMPLES)
def test_a_text_is_cut_into_words(text: str) -> None:
    assert " ".join(analyse(text)) == SAMPLES[text]


def test_words_come_in_their_order_and_as_often_as_they_occur() -> None:
    assert analyse("Ferry ferry, FERRY") == ["ferry", "ferry", "ferry"]


@pytest.mark.parametrize("letter", ["x", "ж"])
def test_long_words_are_cut_into_pieces(letter: str) -> None:
    assert [len(word) for word in analyse(letter * 600 + " a")] == [MAX_WORD, MAX_WORD, 90, 1]


@pytest.mark.parametrize(
    ("text", "folded"), [("İI", "ii"), ("ΟΔΟΣ", "οδοσ"), ("ẞß", "ßß"), ("Wi-Fi*", "wi-fi*")]
)
def test_folding_keeps_the_number_of_characters(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_ascii_texts_are_cut_the_same_way_inside_unicode_texts() -> None:
    text = "It's v1.2.3 of a_b (C++), e.g. http://x.y:80/p?a=1&b=2,000.5; 'no' ___ _1 a.1 -- 5%"
    assert analyse(text + " é") == [*analyse(text), "é"]
