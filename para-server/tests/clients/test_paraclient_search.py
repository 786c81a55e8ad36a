"""Para's Python client finds objects in every way it has."""

from __future__ import annotations

import pytest
from paraclient import ParaClient

from .helpers import an_object, ids, page_of


@pytest.fixture
def cats(client: ParaClient) -> ParaClient:
    """A client whose app has five cats, a dog, two places and two tags."""
    client.createAll([
        an_object("tom", name="Tom the cat", tags=["fat", "grey"], weight=9, mood="happy",
                  text="Tom sleeps on the warm roof of the old house all day"),
        an_object("kitty", name="Kitty the cat", tags=["grey"], weight=4, mood="happy",
                  text="Kitty sleeps under the warm roof of the new house"),
        an_object("felix", name="Felix", tags=["black"], weight=6, mood="wild", call="felix",
                  text="Felix hunts mice in the garden at night"),
        an_object("mia", name="Mia", tags=["black", "fat"], weight=10, mood="lazy"),
        an_object("noone", name="No one"),
        an_object("rex", "dog", name="Rex the dog", tags=["fat"], weight=30, call="rex"),
        an_object("sofia", "address", name="Home of Kitty", parentid="kitty", latlng="42.69,23.32",
                  address="Vitosha 1", country="BG"),
        an_object("paris", "address", name="Home of Tom", parentid="tom", latlng="48.85,2.35",
                  address="Rue 1", country="FR"),
        an_object("grey", "tag", tag="grey"),
        an_object("great", "tag", tag="great"),
    ])  # fmt: skip
    return client


def test_by_id(cats: ParaClient) -> None:
    assert cats.findById("rex").name == "Rex the dog"
    assert cats.findById("missing") is None
    assert sorted(ids(cats.findByIds(["rex", "tom", "missing"]))) == ["rex", "tom"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("*", ["felix", "kitty", "mia", "noone", "tom"]),
        ("kitty", ["kitty"]),
        ("properties.text:roof", ["kitty", "tom"]),
        ("warm AND roof NOT old", ["kitty"]),
        ('"old house"', ["tom"]),
        ("name:Fel*", ["felix"]),
        ("properties.weight:[5 TO 9]", ["felix", "tom"]),
        ("tags:black AND properties.mood:(wild OR lazy)", ["felix", "mia"]),
        ("nothing like this", []),
    ],
)
def test_by_query(cats: ParaClient, query: str, found: list[str]) -> None:
    pager = page_of()
    assert sorted(ids(cats.findQuery("cat", query, pager))) == found
    assert pager.count == len(found)


@pytest.mark.parametrize("kind", ["", None], ids=["empty", "none"])
def test_without_a_type_all_types_are_searched(cats: ParaClient, kind: str | None) -> None:
    assert sorted(ids(cats.findQuery(kind, "properties.call:(rex OR felix)"))) == ["felix", "rex"]


def test_an_unreadable_query_finds_nothing(cats: ParaClient) -> None:
    assert cats.findQuery("cat", "name:(unbalanced") == []


def test_the_order_is_by_value(cats: ParaClient) -> None:
    by_weight = page_of(sort="properties.weight", desc=True)
    heavy = ids(cats.findQuery("cat", "*", by_weight))
    assert heavy == ["mia", "tom", "felix", "kitty", "noone"]


def test_by_prefix(cats: ParaClient) -> None:
    assert sorted(ids(cats.findPrefix("cat", "name", "Kit"))) == ["kitty"]
    assert cats.findPrefix("cat", "name", "") == []


def test_by_wildcard(cats: ParaClient) -> None:
    assert ids(cats.findWildcard("cat", "name", "K*cat")) == ["kitty"]
    assert ids(cats.findWildcard("cat", "name", "M?a")) == ["mia"]
    assert sorted(ids(cats.findWildcard("cat", "tags", "bl?ck"))) == ["felix", "mia"]


