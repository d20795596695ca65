"""The attributes of rules: their names, meanings and value formats."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Attribute(IntEnum):
    """Fixed attributes, by their place among a decision's values; those of meters come behind."""

    AMOUNT = 0
    CURRENCY = 1
    OPERATION = 2
    MERCHANT = 3
    MERCHANT_CATEGORY = 4
    CATEGORY_GROUP = 5
    COUNTRY = 6
    CHANNEL = 7
    PAN_ENTRY_MODE = 8
    CARDHOLDER_VERIFICATION = 9
    WALLET_TYPE = 10
    SEGMENT = 11
    TOKEN_AGE = 12
    DEVICE_AGE = 13
    DEVICE_RISK_SCORE = 14
    HOUR_OF_DAY = 15
    DAY_OF_WEEK = 16
    SECONDS_SINCE_LAST_TRANSACTION = 17
    DISTANCE_FROM_LAST_TRANSACTION = 18
    TRAVEL_SPEED = 19
    AMOUNT_Z_SCORE = 20
    AMOUNT_TO_MEAN = 21
    CONSECUTIVE_DECLINES = 22
    IS_NEW_MERCHANT = 23
    IS_NEW_COUNTRY = 24
    AVAILABLE_CREDIT = 25
    IS_FOREIGN_CURRENCY = 26
    IS_PREAUTHORIZATION = 27
    CASH_AMOUNT = 28
    SCENE = 29
    NEED = 30
    PRODUCT = 31
    MISSED_DUES = 32
    IN_RELIEF = 33
    OWED_PPM = 34
    ACCOUNT_AGE = 35
    LIFE_STAGE = 36

    @property
    def code(self) -> str:
        """The name outside: snake_case."""
        return self.name.lower()


OF_ACCOUNTS = (
    Attribute.PRODUCT,
    Attribute.MISSED_DUES,
    Attribute.IN_RELIEF,
    Attribute.OWED_PPM,
    Attribute.ACCOUNT_AGE,
    Attribute.LIFE_STAGE,
)
"""Those that follow from an account by itself, without a transaction."""

MEASURES_MAX = 99
"""How many different counts and sums the rules and segments of a program can compare."""

ATTRIBUTES_MAX = len(Attribute) + MEASURES_MAX
"""Room for fixed attributes and those of meters."""

UNKNOWN = -(2**63)
"""The value of an attribute that has none: nothing to compare with."""

HUNDREDTHS = 100
"""Attributes that are no whole numbers are kept in hundredths."""


class Form(StrEnum):
    """How a document writes a value."""

    NUMBER = "whole number"
    MINOR_UNITS = "minor units of the account's currency"
    SECONDS = "seconds"
    KILOMETRES = "kilometres"
    DECIMAL = "number with two decimals"
    BOOLEAN = "true or false"
    CURRENCY = "ISO 4217 alphabetic code"
    COUNTRY = "ISO 3166 numeric code, three digits"
    CATEGORY = "four digits, ISO 18245"
    GROUP = "name of a category group"
    SCENE = "name of a scene"
    NEED = "name of a need"
    CHANNEL = "name of a channel"
    OPERATION = "name of an operation"
    VERIFICATION = "`none`, `pin` or `device`"
    MERCHANT = "DE 42"
    DIGITS = "digits"


@dataclass(frozen=True)
class Meaning:
    """What an attribute is. unknown_when: when it has no value, or nothing where it always has one.

    least and greatest: what it can be, in its own unit; None for no bound.
    """

    form: Form
    text: str
    unknown_when: str = ""
    least: int | None = None
    greatest: int | None = None


