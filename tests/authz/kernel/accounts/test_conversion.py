"""Conversion against fractions, which are exact."""

from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.kernel.accounts.conversion import NO_RATE, SAME_CURRENCY, conversion_rate, converted
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import EUR, USD, tap

JPY, KWD, CHF = 392, 414, 756
EXPONENTS = {EUR: 2, USD: 2, JPY: 0, KWD: 3}
RATES = {"base": "EUR", "per_base": {"USD": "1.25", "JPY": "160", "KWD": "0.32"}}
PROGRAM = compiled_program(ProgramDocument.model_validate({"rates": RATES}), 1)
EXTREMES = compiled_program(
    ProgramDocument.model_validate({"rates": {"base": "JPY", "per_base": {"KWD": "9999999"}}}), 1
)
_AMOUNT_MAX = 10**17


def exactly(amount, rate, source, target):
    """An amount in the minor units of another currency, rounded half away from zero. rate: as in DE 10."""
    decimals, digits = divmod(int(rate), 10_000_000)
    value = Fraction(amount * digits * 10 ** EXPONENTS[target], 10 ** (decimals + EXPONENTS[source]))
    return int(value + Fraction(1, 2))


@given(st.sampled_from(list(permutations(EXPONENTS, 2))), st.one_of(st.integers(0, 200), st.integers(0, 10**12 - 1)))
def test_amounts_are_converted_exactly(pair, amount):
    """Between currencies with two, three and no decimals, to the last minor unit."""
    rate = conversion_rate(PROGRAM, *pair)
    assert converted(PROGRAM, amount, rate, *pair) == exactly(amount, rate, *pair)


def test_rates_as_they_are_told():
    """The first digit says how many decimals the other seven have (DE 10); the same currency is not converted."""
    told = {pair: conversion_rate(PROGRAM, *pair) for pair in ((USD, EUR), (EUR, USD), (KWD, JPY), (JPY, EUR))}
    assert told == {(USD, EUR): 7_8000000, (EUR, USD): 6_1250000, (KWD, JPY): 4_5000000, (JPY, EUR): 9_6250000}
    assert conversion_rate(PROGRAM, USD, USD) == conversion_rate(PROGRAM, CHF, CHF) == SAME_CURRENCY
    assert converted(PROGRAM, 1_234, SAME_CURRENCY, USD, USD) == 1_234


@pytest.mark.parametrize("pair", [(CHF, EUR), (EUR, CHF), (CHF, 826)])
def test_currencies_without_a_rate(pair):
    """Whichever of the two the program does not know."""
    assert conversion_rate(PROGRAM, *pair) == NO_RATE


def test_the_smallest_rate_is_one():
    """A billionth, which is as little as DE 10 can say; what is less cannot be converted."""
    worth = {"base": "EUR", "per_base": {"USD": "0.0001", "JPY": "100000", "KWD": "9999999"}}
    program = compiled_program(ProgramDocument.model_validate({"rates": worth}), 1)
    rate = conversion_rate(program, JPY, USD)
    assert rate == 9_0000001
    assert converted(program, 10**11, rate, JPY, USD) == 10**4
    assert conversion_rate(program, KWD, USD) == NO_RATE


def test_amounts_that_no_account_could_hold():
    """The greatest that can be said is as much as is ever reckoned with; just below it nothing is cut off."""
    rate = conversion_rate(EXTREMES, JPY, KWD)
    assert converted(EXTREMES, 10**12 - 1, rate, JPY, KWD) == _AMOUNT_MAX
    for most in (_AMOUNT_MAX // 9_999_999_000, _AMOUNT_MAX // 9_999_999_000 + 1):
        assert converted(EXTREMES, most, rate, JPY, KWD) == min(most * 9_999_999_000, _AMOUNT_MAX)


def test_an_account_is_charged_in_its_own_currency():
    """What a shop in Tokyo asks for is held in euros, and the limit of the account is meant in euros."""
    bank = Bank(rates=RATES)
    assert bank.send(tap(1, 16_000, currency=JPY, signed_currency=JPY)) is Reason.APPROVED
    assert bank.held == 10_000
    assert bank.send(tap(2, 80_001, currency=JPY, signed_currency=JPY)) is Reason.EXCEEDS_LIMIT
    assert bank.send(tap(3, 80_000, currency=JPY, signed_currency=JPY)) is Reason.APPROVED
