"""Distances on the globe."""

from __future__ import annotations

import pytest

from para_search_lucene.geo import distance_km


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 0), (0, 0), 0.0),
        ((0, 0), (0, 1), 111.195),
        ((90, 0), (-90, 0), 20015.1),
        ((0, 179.5), (0, -179.5), 111.195),
        ((42.6977, 23.3219), (43.2141, 27.9147), 378.1),
    ],
    ids=["same", "degree", "poles", "date-line", "sofia-varna"],
)
def test_they_are_great_circles(
    one: tuple[float, float], other: tuple[float, float], expected: float
) -> None:
    assert distance_km(*one, *other) == pytest.approx(expected, rel=1e-3)
