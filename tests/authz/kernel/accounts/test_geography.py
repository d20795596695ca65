"""Distances on the earth against the formula as it stands in books."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.kernel.accounts.geography import distance_km

RADIUS_KM = 6371.0088
UNITS = 100_000

LATITUDES = st.integers(-90 * UNITS, 90 * UNITS)
LONGITUDES = st.integers(-180 * UNITS, 180 * UNITS)


def by_the_book(latitude, longitude, latitude_2, longitude_2):
    """The angle between two unit vectors, which is exact for near and for far places, times the radius."""
    vectors = []
    for each, turn in ((latitude, longitude), (latitude_2, longitude_2)):
        up, around = math.radians(each / UNITS), math.radians(turn / UNITS)
        vectors.append((math.cos(up) * math.cos(around), math.cos(up) * math.sin(around), math.sin(up)))
    apart = math.dist(*vectors)
    opposite = math.dist(vectors[0], [-each for each in vectors[1]])
    return 2 * RADIUS_KM * math.atan2(apart, opposite)


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_distances(latitude, longitude, latitude_2, longitude_2):
    """Right to the metre, wherever on the earth."""
    place = latitude, longitude, latitude_2, longitude_2
    assert distance_km(*place) == pytest.approx(by_the_book(*place), abs=0.001)


@pytest.mark.parametrize("east", [16_500_000, 17_500_000, 18_000_000])
@pytest.mark.parametrize("west", [-17_000_000, -16_000_000])
def test_over_the_date_line(east, west):
    """The short way round, in both directions, to the millimetre."""
    for place in ((-1_650_000, east, -1_650_000, west), (-1_650_000, west, -1_650_000, east)):
        assert distance_km(*place) == pytest.approx(by_the_book(*place), abs=1e-6)


KNOWN = [
    ((0, 0), (0, 0), 0),
    ((52.52, 13.405), (48.8566, 2.3522), 877),  # Berlin to Paris
    ((-16.5, 179.9), (-16.5, -179.9), 21),  # over the date line, east
    ((-16.5, -179.9), (-16.5, 179.9), 21),  # and west
    ((0, -90), (0, 90), 20_015),  # half way round
    ((90, 0), (-90, 0), 20_015),  # from pole to pole
    ((90, 10), (90, -120), 0),  # the pole is one place
    ((0, 0), (0, 180), 20_015),
    ((0, -180), (0, 180), 0),
]


@pytest.mark.parametrize(("one", "other", "kilometres"), KNOWN)
def test_known_distances(one, other, kilometres):
    """Also at the ends of the map."""
    place = [round(degrees * UNITS) for degrees in (*one, *other)]
    assert int(distance_km(*place)) == pytest.approx(kilometres, abs=1)
