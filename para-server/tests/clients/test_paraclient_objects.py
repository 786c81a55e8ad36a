"""Para's Python client stores, reads, changes and lists objects."""

from __future__ import annotations

import pytest
from paraclient import ParaClient

from .helpers import an_object, ids, page_of

ODD_IDS = {
    "blanks and signs": "x 1+2%é(y)*'!~&=?#",
    "slashes": "a/b/../c",
    "colons": "user:1:profile",
    "dots": "..cat..",
    "Unicode": "čaj-🍵-茶",
    "300 characters": "x" * 300,
}


def test_the_version_is_of_the_line_that_clients_know(client: ParaClient) -> None:
    assert client.getServerVersion().startswith("1")


def test_an_app_sees_itself(client: ParaClient, keys: dict[str, str]) -> None:
    for app in (client.me(), client.getApp()):
        assert (app.type, app.id) == ("app", keys["accessKey"])
        assert "secret" not in app.__dict__


def test_a_wrong_secret_opens_nothing(client: ParaClient, keys: dict[str, str]) -> None:
    stranger = ParaClient(keys["accessKey"], "wrong")
    stranger.setEndpoint(client.getEndpoint())
    assert stranger.me() is None
    assert stranger.create(an_object("cat1")) is None
    assert client.read("cat", "cat1") is None


def test_an_object_without_id_gets_one(client: ParaClient) -> None:
    made = client.create(an_object(None, name="Kitty", weight=4.5, toys=["ball", {"mouse": True}]))
    assert made.id.isdigit()
    assert made.timestamp > 0
    read = client.read("cat", made.id)
    assert (read.name, read.weight, read.toys) == ("Kitty", 4.5, ["ball", {"mouse": True}])
    assert read.type == "cat"


def test_an_object_with_an_id_keeps_it(client: ParaClient) -> None:
    assert client.create(an_object("cat1", name="Kitty")).id == "cat1"
    assert client.read("cat", "cat1").name == "Kitty"
    assert client.read(id_="cat1").name == "Kitty"


def test_what_is_not_there_is_none(client: ParaClient) -> None:
    assert client.read("cat", "missing") is None
    assert client.read(id_="missing") is None
    assert client.update(an_object("missing", name="x")) is None
    client.delete(an_object("missing"))


@pytest.mark.parametrize("key", ODD_IDS.values(), ids=ODD_IDS)
def test_any_id_can_be_addressed(client: ParaClient, key: str) -> None:
    assert client.create(an_object(key, name="first")).id == key
    assert client.read("cat", key).name == "first"
    assert client.read(id_=key).name == "first"
    assert client.update(an_object(key, name="second")).name == "second"
    client.delete(an_object(key))
    assert client.read("cat", key) is None


def test_a_tag_is_found_under_its_own_id(client: ParaClient) -> None:
    made = client.create(an_object("test1", "tag"))
    assert (made.id, made.tag) == ("tag:test1", "test1")
    assert client.read("tag", "test1").id == client.read("tag", "tag:test1").id == "tag:test1"
    assert client.read(id_="tag:test1").tag == "test1"


def test_an_update_changes_what_it_names(client: ParaClient) -> None:
    made = client.create(an_object("cat1", name="Kitty", color="grey", weight=4))
    made.weight = 5
    assert client.update(made).weight == 5
    part = an_object("cat1", tags=["fat"])
    changed = client.update(part)
    assert (changed.name, changed.color, changed.weight) == ("Kitty", "grey", 5)
    assert changed.tags == ["fat"]
    assert changed.updated >= made.timestamp
    assert client.read("cat", "cat1").tags == ["fat"]


def test_an_overwritten_object_loses_what_is_not_sent(client: ParaClient) -> None:
    client.create(an_object("cat1", name="Kitty", color="grey"))
    client.create(an_object("cat1", name="Tom"))
    read = client.read("cat", "cat1")
    assert read.name == "Tom"
    assert "color" not in read.__dict__


