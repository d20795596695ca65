"""Token domain restriction controls (EMVCo): where a token may be used. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tokenvault.reference_data.countries import NO_COUNTRY, is_country
from tokenvault.vocabulary.errors import FieldError

CHANNELS = ("contactless", "contact_chip", "magnetic_stripe", "e_commerce", "qr_code", "keyed")
COUNTRIES_MAX = 4
MERCHANT_CHARACTERS_MAX = 15
_MERCHANT = re.compile(r"[!-~]([ -~]{0,13}[!-~])?")


@dataclass(frozen=True)
class TokenDomain:
    """Where a token may be used.

    channels: how card data may reach a terminal.  merchant_id: the only merchant (DE 42), or None for any.
    countries: ISO 3166-1 numeric, at most `COUNTRIES_MAX`, none for everywhere.
    transaction_limit_minor: of a single transaction in minor units of the account's currency, or None.
    Raises: FieldError.
    """

    channels: frozenset[str]
    merchant_id: str | None = None
    countries: frozenset[str] = frozenset()
    transaction_limit_minor: int | None = None

    def __post_init__(self) -> None:
        unknown = sorted(self.channels.difference(CHANNELS))
        if unknown or not self.channels:
            raise FieldError("channels", f"must be one or more of {', '.join(CHANNELS)}")
        if self.merchant_id is not None and not _MERCHANT.fullmatch(self.merchant_id):
            raise FieldError("merchant_id", f"must have 1 to {MERCHANT_CHARACTERS_MAX} printable characters")
        if len(self.countries) > COUNTRIES_MAX:
            raise FieldError("countries", f"must be at most {COUNTRIES_MAX} countries")
        if not all(map(is_country, self.countries)):
            raise FieldError("countries", NO_COUNTRY)
        if self.transaction_limit_minor is not None and not 0 < self.transaction_limit_minor < 10**12:
            raise FieldError("transaction_limit", "must be 1 to 999999999999 minor units")

    def narrowed(
        self, wish: "DomainWish", *, whose: str = "the token requestor", within: str = "domain."
    ) -> "TokenDomain":
        """This domain with what a token request, or the cardholder, asks to take away from it.

        whose: domain this is, and within: what the wish's fields lie in, for the error.
        Raises: FieldError if the wish goes beyond the domain.
        """
        channels = self.channels if wish.channels is None else wish.channels
        if not channels <= self.channels:
            raise FieldError(f"{within}channels", f"must be within those of {whose}: {_listed(self.channels)}")
        if wish.merchant_id is not None and self.merchant_id not in (None, wish.merchant_id):
            raise FieldError(f"{within}merchant_id", f"must be that of {whose}")
        countries = self.countries if wish.countries is None else wish.countries
        if self.countries and not (countries and countries <= self.countries):
            raise FieldError(f"{within}countries", f"must be within those of {whose}: {_listed(self.countries)}")
        limits = [limit for limit in (self.transaction_limit_minor, wish.transaction_limit_minor) if limit is not None]
        return TokenDomain(channels, wish.merchant_id or self.merchant_id, countries, min(limits, default=None))

    def columns(self) -> dict[str, Any]:
        """As columns of a row."""
        return {
            "channels": sorted(self.channels),
            "merchant_id": self.merchant_id,
            "countries": sorted(self.countries),
            "transaction_limit_minor": self.transaction_limit_minor,
        }


@dataclass(frozen=True)
class DomainWish:
    """What a token request asks of its domain, or a cardholder of their token's; None where nothing is asked for."""

    channels: frozenset[str] | None = None
    merchant_id: str | None = None
    countries: frozenset[str] | None = None
    transaction_limit_minor: int | None = None

    def columns(self) -> dict[str, Any]:
        """As JSON values, without what is None."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in values.items()
            if value is not None
        }

    @classmethod
    def of_columns(cls, columns: Mapping[str, Any]) -> "DomainWish":
        """From what `columns` gave."""
        values: dict[str, Any] = {
            name: frozenset(value) if isinstance(value, list) else value for name, value in columns.items()
        }
        return cls(**values)


def _listed(values: frozenset[str]) -> str:
    return ", ".join(sorted(values))
