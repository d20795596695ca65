"""What an account's use teaches, as rules see it: usual amounts, places, merchants, countries, declines."""

import numpy as np
import pytest

from authz.state.tables import Counter
from authz.vocabulary.attributes import UNKNOWN, Attribute
from authz.vocabulary.commands import NO_POSITION, Channel, CryptogramOutcome, Flag, Kind, Operation
from authz.vocabulary.reasons import Reason
from tests.authz.bank import HOUR_US, Bank
from tests.authz.commands import NOW_US, refund, reversal, set_account, set_card, set_token, tap

A = Attribute
BERLIN = {"latitude": 5_252_000, "longitude": 1_340_500}
PARIS = {"latitude": 4_885_660, "longitude": 235_220}
NOWHERE = {"latitude": NO_POSITION, "longitude": NO_POSITION}
SECOND_US = 1_000_000
ON_ALL_CHANNELS = set_token(4, channels=sum(1 << channel for channel in Channel))
ONLINE = {"channel": Channel.E_COMMERCE, "flags": Flag.SIGNED_FOR_REMOTE}
TOO_MUCH = 50_001
"""More than the account's limit for one transaction."""

_TOLD = {
    "time_zone": "Europe/Berlin",
    "categories": [{"first": "5800", "last": "5899", "group": "food"}],
    "rules": [
        {
            "id": attribute.code,
            "state": "shadow",
            "when": {"attribute": attribute.code, "operator": "=", "value": value},
            "action": "flag",
        }
        for attribute, value in (
            (A.AMOUNT_Z_SCORE, 1),
            (A.AMOUNT_TO_MEAN, 1),
            (A.IS_NEW_MERCHANT, True),
            (A.IS_NEW_COUNTRY, True),
        )
    ],
}


@pytest.fixture
def seen():
    """What rules see of a tap after others, each told by what it says otherwise: of one attribute, or of several."""

    def see(attribute, now, *before):
        bank = Bank(**_TOLD)
        bank.send(ON_ALL_CHANNELS)
        for number, values in enumerate(before, 1):
            bank.send(tap(**{"atc": number} | values))
        bank.send(tap(50, **now))
        assert bank.findings.rules[0], "the rules were asked"
        return bank.findings.values[attribute].tolist()

    return see


_EURO = [{"amount": amount} for amount in (1_000, 2_000, 3_000)]

USUAL = [
    # The mean is 20.00, the standard deviation of the sample 10.00.
    (A.AMOUNT_Z_SCORE, _EURO, 2_000, 0),
    (A.AMOUNT_Z_SCORE, _EURO, 1_000, -100),
    (A.AMOUNT_Z_SCORE, _EURO, 2_339, 33),
    (A.AMOUNT_Z_SCORE, _EURO, 1_661, -33),
    (A.AMOUNT_Z_SCORE, [*_EURO, {"amount": TOO_MUCH}], 1_000, -100),
    (A.AMOUNT_Z_SCORE, [*_EURO, {"amount": 0}], 1_000, -100),
    (A.AMOUNT_Z_SCORE, [{"amount": 1_000}, {"amount": 1_200}], 1_100, 0),
    (A.AMOUNT_Z_SCORE, [{"amount": 1_000}], 1_000, UNKNOWN),
    (A.AMOUNT_Z_SCORE, [{"amount": 1_000}, {"amount": 1_000}], 2_000, UNKNOWN),
    (A.AMOUNT_TO_MEAN, _EURO, 2_000, 100),
    (A.AMOUNT_TO_MEAN, _EURO, 1_999, 99),
    (A.AMOUNT_TO_MEAN, [{"amount": 1}], 50_000, 5_000_000),
    (A.AMOUNT_TO_MEAN, [{"amount": TOO_MUCH}], 1_000, UNKNOWN),
]


@pytest.mark.parametrize(("attribute", "before", "amount", "expected"), USUAL)
def test_usual_amounts(seen, attribute, before, amount, expected):
    """Of approved purchases only, in hundredths, without what is behind them."""
    assert seen(attribute, {"amount": amount}, *before) == expected


