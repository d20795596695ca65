"""Statements as the API shows them."""

from datetime import date
from typing import Self

from pydantic import BaseModel, Field

from authz.history.book_rows import StatementContent
from authz.history.history_rows import Row
from authz.history.posting_ids import posting_id
from authz.http.merchant_fields import MerchantCity, MerchantName
from authz.http.paging import HasMore, ReachedTime
from authz.http.posting_names import POSTING_KINDS_DESCRIBED, PostingKindName
from authz.program.agreement_terms import ReliefInterest
from tokenvault.vocabulary.identifiers import Prefix, to_text


class StatementView(BaseModel):
    """What an account owed at the end of the day on which its statement was cut. Amounts in minor units."""

    account_id: str = Field(description="The account.", examples=["acct_06R8C3N5VZQ4T"])
    day: date = Field(description="The day at whose end it was cut.", examples=["2027-01-05"])
    since: date | None = Field(
        description="The day of the statement before, null for the first. The statement is about the days behind it.",
        examples=["2026-12-05"],
    )
    due_day: date = Field(
        description="The day by which the minimum is due; who pays the closing balance by then pays no interest on "
        "purchases. A statement that asks for nothing has one, too.",
        examples=["2027-01-25"],
    )
    closing: int = Field(description="What was owed in all; negative for a credit.", examples=[300000])
    minimum: int = Field(description="What is to be paid at least, 0 where nothing is owed.", examples=[30000])
    interest: int = Field(description="The interest that was charged with it.", examples=[0])
    past_due: int = Field(description="What of the minimum earlier statements asked for.", examples=[0])
    missed: int = Field(description="How many minimums in a row had not been paid in time.", examples=[0])
    product: int = Field(description="The number of the account's product.", examples=[1])
    currency: str = Field(description="The account's ISO 4217 code.", examples=["CNY"])

    @classmethod
    def of(cls, row: Row) -> "StatementView":
        """Show a statement."""
        return cls(**_shown(row))


class StatementLine(BaseModel):
    """A posting on a statement."""

    id: str = Field(description="Identifier of the posting, see `/v1/transactions`.", examples=["txn_000000000001A"])
    day: date = Field(description="The day that it belongs to, in the program's time zone.", examples=["2026-12-10"])
    kind: PostingKindName = Field(description=f"What it is. {POSTING_KINDS_DESCRIBED}", examples=["purchase"])
    amount: int = Field(description="Amount, minor units; negative for what was paid or given back.", examples=[300000])
    balance: int = Field(description="What the account owed afterwards, minor units.", examples=[300000])
    merchant_name: MerchantName
    merchant_city: MerchantCity

    @classmethod
    def of(cls, row: Row) -> Self:
        """Show a posting."""
        return cls(
            id=posting_id(row["sequence"], row["part"]),
            day=date.fromisoformat(row["day"]),
            kind=row["kind"],
            amount=row["amount_minor"],
            balance=row["posted_minor"],
            merchant_name=row["merchant_name"],
            merchant_city=row["merchant_city"],
        )


class StatementWithLines(StatementView):
    """A statement and its postings: `opening`, the amounts of all `lines` and `later_instalments` make `closing`."""

    opening: int = Field(
        description="What the statement before closed with; on the first 0, unless the account's oldest postings are "
        "no longer in the history.",
        examples=[0],
    )
    lines: list[StatementLine] = Field(description="The postings, the oldest first.", examples=[[]])
    later_instalments: int = Field(
        description="What has moved into instalments that are not billed yet, below zero, or has been billed of them: "
        "they are in the balance of the lines, and not in `closing`.",
        examples=[0],
    )

    relief_until: date | None = Field(
        description="The day to which what is due was put off, which then is `due_day`: the statement asks for "
        "nothing. Null where it is not in a relief.",
        examples=[None],
    )
    relief_interest: ReliefInterest | None = Field(
        description="Whether the nights until then bear interest; null where it is not in a relief.", examples=[None]
    )

    @classmethod
    def with_lines(cls, content: StatementContent) -> Self:
        """Show a statement and its postings."""
        until = content.relief_until
        return cls(
            **_shown(content.row),
            opening=content.opening_minor,
            lines=[StatementLine.of(line) for line in content.lines],
            later_instalments=content.later_instalments_minor,
            relief_until=None if until is None else date.fromisoformat(until),
            relief_interest=content.relief_interest,
        )


class StatementList(BaseModel):
    """A page of statements, the newest first."""

    data: list[StatementView] = Field(description="The statements.", examples=[[]])
    has_more: HasMore
    as_of: ReachedTime


def _shown(row: Row) -> Row:
    """The fields of a statement."""
    return {
        "account_id": to_text(Prefix.ACCOUNT, row["account_id"]),
        "day": date.fromisoformat(row["day"]),
        "since": None if row["since"] is None else date.fromisoformat(row["since"]),
        "due_day": date.fromisoformat(row["due_day"]),
        **{name: row[f"{name}_minor"] for name in ("closing", "minimum", "interest", "past_due")},
        **{name: row[name] for name in ("missed", "product", "currency")},
    }