_A = Attribute
MEANINGS: dict[Attribute, Meaning] = {
    _A.AMOUNT: Meaning(
        Form.MINOR_UNITS,
        "The transaction amount, converted to the account's currency if it is in another one.",
        least=0,
    ),
    _A.CURRENCY: Meaning(Form.CURRENCY, "The currency of the transaction."),
    _A.OPERATION: Meaning(Form.OPERATION, "The transaction type, from DE 3."),
    _A.MERCHANT: Meaning(Form.MERCHANT, "The card acceptor."),
    _A.MERCHANT_CATEGORY: Meaning(Form.CATEGORY, "The merchant category code (DE 18)."),
    _A.CATEGORY_GROUP: Meaning(
        Form.GROUP,
        "The authorization program's category group that contains the merchant category.",
        "the category is in no group",
    ),
    _A.COUNTRY: Meaning(Form.COUNTRY, "The country of the terminal.", "the message names no country"),
    _A.CHANNEL: Meaning(Form.CHANNEL, "The channel through which the terminal received the token."),
    _A.PAN_ENTRY_MODE: Meaning(Form.DIGITS, "The first two digits of DE 22.", least=0, greatest=99),
    _A.CARDHOLDER_VERIFICATION: Meaning(
        Form.VERIFICATION, "How the cardholder was verified, as far as this is proven."
    ),
    _A.WALLET_TYPE: Meaning(Form.DIGITS, "The token requestor ID, 11 digits.", least=0, greatest=10**11 - 1),
    _A.SEGMENT: Meaning(Form.NUMBER, "The account's customer segment.", least=0, greatest=255),
    _A.TOKEN_AGE: Meaning(Form.SECONDS, "Time since the token was requested.", least=0),
    _A.DEVICE_AGE: Meaning(Form.SECONDS, "Time since the device was registered.", least=0),
    _A.DEVICE_RISK_SCORE: Meaning(Form.NUMBER, "1 (trusted) to 5.", "the wallet sent no score", least=1, greatest=5),
    _A.HOUR_OF_DAY: Meaning(Form.NUMBER, "0 to 23, in the authorization program's time zone.", least=0, greatest=23),
    _A.DAY_OF_WEEK: Meaning(
        Form.NUMBER, "1 (Monday) to 7 (Sunday), in the authorization program's time zone.", least=1, greatest=7
    ),
    _A.SECONDS_SINCE_LAST_TRANSACTION: Meaning(
        Form.SECONDS,
        "Time since the account's last approved transaction.",
        "this is the account's first transaction",
        least=0,
    ),
    _A.DISTANCE_FROM_LAST_TRANSACTION: Meaning(
        Form.KILOMETRES,
        "Great-circle distance from the account's last card-present transaction.",
        "either transaction has no position (DE 59)",
        least=0,
    ),
    _A.TRAVEL_SPEED: Meaning(
        Form.KILOMETRES,
        "That distance divided by the time between the two transactions, in kilometres per hour.",
        "the distance is unknown",
        least=0,
    ),
    _A.AMOUNT_Z_SCORE: Meaning(
        Form.DECIMAL,
        "The number of standard deviations by which the amount is above the account's mean.",
        "there are fewer than two approved amounts, or all are equal",
    ),
    _A.AMOUNT_TO_MEAN: Meaning(
        Form.DECIMAL, "The amount divided by the account's mean.", "this is the account's first transaction", least=0
    ),
    _A.CONSECUTIVE_DECLINES: Meaning(
        Form.NUMBER,
        "Declines of the account's requests with a valid, unused cryptogram since its last approval.",
        least=0,
    ),
    _A.IS_NEW_MERCHANT: Meaning(Form.BOOLEAN, "The account has no approved transaction at this merchant."),
    _A.IS_NEW_COUNTRY: Meaning(Form.BOOLEAN, "The account has no approved transaction in this country."),
    _A.AVAILABLE_CREDIT: Meaning(Form.MINOR_UNITS, "Credit limit - posted - held, before this transaction."),
    _A.IS_FOREIGN_CURRENCY: Meaning(Form.BOOLEAN, "The transaction is not in the account's currency."),
    _A.IS_PREAUTHORIZATION: Meaning(Form.BOOLEAN, "DE 25 announces that the final amount follows later."),
    _A.CASH_AMOUNT: Meaning(
        Form.MINOR_UNITS, "The cash part in the transaction's currency; the full amount of a withdrawal.", least=0
    ),
    _A.SCENE: Meaning(
        Form.SCENE,
        "The authorization program's scene that contains the merchant category.",
        "the category is in no scene",
    ),
    _A.NEED: Meaning(Form.NEED, "The need that is served in that scene.", "the category is in no scene"),
    _A.PRODUCT: Meaning(Form.NUMBER, "The number of the account's product, 0 for none.", least=0, greatest=31),
    _A.MISSED_DUES: Meaning(Form.NUMBER, "How many dues the account has missed in a row.", least=0, greatest=127),
    _A.IN_RELIEF: Meaning(Form.BOOLEAN, "What the account has to pay was put off to a later statement."),
    _A.OWED_PPM: Meaning(
        Form.NUMBER,
        "What the account owes (its posted balance) in parts per million of its credit limit, rounded down; "
        "1,000,000,000,000 if it owes something and has no credit limit.",
        least=0,
    ),
    _A.ACCOUNT_AGE: Meaning(
        Form.NUMBER,
        "How many days ago the account was opened.",
        "the account was opened by a version that did not keep the day",
        least=0,
    ),
    _A.LIFE_STAGE: Meaning(
        Form.NUMBER,
        "The stage of life of the account's customer, as the issuer numbers them.",
        "it is not known",
        least=1,
        greatest=15,
    ),
}
assert set(MEANINGS) == set(Attribute), "every attribute is explained"
