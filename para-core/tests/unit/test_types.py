"""Names of types, and the ids and paths made from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from para_core.types import (
    CORE_TYPES,
    SINGULARS,
    app_id,
    app_identifier,
    clean_type,
    object_uri,
    plural_of,
    registration_of,
    registry_name,
    tag_id,
    tag_text,
)

SYMBOLS = "? @$%^&>?<~`|\\;:/>="
MORE_SYMBOLS = "? @#$%^&>?<~`|\\;:./>-="


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("user", "users"),
        ("recipe", "recipes"),
        ("recipes", "recipes"),
        ("city", "cities"),
        ("cities", "cities"),
        ("address", "addresses"),
        ("class", "classes"),
        ("box", "boxs"),
        ("boy", "boies"),
        ("news", "newses"),
        ("cats", "catses"),
        ("Y", "Ys"),
        ("c++", "c++s"),
        ("two words", "two wordses"),
        ("123", "123s"),
        ("тип", "тип"),
        ("café", "café"),
        ("tab\t", "tab\t"),
        ("", ""),
        (" ", " "),
    ],
)
def test_a_plural_follows_the_rules_of_the_clients(kind: str, plural: str) -> None:
    assert plural_of(kind) == plural


def test_the_plurals_of_core_types_follow_the_same_rules() -> None:
    assert {kind: plural_of(kind) for kind in CORE_TYPES} == CORE_TYPES
    assert {plural: kind for kind, plural in CORE_TYPES.items()} == SINGULARS


@pytest.mark.parametrize(
    ("kind", "cleaned"),
    [
        ("__x#y/z", "xyz"),
        ("_a_b", "a_b"),
        ("_", "sysprop"),
        ("", "sysprop"),
        ("  ", "sysprop"),
        ("/#", "sysprop"),
        ("PARA", "sysprop"),
        ("Search", "sysprop"),
        ("_utils", "sysprop"),
        ("utility", "utility"),
        ("a b", "a b"),
        ("#_x", "x"),
        ("My_Type", "My_Type"),
    ],
)
def test_a_stored_type_has_no_sign_with_a_meaning_in_paths(kind: str, cleaned: str) -> None:
    assert clean_type(kind) == cleaned


@given(st.text())
def test_cleaning_a_type_twice_changes_nothing_more(kind: str) -> None:
    assert clean_type(clean_type(kind)) == clean_type(kind)


@pytest.mark.parametrize(
    ("kind", "entry"),
    [
        ("My Type!", ("my-type-s", "my-type")),
        ("a_b", ("a-bs", "a-b")),
        ("тип", ("тип", "тип")),
        ("Day", ("daies", "day")),
        ("c++", ("c-s", "c")),
        ("two words", ("two-wordses", "two-words")),
        ("boxes", ("boxes", "boxes")),
        ("++", None),
        ("user", None),
        ("User", None),
        ("users", ("userses", "users")),
        ("addresses", None),
    ],
)
def test_an_app_lists_a_new_type_under_clean_names(
    kind: str, entry: tuple[str, str] | None
) -> None:
    assert registration_of(kind, {}) == entry


@pytest.mark.parametrize(
    ("kind", "datatypes"),
    [
        pytest.param("cat", {"cats": "cat"}, id="the plural is there"),
        pytest.param("cat", {"felines": "cat"}, id="the singular is there"),
        pytest.param("cat", {"dogs": "dog", "cows": "cow"}, id="the app has its fill"),
    ],
)
def test_an_app_lists_no_type_twice_and_none_beyond_its_limit(
    kind: str, datatypes: dict[str, str]
) -> None:
    assert registration_of(kind, datatypes, limit=2) is None
    assert registration_of("owl", {"cats": "cat"}, limit=2) == ("owls", "owl")


@given(st.text())
def test_cleaning_a_registry_name_twice_changes_nothing_more(kind: str) -> None:
    assert registry_name(registry_name(kind)) == registry_name(kind)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("test1", "tag:test1"),
        ("A123", "tag:a123"),
        ("C ++", "tag:c-++"),
        ("+-#-+971507107546-#abortio", "tag:971507107546-#abortio"),
        ("node.js", "tag:node.js"),
        ("#-+971507107546-#abortio+", "tag:971507107546-#abortio+"),
        ("c#", "tag:c#"),
        ("# +971507107546 #abortio+", "tag:971507107546-#abortio+"),
        ("D--", "tag:d--"),
        ("tag:tag-test1", "tag:tag-test1"),
        (".NET", "tag:net"),
        ("-x-", "tag:x-"),
        ("a_b", "tag:a-b"),
        ("a,b", "tag:a-b"),
        ("a/b", "tag:a-b"),
        ("a:b", "tag:a-b"),
        ("First Tag", "tag:first-tag"),
        ("日本語", "tag:日本語"),
        ("tag:tag:deep", "tag:deep"),
        ("", "tag:"),
        ("#", "tag:"),
        (None, "tag:"),
        (f"tag:tag:test tag {SYMBOLS} COOL", "tag:test-tag-cool"),
        (f"tag {SYMBOLS} COOL", "tag:tag-cool"),
    ],
)
def test_the_id_of_a_tag_is_its_cleaned_text(text: str | None, key: str) -> None:
    assert tag_id(text) == key


def test_the_text_of_a_tag_keeps_the_word_tag() -> None:
    assert tag_text(f"tag:test tag {SYMBOLS} COOL") == "tag-test-tag-cool"


@given(st.text())
def test_the_id_of_a_tag_id_is_itself(text: str) -> None:
    assert tag_id(tag_id(text)) == tag_id(text)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("test app", "app:test-app"),
        ("app:test app", "app:test-app"),
        (" test-app", "app:test-app"),
        ("  test-app  ", "app:test-app"),
        (f"app:app:test app {MORE_SYMBOLS} COOL", "app:test-app-cool"),
        (f"test app {MORE_SYMBOLS} COOL", "app:test-app-cool"),
        ("Тест 123", "app:123"),
        ("leones de león", "app:leones-de-len"),
        ("a_b", "app:a-b"),
        ("a--b", "app:a-b"),
        ("a.b/c", "app:a-b-c"),
        ("ה", None),
        ("", None),
        (":", None),
        ("app:", None),
        (None, None),
    ],
)
def test_the_id_of_an_app_has_ascii_words_and_dashes(text: str | None, key: str | None) -> None:
    assert app_id(text) == key
    assert app_identifier(text) == (key or "app:").removeprefix("app:")


@given(st.text())
def test_the_id_of_an_app_id_is_itself(text: str) -> None:
    assert app_id(app_id(text)) == app_id(text)


@pytest.mark.parametrize(
    ("kind", "key", "uri"),
    [
        ("user", "572040968316915712", "/users/572040968316915712"),
        ("tag", "tag1", "/tags/tag1"),
        ("tag", "日本語", "/tags/%E6%97%A5%E6%9C%AC%E8%AA%9E"),
        ("tag", "c-++", "/tags/c-%2B%2B"),
        ("vote", None, "/votes"),
        ("sysprop", None, "/sysprops"),
        ("sysprop", " ", "/sysprops"),
        ("тип", "уникод", "/%D1%82%D0%B8%D0%BF/%D1%83%D0%BD%D0%B8%D0%BA%D0%BE%D0%B4"),
        ("profile", "753344895351001088:profile", "/profiles/753344895351001088%3Aprofile"),
        ("app", "app:myapp", "/apps/app%3Amyapp"),
        ("two words", "1", "/two%20wordses/1"),
        ("map", "a!b'c(d)e*f", "/maps/a%21b%27c%28d%29e*f"),
        ("map", "~a-b_c.d", "/maps/%7Ea-b_c.d"),
        ("map", "a@b$c&d=e,f", "/maps/a%40b%24c%26d%3De%2Cf"),
        ("map", "a%20b", "/maps/a%2520b"),
        ("file", "file.txt-^><±_|'", "/files/file.txt-%5E%3E%3C%C2%B1_%7C%27"),
        ("crate", "c/d e", "/crates/c%2Fd%20e"),
        ("file", "\ud800", "/files/%3F"),
    ],
)
def test_the_path_of_an_object_is_its_encoded_plural_and_id(
    kind: str, key: str | None, uri: str
) -> None:
    assert object_uri(kind, key) == uri


def test_long_types_have_plurals_and_paths_too() -> None:
    long = "x" * 100_000
    assert plural_of(long) == f"{long}s"
    assert object_uri(long, "1") == f"/{long}s/1"


def test_very_long_types_are_not_registered() -> None:
    assert registration_of("x" * 255, {}) == ("x" * 255 + "s", "x" * 255)
    assert registration_of("x" * 256, {}) is None
