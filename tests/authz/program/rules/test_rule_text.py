"""Conditions, values and limits in words, as an explanation shows them."""

import pytest
from pydantic import TypeAdapter

from authz.program.conditions import Condition
from authz.program.document import Limit, ProgramDocument
from authz.program.rules.rule_text import condition_text, limit_text, value_text
from authz.vocabulary.attributes import UNKNOWN
from authz.vocabulary.commands import CardholderVerification, Channel, Operation

CONDITION = TypeAdapter(Condition)
LARGE = {"attribute": "amount", "operator": ">", "value": 500}
AT_NIGHT = {"attribute": "hour_of_day", "operator": "between", "value": [0, 5]}
CATEGORIES = [
    {"first": "5411", "last": "5499", "group": "grocery"},
    {"first": "5541", "last": "5542", "group": "fuel"},
]
SCENES = [
    {"scene": "bar", "need": "dining", "categories": [["5813", "5813"]]},
    {"scene": "cinema", "need": "play", "categories": [["7829", "7832"]]},
    {"scene": "restaurant", "need": "dining", "categories": [["5812", "5812"]]},
]
DOCUMENT = ProgramDocument.model_validate({"categories": CATEGORIES, "scenes": SCENES})


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (LARGE, "amount > 500"),
        (AT_NIGHT, "hour_of_day between [0, 5]"),
        ({"attribute": "is_new_merchant", "operator": "=", "value": True}, "is_new_merchant = true"),
        ({"attribute": "is_new_merchant", "operator": "in", "value": [False]}, "is_new_merchant in [false]"),
        ({"attribute": "channel", "operator": "not_in", "value": ["keyed"]}, "channel not_in [keyed]"),
        ({"attribute": "device_risk_score", "operator": "is_unknown"}, "device_risk_score is_unknown"),
        ({"all": [LARGE, AT_NIGHT]}, "(amount > 500 and hour_of_day between [0, 5])"),
        ({"any": [LARGE, {"not": AT_NIGHT}]}, "(amount > 500 or not hour_of_day between [0, 5])"),
        ({"attribute": "count_24h", "operator": ">", "value": 3}, "count_24h > 3"),
        ({"attribute": "count_24h", "operator": ">", "value": 3, "of": "token"}, "count_24h of token > 3"),
        (
            {"attribute": "count_24h", "operator": ">", "value": 3, "of": "card", "where": {"channels": ["keyed"]}},
            "count_24h of card where channels keyed > 3",
        ),
        (
            {
                "attribute": "amount_24h",
                "operator": ">=",
                "value": 3,
                "where": {"channels": ["keyed", "qr_code"], "operations": ["cash"]},
            },
            "amount_24h where channels keyed or qr_code, operations cash >= 3",
        ),
    ],
)
def test_a_condition_as_one_line(condition, text):
    """As somebody would say it; whose transactions are counted is said unless they are the account's."""
    assert condition_text(CONDITION.validate_python(condition)) == text


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        ({"window": "day"}, "day of account"),
        ({"window": "24h", "scope": "token"}, "24h of token"),
        ({"window": "day", "where": {"channels": ["contactless"]}}, "day of account, channels contactless"),
        ({"window": "day", "where": {"segments": [7, 9]}}, "day of account, segments 7 or 9"),
        (
            {"window": "day", "where": {"scenes": ["bar", "cinema"], "needs": ["play"]}},
            "day of account, scenes bar or cinema, needs play",
        ),
        ({"window": "transaction", "count_max": None, "amount_max": 1, "currency": "EUR"}, "transaction"),
        (
            {
                "window": "transaction",
                "count_max": None,
                "amount_max": 1,
                "currency": "EUR",
                "where": {"operations": ["cash"]},
            },
            "transaction, operations cash",
        ),
    ],
)
def test_what_a_limit_is_about(limit, text):
    """Its window and scope, and which transactions count."""
    assert limit_text(Limit.model_validate({"id": "x", "count_max": 1} | limit)) == text


@pytest.mark.parametrize(
    ("attribute", "value", "text"),
    [
        ("amount", 1_250, "12.50 EUR"),
        ("amount_24h", 5, "0.05 EUR"),
        ("count_24h", 5, "5"),
        ("merchant", 123, "CAFE"),
        ("amount_z_score", -125, "-1.25"),
        ("amount_z_score", 100, "1.00"),
        ("is_new_merchant", 1, "true"),
        ("is_new_merchant", 0, "false"),
        ("currency", 840, "USD"),
        ("country", 36, "036"),
        ("merchant_category", 742, "0742"),
        ("category_group", 1, "grocery"),
        ("category_group", 2, "fuel"),
        ("scene", 1, "bar"),
        ("scene", 3, "restaurant"),
        ("scene", UNKNOWN, "unknown"),
        ("need", 1, "dining"),
        ("need", 2, "play"),
        ("product", 1, "1"),
        ("missed_dues", 0, "0"),
        ("in_relief", 1, "true"),
        ("owed_ppm", 995_000, "995000"),
        ("channel", Channel.QR_CODE, "qr_code"),
        ("operation", Operation.CASH, "cash"),
        ("cardholder_verification", CardholderVerification.PIN, "pin"),
        ("hour_of_day", 7, "7"),
        ("device_risk_score", UNKNOWN, "unknown"),
        ("amount_z_score", UNKNOWN, "unknown"),
    ],
)
def test_a_value_in_words(attribute, value, text):
    """An amount in the account's currency, a code with all of its digits, a merchant as DE 42 has it."""
    assert value_text(attribute, value, "EUR", "CAFE", DOCUMENT) == text


def test_an_amount_in_a_currency_that_is_not_known():
    """Is shown in minor units."""
    assert value_text("amount", 1_250, "999", "CAFE", DOCUMENT) == "1250"
