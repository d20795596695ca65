"""One data object of DE 55 at its bounds (EMV Book 3, annex B): what it is, or what is wrong with it."""

import numpy as np
import pytest

from authz.iso8583.chip.data_objects import after_padding, check_template, is_template, read_object
from authz.iso8583.format_errors import BAD_CONTENT, BAD_LENGTH, CUT_OFF, NO_PROBLEM


def octets(text):
    """Bytes as compiled code takes them."""
    return np.frombuffer(bytes.fromhex(text), np.uint8)


@pytest.mark.parametrize(
    ("encoded", "tag", "value"),
    [
        ("9C0100", 0x9C, (2, 3)),
        ("9C00", 0x9C, (2, 2)),
        ("9C8100", 0x9C, (3, 3)),
        ("9C8101AA", 0x9C, (3, 4)),
        ("9C820001AA", 0x9C, (4, 5)),
        ("9C8400000001AA", 0x9C, (6, 7)),
        ("9C7F" + "AA" * 127, 0x9C, (2, 129)),
        ("9C820100" + "AA" * 256, 0x9C, (4, 260)),
        ("9F020100", 0x9F02, (3, 4)),
        ("DF81010100", 0xDF8101, (4, 5)),
        ("1F8281010100", 0x1F828101, (5, 6)),
        ("9F001F", 0x9F00, None),
        ("9C0100" + "9C0100", 0x9C, (2, 3)),
    ],
)
def test_an_object(encoded, tag, value):
    """Tags of one to four bytes, lengths of one to five, values down to nothing."""
    problem, read, start, end = read_object(octets(encoded), 0, len(octets(encoded)))
    assert read == tag
    assert (problem == NO_PROBLEM) == (value is not None)
    assert value is None or (start, end) == value


@pytest.mark.parametrize(
    ("encoded", "problem"),
    [
        ("9F", CUT_OFF),
        ("DF81", CUT_OFF),
        ("FFFFFFFF", CUT_OFF),
        ("9C", CUT_OFF),
        ("9F02", CUT_OFF),
        ("9C01", CUT_OFF),
        ("9C0200", CUT_OFF),
        ("9C81", CUT_OFF),
        ("9C8200", CUT_OFF),
        ("9C8201", CUT_OFF),
        ("9C8102AA", CUT_OFF),
        ("1F818181010100", BAD_CONTENT),
        ("9C80" + "00" * 200, BAD_LENGTH),
        ("9C850000000001AA", BAD_LENGTH),
        ("9CFF", BAD_LENGTH),
    ],
)
def test_what_is_no_object(encoded, problem):
    """Cut off in tag, length or value; a tag of five bytes; a length that is indefinite or of five bytes."""
    assert read_object(octets(encoded), 0, len(octets(encoded)))[0] == problem
    template = octets(f"E0{len(octets(encoded)):02X}{encoded}" if len(octets(encoded)) < 128 else f"E081CA{encoded}")
    found, _, start, end = read_object(template, 0, len(template))
    assert found == NO_PROBLEM
    assert is_template(template, 0)
    assert check_template(template, start, end) == problem


def test_padding():
    """Zero bytes, up to the end and not beyond it."""
    assert after_padding(octets("00009C00"), 0, 4) == 2
    assert after_padding(octets("9C00"), 0, 2) == 0
    assert after_padding(octets("000000"), 0, 2) == 2
    assert after_padding(octets("000100"), 1, 3) == 1


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "0000",
        "9C0100",
        "009C010000",
        "E000",
        "E0029C00",
        "E00400E00000" + "9C00",
        "E003E00100" + "00" + "E0049C020000",
    ],
)
def test_what_a_template_may_hold(encoded):
    """Nothing, padding, objects and templates, one after the other and one in the other."""
    assert check_template(octets(encoded), 0, len(octets(encoded))) == NO_PROBLEM


@pytest.mark.parametrize(
    "encoded",
    ["E0039C02AA" + "00", "9C00" + "E0029C01" + "AA", "E0029C01" + "AA", "E003E0029C" + "00", "9C00" + "9C", "E0009F"],
)
def test_what_a_template_may_not_hold(encoded):
    """An object that ends behind the template around it, though not behind the outermost one."""
    assert check_template(octets(encoded), 0, len(octets(encoded))) == CUT_OFF
