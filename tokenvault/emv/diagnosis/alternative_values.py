"""Values of tags that somebody may have taken in place of the right ones."""

import datetime
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from iso3166 import countries_by_numeric

from tokenvault.emv.cryptograms.cryptogram_versions import SignedFor, with_results
from tokenvault.reference_data.currencies import CURRENCIES

Values = Mapping[str, bytes]
Alternatives = Iterator[tuple[bytes, str]]
"""A value, and what it is, for people."""

_AMOUNT_BYTES = 6
_AMOUNT_BOUND = 10**12
_DAYS = (-2, -1, 1, 2)
_TOKEN_ISSUER_DATA_BYTES = (7, 11)


def alternatives(values: Values) -> Iterator[tuple[str, bytes, str]]:
    """Tag, other value, and what that is; never the value that is there."""
    for tag, others in _OTHERS.items():
        seen = {values[tag]}
        for value, what in others(values):
            if value not in seen:
                seen.add(value)
                yield tag, value, what


def _amounts(values: Values) -> Alternatives:
    amount, other = _number(values["9F02"]), _number(values["9F03"])
    if amount is not None:
        for factor in (10, 100, 1_000):
            yield from _packed(amount * factor, f"the amount times {factor:,}, as for a currency of another exponent")
            if amount % factor == 0:
                yield from _packed(amount // factor, f"the amount by {factor:,}, as for a currency of another exponent")
        yield amount.to_bytes(_AMOUNT_BYTES, "big"), "the amount as a binary number in 6 bytes"
        yield (amount & 0xFFFFFFFF).to_bytes(4, "big"), "the amount as a binary number in 4 bytes (tag 81)"
        if other:
            yield from _packed(amount + other, "the amount with cash-back (tag 9F03) added")
            yield from _packed(amount - other, "the amount without cash-back (tag 9F03)")
    yield bytes(_AMOUNT_BYTES), "zero"
    for length in range(1, _AMOUNT_BYTES):
        if not any(values["9F02"][:-length]):
            yield values["9F02"][-length:], f"the amount in {length} bytes, not in 6"


def _other_amounts(values: Values) -> Alternatives:
    yield bytes(_AMOUNT_BYTES), "zero"
    yield values["9F02"], "the authorized amount (tag 9F02)"


def _countries(values: Values) -> Alternatives:
    yield values["5F2A"], "the currency code (tag 5F2A)"
    yield from _on_the_left(values["9F1A"])
    for number, country in countries_by_numeric.items():
        yield bytes.fromhex(f"0{number}"), f"{country.alpha2}, {number}"
    yield bytes(2), "zero"


def _currencies(values: Values) -> Alternatives:
    yield values["9F1A"], "the terminal's country code (tag 9F1A)"
    yield from _on_the_left(values["5F2A"])
    for code, currency in CURRENCIES.items():
        yield bytes.fromhex(f"{currency.number:04d}"), f"{code}, {currency.number:03d}"
    yield bytes(2), "zero"


def _on_the_left(value: bytes) -> Alternatives:
    digits = value.hex()
    yield bytes.fromhex(f"{digits[1:]}0"), "the three digits on the left of the two bytes, not on the right"
    yield digits[1:].encode(), "the three digits as characters"


def _terminal_results(_values: Values) -> Alternatives:
    yield bytes(5), "zero"


def _dates(values: Values) -> Alternatives:
    digits = values["9A"].hex()
    with suppress(ValueError):
        signed = datetime.datetime.strptime(digits, "%y%m%d")
        for days in _DAYS:
            other = signed + datetime.timedelta(days=days)
            yield (
                bytes.fromhex(f"{other:%y%m%d}"),
                f"{other:%d.%m.%Y}, {abs(days)} days {'after' if days > 0 else 'before'}",
            )
        yield bytes.fromhex(f"{signed:%d%m%y}"), "in the order DDMMYY, not YYMMDD"
        yield bytes.fromhex(f"{signed:%Y%m%d}"), "with the century, YYYYMMDD"
    yield bytes(3), "zero"


def _types(_values: Values) -> Alternatives:
    for number in range(256):
        yield bytes([number]), f"{number:02X}"


def _unpredictable_numbers(values: Values) -> Alternatives:
    yield bytes(4), "zero"
    yield values["9F37"][::-1], "its bytes in reverse order"


def _interchange_profiles(values: Values) -> Alternatives:
    yield bytes(2), "zero"
    yield values["82"][::-1], "its bytes in reverse order"


def _counters(values: Values) -> Alternatives:
    yield bytes(2), "zero"
    yield values["9F36"][::-1], "its bytes in reverse order"


def _issuer_data(values: Values) -> Alternatives:
    data = values["9F10"]
    if len(data) not in _TOKEN_ISSUER_DATA_BYTES:
        return
    for signed_for in SignedFor:
        cleared = data[:6] + bytes([data[6] & 0xFC]) + data[7:]
        for verified in (False, True):
            holder = "a holder whom the device verified" if verified else "a holder whom the device did not verify"
            where = signed_for.name.lower().replace("_", " ")
            yield (
                with_results(cleared, signed_for, cardholder_verified=verified),
                f"card verification results of {holder}, for {where}",
            )
    yield data[:3] + bytes(4) + data[7:], "card verification results of zero"


_OTHERS: dict[str, Callable[[Values], Alternatives]] = {
    "9F02": _amounts,
    "9F03": _other_amounts,
    "5F2A": _currencies,
    "9F1A": _countries,
    "95": _terminal_results,
    "9A": _dates,
    "9C": _types,
    "9F37": _unpredictable_numbers,
    "82": _interchange_profiles,
    "9F36": _counters,
    "9F10": _issuer_data,
}


def _number(value: bytes) -> int | None:
    """Packed digits as a number; None where they are none."""
    return int(value.hex()) if value and value.hex().isdecimal() else None


def _packed(amount: int, what: str) -> Alternatives:
    if 0 <= amount < _AMOUNT_BOUND:
        yield bytes.fromhex(f"{amount:012d}"), what
