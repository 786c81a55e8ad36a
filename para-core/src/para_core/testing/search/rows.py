"""Query strings over the zoo: what a request may send, and what each one finds.

Texts that a request may not send are read leniently when they come from programs: they find
everything of the type.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ROWS", "Row"]


class Row(NamedTuple):
    """One query string; ``found`` has the newest first."""

    query: str
    found: str
    kind: str | None = None
    is_allowed: bool = True  # in a request


_ALL = "u:2 u:1 b2 b1 a3 a2 a1"
_TITLE = "properties.title"
_HIGH_YEAR = "properties.year:[2020 TO *]"
_TIMES = "timestamp:[1700000002000 TO 1700000004000]"

ROWS = [
    Row("*", _ALL),
    Row("fox", "a2 a1", "article"),
    Row("FOX", "a2 a1"),
    Row("Red Fox", "a2 a1"),
    Row("red fox", "b1 a2 a1"),
    Row('"Red Fox"', "a1"),
    Row("name:(Red Fox)", "a1"),
    Row("name:Red Fox", "a2 a1"),
    Row("name:Red*", "a3 a1"),
    Row("name:red*", "b1"),
    Row("name:R*x", "a1"),
    Row(f'{_TITLE}:"brown fox"', "a1"),
    Row(f'{_TITLE}:"quick fox"~1', "a1"),
    Row(f'{_TITLE}:"fox quick"~3', "a1"),
    Row(f"{_TITLE}:fox*", "a3 a2 a1"),
    Row(f"{_TITLE}:fo?", "a2 a1"),
    Row(f"{_TITLE}:fax~1", "a2 a1"),
    Row(f"{_TITLE}:/fox(es)?/", "a3 a2 a1"),
    Row(f"{_TITLE}:(quick -bears)", "a1"),
    Row(f"{_TITLE}:(+fox bears)", "a2 a1"),
    Row(f'{_TITLE}:("brown fox" OR "brown bears")', "a2 a1"),
    Row("tags:(news sea)", ""),
    Row("tags:(news AND sea)", "a2"),
    Row("tags:news tags:zoo", "b1 a3 a2 a1"),
    Row("tags:wild-life", "a1"),
    Row("properties.year:[2019 TO 2021]", "b1 a3 a2"),
    Row("properties.year:{2019 TO 2021}", "a3"),
    Row(_HIGH_YEAR, "b2 b1 a3"),
    Row("properties.year:(2018 2020)", "a3 a1"),
    Row("properties.price:[9 TO 100]", "a3 a2 a1"),  # by value, unlike the original
    Row("properties.price:[10 TO 20]", "a2"),  # the same
    Row("votes:[2 TO 12]", "b1 a2 a1"),  # the same
    Row(_TIMES, "b1 a3 a2"),
    Row("tags:[* TO *]", "b1 a3 a2 a1"),
    Row("type:book AND NOT tags:[* TO *]", "b2"),
    Row("_exists_:tags", "b1 a3 a2 a1"),  # nothing in the original's embedded index
    Row("tags:*", _ALL, is_allowed=False),
    Row("NOT properties.lang:en", "a3", "article"),  # the complement, as in its other index
    Row("type:article AND NOT properties.lang:en", "a3", "article"),
    Row("quick AND (NOT bears)", "a1"),  # the complement again
    Row("type:book OR type:user AND votes:7", ""),
    Row("(type:book OR type:user) AND votes:7", "b1"),
    Row("quick OR lazy AND dogs", "a3"),
    Row("quick lazy", "a3 a2 a1"),
    Row("quick AND lazy", ""),
    Row("creatorid:u:1", _ALL, is_allowed=False),
    Row('creatorid:"u:1"', "a3 a1"),
    Row(r"creatorid:u\:1", "a3 a1"),
    Row("email:alice@zoo.org", "u:1"),  # requests of the original had to quote or escape it
    Row('email:"alice@zoo.org"', "u:1"),
    Row(r"identifier:fb\:*", "u:2"),
    Row("true", _ALL),
    Row(f"{_TITLE}:state-of-the-art", "b1 a1"),
    Row(f'{_TITLE}:"state of the art"', "b1"),
    Row("http://example.com", "b2 b1"),
    Row("properties.year>2019", "a2"),
    Row("*whale", "", is_allowed=False),
    Row("Whale*", "b2"),
    Row('name:["Blue Whale" TO "Red Fox"]', "u:2 b2 a2 a1"),
    Row("title:quick", ""),
    Row("*:* AND NOT type:user", _ALL),
    Row("quick AND", _ALL, is_allowed=False),
    Row("quick - bears", "a2 a1"),
    Row("Alice Munro", "u:1 a3 a1"),
    Row("properties.price:100.0", ""),
    Row(f"{_TITLE}:quick^4 lazy", "a3 a2 a1"),
    # ---- further rules of the grammar
    Row("", "", is_allowed=False),
    Row("  fox \t\n ", "a2 a1"),
    Row("fox\u3000jump", "a3 a2 a1"),
    Row("quick && lazy", ""),
    Row("quick && bears", "a2"),
    Row("quick || lazy", "a3 a2 a1"),
    Row("fox !bears", "a1", "article"),
    Row("+quick +bears", "a2"),
    Row("+quick -bears", "a1"),
    Row("-quick", "u:2 u:1 b2 b1 a3"),
    Row("-quick -lazy", "u:2 u:1 b2 b1"),
    Row("-(quick lazy)", "u:2 u:1 b2 b1"),
    Row("fox AND (votes:3 OR votes:12)", "a2 a1"),
    Row("fox and bears", "a2 a1"),
    Row("properties.author.city:sofia", "a3 a1"),
    Row("properties.author.name:(bob OR walker)", "a3 a2"),
    Row(r"properties\.lang:de", "a3"),
    Row("properties.author:sofia", ""),
    Row("properties.title:(fox name:Ocean)", "b2 a2 a1"),
    Row('name:("Red Fox" OR "red fox")', "b1 a1"),
    Row("name:Red\\ Fox", "a1"),
    Row("name:re~", ""),
    Row("name:Ocaen~1", "b2"),
    Row("name:ocean~1", "b2"),
    Row("name:ocean~0", ""),
    Row(f"{_TITLE}:qiuck~1", "a2 a1"),
    Row(f"{_TITLE}:QUICK~0", "a2 a1"),
    Row("tags:/(zoo|sea)/", "b1 a3 a2"),
    Row("name:/[RB].*/", "u:2 a3 a2 a1"),
    Row(f"{_TITLE}:/FOX/", "a2 a1"),
    Row(f'{_TITLE}:"lazy sleep"', ""),
    Row(f'{_TITLE}:"lazy sleep"~1', "a3"),
    Row(f'{_TITLE}:"dogs lazy"~2', "a3"),
    Row(f'{_TITLE}:"dogs lazy"~1', ""),
    Row(f'{_TITLE}:"quick brown fox"', "a1"),
    Row(f'{_TITLE}:"!!!"', ""),
    Row(f'{_TITLE}:"!!!" AND fox', "a2 a1"),
    Row("properties.lang:{de TO en}", ""),
    Row("properties.lang:[de TO en}", "a3"),
    Row("properties.lang:{de TO *]", "b1 a2 a1"),
    Row("properties.price:[* TO 20]", "a2 a1"),
    Row("properties.price:{9.5 TO *]", "a3 a2"),
    Row("properties.title:[a TO brown]", "b1 a2 a1"),
    Row("email:[a TO b]", "u:1"),
    Row("active:true", "u:1"),
    Row("active:false", "u:2"),
    Row('properties.title:"C++"', "b1"),
    Row("properties.nosuch:[* TO *]", ""),
    Row("properties.nosuch[2].name:x", ""),
    Row("properties.note:100", "b2"),
    Row("wool%", "b2"),
    Row("AND", _ALL, is_allowed=False),
    Row("AND ? OR", _ALL, is_allowed=False),
    Row("(fox", "a3 a2 a1", "article", is_allowed=False),
    Row("fox^2~1", "a2 a1", "article", is_allowed=False),
    Row('"brown fox"~', "a1", is_allowed=False),
    Row('"quick fox"~1.5', "a1", is_allowed=False),
    Row("name:>5", "", is_allowed=False),
    Row("/fo[x/", _ALL, is_allowed=False),
    Row("fn:fox", "", is_allowed=False),
    Row("fox AND *:*", "a2 a1"),
    Row("fox~1.5", _ALL, is_allowed=False),
]
