"""Tags of a payment as callers give them: whatever is wrong is named by its tag."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokenvault.emv.diagnosis.taps import EXTRA, VALUES
from tokenvault.emv.encodings import tlv
from tokenvault.tokens.tap_tags import NEEDED, tags_by_name, tags_of_chip_data
from tokenvault.vocabulary.errors import FieldError

TAP = {**VALUES, **EXTRA, "9F10": bytes.fromhex("06011203A40000"), "9F26": bytes(8)}
BY_NAME = {tag: value.hex() for tag, value in TAP.items()}


def refused(function, told):
    """The field that is refused."""
    with pytest.raises(FieldError) as error:
        function(told, "tags")
    return error.value.field


def test_both_forms_say_the_same():
    """By name, in either case, and as DE 55 with padding and templates."""
    assert tags_by_name(BY_NAME, "tags") == TAP
    assert tags_by_name({tag.lower(): value.upper() for tag, value in BY_NAME.items()}, "tags") == TAP
    chip_data = "00" + tlv.encode([*TAP.items(), ("77", [("9F02", bytes(6))])]).hex()
    assert tags_of_chip_data(chip_data, "chip_data") == TAP


@pytest.mark.parametrize("tag", NEEDED)
def test_a_tag_that_is_missing_is_named(tag):
    """In both forms."""
    kept = {name: value for name, value in TAP.items() if name != tag}
    assert refused(tags_by_name, {name: value.hex() for name, value in kept.items()}) == f"tags.{tag}"
    assert refused(tags_of_chip_data, tlv.encode(kept.items()).hex()) == f"tags.{tag}"


@pytest.mark.parametrize("tag", [tag for tag in (*NEEDED, "9F26") if tag != "9F10"])
def test_a_tag_of_another_length_is_named(tag):
    """One byte more, one less."""
    for value in (TAP[tag] + b"\0", TAP[tag][1:]):
        assert refused(tags_by_name, BY_NAME | {tag: value.hex()}) == f"tags.{tag}"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"9F36": "zz"}, "tags.9F36"),
        ({"9F36": "001"}, "tags.9F36"),
        ({"9F33": "00" * 253}, "tags.9F33"),
        ({"9f36": "0001"}, "tags.9F36"),
        ({"amount": "00"}, "tags"),
        ({"": "00"}, "tags"),
        ({"9F": "00"}, "tags"),
        ({"9F 36": "0001"}, "tags"),
        ({"9F3601": "0001"}, "tags"),
        ({"5A" * 1000: "0001"}, "tags"),
    ],
)
def test_names_and_values_that_are_none(more, field):
    """Not hexadecimal, too long, given twice, or no tag at all."""
    assert refused(tags_by_name, BY_NAME | more) == field


@pytest.mark.parametrize("chip_data", ["zz", "9F3602", "9F36", "0", "9F360100009F3601"])
def test_chip_data_that_is_none(chip_data):
    """Not hexadecimal, or cut off."""
    assert refused(tags_of_chip_data, chip_data) == "tags"


def test_a_tag_that_is_there_twice_is_named():
    """The network refuses it too."""
    twice = tlv.encode([*TAP.items(), ("9F36", b"\0\1")]).hex()
    assert refused(tags_of_chip_data, twice) == "tags.9F36"


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20)), st.text(max_size=40), st.binary(max_size=200))
def test_whatever_is_given(told, text, octets):
    """Tags, or an error that names a field; nothing else."""
    for function, given_value in ((tags_by_name, told), (tags_of_chip_data, text), (tags_of_chip_data, octets.hex())):
        assert refused(function, given_value).startswith("tags")
