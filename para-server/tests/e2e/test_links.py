from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from .client import Client

NOBODY_THERE = {"code": 404, "message": "Object not found: nosuch"}


async def make(app: Client, *objects: Mapping[str, object]) -> None:
    made = await app.post("/v1/_batch", [{"timestamp": n + 1, **o} for n, o in enumerate(objects)])
    assert len(made.json) == len(objects)


async def ids(app: Client, path: str, **query: object) -> list[str]:
    reply = await app.get(path, **query)
    assert reply.status == 200
    return [item["id"] for item in reply.json["items"]]


async def count(app: Client, path: str, **query: object) -> int:
    reply = await app.get(path, count="true", **query)
    assert reply.json["items"] == []
    return int(reply.json["totalHits"])


@pytest.fixture
async def school(app: Client) -> Client:
    await make(
        app,
        {"id": "s1", "type": "student", "name": "Ann", "about": "likes maths"},
        {"id": "s2", "type": "student", "name": "Bob", "about": "likes chess"},
        {"id": "c1", "type": "course", "name": "Algebra", "about": "numbers"},
        {"id": "c2", "type": "course", "name": "Botany", "about": "plants"},
        {"id": "tag:hard", "type": "tag", "tag": "hard"},
    )
    return app


async def test_either_side_makes_the_same_link(school: Client) -> None:
    first = await school.post("/v1/students/s1/links/c1")
    again = await school.put("/v1/course/c1/links/s1")
    assert first.headers["content-type"].startswith("text/plain")
    assert first.text == again.text == "course:c1:student:s1"
    assert await count(school, "/v1/course/c1/links/students") == 1


async def test_a_link_carries_copies_of_both_objects(school: Client) -> None:
    key = (await school.post("/v1/students/s1/links/c1")).text
    linker = (await school.get(f"/v1/linkers/{key}")).json
    assert (linker["name"], linker["id1"], linker["type2"]) == ("course:student", "c1", "student")
    assert [copy["id"] for copy in linker["nstd"]] == ["s1", "c1"]
    assert linker["nstd"][0]["properties"] == {"about": "likes maths"}


async def test_a_link_copies_no_secrets(school: Client) -> None:
    user = {"identifier": "a@x.org", "email": "a@x.org", "twoFAkey": "key", "name": "A"}
    made = await school.post("/v1/users", user)
    key = (await school.post(f"/v1/students/s1/links/{made.json['id']}")).text
    _, copy = (await school.get(f"/v1/_id/{key}")).json["nstd"]
    assert copy["email"] == "a@x.org"
    assert not {"twoFAkey", "tokenSecret"} & copy.keys()


async def test_linking_needs_both_objects(school: Client) -> None:
    second = await school.post("/v1/students/s1/links/nosuch")
    assert second.json == {"code": 400, "message": "Failed to create link."}
    first = await school.post("/v1/students/nosuch/links/c1")
    assert (first.status, first.json) == (404, NOBODY_THERE)


async def test_the_first_object_may_go_by_the_name_of_its_tag(school: Client) -> None:
    assert (await school.post("/v1/tags/hard/links/c1")).text == "course:c1:tag:tag:hard"
    assert await ids(school, "/v1/tag/hard/links/courses") == ["c1"]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        pytest.param("students/s1/links/courses/c1", "true", id="linked"),
        pytest.param("courses/c1/links/student/s1", "true", id="other-side"),
        pytest.param("students/s1/links/course/c2", "false", id="not-linked"),
        pytest.param("students/s1/links/student/c1", "false", id="wrong-type"),
        pytest.param("students/s1/links/course/nosuch", "false", id="no-such-object"),
    ],
)
async def test_whether_two_objects_are_linked(school: Client, path: str, answer: str) -> None:
    await school.post("/v1/students/s1/links/c1")
    reply = await school.get(f"/v1/{path}")
    assert (reply.status, reply.text) == (200, answer)
    assert reply.headers["content-type"].startswith("text/plain")


