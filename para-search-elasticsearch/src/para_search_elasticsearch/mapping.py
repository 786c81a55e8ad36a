"""Settings and mapping of an index: every field that is searched has an explicit type."""

from __future__ import annotations

from typing import Any

from para_core.query.fields import KEYWORD_FIELDS, nested_path
from para_search_elasticsearch.fields import CUSTOM, place_of
from para_search_elasticsearch.settings import ElasticSettings

__all__ = ["PARTS_GAP", "WORDS", "index_body"]

WORDS = "para_words"
"""The analyser of texts whose words were cut already (``para_core.query.analysis``)."""

PARTS_GAP = 1000
"""Places between the words of one path, or of one linked object, and those of the next."""

_REMEMBERED = "10m"  # that an object was removed: longer than a write may be under way in a cluster
_MOST_FIELDS = 1_000_000  # apps whose fields have no end should use the nested form
_LONGEST_WORD = 1024  # UTF-16 units; a word has at most 255 characters

_TEXT = {"type": "text", "analyzer": WORDS, "norms": False, "position_increment_gap": PARTS_GAP}
_TERM = {"type": "keyword", "doc_values": False}
_SORTED_TEXT = {"type": "keyword", "index": False}
_SORTED_NUMBER = {"type": "double"}
_NUMBER = {"type": "double", "doc_values": False}
_KEPT = {"type": "keyword", "index": False, "doc_values": False}


def index_body(
    settings: ElasticSettings, *, is_root: bool, is_ordered: bool = False
) -> dict[str, Any]:
    """Return what an index is created with."""
    shards = settings.shards if is_root else settings.shards_for_child_apps
    replicas = settings.replicas if is_root else settings.replicas_for_child_apps
    options: dict[str, Any] = {
        "number_of_shards": shards,
        "number_of_replicas": replicas,
        "max_regex_length": 100_000,
        "mapping": {
            "total_fields": {"limit": _MOST_FIELDS},
            "nested_objects": {"limit": _MOST_FIELDS},
        },
        "analysis": {
            "tokenizer": {
                WORDS: {"type": "whitespace", "max_token_length": _LONGEST_WORD},
            },
            "analyzer": {WORDS: {"type": "custom", "tokenizer": WORDS}},
        },
    }
    if is_ordered:
        options["gc_deletes"] = _REMEMBERED
    if settings.auto_expand_replicas:
        options["auto_expand_replicas"] = settings.auto_expand_replicas
    return {
        "settings": {"index": options},
        "mappings": _mappings(nested=settings.use_nested_custom_fields),
    }


def _mappings(*, nested: bool) -> dict[str, Any]:
    names = KEYWORD_FIELDS - {"nstd", "_docid"}
    wholes = [place_of(path, nested=nested).whole for path in names | set(map(nested_path, names))]
    return {
        "_source": {"includes": ["_key", "_copy", "_position", "_last"]},
        "date_detection": False,
        "numeric_detection": False,
        "dynamic_templates": _TEMPLATES,
        "properties": {
            **dict.fromkeys(sorted(wholes), _TERM),
            CUSTOM: _pairs() if nested else {"type": "object"},
            "latlng": {"type": "geo_point"},
            "_docid": {"type": "long"},
            "_app": _TERM,  # whose document it is, and of which rebuild
            "_owner": _TERM,  # whose it is; what the proxy and the alias of an app look at
            "_paths": _TERM,
            "_words": _TEXT,
            "_keys": _TERM,
            "_wholes": _TERM,
            "_values": _NUMBER,
            "_key": _KEPT,
            "_copy": _KEPT,
            "_position": {"type": "long", "index": False},
            "_last": {"type": "long", "index": False},  # the greatest number of an indexing
        },
    }


def _pairs() -> dict[str, Any]:
    fields = {
        "k": _TERM,
        "v": _TEXT,
        "w": _TERM,
        "vn": _SORTED_NUMBER,
        "vm": _NUMBER,
        "vt": _NUMBER,
        "s": _SORTED_TEXT,
    }
    return {"type": "nested", "dynamic": False, "properties": fields}


_TEMPLATES = [
    {name: {"path_match": pattern, "match_mapping_type": kind, "mapping": mapping}}
    for name, pattern, kind, mapping in (
        ("custom", f"{CUSTOM}.*", "string", _TEXT),
        ("whole", "_whole.*", "string", _TERM),
        ("number", "_number.*", "*", _SORTED_NUMBER),
        ("numbers", "_numbers.*", "*", _NUMBER),
        ("written", "_written.*", "*", _NUMBER),
        ("text", "_text.*", "string", _SORTED_TEXT),
        ("declared", "*", "string", _TEXT),
    )
]
