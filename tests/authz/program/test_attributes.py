"""Every attribute, told right: one row each, by what a shadow rule has seen."""

import pytest

from authz.program.compilation import merchant_key
from authz.vocabulary.attributes import MEANINGS, UNKNOWN, Attribute, Form
from authz.vocabulary.commands import CardholderVerification, Channel, Flag, Kind, Operation
from tests.authz.bank import HOUR_US, Bank
from tests.authz.commands import EUR, NOW_US, USD, set_account, set_token, tap

A = Attribute
BERLIN = {"latitude": 5_252_000, "longitude": 1_340_500}
PARIS = {"latitude": 4_885_660, "longitude": 235_220}
CAFE = merchant_key("CAFE00000000001")

CASH = {"operation": Operation.CASH, "cardholder_verification": CardholderVerification.PIN}

SEEN = {
    A.AMOUNT: ([], {}, 1_250),
    A.CURRENCY: ([], {}, EUR),
    A.OPERATION: ([], CASH, Operation.CASH),
    A.MERCHANT: ([], {"merchant_key": CAFE}, CAFE),
    A.MERCHANT_CATEGORY: ([], {}, 5814),
    A.CATEGORY_GROUP: ([], {}, 1),
    A.COUNTRY: ([], {"country": 276}, 276),
    A.CHANNEL: ([], {}, Channel.CONTACTLESS),
    A.PAN_ENTRY_MODE: ([], {"entry_mode": 71}, 7),
    A.CARDHOLDER_VERIFICATION: ([], {"cardholder_verification": CardholderVerification.PIN}, 1),
    A.WALLET_TYPE: ([], {}, 99_900_000_001),
    A.SEGMENT: ([], {}, 3),
    A.TOKEN_AGE: ([], {}, 86_400),
    A.DEVICE_AGE: ([], {}, 2 * 86_400),
    A.DEVICE_RISK_SCORE: ([], {}, 4),
    A.HOUR_OF_DAY: ([], {}, 13),  # 12:00 UTC is 13:00 in Berlin
    A.DAY_OF_WEEK: ([], {}, 2),  # a Tuesday
    A.SECONDS_SINCE_LAST_TRANSACTION: ([{"time_us": NOW_US - HOUR_US}], {}, 3_600),
    A.DISTANCE_FROM_LAST_TRANSACTION: ([{"time_us": NOW_US - HOUR_US, **BERLIN}], PARIS, 877),
    A.TRAVEL_SPEED: ([{"time_us": NOW_US - 2 * HOUR_US, **BERLIN}], PARIS, 438),
    A.AMOUNT_Z_SCORE: ([{"amount": 1_000}, {"amount": 2_000}, {"amount": 3_000}], {"amount": 4_500}, 250),
    A.AMOUNT_TO_MEAN: ([{"amount": 1_000}, {"amount": 3_000}], {"amount": 5_000}, 250),
    A.CONSECUTIVE_DECLINES: ([{"amount": 50_001}, {"amount": 50_001}], {}, 2),
    A.IS_NEW_MERCHANT: ([{"merchant_key": 5}], {"merchant_key": 6}, 1),
    A.IS_NEW_COUNTRY: ([{"country": 276}], {"country": 276}, 0),
    A.AVAILABLE_CREDIT: ([{"amount": 30_000}], {}, 70_000),
    A.IS_FOREIGN_CURRENCY: ([], {"currency": USD, "signed_currency": USD}, 1),
    A.IS_PREAUTHORIZATION: ([], {"flags": Flag.PREAUTHORIZATION}, 1),
    A.CASH_AMOUNT: ([], CASH, 1_250),
    A.SCENE: ([], {"merchant_category": 5812}, 3),
    A.NEED: ([], {"merchant_category": 7832}, 2),
    A.PRODUCT: ([], {}, 5),
    A.MISSED_DUES: ([], {}, 0),
    A.IN_RELIEF: ([], {}, 0),
    A.OWED_PPM: ([{"amount": 33_333, "kind": Kind.FINANCIAL_REQUEST}], {}, 333_330),
    A.ACCOUNT_AGE: ([], {}, 40),
    A.LIFE_STAGE: ([], {}, 6),
}
SCENES = [
    {"scene": "bar", "need": "dining", "categories": [["5813", "5813"]]},
    {"scene": "cinema", "need": "play", "categories": [["7832", "7832"]]},
    {"scene": "restaurant", "need": "dining", "categories": [["5812", "5812"]]},
]
EXAMPLES = {
    Form.BOOLEAN: True, Form.CURRENCY: "EUR", Form.COUNTRY: "276", Form.CATEGORY: "5814", Form.GROUP: "food",
    Form.CHANNEL: "contactless", Form.OPERATION: "purchase", Form.VERIFICATION: "pin", Form.MERCHANT: "CAFE",
    Form.DIGITS: "07", Form.SCENE: "bar", Form.NEED: "play",
}  # fmt: skip


