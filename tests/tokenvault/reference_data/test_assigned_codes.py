"""Currencies, countries and merchant categories: what the standards assign, by libraries that follow them."""

import pytest

from tokenvault.reference_data.countries import is_country
from tokenvault.reference_data.currencies import CURRENCIES, CURRENCY_BY_NUMBER, amount_text
from tokenvault.reference_data.merchant_categories import is_merchant_category


@pytest.mark.parametrize(
    ("code", "number", "exponent", "text"),
    [
        ("EUR", 978, 2, "123.45 EUR"),
        ("JPY", 392, 0, "12345 JPY"),
        ("KWD", 414, 3, "12.345 KWD"),
        ("CLF", 990, 4, "1.2345 CLF"),
        ("UYW", 927, 4, "1.2345 UYW"),
        ("AFN", 971, 2, "123.45 AFN"),
        ("XOF", 952, 0, "12345 XOF"),
        ("ALL", 8, 2, "123.45 ALL"),
        ("VED", 926, 2, "123.45 VED"),
        ("IQD", 368, 3, "12.345 IQD"),
    ],
)
def test_currencies_have_their_numbers_and_exponents(code, number, exponent, text):
    """As ISO 4217 publishes them, not only those that a table of ours would hold."""
    assert (CURRENCIES[code].number, CURRENCIES[code].exponent) == (number, exponent)
    assert CURRENCY_BY_NUMBER[number].code == code
    assert amount_text(12345, code) == text
    assert amount_text(-12345, code) == f"-{text}"


def test_every_currency_with_a_minor_unit_is_there():
    """More than 150 of them, each number once; exponents are 0, 2, 3 or 4."""
    assert len(CURRENCIES) == len(CURRENCY_BY_NUMBER) > 150
    assert {currency.exponent for currency in CURRENCIES.values()} == {0, 2, 3, 4}
    assert all(0 < currency.number < 1000 for currency in CURRENCIES.values())


@pytest.mark.parametrize("code", ["XXX", "XTS", "XAU", "XAG", "XDR", "XSU", "XUA", "XBA", "DEM", "EEK", "eur", ""])
def test_what_is_no_money(code):
    """Metals, units of account, the codes for tests and for nothing, and withdrawn ones."""
    assert code not in CURRENCIES


def test_amounts_below_one():
    """Keep their zeros."""
    texts = [amount_text(5, code) for code in ("JPY", "EUR", "KWD", "CLF")]
    assert texts == ["5 JPY", "0.05 EUR", "0.005 KWD", "0.0005 CLF"]


def test_an_amount_in_a_currency_that_is_not_known():
    """Stands in minor units rather than nowhere."""
    assert amount_text(1250, "123") == "1250 123"


@pytest.mark.parametrize(
    ("code", "expected"),
    [("276", True), ("008", True), ("840", True), ("728", True), ("900", True), ("999", True),
     ("000", False), ("278", False), ("27", False), ("0276", False), ("DE", False), ("²76", False), ("", False)],
)  # fmt: skip
def test_countries(code, expected):
    """Assigned numbers, and those left to users; 278 was East Germany."""
    assert is_country(code) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [("5411", True), ("0742", True), ("5814", True), ("5552", True), ("3000", True), ("3999", True),
     ("0000", False), ("1234", False), ("9999", False), ("541", False), ("54111", False), ("541\u0661", False)],
)  # fmt: skip
def test_merchant_categories(code, expected):
    """The standard's, the networks' own, and the range for private use."""
    assert is_merchant_category(code) is expected
