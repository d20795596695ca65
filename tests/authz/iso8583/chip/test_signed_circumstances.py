"""What the phone signed, held against the fields of its message and the clock: each difference is a flag."""

from datetime import date, timedelta

import numpy as np
import pytest

from authz.iso8583.chip.signed_data import DateTolerances, circumstances, days_from, days_off
from authz.vocabulary.commands import Flag
from tests.authz.iso8583.messages.messages import chip, command_of, message, read

FOR_A_QR_CODE = "06010103A40002"
NOTHING = "000000000000"
EPOCH = date(1970, 1, 1)


def flags_of(**changes):
    """The flags of a tap of 24 November 2026, 12:00 UTC by the clock."""
    return int(command_of(**changes)["flags"])


def cash_of(amount):
    """DE 54 with so much cash-back, minor units."""
    return f"0040978D{amount:012d}"


@pytest.mark.parametrize(
    ("signed", "said", "flags"),
    [(0, None, 0), (500, 500, 0), (500, None, Flag.SIGNED_FOR_OTHER_CASH), (500, 501, Flag.SIGNED_FOR_OTHER_CASH),
     (0, 500, Flag.SIGNED_FOR_OTHER_CASH)],
)  # fmt: skip
def test_cash_back(signed, said, flags):
    """Tag 9F03 is the cash in DE 54, or zero where there is none."""
    message = {} if said is None else {"de54": cash_of(said)}
    assert flags_of(de55=chip(_9F03=f"{signed:012d}"), **message) == flags


@pytest.mark.parametrize(
    ("tags", "is_other"),
    [
        ({"_9F10": FOR_A_QR_CODE, "_9F02": NOTHING}, False),
        ({"_9F10": FOR_A_QR_CODE, "_9F02": NOTHING, "_9F03": f"{1:012d}"}, True),
        ({"_9F10": FOR_A_QR_CODE}, True),
        ({"_9F02": NOTHING}, True),
    ],
)
def test_a_qr_code_is_shown_before_the_cash_is_known(tags, is_other):
    """A phone that shows one signs zeros: for neither amount nor cash-back. Whoever signs an amount knows its cash."""
    assert bool(flags_of(de54=cash_of(500), de55=chip(**tags)) & Flag.SIGNED_FOR_OTHER_CASH) == is_other


@pytest.mark.parametrize(
    ("letters", "number"),
    [
        ("DE", 276), ("AD", 20), ("AZ", 31), ("ZA", 710), ("ZW", 716), ("ZZ", 0), ("  ", 0), ("de", 0), ("D ", 0),
        ("@D", 0), ("A@", 0), ("[A", 0), ("B[", 0),
    ],
)  # fmt: skip
def test_the_country_of_the_card_acceptor(letters, number):
    """The last two characters of DE 43, ISO 3166-1: letters of a country, or none."""
    command = command_of(de43=f"{'CAFE DE BERLIN':<38}{letters}", de55=chip(_9F1A="0616"))
    assert command["acceptor_country"] == number
    assert command["flags"] == (Flag.SIGNED_IN_ANOTHER_COUNTRY if number else 0)


@pytest.mark.parametrize(
    ("signed", "is_another"), [("0276", False), ("0250", True), ("0277", True), ("0001", True), ("0000", False)]
)
def test_the_country_that_was_signed(signed, is_another):
    """Tag 9F1A is the acceptor's country, or zero where the phone does not know it; without DE 43, any will do."""
    flags = Flag.SIGNED_IN_ANOTHER_COUNTRY if is_another else 0
    assert flags_of(de43=f"{'CAFE':<38}DE", de55=chip(_9F1A=signed)) == flags
    assert flags_of(de55=chip(_9F1A=signed)) == 0
    assert command_of(de55=chip(_9F1A=signed))["acceptor_country"] == 0


def test_a_message_without_an_acceptor_behind_one_that_has_it():
    """What was found of the one before does not count for it."""
    in_germany, anywhere = message(de43=f"{'CAFE':<38}DE", de55=chip()), message(de11="000043", de55=chip(_9F1A="0250"))
    _, commands, *_ = read(in_germany, anywhere)
    assert commands["acceptor_country"].tolist() == [276, 0]
    assert commands["flags"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("signed", "message", "is_another"),
    [
        ("261117", {}, False),
        ("261116", {}, True),
        ("261201", {}, False),
        ("261202", {}, True),
        ("251124", {}, True),
        ("261201", {"de7": "1124000000"}, False),
        ("261117", {"de13": "1110"}, False),
        ("261117", {"de13": "1109"}, True),
        ("261120", {"de7": "1130120000"}, True),
        ("261120", {"de7": "1130120000", "de13": "1124"}, False),
        ("000000", {"de13": "0601"}, False),
    ],
)
def test_the_day_that_was_signed(signed, message, is_another):
    """Tag 9A is at most seven days from the clock, and from the day of DE 13, or of DE 7 where that is all there is."""
    assert flags_of(de55=chip(_9A=signed), **message) == (Flag.SIGNED_ON_ANOTHER_DAY if is_another else 0)


@pytest.mark.parametrize(
    ("sent", "is_far"), [("1117000000", False), ("1116235959", True), ("1201235959", False), ("1202000000", True)]
)
@pytest.mark.parametrize("message_type", ["0100", "0200", "0120", "0220"])
def test_the_time_of_a_request_is_near_the_clock(message_type, sent, is_far):
    """DE 7 within seven days; an advice may have waited longer."""
    is_request = message_type in ("0100", "0200")
    flags = flags_of(de0=message_type, de7=sent)
    assert flags == (Flag.SENT_AT_ANOTHER_TIME if is_far and is_request else 0)


def number_of(day):
    """Days since 1970."""
    return (day - EPOCH).days


def test_any_clock_will_do():
    """Where there are several, a signed day is near if it is near one of them, whichever that is."""
    days = tuple(number_of(date(2026, month, 15)) for month in (3, 6, 9))
    around = circumstances(DateTolerances(), days)
    for month, day, off in ((3, 15, 0), (3, 10, 5), (6, 17, 2), (9, 22, 7), (7, 1, 16)):
        assert days_off(260_000 + month * 100 + day, month * 100 + day, around) == off
    assert days_off(260_615, 622, around) == 7


def test_the_last_year_that_can_be_signed():
    """Two digits of a year are one of 2000 to 2099."""
    around = circumstances(DateTolerances(), (number_of(date(2099, 1, 1)),))
    assert days_off(990_101, 101, around) == 0


@pytest.mark.parametrize("month_and_day", [101, 228, 301, 630, 1231])
def test_the_nearest_day_of_a_date_without_a_year(month_and_day):
    """Of last year, this year or next year: against the calendar of the standard library, over a century."""
    for number in range(number_of(date(2000, 1, 1)), number_of(date(2100, 1, 1)), 13):
        today = EPOCH + timedelta(number)
        same = [date(today.year + off, month_and_day // 100, month_and_day % 100) for off in (-1, 0, 1)]
        assert days_from(np.int64(number), month_and_day) == min(abs((day - today).days) for day in same)