async def test_linked_objects_are_as_they_are_now(school: Client) -> None:
    await school.post("/v1/students/s1/links/c1")
    await school.patch("/v1/course/c1", {"name": "Geometry"})
    (course,) = (await school.get("/v1/students/s1/links/course")).json["items"]
    assert course["name"] == "Geometry"


async def test_a_linked_object_that_is_gone_is_left_out(school: Client) -> None:
    await school.post("/v1/students/s1/links/c1")
    await school.delete("/v1/course/c1")
    page = (await school.get("/v1/students/s1/links/course")).json
    assert (page["items"], page["totalHits"]) == ([], 1)
    assert page["lastKey"]


# ---- searching through links -------------------------------------------------------------------


async def test_a_search_stays_with_the_links_of_the_object_and_type(school: Client) -> None:
    for path in ("s1/links/c1", "s2/links/c2", "s1/links/tag:hard"):
        await school.post(f"/v1/student/{path}")
    find = {"field": "properties.about", "q": "numbers"}
    assert await ids(school, "/v1/student/s1/links/course", **find) == ["c1"]
    assert await ids(school, "/v1/student/s1/links/course", field="name", q="*") == ["c1"]
    assert await ids(school, "/v1/student/s2/links/course", **find) == []
    assert await ids(school, "/v1/student/s1/links/tag", **find) == []


async def test_a_search_without_a_field_finds_nothing(school: Client) -> None:
    await school.post("/v1/student/s1/links/c1")
    assert await ids(school, "/v1/student/s1/links/course", q="numbers") == []


# ---- one type ----------------------------------------------------------------------------------


async def test_links_of_one_type_hold_from_both_sides(school: Client) -> None:
    await school.post("/v1/student/s1/links/s2")
    assert await ids(school, "/v1/student/s1/links/student") == ["s2"]
    assert await ids(school, "/v1/student/s2/links/student") == ["s1"]
    assert (await school.get("/v1/student/s2/links/student/s1")).text == "true"
    await school.delete("/v1/student/s2/links/student/s1")
    assert (await school.get("/v1/student/s1/links/student/s2")).text == "false"


async def test_linking_back_makes_no_second_link(school: Client) -> None:
    await school.post("/v1/student/s1/links/s2")
    assert (await school.post("/v1/student/s2/links/s1")).text == "student:s2:student:s1"
    assert await count(school, "/v1/student/s1/links/student") == 1
    assert await ids(school, "/v1/student/s1/links/student") == ["s2"]


# ---- ids ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["Old-Mill", "NORTH", "two words", "a:b", "дом", "x*?"])
async def test_ids_are_exact_whatever_they_hold(school: Client, key: str) -> None:
    words = [key.lower(), *key.lower().replace(":", "-").split("-")]
    others = [other for other in dict.fromkeys(words) if other != key]
    await make(school, *({"id": k, "type": "house", "name": k} for k in (key, *others)))
    await school.post(f"/v1/student/s1/links/{_quoted(key)}")
    path = f"/v1/house/{_quoted(key)}/links"
    assert await ids(school, f"{path}/student") == ["s1"]
    for other in others:
        assert await count(school, f"/v1/house/{_quoted(other)}/links/student") == 0
        await school.delete(f"/v1/house/{_quoted(other)}/links")
    assert await ids(school, f"{path}/student") == ["s1"]
    await school.delete(path)
    assert await ids(school, f"{path}/student") == []


def _quoted(key: str) -> str:
    from urllib.parse import quote

    return quote(key, safe="")


async def test_a_link_made_by_hand_counts(school: Client) -> None:
    ends = {"id1": "c1", "type1": "course", "id2": "s1", "type2": "student"}
    link = {"id": "course:c1:student:s1", "name": "course:student", **ends}
    assert (await school.post("/v1/linkers", link)).status == 201
    assert await ids(school, "/v1/course/c1/links/student") == ["s1"]
    assert (await school.get("/v1/student/s1/links/course/c1")).text == "true"


# ---- unlinking ---------------------------------------------------------------------------------


async def test_unlinking_what_is_not_linked_is_no_error(school: Client) -> None:
    reply = await school.delete("/v1/student/s1/links/course/c1")
    assert (reply.status, reply.body) == (200, b"")
    assert (await school.delete("/v1/student/nosuch/links")).json == NOBODY_THERE


