"""Great-circle distances from sums and products only, so that every machine computes the same bits."""

import math

from authz.arrays.compiled import Integer, compiled

_UNITS = 100_000  # of a degree
_RADIANS = math.pi / 180 / _UNITS
_DIAMETER_KM = 2 * 6371.0088  # mean radius (IUGG)
_NEWTON_STEPS = 12


@compiled
def sine(angle: float) -> float:
    """The sine of an angle from -pi/2 to pi/2, by its series."""
    square = angle * angle
    term, total = angle, angle
    for step in range(1, 10):
        term *= -square / ((2 * step) * (2 * step + 1))
        total += term
    return total


@compiled
def cosine(angle: float) -> float:
    """The cosine of an angle from -pi/2 to pi/2."""
    return sine(math.pi / 2 - abs(angle))


@compiled
def arc_sine(value: float) -> float:
    """The arc sine of 0 to 1, by Newton's method on the chord of half the angle."""
    # sin(a) = value; with h = a / 2: sin(h) = sqrt((1 - cos a) / 2), which is at most 0.71 and well conditioned.
    half = math.sqrt((1.0 - math.sqrt(1.0 - value * value)) / 2.0)
    angle = half
    for _ in range(_NEWTON_STEPS):
        angle -= (sine(angle) - half) / cosine(angle)
    return 2.0 * angle


@compiled
def distance_km(latitude: Integer, longitude: Integer, latitude_2: Integer, longitude_2: Integer) -> float:
    """The great-circle distance between two positions in degrees times 100,000, kilometres (haversine formula)."""
    turn = longitude_2 - longitude
    if turn > 180 * _UNITS:
        turn -= 360 * _UNITS
    elif turn < -180 * _UNITS:
        turn += 360 * _UNITS
    across = sine(turn * _RADIANS / 2.0)
    along = sine((latitude_2 - latitude) * _RADIANS / 2.0)
    cosines = cosine(latitude * _RADIANS) * cosine(latitude_2 * _RADIANS)
    chord = math.sqrt(along * along + cosines * across * across)
    return _DIAMETER_KM * arc_sine(min(chord, 1.0))
