"""Fields that several resources share, each with its description, unit and example."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tokenvault.reference_data.countries import NO_COUNTRY, is_country
from tokenvault.vocabulary.tenants import TENANT_PATTERN


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a misspelt one is not silently lost."""

    model_config = ConfigDict(extra="forbid", strict=True)


class View(BaseModel):
    """A resource as callers see it."""


def _assigned_country(code: str) -> str:
    if not is_country(code):
        raise ValueError(NO_COUNTRY)
    return code


CustomerId = Annotated[str, Field(description="Identifier of a customer.", examples=["cust_02D7R5K9W3M6P"])]
ApplicationId = Annotated[str, Field(description="Identifier of an application.", examples=["appl_04X8B1N6T3Q9F"])]
AccountId = Annotated[str, Field(description="Identifier of an account.", examples=["acct_06R8C3N5VZQ4T"])]
CardId = Annotated[str, Field(description="Identifier of a funding card.", examples=["card_0J9ZP2M7K4B1X"])]
DeviceId = Annotated[str, Field(description="Identifier of a device.", examples=["dev_03TQ8H6W5N2RC"])]
TokenId = Annotated[str, Field(description="Identifier of a token.", examples=["tok_05F1V9D8S3KYA"])]
AmountMinor = Annotated[
    int,
    Field(description="Amount in minor units of `currency` (cents for EUR).", examples=[250000], ge=0, le=10**12 - 1),
]
CurrencyCode = Annotated[
    str, Field(description="ISO 4217 alphabetic code, upper case.", examples=["EUR"], pattern="^[A-Z]{3}$")
]
TenantName = Annotated[str, Field(description="A tenant's name.", examples=["default"], pattern=TENANT_PATTERN)]
Expiry = Annotated[
    str, Field(description="Expiry month as YYMM; valid to the end of that month (UTC).", examples=["3111"])
]
Reference = Annotated[
    str,
    Field(
        description="Payment account reference (PAR): 29 characters, the same for a card and all its tokens.",
        examples=["TPW1A7C0Q9M2X5B8N4V6Z3K1L0J9H"],
    ),
]
RequestorId = Annotated[
    str,
    Field(description="Token requestor ID: 11 digits.", examples=["99900000001"], pattern="^[0-9]{11}$"),
]
CountryCode = Annotated[
    str,
    Field(description="ISO 3166-1 numeric code, three digits.", examples=["276"], pattern="^[0-9]{3}$"),
    AfterValidator(_assigned_country),
]
CompactJwe = Annotated[
    str,
    Field(
        description="Compact JWE (RFC 7516; ECDH-ES, A256GCM) to a key of `/v1/encryption_keys`.",
        examples=["eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIs..."],
        max_length=4096,
    ),
]
Timestamp = Annotated[datetime, Field(description="RFC 3339 time in UTC.", examples=["2026-11-24T10:15:00Z"])]


class PublicKey(Body):
    """A public key on P-256 as JWK (RFC 7517)."""

    kty: Literal["EC"] = Field("EC", description="Key type.", examples=["EC"])
    crv: Literal["P-256"] = Field("P-256", description="Curve.", examples=["P-256"])
    x: str = Field(
        description="base64url of the x coordinate.", examples=["WKn-ZIGevcwGIyyrzFoZNBdaq9_TsqzGl96oc0CWuis"]
    )
    y: str = Field(
        description="base64url of the y coordinate.", examples=["y77t-RvAHRKTsSGdIYUfweuOvwrvDD-Q3Hv5J0fSKbE"]
    )


def timestamp(seconds: int) -> datetime:
    """Unix seconds as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
