"""QR codes: the merchant's and the phone's, read back as they were written, and refused where they are not right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.wallet.qr import consumer_presented
from simulators.wallet.qr.merchant_presented import MerchantCode
from tokenvault.emv.encodings import qr
from tokenvault.emv.errors import EmvError
from tokenvault.reference_data.currencies import CURRENCIES
from tokenvault.vocabulary.pan import Track2

TEXT = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789", min_size=1, max_size=15).filter(lambda text: text.strip())
CODES = st.builds(
    MerchantCode,
    merchant_id=TEXT,
    merchant_name=TEXT,
    merchant_city=TEXT,
    merchant_category=st.from_regex("[0-9]{4}", fullmatch=True),
    country_letters=st.sampled_from(["DE", "CN", "US"]),
    currency=st.sampled_from(sorted(CURRENCIES)),
    amount_minor=st.none() | st.integers(0, 10**9),
    reference=TEXT | st.just(""),
)


@given(CODES)
def test_a_merchants_code_reads_back(code):
    """Whatever it says; amounts in every currency's own decimals."""
    assert MerchantCode.decode(code.encode()) == code


@given(CODES, st.data())
def test_a_changed_character_is_noticed(code, data):
    """The checksum covers everything, itself included."""
    text = code.encode()
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("0123456789ABCDEF").filter(lambda letter: letter != text[place]))
    with pytest.raises(EmvError):
        MerchantCode.decode(text[:place] + other + text[place + 1 :])


def with_checksum(text):
    """A code's text with a checksum that is right."""
    return text + qr.merchant_presented_checksum(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "begins with the payload format indicator"),
        ("000", "begins no object"),
        ("0002", "announces 2 characters, 0 are there"),
        (with_checksum("00020153"), "announces 63"),
        (with_checksum("000201000201"), "comes twice"),
        (with_checksum("000202"), "format indicator 01"),
        ("00020163040000", "checksum"),
        ("0002015303978", "ends with its checksum"),
        (with_checksum("000201"), "lacks ID 52"),
    ],
)
def test_what_is_wrong_is_named(text, message):
    """By ID, without a traceback."""
    with pytest.raises(EmvError, match=message):
        MerchantCode.decode(text)


def test_another_networks_code():
    """Is none of ours."""
    code = (
        MerchantCode("SHOP", "SHOP", "BERLIN", "5999", "DE", "EUR", 100)
        .encode()
        .replace("TAPWRIGHT.PAY", "SOMEBODY.ELSE")
    )
    with pytest.raises(EmvError, match="another network"):
        MerchantCode.decode(with_checksum(code[:-8]))


def test_values_that_do_not_fit():
    """An ID is two digits, a value at most 99 characters."""
    with pytest.raises(EmvError, match="two digits"):
        qr.encode_merchant_presented([("X1", "1")])
    with pytest.raises(EmvError, match="100 characters"):
        qr.encode_merchant_presented([("01", "1" * 100)])


SIGNED = {"9F26": bytes(8), "9F27": b"\x80", "9F10": bytes(7), "9F36": b"\x00\x01", "82": b"\x19\x80", "9F37": bytes(4)}
TRACK2 = Track2("9999501000000011", "2911", "201", "0")


def test_a_phones_code_reads_back():
    """As EMVCo's payload: the format indicator, then an application template."""
    text = consumer_presented.encode(bytes.fromhex("F0000054415057"), TRACK2, "01", SIGNED)
    assert text.startswith("hQVDUFYwMW")
    assert consumer_presented.decode(text) == (TRACK2, "01", SIGNED)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("%%%", "Base64"),
        ("hQVDUFYwMQ==", "no application template"),
        ("hQVDUFYwMWEaTwegAAAAVVVVVw8SNFZ4kBI0WNGRIgESNF8=", "lacks tag 5F34"),
    ],
)
def test_what_is_no_phones_code(text, message):
    """The published example lacks a cryptogram, so nothing can be paid with it."""
    with pytest.raises(EmvError, match=message):
        consumer_presented.decode(text)