def test_a_stale_version_is_refused(client: ParaClient) -> None:
    client.create(an_object("cat1", name="Kitty", version=1))
    first, second = client.read("cat", "cat1"), client.read("cat", "cat1")
    first.name = "Tom"
    assert client.update(first).version == 2
    second.name = "stale"
    assert client.update(second) is None
    assert client.read("cat", "cat1").name == "Tom"


def test_a_deleted_object_is_gone(client: ParaClient) -> None:
    made = client.create(an_object("cat1"))
    client.delete(made)
    assert client.read("cat", "cat1") is None
    assert client.list("cat") == []


def test_batches_keep_their_order(client: ParaClient) -> None:
    names = [f"cat{number}" for number in (3, 1, 2)]
    made = client.createAll([an_object(name, name=name) for name in names])
    assert ids(made) == names
    assert ids(client.readAll(["cat2", "missing", "cat3", "cat1"])) == ["cat2", "cat3", "cat1"]
    changed = client.updateAll([an_object("cat3", name="third"), an_object("missing", name="x")])
    assert ids(changed) == ["cat3"]
    assert client.read("cat", "cat3").name == "third"
    client.deleteAll(["cat1", "missing", "cat2"])
    assert ids(client.readAll(names)) == ["cat3"]


def test_of_nothing_nothing_is_asked(client: ParaClient) -> None:
    assert client.createAll([]) == client.readAll([]) == client.updateAll([]) == []
    client.deleteAll([])


def test_repeated_parameters_may_hold_any_text(client: ParaClient) -> None:
    """This client signs repeated parameters in a way of its own; see the specification, §3.3."""
    odd = ["vote:1:2", "x@y.org", "a b+c", "é%"]
    client.createAll([an_object(key) for key in odd])
    assert ids(client.readAll(odd)) == odd
    client.deleteAll(odd[:2])
    assert ids(client.readAll(odd)) == odd[2:]


def test_a_thousand_objects_go_through_one_batch(client: ParaClient) -> None:
    made = client.createAll([an_object(f"cat{n}", name=f"Cat {n}", n=n) for n in range(1000)])
    assert len(made) == 1000
    assert client.getCount("cat") == 1000
    pager = page_of(1)
    client.list("cat", pager)
    assert pager.count == 1000


def test_a_list_has_pages(client: ParaClient) -> None:
    client.createAll([an_object(f"cat{n}", name=f"Cat {n}", timestamp=1000 + n) for n in range(7)])
    newest = page_of(3)
    assert ids(client.list("cat", newest)) == ["cat6", "cat5", "cat4"]
    assert newest.count == 7
    assert ids(client.list("cat", page_of(3, page=3))) == ["cat0"]
    assert ids(client.list("cat", page_of(2, desc=False))) == ["cat0", "cat1"]
    assert ids(client.list("cats", page_of(1))) == ["cat6"]
    assert client.list("dog") == []


def test_a_cursor_meets_every_object_once(client: ParaClient) -> None:
    client.createAll([an_object(f"cat{n}") for n in range(95)])
    pager, sizes, met = page_of(30, sort="_docid", desc=False), [], []
    while page := client.list("cat", pager):
        sizes.append(len(page))
        met += ids(page)
    assert sizes == [30, 30, 30, 5]
    assert sorted(met) == sorted(f"cat{n}" for n in range(95))


def test_only_selected_fields_come_back(client: ParaClient) -> None:
    client.create(an_object("cat1", name="Kitty", color="grey", weight=4))
    pager = page_of()
    pager.select = ["name", "weight"]
    (found,) = client.list("cat", pager)
    assert (found.name, found.weight) == ("Kitty", 4)
    assert "color" not in found.__dict__


def test_apps_do_not_see_each_other(client: ParaClient, root: ParaClient) -> None:
    client.create(an_object("cat1", name="Kitty"))
    assert root.read("cat", "cat1") is None
    assert "cat1" not in ids(root.findQuery("cat", "*"))
