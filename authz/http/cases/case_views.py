"""A case as the API shows it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal, Self

from pydantic import BaseModel, Field

from authz.history.history_rows import Row
from authz.http.merchant_fields import MerchantCity, MerchantName
from tokenvault.vocabulary.identifiers import Prefix, to_text

QueueName = Literal["one_to_one", "one_to_many", "mass", "circle"]
StatusName = Literal["open", "answered", "expired"]
DecisionName = Literal["approve", "decline"]
ReasonName = Literal[
    "customer_confirmed",
    "customer_known",
    "customer_denies",
    "customer_not_reached",
    "suspected_fraud",
    "beyond_mandate",
    "other",
]

WaitOf = Callable[[str], int]
"""So many seconds a case waits in a queue."""


class PassView(BaseModel):
    """What an approval gives: the account's right to one payment that would be referred."""

    valid_until: datetime = Field(description="RFC 3339 time in UTC.", examples=["2026-11-24T10:46:00Z"])
    status: Literal["valid", "spent", "over"] = Field(
        description="`spent` by an approved payment; `over` where nobody has spent it in time.", examples=["valid"]
    )
    spent_by: str | None = Field(description="The payment that has spent it.", examples=[None])


class CaseView(BaseModel):
    """A question that a referred payment asks a desk."""

    id: str = Field(description="Identifier of the case.", examples=["case_000000000001A"])
    queue: QueueName = Field(description="The desk that serves the account's segment.", examples=["one_to_one"])
    status: StatusName = Field(description="What has become of it.", examples=["open"])
    goes_first: bool = Field(
        description="Whether it goes before the others of its queue: the account is in relief.", examples=[False]
    )
    account_id: str = Field(description="The account.", examples=["acct_06R8C3N5VZQ4T"])
    token_id: str | None = Field(description="The token that paid.", examples=["tok_05F1V9D8S3KYA"])
    authorization_id: str = Field(description="The decision that referred it.", examples=["auth_000000000001A"])
    amount: int = Field(description="What was referred, minor units of `currency`.", examples=[3000000])
    currency: str = Field(description="The account's ISO 4217 code.", examples=["CNY"])
    merchant: str = Field(description="DE 42, card acceptor.", examples=["AIRLINE00000001"])
    merchant_name: MerchantName
    merchant_city: MerchantCity
    merchant_category: str = Field(description="DE 18, four digits.", examples=["4511"])
    opened_at: datetime = Field(description="RFC 3339 time in UTC.", examples=["2026-11-24T10:15:00Z"])
    expires_at: datetime | None = Field(
        description="When an open case expires by the program in force, RFC 3339 in UTC; null for others.",
        examples=["2026-11-24T10:16:00Z"],
    )
    closed_at: datetime | None = Field(
        description="When it was answered or had expired, RFC 3339 in UTC.", examples=[None]
    )
    decision: DecisionName | None = Field(description="What was answered.", examples=[None])
    reason: ReasonName | None = Field(description="Why, as the desk says.", examples=[None])
    pass_: PassView | None = Field(alias="pass", description="What an approval has given.", examples=[None])

    @classmethod
    def of(cls, row: Row, wait_of: WaitOf, now_us: int) -> Self:
        """Show a case by its row. now_us: the network's time, Unix microseconds."""
        opened, is_open = _moment(row["time_us"]), row["status"] == "open"
        return cls.model_validate(
            {
                **{name: row[name] for name in _AS_THEY_ARE},
                "id": to_text(Prefix.CASE, row["sequence"]),
                "account_id": to_text(Prefix.ACCOUNT, row["account_id"]),
                "token_id": to_text(Prefix.TOKEN, row["token_id"]) if row["token_id"] else None,
                "authorization_id": to_text(Prefix.AUTHORIZATION, row["sequence"]),
                "amount": row["amount_minor"],
                "opened_at": opened,
                "expires_at": opened + timedelta(seconds=wait_of(row["queue"])) if is_open else None,
                "closed_at": None if row["closed_us"] is None else _moment(row["closed_us"]),
                "pass": _pass_of(row, now_us),
            }
        )


_MERCHANT = ("merchant", "merchant_name", "merchant_city", "merchant_category")
_AS_THEY_ARE = ("queue", "status", "goes_first", "currency", "decision", "reason", *_MERCHANT)


def _pass_of(row: Row, now_us: int) -> PassView | None:
    until_us = row["pass_until_us"]
    if until_us is None:
        return None
    spent_by = row["spent_by"]
    return PassView(
        valid_until=_moment(until_us),
        status="spent" if spent_by else "valid" if now_us < until_us else "over",
        spent_by=to_text(Prefix.AUTHORIZATION, spent_by) if spent_by else None,
    )


def _moment(time_us: int) -> datetime:
    return datetime.fromtimestamp(time_us / 1e6, UTC)
