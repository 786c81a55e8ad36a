"""Documents near a point: a box over the columns of places, then the exact distance."""

from __future__ import annotations

from math import asin, cos, degrees, pi, radians, sin, sqrt
from typing import Any

from tantivy import Query, Searcher

from para_core.query import tree
from para_search_lucene.clauses import Clauses

__all__ = ["distance_km", "near"]

_EARTH_KM = 6371.0087714  # mean radius of WGS 84, as in Lucene
_SLACK = 1e-6  # degrees; the box may be larger than it has to be


def distance_km(lat: float, lng: float, other_lat: float, other_lng: float) -> float:
    """Return the great-circle distance between two points given in degrees."""
    lat1, lng1, lat2, lng2 = map(radians, (lat, lng, other_lat, other_lng))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lng2 - lng1) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(min(half, 1)))


def near(searcher: Searcher, clauses: Clauses, node: tree.Near) -> Query:
    """Return the documents within the radius."""
    box = _box(clauses, node)
    size = _count(searcher, box)
    if not size:
        return clauses.nothing
    hits = searcher.search(box, limit=size, count=False, order_by_field="docid").hits
    addresses = [address for _, address in hits]
    lats = searcher.fast_field_values("lat", addresses)
    lngs = searcher.fast_field_values("lng", addresses)
    docids = [
        docid
        for (docid, _), lat, lng in zip(hits, lats, lngs, strict=True)
        if lat is not None
        and lng is not None
        and distance_km(node.lat, node.lng, lat, lng) <= node.radius_km
    ]
    return clauses.docids(docids) if docids else clauses.nothing


def _count(searcher: Searcher, query: Query) -> int:
    found: Any = searcher.search(query, limit=1, count=True)
    return int(found.count)


def _box(clauses: Clauses, node: tree.Near) -> Query:
    angle = node.radius_km / _EARTH_KM
    lat, reach = radians(node.lat), degrees(angle) + _SLACK
    within = [clauses.place("lat", node.lat - reach, node.lat + reach)]
    if angle < pi / 2 and abs(lat) + angle < pi / 2:  # no pole inside
        width = degrees(asin(min(1.0, sin(angle) / cos(lat)))) + _SLACK
        west, east = node.lng - width, node.lng + width
        spans = [(west, east), (west + 360, east + 360), (west - 360, east - 360)]
        within.append(
            clauses.any_of(
                [clauses.place("lng", a, b) for a, b in spans if a <= 180 and b >= -180]  # noqa: PLR2004
            )
        )
    return clauses.all_of(within)