def bank_that_looks_at(attribute):
    """A bank with one shadow rule about an attribute, and a token with everything known of it."""
    when = {"attribute": attribute.code, "operator": "=", "value": EXAMPLES.get(MEANINGS[attribute].form, 3)}
    bank = Bank(
        time_zone="Europe/Berlin",
        categories=[{"first": "5800", "last": "5899", "group": "food"}],
        scenes=SCENES,
        rates={"base": "EUR", "per_base": {"USD": "1.25"}},
        rules=[{"id": "look", "state": "shadow", "when": when, "action": "flag"}],
    )
    seconds = NOW_US // 1_000_000
    bank.send(
        set_token(
            4, pan=750, token_requestor=99_900_000_001, token_created=seconds - 86_400,
            device_created=seconds - 2 * 86_400, device_risk=4,
        )
    )  # fmt: skip
    opened_day = NOW_US // (24 * HOUR_US) - 40
    of_account = {"segment": 3, "product": 5, "cut_day": 28, "opened_day": opened_day, "life_stage": 6}
    bank.send(set_account(5, limit_minor=100_000, **of_account))
    return bank


@pytest.mark.parametrize("attribute", Attribute, ids=lambda attribute: attribute.code)
def test_attribute(attribute):
    """What a rule sees, after some history where that matters."""
    before, now, expected = SEEN[attribute]
    bank = bank_that_looks_at(attribute)
    for atc, values in enumerate(before, 1):
        bank.send(tap(atc, **{"pan": 750, **values}))
    bank.send(tap(50, **{"pan": 750, **now}))
    assert bank.findings.rules[0] in (1, 2), "the rule was asked"
    assert int(bank.findings.values[attribute]) == expected


UNKNOWN_AT_FIRST = [attribute for attribute, meaning in MEANINGS.items() if meaning.unknown_when]


@pytest.mark.parametrize("attribute", UNKNOWN_AT_FIRST, ids=lambda attribute: attribute.code)
def test_what_is_not_known_compares_as_false(attribute):
    """An attribute without a value is unknown: no comparison with it holds, and is_unknown does."""
    form = MEANINGS[attribute].form
    value = EXAMPLES.get(form, 3)
    conditions = [
        {"attribute": attribute.code, "operator": operator, "value": value}
        for operator in ("=", "!=", *(("<", ">", ">=", "<=") if form not in EXAMPLES else ()))
    ]
    conditions.append({"attribute": attribute.code, "operator": "is_unknown"})
    rules = [
        {"id": f"r{number}", "state": "shadow", "when": when, "action": "flag"}
        for number, when in enumerate(conditions)
    ]
    bank = Bank(rules=rules, categories=[{"first": "5800", "last": "5801", "group": "food"}], scenes=SCENES)
    bank.state.accounts["opened_day"] = 0  # as in a checkpoint of a version that did not keep it
    bank.send(tap(1, amount=100))
    assert int(bank.findings.values[attribute]) == UNKNOWN
    assert bank.findings.rules[: len(rules)].tolist() == [1] * (len(rules) - 1) + [2]
