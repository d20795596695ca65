"""The program as people write it: a JSON document, checked field by field."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tokenvault.currencies import CURRENCIES

_FIRST_YEAR, _LAST_YEAR = 2000, 2100

CategoryCode = Annotated[str, Field(pattern=r"^\d{4}$", description="Merchant category, ISO 18245.", examples=["5411"])]
GroupName = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$", description="Group name.", examples=["grocery"])]


class Part(BaseModel):
    """A part of the document: unknown fields are errors, and nothing changes after the check."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CategoryRange(Part):
    """Merchant categories that are treated alike. Later ranges override earlier ones."""

    first: CategoryCode
    last: CategoryCode
    group: GroupName
    hold_hours: int = Field(
        default=168, ge=1, le=744, description="How long an approved amount is held, hours.", examples=[168]
    )
    tolerance_percent: Decimal = Field(
        default=Decimal(0),
        ge=0,
        le=100,
        decimal_places=1,
        description="How much more than was authorized a completion request may ask for, percent.",
        examples=["20"],
    )

    @model_validator(mode="after")
    def _in_order(self) -> "CategoryRange":
        if self.first > self.last:
            raise ValueError("first must not be greater than last")
        return self


class Rates(Part):
    """What one unit of the base currency is worth. Other pairs follow from it, to seven significant digits."""

    base: str = Field(default="EUR", description="ISO 4217 alphabetic code.", examples=["EUR"])
    per_base: dict[str, Decimal] = Field(
        default={}, description="Units of each currency for one unit of the base.", examples=[{"USD": "1.08"}]
    )

    @model_validator(mode="after")
    def _known_and_positive(self) -> "Rates":
        for code in (self.base, *self.per_base):
            if code not in CURRENCIES:
                raise ValueError(f"{code} is not an ISO 4217 code that this program carries")
        for code, rate in self.per_base.items():
            if not Decimal("0.0000001") <= rate <= Decimal("9999999"):
                raise ValueError(f"the rate of {code} is 0.0000001 to 9999999")
        return self


class UtcOffset(Part):
    """How far local time is ahead of UTC from a moment on."""

    from_time: datetime = Field(description="RFC 3339 time.", examples=["2026-10-25T01:00:00Z"])
    seconds: int = Field(ge=-86400, le=86400, description="Seconds ahead of UTC.", examples=[3600])


class ProgramDocument(Part):
    """The whole program."""

    time_zone: str = Field(
        default="UTC", description="Zone of calendar days, weeks, months and years.", examples=["Europe/Berlin"]
    )
    utc_offsets: list[UtcOffset] = Field(
        default=[],
        description="The zone's offsets, filled in when the program is activated so that a replay needs no zone file.",
        examples=[[]],
    )
    categories: list[CategoryRange] = Field(
        default=[],
        description="How merchant categories are treated; those in no range hold for 168 hours.",
        examples=[[]],
    )
    rates: Rates = Field(default=Rates(), description="Conversion rates.", examples=[{"base": "EUR", "per_base": {}}])

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is no zone of the IANA database") from None
        return name


def read_document(content: bytes | str) -> ProgramDocument:
    """Check a document. Raises: pydantic.ValidationError, which names the path of each problem."""
    return ProgramDocument.model_validate_json(content)


def with_offsets(document: ProgramDocument) -> ProgramDocument:
    """The document with the offsets of its zone from 2000 to 2100."""
    return document.model_copy(update={"utc_offsets": _offsets_of(ZoneInfo(document.time_zone))})


def _offsets_of(zone: ZoneInfo) -> list[UtcOffset]:
    def seconds_at(moment: datetime) -> int:
        offset = moment.astimezone(zone).utcoffset()
        assert offset is not None
        return int(offset.total_seconds())

    moment, end = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(_LAST_YEAR, 1, 1, tzinfo=UTC)
    offsets = [UtcOffset(from_time=moment, seconds=seconds_at(moment))]
    while moment < end:
        following = moment + timedelta(days=7)
        if seconds_at(following) != offsets[-1].seconds:
            low, high = moment, following
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if seconds_at(middle) == offsets[-1].seconds else (low, middle)
            change = high.replace(second=0, microsecond=0)
            offsets.append(UtcOffset(from_time=change, seconds=seconds_at(change)))
        moment = following
    return offsets


def canonical(document: ProgramDocument) -> bytes:
    """The document as the bytes that are journaled."""
    content: Any = document.model_dump_json(exclude_defaults=True)
    return str(content).encode()
