"""A merchant in the data elements that its terminals send."""

import pytest

from simulators.parties.merchant import Merchant


@pytest.mark.parametrize(
    ("name", "city", "country", "element"),
    [
        ("TAPWRIGHT CAFE", "BERLIN", "276", "TAPWRIGHT CAFE           BERLIN       DE"),
        ("X" * 26, "Y" * 14, "840", "X" * 25 + "Y" * 13 + "US"),
    ],
)
def test_name_and_location(name, city, country, element):
    """DE 43 has 40 characters: 25, 13 and 2."""
    assert Merchant(name=name, city=city, country=country).name_and_location == element
    assert len(element) == 40


@pytest.mark.parametrize(
    ("position", "text"),
    [(None, None), ((52.52, 13.405), "+52.52000+013.40500/"), ((-33.86, -151.2), "-33.86000-151.20000/")],
)
def test_position(position, text):
    """ISO 6709: two digits of latitude and three of longitude, each with its sign."""
    assert Merchant(position=position).position_text == text
