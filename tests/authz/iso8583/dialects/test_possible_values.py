"""Dates, times and codes: what is possible, and that the compiled path and the codec agree on it."""

import json
from datetime import date
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from authz.iso8583.dialects.fields import BUILT_IN, Dialect, built_in
from authz.iso8583.dialects.possible_values import PLACES, SERVICE_CODE, impossible_value
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.scan import impossible_value as impossible_value_compiled
from authz.iso8583.encoding.scan import new_places, scan_message, scan_table
from authz.iso8583.format_errors import KINDS, NO_PROBLEM, FormatError
from authz.iso8583.messages.reading import format_error_of

SCAN_TABLE = scan_table(built_in())

GOOD = {
    0: "0100", 2: "9999501000000017", 3: "000000", 4: "000000001250", 7: "1124120000", 11: "123456", 12: "235959",
    13: "0229", 14: "2912", 15: "1231", 16: "0101", 17: "0430", 18: "5814", 19: "276", 20: "276", 21: "276", 22: "071",
    32: "99900000002", 35: "9999501000000017=29122010", 37: "632812123456", 41: "TERM0001", 42: "CAFE00000000001",
    43: f"{'CAFE':<40}", 49: "978", 50: "978", 51: "978", 54: "3040978D000000000100" * 2, 68: "276", 69: "276",
    73: "240229", 90: "0100123456112412000099900000002" + "0" * 11,
}  # fmt: skip

DATES = ("0000", "0100", "1301", "0230", "0431", "0132", "9999")
CODES = ("000",)
IMPOSSIBLE = [
    *((7, f"{day}120000", "impossible_date") for day in DATES),
    *((7, f"1124{time}", "impossible_time") for time in ("240000", "236000", "235960")),
    *((12, time, "impossible_time") for time in ("240000", "006000", "000060", "999999")),
    *((number, day, "impossible_date") for number in (13, 15, 16, 17) for day in DATES),
    *((14, month, "impossible_date") for month in ("2900", "2913", "0000")),
    *((number, code, "impossible_code") for number in (19, 20, 21, 49, 50, 51, 68, 69) for code in CODES),
    (18, "0000", "impossible_code"),
    (54, "3040978D0000000001003040000D000000000100", "impossible_code"),
    (73, "240230", "impossible_date"),
    (90, "0100123456132512000099900000002" + "0" * 11, "impossible_date"),
    (90, "0100123456112424000099900000002" + "0" * 11, "impossible_time"),
    (90, "010012345600000000000000000000000000000000", "impossible_date"),
    (35, "9999501000000017=29132010", "impossible_date"),
    (35, "9999501000000017=2912301", "impossible_code"),
    (35, "9999501000000017=291220", "impossible_code"),
    (35, "9999501=2912201", "wrong_structure"),
    (35, "9999501000000017C2912201", "wrong_structure"),
]


def _table_of(name):
    """The field table of a built-in dialect, to be changed."""
    return json.loads(files("authz.iso8583").joinpath(f"dialects/{name}.json").read_text())


def _compiled(raw):
    """What the compiled path says of a message of the network's own dialect: a format error, or None."""
    buffer, places = np.frombuffer(raw, np.uint8), new_places()
    problem = scan_message(buffer, 0, len(raw), SCAN_TABLE, places)
    if problem == NO_PROBLEM:
        problem = impossible_value_compiled(buffer, places)
    return None if problem == NO_PROBLEM else format_error_of(int(problem))


def _by_codec(raw, dialect):
    """What the codec says of it."""
    try:
        codec.decode_checked(raw, dialect)
    except codec.MessageError as error:
        return error.error
    return None


@pytest.mark.parametrize("name", BUILT_IN)
def test_good_values_are_possible(name):
    """29 February, the last second of a day, and codes that nobody has assigned yet."""
    for changes in ({}, {49: "123", 50: "999"}, {19: "899"}, {18: "0001"}, {7: "0229235959"}, {22: "999"}):
        raw = codec.encode({**GOOD, **changes}, built_in(name))
        assert _by_codec(raw, built_in(name)) is None
    assert _compiled(codec.encode(GOOD, built_in())) is None


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize(("number", "value", "code"), IMPOSSIBLE)
def test_impossible_values_are_named_in_every_dialect(name, number, value, code):
    """By the field's number and a code; and what was read is kept, so that it can be answered."""
    raw = codec.encode({**GOOD, number: value}, built_in(name))
    with pytest.raises(codec.MessageError) as refused:
        codec.decode_checked(raw, built_in(name))
    assert (refused.value.error.field, refused.value.error.code) == (number, code)
    assert (refused.value.offset, refused.value.reason) == (None, KINDS[refused.value.error.kind].verb)
    assert refused.value.fields[11] == GOOD[11]
    assert codec.decode(raw, built_in(name))[number].replace("D", "=") == value.replace("D", "=")
    if name == "ascii_1987":
        assert _compiled(raw) == refused.value.error


