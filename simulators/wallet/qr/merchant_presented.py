"""The code that a merchant shows and a phone scans (EMVCo QR MPM v1.1)."""

import re
from dataclasses import dataclass
from decimal import Decimal

from simulators.parties.merchant import Merchant
from tokenvault.emv.encodings import qr
from tokenvault.emv.errors import EmvError
from tokenvault.reference_data.countries import letters_of
from tokenvault.reference_data.currencies import CURRENCIES, CURRENCY_BY_NUMBER

_ACCOUNT_TEMPLATE = "26"
"""The first of the merchant account templates that are open to anybody (MPM v1.1, table 4.2)."""
_GLOBAL_IDENTIFIER = "TAPWRIGHT.PAY"
_STATIC, _DYNAMIC = "11", "12"
_AMOUNT = re.compile(r"(?=.{1,13}$)[0-9]+(\.[0-9]*)?")
_CURRENCY_NUMBER = re.compile(r"[0-9]{3}")


@dataclass(frozen=True)
class MerchantCode:
    """A merchant's request. amount_minor: None if the customer is to enter it.  reference: of this sale."""

    merchant_id: str
    merchant_name: str
    merchant_city: str
    merchant_category: str
    country_letters: str
    currency: str
    amount_minor: int | None = None
    reference: str = ""

    @classmethod
    def of(cls, merchant: Merchant, currency: str, amount_minor: int | None, reference: str) -> "MerchantCode":
        """A merchant's code for one sale, or a sticker for all of them."""
        return cls(
            merchant.identifier,
            merchant.name,
            merchant.city,
            merchant.category,
            letters_of(merchant.country),
            currency,
            amount_minor,
            reference,
        )

    def encode(self) -> str:
        """The text of the code. Raises: EmvError."""
        currency = CURRENCIES[self.currency]
        objects: list[tuple[str, str | list[tuple[str, str]]]] = [
            ("00", "01"),
            ("01", _STATIC if self.amount_minor is None else _DYNAMIC),
            (_ACCOUNT_TEMPLATE, [("00", _GLOBAL_IDENTIFIER), ("01", self.merchant_id)]),
            ("52", self.merchant_category),
            ("53", f"{currency.number:03d}"),
        ]
        if self.amount_minor is not None:
            objects.append(("54", str(Decimal(self.amount_minor).scaleb(-currency.exponent))))
        objects += [("58", self.country_letters), ("59", self.merchant_name[:25]), ("60", self.merchant_city[:15])]
        if self.reference:
            objects.append(("62", [("05", self.reference)]))
        return qr.encode_merchant_presented(objects)

    @classmethod
    def decode(cls, text: str) -> "MerchantCode":
        """Read a code. Raises: EmvError naming the ID that is wrong or missing."""
        objects = qr.decode_merchant_presented(text)
        missing = [name for name in ("52", "53", "58", "59", "60", _ACCOUNT_TEMPLATE) if name not in objects]
        if missing:
            raise EmvError(f"the code lacks ID {missing[0]}")
        account = qr.read_template(objects[_ACCOUNT_TEMPLATE])
        if account.get("00") != _GLOBAL_IDENTIFIER or "01" not in account:
            raise EmvError(f"ID {_ACCOUNT_TEMPLATE} is of another network")
        number = objects["53"]
        currency = CURRENCY_BY_NUMBER.get(int(number)) if _CURRENCY_NUMBER.fullmatch(number) else None
        if currency is None:
            raise EmvError("ID 53 is no ISO 4217 number that we know")
        return cls(
            account["01"],
            objects["59"],
            objects["60"],
            objects["52"],
            objects["58"],
            currency.code,
            None if "54" not in objects else _minor_units(objects["54"], currency.exponent),
            qr.read_template(objects["62"]).get("05", "") if "62" in objects else "",
        )


def _minor_units(text: str, exponent: int) -> int:
    """An amount as its minor units: digits, and a point with further digits (MPM v1.1, 4.4.1.4)."""
    if not _AMOUNT.fullmatch(text):
        raise EmvError("ID 54 is not an amount")
    minor = Decimal(text).scaleb(exponent)
    if minor != int(minor):
        raise EmvError("ID 54 is not an amount of this currency")
    return int(minor)