AN_HOUR_AGO = {"time_us": NOW_US - HOUR_US}
PLACES = [
    ([AN_HOUR_AGO | BERLIN], PARIS, 877, 877),
    ([AN_HOUR_AGO | BERLIN], BERLIN, 0, 0),
    ([AN_HOUR_AGO | BERLIN], PARIS | ONLINE, UNKNOWN, UNKNOWN),
    ([AN_HOUR_AGO | BERLIN], NOWHERE, UNKNOWN, UNKNOWN),
    ([AN_HOUR_AGO | NOWHERE], PARIS, UNKNOWN, UNKNOWN),
    ([AN_HOUR_AGO | BERLIN, AN_HOUR_AGO | NOWHERE], PARIS, UNKNOWN, UNKNOWN),
    ([AN_HOUR_AGO | BERLIN, AN_HOUR_AGO | PARIS], PARIS, 0, 0),
    ([AN_HOUR_AGO | BERLIN, AN_HOUR_AGO | PARIS | {"amount": TOO_MUCH}], PARIS, 877, 877),
    # Where a terminal's clock stands still, a second has passed.
    ([BERLIN], PARIS, 877, 3_158_911),
    ([{"time_us": NOW_US - SECOND_US // 2} | BERLIN], PARIS, 877, 3_158_911),
    ([{"time_us": NOW_US - 2 * SECOND_US} | BERLIN], PARIS, 877, 1_579_455),
]


@pytest.mark.parametrize(("before", "now", "distance", "speed"), PLACES)
def test_places(seen, before, now, distance, speed):
    """Distance and speed are known between two uses at a terminal, the last of them approved, that both say where."""
    found = seen([A.DISTANCE_FROM_LAST_TRANSACTION, A.TRAVEL_SPEED], now, *before)
    assert found == [distance, pytest.approx(speed, rel=1e-4) if speed > 0 else speed]


@pytest.mark.parametrize("channel", [Channel.CONTACTLESS, Channel.CONTACT_CHIP, Channel.MAGNETIC_STRIPE])
@pytest.mark.parametrize("issuer_was_told", [False, True])
def test_a_card_that_is_there_is_somewhere(channel, issuer_was_told):
    """However it is read; an online purchase since then was made from anywhere."""
    bank = Bank(**_TOLD)
    bank.send(ON_ALL_CHANNELS)
    kind = Kind.AUTHORIZATION_ADVICE if issuer_was_told else Kind.AUTHORIZATION_REQUEST
    assert bank.send(tap(1, kind=kind, channel=channel, **BERLIN, **AN_HOUR_AGO)) is Reason.APPROVED
    assert bank.send(tap(2, time_us=NOW_US - 60 * SECOND_US, **ONLINE, **NOWHERE)) is Reason.APPROVED
    assert bank.send(tap(3, channel=channel, **PARIS)) is Reason.APPROVED
    assert bank.findings.values[A.DISTANCE_FROM_LAST_TRANSACTION] == bank.findings.values[A.TRAVEL_SPEED] == 877
    assert bank.findings.values[A.SECONDS_SINCE_LAST_TRANSACTION] == 60


CAFE, BAKERY = {"merchant_key": 1_001}, {"merchant_key": 1_002}
GERMANY, FRANCE = {"country": 276}, {"country": 250}
NEW = [
    (A.IS_NEW_MERCHANT, [CAFE], CAFE, 0),
    (A.IS_NEW_MERCHANT, [CAFE, BAKERY], CAFE, 0),
    (A.IS_NEW_MERCHANT, [CAFE | {"amount": TOO_MUCH}], CAFE, 1),
    (A.IS_NEW_MERCHANT, [CAFE | {"amount": 0}], CAFE, 1),
    (A.IS_NEW_MERCHANT, [{"merchant_key": 250, "country": 276}], {"merchant_key": 276}, 1),
    (A.IS_NEW_COUNTRY, [GERMANY], FRANCE, 1),
    (A.IS_NEW_COUNTRY, [GERMANY, FRANCE], GERMANY, 0),
    (A.IS_NEW_COUNTRY, [GERMANY | {"amount": TOO_MUCH}], GERMANY, 1),
    (A.IS_NEW_COUNTRY, [{"merchant_key": 250, "country": 276}], FRANCE, 1),
]


@pytest.mark.parametrize(("attribute", "before", "now", "expected"), NEW)
def test_new_merchants_and_countries(seen, attribute, before, now, expected):
    """New is where the account has had nothing approved; a merchant's number is no country's."""
    assert seen(attribute, now, *before) == expected


def test_what_others_have_used_is_new():
    """A merchant and a country are known to the account that has used them, not to the bank."""
    bank = Bank(**_TOLD)
    for notice in (set_account(4, 8), set_card(5, 80, 8), set_token(6, 800, 80, 8)):
        bank.send(notice)
    bank.send(tap(1, **CAFE, **GERMANY))
    bank.send(tap(1, pan=800, **CAFE, **GERMANY))
    assert bank.findings.values[[A.IS_NEW_MERCHANT, A.IS_NEW_COUNTRY]].tolist() == [1, 1]
    assert bank.findings.values[A.SECONDS_SINCE_LAST_TRANSACTION] == UNKNOWN


def test_many_merchants():
    """There is room for all that an account has used, as much as it comes to."""
    bank = Bank(**_TOLD)
    for number in range(1, 61):
        bank.send(tap(number, 10, merchant_key=5_000 + number % 30))
        assert bank.findings.values[A.IS_NEW_MERCHANT] == (1 if number <= 30 else 0)
    used = np.count_nonzero(bank.state.seen)
    assert used == bank.state.counters[Counter.SEEN] == 31  # with the one country


DECLINES = [([], 0), ([TOO_MUCH], 1), ([1, TOO_MUCH, TOO_MUCH], 2), ([TOO_MUCH, TOO_MUCH, 1], 0), ([TOO_MUCH, 0], 1)]


@pytest.mark.parametrize(("amounts", "expected"), DECLINES)
def test_declines_in_a_row(seen, amounts, expected):
    """Counted anew from each purchase that is approved."""
    assert seen(A.CONSECUTIVE_DECLINES, {}, *({"amount": amount} for amount in amounts)) == expected


UNPROVEN = [
    {"cryptogram_outcome": CryptogramOutcome.INVALID},
    {"cryptogram_outcome": CryptogramOutcome.ABSENT},
    {"atc": 1, "stan": 77},
    {"atc": 5_000},
]


@pytest.mark.parametrize("unproven", UNPROVEN)
def test_what_proves_no_tap_is_no_decline_of_the_account(seen, unproven):
    """Wrong, missing and used cryptograms: anybody could send them."""
    assert seen(A.CONSECUTIVE_DECLINES, {}, {"amount": 10}, {"amount": TOO_MUCH}, unproven, unproven) == 1


TIMES = [
    ([NOW_US - 90 * SECOND_US], 90),
    ([NOW_US - 90 * SECOND_US + 1], 89),
    ([NOW_US - 90 * SECOND_US, NOW_US], 0),
]


@pytest.mark.parametrize(("times", "expected"), TIMES)
def test_seconds_since_the_last(seen, times, expected):
    """Whole ones."""
    assert seen(A.SECONDS_SINCE_LAST_TRANSACTION, {}, *({"time_us": time} for time in times)) == expected


def test_what_is_declined_or_given_back_is_no_use():
    """Neither changes when the account was last used, nor what is usual there."""
    bank = Bank(**_TOLD)
    paid = tap(1, 2_000, kind=Kind.FINANCIAL_REQUEST, time_us=NOW_US - HOUR_US)
    later = {"time_us": NOW_US - 60 * SECOND_US}
    for message in (paid, tap(2, TOO_MUCH, **later), refund(paid, amount_minor=500, **later, stan=9)):
        bank.send(message)
    assert bank.send(reversal(paid, stan=10, amount_minor=2_000, **later)) is not Reason.APPROVED
    bank.send(tap(3, 1_000))
    assert bank.findings.values[A.SECONDS_SINCE_LAST_TRANSACTION] == 3_600
    assert bank.findings.values[A.AMOUNT_TO_MEAN] == 50


CASH_BACK = {"operation": Operation.PURCHASE_WITH_CASH_BACK, "cash_minor": 500, "cardholder_verification": 1}
PLAIN = [
    (A.CASH_AMOUNT, {}, 0),
    (A.CASH_AMOUNT, CASH_BACK, 500),
    (A.IS_FOREIGN_CURRENCY, {}, 0),
    (A.IS_PREAUTHORIZATION, {}, 0),
    (A.CATEGORY_GROUP, {}, 1),
    (A.CATEGORY_GROUP, {"merchant_category": 5900}, UNKNOWN),
    (A.COUNTRY, {"country": 0}, UNKNOWN),
    (A.HOUR_OF_DAY, {"time_us": NOW_US + 11 * HOUR_US - 1}, 23),
    (A.HOUR_OF_DAY, {"time_us": NOW_US + 11 * HOUR_US}, 0),  # midnight in Berlin
    (A.DAY_OF_WEEK, {"time_us": NOW_US + 11 * HOUR_US - 1}, 2),
    (A.DAY_OF_WEEK, {"time_us": NOW_US + 11 * HOUR_US}, 3),
    (A.DAY_OF_WEEK, {"time_us": NOW_US + 5 * 24 * HOUR_US}, 7),
    (A.DAY_OF_WEEK, {"time_us": NOW_US + 6 * 24 * HOUR_US}, 1),
]


@pytest.mark.parametrize(("attribute", "now", "expected"), PLAIN)
def test_what_a_message_says_by_itself(seen, attribute, now, expected):
    """Without any history."""
    assert seen(attribute, now) == expected
