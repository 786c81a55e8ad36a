"""What the proxy lets through, and what it makes of it."""

from __future__ import annotations

import msgspec
import pytest

from para_search_elasticsearch.proxyrules import Forbidden, Malformed, Question, question_of

OWN = [{"term": {"_owner": "app"}}]


def asked(path: str = "", query: str = "", body: object = None) -> Question:
    return question_of(path, query, b"" if body is None else msgspec.json.encode(body), "app")


@pytest.mark.parametrize(
    ("path", "api"),
    [
        ("", "_search"),
        ("/", "_search"),
        ("_search", "_search"),
        ("/_count", "_count"),
        ("//_count?q=*", "_count"),
        ("_search?getRawResponse=true&size=3", "_search"),
    ],
)
def test_paths_of_the_original_are_known(path: str, api: str) -> None:
    assert asked(path).api == api


@pytest.mark.parametrize(
    "path",
    [
        "../other/_search",
        "_search/../../other",
        "_doc/1",
        "_delete_by_query",
        "_bulk",
        "_mapping",
        "other/_search",
        "_search/scroll",
        "_msearch",
        ".",
        "..",
        "_SEARCH",
        "_search%2f..",
        "_sql",
    ],
)
def test_no_other_path_is_reached(path: str) -> None:
    with pytest.raises(Forbidden, match="not to be reached"):
        asked(path)


def test_every_query_is_joined_with_the_app() -> None:
    query = {"match": {"properties.title": "fox"}}
    found = asked("_search", body={"query": query, "size": 3})
    assert found.body["query"] == {"bool": {"must": [query], "filter": OWN}}
    assert (found.body["size"], found.body["_source"]) == (3, ["_key"])
    everything = {"bool": {"must": [{"match_all": {}}], "filter": OWN}}
    assert asked("_count").body == {"query": everything}


def test_parameters_become_part_of_the_body() -> None:
    found = asked("_search?q=name:fox&df=name", "size=5&sort=votes:desc,name&pretty").body
    assert found["query"]["bool"]["must"] == [
        {"query_string": {"query": "name:fox", "default_field": "name"}}
    ]
    assert found["query"]["bool"]["filter"] == OWN
    assert found["size"] == 5
    assert found["sort"] == [{"votes": {"order": "desc"}}, {"name": {"order": "asc"}}]


@pytest.mark.parametrize("name", ["getRawResponse", "getrawresponse", "GETRAWRESPONSE"])
def test_an_answer_can_be_wanted_as_it_is(name: str) -> None:
    for found in (asked(f"_search?{name}=1"), asked("_search", f"{name}=anything")):
        assert found.is_raw
        assert "_source" not in found.body


@pytest.mark.parametrize(
    "body",
    [
        {"query": {"terms": {"name": {"index": "other", "id": "1", "path": "name"}}}},
        {"query": {"script": {"script": "true"}}},
        {"query": {"script_score": {}}},
        {"query": {"wrapper": {"query": "e30="}}},
        {"query": {"more_like_this": {"like": [{"_id": "1"}]}}},
        {"query": {"bool": {"must": [{"bool": {"filter": {"percolate": {}}}}]}}},
        {"aggs": {"a": {"global": {}}}},
        {"aggs": {"a": {"terms": {"field": "x"}, "aggs": {"b": {"significant_terms": {}}}}}},
        {"pit": {"id": "x"}},
        {"suggest": {}},
        {"runtime_mappings": {}},
        {"indices_boost": []},
        {"stored_fields": []},
        {"sort": [{"_script": {"script": {"source": "1"}}}]},
    ],
    ids=str,
)
def test_what_reaches_past_the_app_is_refused(body: object) -> None:
    with pytest.raises(Forbidden):
        asked("_search", body=body)


@pytest.mark.parametrize("query", ["index=other", "routing=x", "source={}", "scroll=1m", "x=1"])
def test_unknown_parameters_are_refused(query: str) -> None:
    with pytest.raises(Forbidden, match="parameter"):
        asked("_search", query)


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b"1", b"[" * 5000, b'{"query":' * 60 + b"1" + b"}" * 60]
)
def test_what_is_no_request_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        question_of("_search", "", body, "app")
    with pytest.raises(Malformed, match="number"):
        asked("_search", "size=many")
