"""``/v1/exceptions``: advices that were acknowledged but applied for less than their amount."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from authz.history.history_rows import Row, decisions
from authz.http.decision_filters import DecisionFilters
from authz.http.paging import HasMore, ReachedTime, reached
from authz.http.sight import SightDependency
from authz.http.surroundings import EngineDependency, ProjectionDependency
from authz.vocabulary.exception_reasons import SENTENCES, ExceptionReason
from tokenvault.vocabulary.identifiers import Prefix, to_text

router = APIRouter(prefix="/v1/exceptions", tags=["authorizations"])
SCOPES = ("issuer", "network", "sandbox")
STATUSES = (404,)


class ExceptionView(BaseModel):
    """One advice that was applied for less than its amount. The whole decision: `/v1/authorizations/{id}`."""

    id: str = Field(description="Identifier of the decision; DE 62 of the answer.", examples=["auth_000000000001A"])
    exception: str = Field(description="Why.", examples=["beyond_remainder"])
    explanation: str = Field(
        description="The reason as a sentence.", examples=[SENTENCES[ExceptionReason.BEYOND_REMAINDER]]
    )
    kind: str = Field(description="Type of the message.", examples=["financial_advice"])
    operation: str = Field(description="Transaction type, from DE 3.", examples=["refund"])
    decided_at: datetime = Field(description="RFC 3339 time in UTC.", examples=["2026-11-24T10:15:00.123456Z"])
    account_id: str | None = Field(description="The account, for its issuer.", examples=["acct_06R8C3N5VZQ4T"])
    token_id: str | None = Field(description="The token.", examples=["tok_05F1V9D8S3KYA"])
    token_last4: str = Field(description="Last four digits of the token PAN.", examples=["0017"])
    amount: int = Field(description="DE 4, in minor units of `currency`.", examples=[10000])
    currency: str = Field(description="ISO 4217 code.", examples=["EUR"])
    asked_billing_amount: int = Field(
        description="The advised amount, in minor units of `billing_currency`, the account's.", examples=[10000]
    )
    billing_amount: int = Field(
        description="The amount that was posted or held, in minor units of `billing_currency`.", examples=[1000]
    )
    billing_currency: str = Field(description="ISO 4217 code.", examples=["EUR"])
    acquirer: str = Field(description="DE 32.", examples=["12345"])
    merchant: str = Field(description="DE 42, card acceptor.", examples=["CAFE00000000001"])
    terminal: str = Field(description="DE 41.", examples=["TERM0001"])
    stan: str = Field(description="DE 11, six digits.", examples=["000001"])
    retrieval_reference: str = Field(description="DE 37.", examples=["632810000001"])

    @classmethod
    def of(cls, row: Row, *, is_issuer: bool) -> "ExceptionView":
        """Show one; the account only to the issuer."""
        return cls(
            id=to_text(Prefix.AUTHORIZATION, row["sequence"]),
            explanation=SENTENCES[_REASONS[row["exception"]]],
            decided_at=datetime.fromtimestamp(row["time_us"] / 1e6, UTC),
            account_id=to_text(Prefix.ACCOUNT, row["account_id"]) if row["account_id"] and is_issuer else None,
            token_id=to_text(Prefix.TOKEN, row["token_id"]) if row["token_id"] else None,
            amount=row["amount_minor"],
            asked_billing_amount=row["asked_billing_minor"],
            billing_amount=row["billing_minor"],
            **{name: row[name] for name in _SHOWN_AS_THEY_ARE},
        )


_REASONS = {reason.code: reason for reason in ExceptionReason}
_SHOWN_AS_THEY_ARE = (
    "exception",
    "kind",
    "operation",
    "token_last4",
    "currency",
    "billing_currency",
    "acquirer",
    "merchant",
    "terminal",
    "stan",
    "retrieval_reference",
)


class ExceptionList(BaseModel):
    """A page of exceptions, the newest first."""

    data: list[ExceptionView] = Field(description="The exceptions.", examples=[[]])
    has_more: HasMore
    as_of: ReachedTime


class ExceptionFilters(DecisionFilters):
    """Which exceptions a list has."""

    acquirer: str | None = Field(None, description="Only of this acquirer (DE 32).", examples=["12345"])


@router.get("")
def list_exceptions(
    engine: EngineDependency,
    projection: ProjectionDependency,
    sight: SightDependency,
    filters: Annotated[ExceptionFilters, Query()],
) -> ExceptionList:
    """List advices that were applied for less than their amount, newest first. Scope: issuer, network or sandbox."""
    until = reached(engine, projection, filters.as_of)
    rows, has_more = projection.newest(decisions, filters.wanted(sight, present=("exception",)))
    data = [ExceptionView.of(row, is_issuer=sight.sees_account(row["account_id"])) for row in rows]
    return ExceptionList(data=data, has_more=has_more, as_of=until)
