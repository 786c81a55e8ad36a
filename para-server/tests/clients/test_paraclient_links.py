"""Para's Python client links objects, lists children, and votes."""

from __future__ import annotations

import pytest
from paraclient import ParaClient, ParaObject

from .helpers import an_object, ids, page_of


@pytest.fixture
def tom(client: ParaClient) -> ParaObject:
    """A cat with three dogs and a bird around, none of them linked yet."""
    client.createAll([
        an_object("rex", "dog", name="Rex", about="a small one"),
        an_object("bello", "dog", name="Bello", about="a large one"),
        an_object("hasso", "dog", name="Hasso", about="a large one"),
        an_object("tweety", "bird", name="Tweety"),
        an_object("kitty", name="Kitty"),
    ])  # fmt: skip
    return client.create(an_object("tom", name="Tom"))


def test_a_link_is_seen_from_both_sides(client: ParaClient, tom: ParaObject) -> None:
    assert client.link(tom, "rex") == "cat:tom:dog:rex"
    rex = client.read("dog", "rex")
    assert client.isLinked(tom, "dog", "rex")
    assert client.isLinkedToObject(tom, rex)
    assert client.isLinkedToObject(rex, tom)
    assert ids(client.getLinkedObjects(tom, "dog")) == ["rex"]
    assert ids(client.getLinkedObjects(rex, "cat")) == ["tom"]
    assert client.countLinks(tom, "dog") == client.countLinks(rex, "cat") == 1
    assert not client.isLinked(tom, "dog", "bello")
    assert client.getLinkedObjects(tom, "bird") == []


def test_links_between_equal_types_work_in_both_directions(
    client: ParaClient, tom: ParaObject
) -> None:
    client.link(tom, "kitty")
    kitty = client.read("cat", "kitty")
    assert ids(client.getLinkedObjects(tom, "cat")) == ["kitty"]
    assert ids(client.getLinkedObjects(kitty, "cat")) == ["tom"]
    assert client.isLinkedToObject(kitty, tom)


def test_what_is_not_there_is_not_linked(client: ParaClient, tom: ParaObject) -> None:
    assert client.link(tom, "missing") is None
    assert client.countLinks(tom, "dog") == 0
    assert client.link(an_object("missing"), "rex") is None


def test_linked_objects_are_searched(client: ParaClient, tom: ParaObject) -> None:
    for key in ("rex", "bello", "tweety"):
        client.link(tom, key)
    client.link(client.read("cat", "kitty"), "hasso")
    assert ids(client.findLinkedObjects(tom, "dog", "properties.about", "large")) == ["bello"]
    assert ids(client.findLinkedObjects(tom, "dog", "name", "Rex")) == ["rex"]
    pager = page_of(1)
    assert len(client.findLinkedObjects(tom, "dog", pager=pager)) == 1
    assert pager.count == 2


def test_links_have_pages(client: ParaClient, tom: ParaObject) -> None:
    for key in ("rex", "bello", "hasso"):
        client.link(tom, key)
    pager = page_of(2)
    first = client.getLinkedObjects(tom, "dog", pager)
    assert (len(first), pager.count) == (2, 3)
    second = client.getLinkedObjects(tom, "dog", page_of(2, page=2))
    assert sorted(ids(first) + ids(second)) == ["bello", "hasso", "rex"]


def test_one_link_is_removed(client: ParaClient, tom: ParaObject) -> None:
    for key in ("rex", "bello"):
        client.link(tom, key)
    client.unlink(tom, "dog", "rex")
    assert not client.isLinked(tom, "dog", "rex")
    assert ids(client.getLinkedObjects(tom, "dog")) == ["bello"]
    assert client.read("dog", "rex") is not None


def test_all_links_are_removed(client: ParaClient, tom: ParaObject) -> None:
    dogs = [an_object(f"dog{number}", "dog") for number in range(35)]
    client.createAll(dogs)
    for dog in dogs:
        client.link(tom, dog.id)
    client.link(tom, "tweety")
    client.unlinkAll(tom)
    assert client.countLinks(tom, "dog") == client.countLinks(tom, "bird") == 0


@pytest.fixture
def children(client: ParaClient, tom: ParaObject) -> ParaClient:
    """A client whose app has a cat with two toys and a nap, and a toy of another cat."""
    client.createAll([
        an_object("ball", "toy", name="ball", parentid=tom.id, color="red"),
        an_object("mouse", "toy", name="mouse", parentid=tom.id, color="grey"),
        an_object("string", "toy", name="string", parentid="kitty", color="red"),
        an_object("nap", "nap", parentid=tom.id),
    ])  # fmt: skip
    return client


def test_children_are_listed(children: ParaClient, tom: ParaObject) -> None:
    assert sorted(ids(children.getChildren(tom, "toy", "", ""))) == ["ball", "mouse"]
    filtered = children.getChildren(tom, "toy", "properties.color", "red")
    assert ids(filtered) == ["ball"]
    assert children.countChildren(tom, "toy") == 2
    assert children.countChildren(tom, "bird") == 0


def test_children_are_searched(children: ParaClient, tom: ParaObject) -> None:
    assert ids(children.findChildren(tom, "toy", "properties.color:grey")) == ["mouse"]
    pager = page_of(1)
    assert len(children.findChildren(tom, "toy", "*", pager)) == 1
    assert pager.count == 2


def test_children_are_deleted(children: ParaClient, tom: ParaObject) -> None:
    children.createAll([an_object(f"toy{n}", "toy", parentid=tom.id) for n in range(40)])
    children.deleteChildren(tom, "toy")
    assert children.countChildren(tom, "toy") == 0
    assert ids(children.list("toy")) == ["string"]
    assert children.read("nap", "nap") is not None


def test_a_vote_counts_once(client: ParaClient, tom: ParaObject) -> None:
    assert client.voteUp(tom, "user1")
    assert not client.voteUp(tom, "user1")
    assert client.voteUp(tom, "user2")
    assert client.read("cat", "tom").votes == 2
    assert client.read(id_="vote:user1:tom").value == "up"


def test_a_vote_is_taken_back_and_turned(client: ParaClient, tom: ParaObject) -> None:
    assert client.voteUp(tom, "user1")
    assert client.voteDown(tom, "user1")
    assert client.read("cat", "tom").votes == 0
    assert client.voteDown(tom, "user1")
    assert client.read("cat", "tom").votes == -1


def test_nobody_votes_for_themselves(client: ParaClient) -> None:
    own = client.create(an_object("own", creatorid="user1"))
    assert not client.voteUp(own, "user1")
    assert not client.voteUp(own, "own")
    assert not client.voteDown(own, "")
    assert client.read("cat", "own").votes == 0
