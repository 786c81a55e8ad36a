"""Objects one by one, whatever their types and ids are."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest

from .client import Client

BASE = (
    "id timestamp appid parentid creatorid updated name tags votes version stored indexed cached "
    "objectURI plural custom"
)
NULLS = dict.fromkeys(BASE.split())


def path_of(key: str, kind: str = "cat") -> str:
    segment = quote(key, safe="")
    if key in (".", ".."):  # else they would be steps of the path
        segment = segment.replace(".", "%2E")
    return f"/v1/{quote(kind, safe='')}/{segment}"


async def test_an_object_goes_through_its_life(app: Client) -> None:
    before = int(time.time() * 1000)
    made = await app.post("/v1/cats", {"type": "cat", "name": "Tom", "color": "black"})
    assert made.status == 201
    cat = made.json
    assert cat["id"].isdigit()
    assert before <= cat["timestamp"] <= int(time.time() * 1000)
    assert made.headers["location"] == f"/v1{cat['objectURI']}" == f"/v1/cats/{cat['id']}"
    assert made.headers["content-type"] == "application/json"
    assert {k: cat[k] for k in ("type", "plural", "appid", "color", "votes", "version")} == {
        "type": "cat",
        "plural": "cats",
        "appid": "myapp",
        "color": "black",
        "votes": 0,
        "version": 0,
    }
    assert cat.keys().isdisjoint({"updated", "creatorid", "parentid", "tags"})

    path = f"/v1/cat/{cat['id']}"
    assert (await app.get(path)).json == cat
    assert (await app.get(f"/v1/cats/{cat['id']}")).json == cat
    assert (await app.get(f"/v1/_id/{cat['id']}")).json == cat

    patched = (await app.patch(path, {"color": None, "age": 3, "type": "dog"})).json
    assert patched["updated"] >= cat["timestamp"]
    assert patched == {**{k: v for k, v in cat.items() if k != "color"}, "age": 3} | {
        "updated": patched["updated"]
    }

    replaced = (await app.put(path, {"name": "Tim"})).json
    assert replaced["name"] == "Tim"
    assert "age" not in replaced
    assert (await app.get(path)).json == replaced

    gone = await app.delete(path)
    assert (gone.status, gone.body) == (200, b"")
    assert gone.headers["content-length"] == "0"
    missing = await app.get(path)
    assert (missing.status, missing.json) == (404, {"code": 404, "message": "Not Found"})
    assert (await app.delete(path)).status == 200


async def test_putting_an_object_that_is_not_there_makes_it(app: Client) -> None:
    made = await app.put("/v1/cat/tom", {"id": "jerry", "type": "mouse", "name": "Tom"})
    assert made.status == 200
    assert (made.json["id"], made.json["type"]) == ("tom", "cat")
    assert (await app.get("/v1/_id/jerry")).status == 404


async def test_posting_an_id_that_is_there_overwrites_it(app: Client) -> None:
    await app.post("/v1/cat", {"id": "tom", "color": "red"})
    again = await app.post("/v1/cat", {"id": "tom", "size": 5})
    assert again.status == 201
    assert "color" not in (await app.get("/v1/cat/tom")).json


async def test_patching_what_is_not_there_is_404_even_with_a_bad_body(app: Client) -> None:
    assert (await app.patch("/v1/cat/nobody", {})).status == 404
    assert (await app.send("PATCH", "/v1/cat/nobody", raw=b"{")).status == 404


async def test_nulls_of_whole_objects_change_nothing(app: Client) -> None:
    cat = (await app.post("/v1/cat", {**NULLS, "type": "cat", "color": "red"})).json
    assert cat["name"] == f"ParaObject {cat['id']}"
    assert "custom" not in cat
    patched = (await app.patch(f"/v1/cat/{cat['id']}", {**cat, **NULLS})).json
    assert {**patched, "updated": 0} == {**cat, "updated": 0}


async def test_nested_values_are_kept_and_replaced_as_a_whole(app: Client) -> None:
    deep: dict[str, Any] = {"a": [1, 2.5, None, {"b": "ü", "c": None}], "d": {"e": True}}
    await app.put("/v1/cat/tom", {"deep": deep})
    stored = (await app.get("/v1/cat/tom")).json["deep"]
    assert stored == {"a": [1, 2.5, None, {"b": "ü"}], "d": {"e": True}}
    await app.patch("/v1/cat/tom", {"deep": {"z": 1}})
    assert (await app.get("/v1/cat/tom")).json["deep"] == {"z": 1}


@pytest.mark.parametrize(
    "value",
    [0, -1, 2**31, 2**53 + 1, 2**63 - 1, 1.5, 1e300, True, "", " ", "a" * 10_000, [], {}, [[]]],
    ids=lambda value: repr(value)[:20],
)
async def test_values_come_back_as_they_were_sent(app: Client, value: object) -> None:
    made = await app.post("/v1/cat", {"custom": value})
    assert made.status == 201
    read = await app.get(f"/v1/cat/{made.json['id']}")
    assert read.json["custom"] == value
    assert type(read.json["custom"]) is type(value)


# ---- ids and types -------------------------------------------------------------------------------

ODD_IDS = {
    "slash": "a/b/c",
    "only a slash": "/",
    "dot": ".",
    "dots": "..",
    "file": "photo.jpg",
    "blank inside": "a b",
    "blank at the end": "a ",
    "plus": "a+b",
    "percent": "100%",
    "encoded percent": "%41%2F",
    "semicolon": "a;b=c",
    "question mark": "a?b=c&d#e",
    "colon": "tag:x",
    "quotes": "\"'`<>{}|\\^[]",
    "sub-delimiters": "!$&'()*,=@:~-_.",
    "umlauts": "äöü ß",
    "chinese": "数据库",
    "combining": "e\u0301",
    "emoji": "🐈‍⬛🇨🇭",
    "right to left": "שלום",
    "control": "a\x01\x7fb",
    "line break": "a\r\nb",
    "nul": "a\x00b",
    "search": "search",
    "underscore": "_batch",
    "300 characters": "x" * 300,
    "255 wide characters": "ü" * 255,
    "2000 wide characters": "数" * 2000,
    "number": "0012",
    "null": "null",
}


@pytest.mark.parametrize("key", ODD_IDS.values(), ids=ODD_IDS.keys())
async def test_an_id_may_be_any_text(app: Client, key: str) -> None:
    await app.post("/v1/cat", {"name": "bystander"})
    made = await app.put(path_of(key), {"name": "one", "number": 1})
    assert made.status == 200
    assert made.json["id"] == key
    if key != "search":  # a literal segment wins: GET /v1/cat/search is a list
        assert (await app.get(path_of(key))).json == made.json
    assert (await app.get(path_of(key, "_id"))).json == made.json
    assert (await app.get("/v1/_batch", ids=[key])).json == [made.json]
    assert (await app.get("/v1/search/id", id=key)).json["items"] == [made.json]
    assert (await app.get("/v1/cat", q="number:1 properties.number:1")).json["totalHits"] == 1
    assert (await app.patch(path_of(key), {"number": 2})).json["number"] == 2
    assert (await app.get("/v1/_batch", ids=[key])).json[0]["number"] == 2
    assert (await app.delete(path_of(key))).status == 200
    assert (await app.get("/v1/_batch", ids=[key])).json == []
    assert (await app.get("/v1/cat")).json["totalHits"] == 1


async def test_an_object_is_reached_by_the_path_it_says(app: Client) -> None:
    for key in ("a b/c", "ü?", "100%", "+"):
        made = await app.post("/v1/cat", {"id": key})
        assert made.status == 201
        assert (await app.get(f"/v1{made.json['objectURI']}")).json == made.json
        assert (await app.get(made.headers["location"])).json == made.json


async def test_ids_that_look_alike_are_different(app: Client) -> None:
    keys = ["a", "A", "a ", "á", "a\u0301", "\uff41", "a\x00"]
    for key in keys:
        await app.put(path_of(key), {"is": key})
    read = (await app.get("/v1/_batch", ids=keys)).json
    assert [obj["is"] for obj in read] == keys
    assert (await app.get("/v1/cat")).json["totalHits"] == len(keys)


@pytest.mark.parametrize("path", ["/v1/cat/a;x=1", "/v1/cat;v=2/a", "/v1/cat/a;"])
async def test_parameters_of_path_segments_are_cut_off(app: Client, path: str) -> None:
    await app.put("/v1/cat/a", {"name": "one"})
    assert (await app.get(path)).json["name"] == "one"


async def test_a_plus_in_a_path_is_a_plus(app: Client) -> None:
    await app.put("/v1/cat/a+b", {"name": "plus"})
    assert (await app.get("/v1/_batch", ids=["a+b"])).json[0]["name"] == "plus"
    assert (await app.get("/v1/cat/a%20b")).status == 404


@pytest.mark.parametrize("name", ["under_score", "Straße", "a b", "x.y", "数", "UPPER", "t" * 200])
async def test_a_type_may_be_any_text(app: Client, name: str) -> None:
    made = await app.put(path_of("a", name), {"n": 1})
    assert made.json["type"] == name
    assert (await app.get(path_of("a", name))).json == made.json
    listed = await app.get(f"/v1/{quote(name, safe='')}")
    assert [obj["id"] for obj in listed.json["items"]] == ["a"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("___cat", "cat"), ("ca#t/", "cat"), ("search", "sysprop"), ("Utils", "sysprop")],
)
async def test_a_type_that_cannot_be_is_cleaned(app: Client, sent: str, kept: str) -> None:
    made = await app.post("/v1/_batch", [{"id": "a", "type": sent}])
    assert made.json[0]["type"] == kept


async def test_new_types_are_known_by_their_plural(app: Client) -> None:
    assert (await app.post("/v1/Box", {"id": "b1"})).json["type"] == "Box"
    await app.post("/v1/fairy", {"id": "f1"})
    await app.post("/v1/_batch", [{"id": "d1", "type": "dish"}])
    types = (await app.get("/v1/_types")).json
    assert {"boxs": "box", "fairies": "fairy", "users": "user"}.items() <= types.items()
    assert "dish" in types.values()
    assert (await app.get("/v1/fairies/f1")).json["id"] == "f1"
    assert (await app.post("/v1/fairies", {"id": "f2"})).json["type"] == "fairy"
    assert (await app.get("/v1/fairies")).json["totalHits"] == 2


async def test_a_tag_goes_by_its_text(app: Client) -> None:
    made = (await app.post("/v1/tag", {"tag": "My Tag", "name": "t"})).json
    assert made["id"] == "tag:my-tag"
    for path in ("/v1/tag/my-tag", "/v1/tags/My%20Tag", "/v1/tag/tag%3Amy-tag"):
        assert (await app.get(path)).json["tag"] == "my-tag"
    assert (await app.put("/v1/tag/test1", {"name": "t"})).json["tag"] == "test1"
    assert (await app.get("/v1/_id/tag%3Atest1")).status == 200


@pytest.mark.parametrize("path", ["/v1/tags/tag:cedar", "/v1/tag/Cedar"])
@pytest.mark.parametrize("told", [{"tag": "loose"}, {"tag": "loose", "id": "tag:loose"}])
async def test_a_tag_that_is_put_is_named_by_its_path(
    app: Client, path: str, told: dict[str, str]
) -> None:
    put = (await app.put(path, {"type": "tag", **told})).json
    assert (put["id"], put["tag"], put["objectURI"]) == ("tag:cedar", "cedar", "/tags/cedar")
    assert (await app.get(f"/v1{put['objectURI']}")).json["id"] == "tag:cedar"


async def test_apps_cannot_be_made_as_objects(app: Client) -> None:
    for reply in (
        await app.post("/v1/app", {"id": "app:evil", "name": "x"}),
        await app.post("/v1/apps", {"id": "app:evil", "name": "x"}),
        await app.post("/v1/cat", {"id": "app:evil", "type": "app"}),
    ):
        assert reply.status in (201, 400)
        assert not reply.json.get("secret")
    assert (await app.put("/v1/app/evil", {"name": "x"})).status == 400
    batch = await app.post("/v1/_batch", [{"id": "app:evil", "type": "app"}])
    assert batch.json == []


async def test_apps_do_not_see_each_other(root: Client, app: Client) -> None:
    other = Client(app.para, "app:other", (await root.get("/v1/_setup/other")).json["secretKey"])
    await app.put("/v1/cat/tom", {"owner": "myapp"})
    await other.put("/v1/cat/tom", {"owner": "other"})
    assert (await app.get("/v1/cat/tom")).json["owner"] == "myapp"
    assert (await other.get("/v1/cat")).json["totalHits"] == 1
    await other.delete("/v1/cat/tom")
    assert (await app.get("/v1/cat")).json["totalHits"] == 1
    assert (await app.get("/v1/_id/app%3Aother")).status == 404
    assert (await app.delete("/v1/app/other")).status == 400
    assert (await root.delete("/v1/app/other")).status == 200
    assert (await other.get("/v1/cat")).status == 404


# ---- select --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["one name", "comma", "repeated"])
async def test_select_leaves_out_the_rest(app: Client, how: str) -> None:
    await app.put("/v1/cat/tom", {"name": "Tom", "color": "red", "age": 3})
    select: object = {"one name": "color", "comma": "color, nosuch,plural"}.get(
        how, ["color", "nosuch", "plural"]
    )
    wanted = {"color": "red"} if how == "one name" else {"color": "red", "plural": "cats"}
    assert (await app.get("/v1/cat/tom", select=select)).json == wanted
    assert (await app.get("/v1/_id/tom", select=select)).json == wanted
    assert (await app.get("/v1/_batch", ids="tom", select=select)).json == [wanted]
    assert (await app.get("/v1/cat", select=select)).json["items"] == [wanted]
    assert (await app.patch("/v1/cat/tom", {"age": 4}, select=select)).json == wanted


async def test_select_of_nothing_is_no_select(app: Client) -> None:
    cat = (await app.put("/v1/cat/tom", {"name": "Tom"})).json
    assert (await app.get("/v1/cat/tom", select=" ,")).json == cat
    assert (await app.get("/v1/cat/tom", select="nosuch")).json == {}