def test_another_version_lays_its_dates_out_otherwise():
    """DE 12 of ISO 8583:1993 is YYMMDDhhmmss: a message that names that version is not held to the dates of this."""
    table = {key: dict(entry) for key, entry in _table_of("ascii_1987").items()}
    table["12"]["max_len"] = 12
    dialect = Dialect.of("later", table)
    for message_type, is_refused in (("1100", False), ("2420", False), ("0100", True)):
        raw = codec.encode({0: message_type, 11: "000042", 12: "261124235959"}, dialect)
        assert (_by_codec(raw, dialect) is not None) == is_refused


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("number", [28, 29, 30, 31, 97])
def test_signed_amounts_are_c_or_d_and_digits(name, number):
    """Class x+n, compiled and by the codec; a table whose digits are packed cannot even write some of these."""
    digits = "0" * (16 if number == 97 else 8)
    wrong = [f"X{digits}", f"0{digits}", f"C{digits[:-2]} 5", f"D{digits[:-2]}A5"]
    for value in wrong[3:] if name == "bcd_1987" else wrong:
        raw = codec.encode({**GOOD, number: value}, built_in(name))
        error = _by_codec(raw, built_in(name))
        assert (error.field, error.code) == (number, "wrong_characters")
        if name == "ascii_1987":
            assert _compiled(raw) == error
    for sign in "CD":
        raw = codec.encode({**GOOD, number: sign + digits}, built_in(name))
        assert _by_codec(raw, built_in(name)) is None
        assert name != "ascii_1987" or _compiled(raw) is None


def test_every_date_of_a_leap_year_and_no_other():
    """Against a calendar of the standard library."""
    for month in range(20):
        for day in range(40):
            try:
                expected = date(2024, month, day) is not None
            except ValueError:
                expected = False
            found = impossible_value({13: f"{month:02d}{day:02d}"})
            assert (found is None) == expected, (month, day)


def test_service_codes():
    """Those that ISO/IEC 7813 defines, reserved digits left out."""
    possible = {f"{number:03d}" for number in range(1_000) if SERVICE_CODE.has(f"{number:03d}")}
    assert {"201", "101", "220", "226", "520", "606", "702", "999"} & possible == {
        "201", "101", "220", "226", "520", "606", "702",
    }  # fmt: skip
    assert {code[0] for code in possible} == set("125679")
    assert {code[1] for code in possible} == set("024")
    assert {code[2] for code in possible} == set("01234567")


_CHECKED = sorted({place.field for place in PLACES} | {35, 37, 41, 42, 43})


def _mutated(draw):
    """A message with some characters of the fields that are held against something exchanged, or damaged anywhere."""
    message = dict(GOOD)
    for number in draw(st.lists(st.sampled_from(_CHECKED), max_size=3)):
        place = draw(st.integers(0, len(message[number]) - 1))
        character = draw(st.sampled_from("0123456789=DX \x00\x1f\x7f~"))
        message[number] = message[number][:place] + character + message[number][place + 1 :]
    raw = bytearray(codec.encode(message, built_in()))
    for _ in range(draw(st.integers(0, 2))):
        raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
    return bytes(raw[: draw(st.one_of(st.just(len(raw)), st.integers(0, len(raw))))])


@settings(max_examples=1_000)
@given(st.composite(_mutated)())
@example(codec.encode({**GOOD, 7: "0000000000"}, built_in()))
def test_the_compiled_path_and_the_codec_agree(raw):
    """On every mutated message: both take it, or both refuse it for the same field and the same reason."""
    raw_has_third_bitmap = len(raw) > 12 and raw[4] & 0x80 and raw[12] & 0x80
    if not raw_has_third_bitmap:
        assert _compiled(raw) == _by_codec(raw, built_in())


@pytest.mark.parametrize("kind", KINDS)
def test_additional_response_data_can_be_read_back(kind):
    """DE 44 is at most 25 characters, and says which error it was."""
    error = FormatError(55, kind, "62" if "subelement" in KINDS[kind].code else "9F26")
    assert len(error.additional_response_data) <= 25
    assert FormatError.read(error.additional_response_data) == error
    assert error.sentence.split()[0] in ("DE", "the")


@pytest.mark.parametrize("text", ["", "7", "007", "007 nonsense", "seven missing", "²07 missing", "6011 text"])
def test_other_additional_response_data_is_left_alone(text):
    """Other hosts say other things in DE 44."""
    assert FormatError.read(text) is None
