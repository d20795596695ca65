"""Identifiers of entries: read as they were written, and nothing else."""

import pytest

from authz.payments.events import Position
from simulators.sandbox.stream.places import Places
from tokenvault.vocabulary.errors import FieldError


@pytest.mark.parametrize(
    "places",
    [
        Places(),
        Places(1842, 97, Position.behind(1842), 12),
        Places(1, 2, Position(3, 2, 1)),
        Places(1, 2, Position(3), 4, 5, 6),
    ],
)
def test_read_as_written(places):
    """There and back."""
    assert Places.parse(str(places)) == places


@pytest.mark.parametrize(
    "text",
    [
        "",
        "d1",
        "d1.e1.p1.m1",
        "d1.e1.p1/0/0.m1x",
        "d-1.e1.p1/0/0.m1",
        "d1.e1.p1/0/0.m٣",
        f"d{'9' * 19}.e1.p1/0/0.m1",
        "d1.e1.p1/7/0.m1",
        "d1.e1.p1/0/0.m1.r1",
        "d1.e1.p1/0/0.m1.r1.u",
    ],
)
def test_anything_else_is_refused(text):
    """By the name of the header."""
    with pytest.raises(FieldError) as refused:
        Places.parse(text)
    assert refused.value.field == "Last-Event-ID"


def test_what_is_not_heard_of_is_not_written():
    """So the identifiers of other topics are as they were."""
    assert str(Places(1, 2, Position(3), 4)).endswith(".m4")
    assert str(Places(1, 2, Position(3), 4, 0, 6)).endswith(".m4.r0.u6")