async def many(app: Client, kind: str, number: int, **more: object) -> Sequence[str]:
    keys = [f"{kind}{n:03}" for n in range(number)]
    await make(app, *({"id": key, "type": kind, "name": key, **more} for key in keys))
    return keys


async def test_all_links_go_however_many_there_are(school: Client) -> None:
    for key in await many(school, "bee", 40):
        await school.post(f"/v1/student/s1/links/{key}")
    await school.post("/v1/student/s2/links/c1")
    assert (await school.delete("/v1/student/s1/links")).body == b""
    assert await count(school, "/v1/student/s1/links/bee") == 0
    assert await count(school, "/v1/student/s2/links/course") == 1


async def test_all_links_with_one_type_go(school: Client) -> None:
    await school.post("/v1/student/s1/links/c1")
    await school.post("/v1/student/s1/links/tag:hard")
    await school.delete("/v1/student/s1/links/courses")
    assert await count(school, "/v1/student/s1/links/course") == 1
    await school.delete("/v1/student/s1/links/courses", all="true")
    assert await count(school, "/v1/student/s1/links/course") == 0
    assert await count(school, "/v1/student/s1/links/tag") == 1


# ---- children ----------------------------------------------------------------------------------


@pytest.fixture
async def family(school: Client) -> Client:
    exams = [("s1", 5), ("s1", 6), ("s2", 5)]
    await make(
        school,
        *(
            {"id": f"e{n}", "type": "exam", "name": f"Exam {n}", "parentid": parent, "grade": grade}
            for n, (parent, grade) in enumerate(exams)
        ),
    )
    return school


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param({"childrenonly": "true"}, ["e1", "e0"], id="all"),
        pytest.param({"childrenonly": ""}, ["e1", "e0"], id="bare"),
        pytest.param(
            {"childrenonly": 1, "field": "properties.grade", "term": 5}, ["e0"], id="term"
        ),
        pytest.param({"childrenonly": 1, "field": "properties.grade", "term": ""}, [], id="blank"),
        pytest.param({"childrenonly": 1, "field": "", "term": 5}, ["e1", "e0"], id="no-field"),
        pytest.param({"childrenonly": 1, "q": "properties.grade:6"}, ["e1"], id="query"),
        pytest.param({"childrenonly": 1, "q": "name:Exam AND"}, ["e1", "e0"], id="unreadable"),
        pytest.param({"childrenonly": 1, "sort": "name", "desc": "false"}, ["e0", "e1"], id="sort"),
        pytest.param({"childrenonly": 1, "limit": 1, "page": 2}, ["e0"], id="second-page"),
    ],
)
async def test_children(family: Client, query: dict[str, object], found: list[str]) -> None:
    assert await ids(family, "/v1/students/s1/links/exams", **query) == found


async def test_children_are_counted_per_parent(family: Client) -> None:
    assert await count(family, "/v1/student/s1/links/exam", childrenonly="true") == 2
    assert await count(family, "/v1/student/s1/links/student", childrenonly="true") == 0


async def test_children_are_deleted_however_many_there_are(family: Client) -> None:
    await many(family, "bee", 70, parentid="s1")
    reply = await family.delete("/v1/student/s1/links/bee", childrenonly="")
    assert (reply.status, reply.body) == (200, b"")
    assert await count(family, "/v1/student/s1/links/bee", childrenonly="") == 0
    assert await ids(family, "/v1/exams") == ["e2", "e1", "e0"]


async def test_children_are_read_page_by_page_by_cursor(family: Client) -> None:
    keys = await many(family, "bee", 7, parentid="s2")
    found: list[str] = []
    last = ""
    for _ in range(9):
        page = (
            await family.get(
                "/v1/student/s2/links/bee",
                childrenonly="true",
                limit=3,
                sort="_docid",
                desc="false",
                lastKey=last,
            )
        ).json
        if not page["items"]:
            break
        found += [item["id"] for item in page["items"]]
        last = page["lastKey"]
    assert found == list(keys)