def test_by_tags(cats: ParaClient) -> None:
    assert sorted(ids(cats.findTagged("cat", ["fat"]))) == ["mia", "tom"]
    assert ids(cats.findTagged("cat", ["fat", "grey"])) == ["tom"]
    assert cats.findTagged("cat", ["fat", "wild"]) == []
    assert sorted(ids(cats.findTagged("", ["fat"]))) == ["mia", "rex", "tom"]


def test_tags_by_their_beginning(cats: ParaClient) -> None:
    assert sorted(ids(cats.findTags("gre"))) == ["tag:great", "tag:grey"]
    assert ids(cats.findTags("grey")) == ["tag:grey"]
    assert len(cats.findTags("")) == 2


def test_by_terms(cats: ParaClient) -> None:
    fat_and_happy = {"tags": "fat", "properties.mood": "happy"}
    assert ids(cats.findTerms("cat", fat_and_happy)) == ["tom"]
    either = cats.findTerms("cat", fat_and_happy, matchall=False)
    assert sorted(ids(either)) == ["kitty", "mia", "tom"]
    assert sorted(ids(cats.findTerms("cat", {"properties.weight>": "6"}))) == ["mia", "tom"]
    assert cats.findTerms("cat", {}) == []


def test_by_terms_that_hold_any_text(client: ParaClient) -> None:
    client.create(an_object("cat1", mail="x+y@z.org", place="über: alles"))
    terms = {"properties.mail": "x+y@z.org", "properties.place": "über: alles"}
    assert ids(client.findTerms("cat", terms)) == ["cat1"]


def test_by_a_list_of_terms(cats: ParaClient) -> None:
    assert sorted(ids(cats.findTermInList("cat", "id", ["tom", "mia", "rex"]))) == ["mia", "tom"]
    moods = cats.findTermInList("cat", "properties.mood", ["wild", "lazy"])
    assert sorted(ids(moods)) == ["felix", "mia"]


def test_similar_ones(cats: ParaClient) -> None:
    like = "sleeps under the warm roof of a house"
    found = ids(cats.findSimilar("cat", "tom", ["properties.text"], like))
    assert found == ["kitty"]
    two_fields = cats.findSimilar("cat", "", ["properties.text", "properties.mood"], like)
    assert sorted(ids(two_fields)) == ["kitty", "tom"]


def test_nearby_places_and_their_parents(cats: ParaClient) -> None:
    assert ids(cats.findNearby("address", "*", 10, 42.7, 23.3)) == ["sofia"]
    assert ids(cats.findNearby("cat", "*", 10, 42.7, 23.3)) == ["kitty"]
    assert sorted(ids(cats.findNearby("address", "*", 3000, 45, 12))) == ["paris", "sofia"]
    assert cats.findNearby("address", "*", 10, 0, 0) == []


def test_nested_objects(cats: ParaClient) -> None:
    cats.link(an_object("tom"), "rex")
    assert ids(cats.findNestedQuery("linker", "name", '"Rex the dog"')) == ["cat:tom:dog:rex"]
    assert cats.findNestedQuery("linker", "name", "Felix") == []


def test_counts(cats: ParaClient) -> None:
    assert cats.getCount("cat") == 5
    assert cats.getCount("") == 10
    assert cats.getCount("cat", {"tags": "fat"}) == 2
    assert cats.getCount("cat", {"tags": "fat", "properties.mood": "lazy"}) == 1
    assert cats.getCount("cat", None) == cats.getCount("bird") == 0


def test_what_was_just_written_is_found(client: ParaClient) -> None:
    for number in range(20):
        client.create(an_object(f"cat{number}", name=f"number{number}"))
        assert ids(client.findQuery("cat", f"number{number}")) == [f"cat{number}"]
        assert client.getCount("cat") == 1
        client.delete(an_object(f"cat{number}"))
        assert client.findQuery("cat", f"number{number}") == []


def test_the_index_is_rebuilt(cats: ParaClient) -> None:
    answer = cats.rebuildIndex()
    assert answer["reindexed"] >= 10
    assert answer["tookMillis"] >= 0
    assert cats.getCount("cat") == 5
    assert cats.rebuildIndex("another")["reindexed"] >= 10
    assert ids(cats.findQuery("dog", "properties.call:rex")) == ["rex"]
