"""``/v1/authorizations``: decisions, explained check by check."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from authz.history.decision_fields import response_code, shown_as_they_are
from authz.history.explanation import Explanation
from authz.history.history_rows import Row, decisions
from authz.http.decision_filters import DecisionFilters
from authz.http.merchant_fields import MerchantCity, MerchantName
from authz.http.paging import HasMore, ReachedTime, reached
from authz.http.posting_names import PostingKindName
from authz.http.sight import SightDependency
from authz.http.surroundings import EngineDependency, ExplanationsDependency, ProjectionDependency
from authz.vocabulary.exception_reasons import SENTENCES
from authz.vocabulary.reasons import ANSWERS
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

router = APIRouter(prefix="/v1/authorizations", tags=["authorizations"])
SCOPES = ("issuer", "network", "sandbox")
STATUSES = (404,)


class CheckView(BaseModel):
    """One check of a decision."""

    name: str = Field(description="Name of the check.", examples=["available_credit"])
    outcome: str = Field(
        description="`passed`, `failed`, or `not_reached` where an earlier check had decided.", examples=["passed"]
    )
    saw: str = Field(description="The value that it evaluated; amounts with their currency.", examples=["12.50 EUR"])
    bound: str = Field(description="The bound that the value was compared with.", examples=["at most 2500.00 EUR"])
    reason: str | None = Field(description="The decline reason, where it failed.", examples=[None])


class AskedRuleView(BaseModel):
    """One rule that was asked."""

    id: str = Field(description="The rule's name.", examples=["night-atm"])
    state: str = Field(description="`live`, or `shadow`: evaluated without effect on the decision.", examples=["live"])
    action: str = Field(description="The action if the condition is true.", examples=["decline"])
    condition: str = Field(description="Its condition.", examples=["(operation = cash and hour_of_day < 6)"])
    saw: dict[str, str] = Field(
        description="The values of the attributes in it.", examples=[{"operation": "cash", "hour_of_day": "3"}]
    )
    outcome: str = Field(
        description="`matched`, `no_match`, or `passed` where it refers and a pass let the payment through.",
        examples=["matched"],
    )


class MadePostingView(BaseModel):
    """One posting that the decision made."""

    id: str = Field(description="Identifier of the posting, see `/v1/transactions`.", examples=["txn_000000000001A"])
    kind: PostingKindName = Field(description="Why the account's balance changed.", examples=["purchase"])
    amount: int = Field(
        description="Amount in minor units of `currency`; negative for money given back.", examples=[1250]
    )
    currency: str = Field(description="The account's ISO 4217 code.", examples=["EUR"])


class AuthorizationView(BaseModel):
    """A decided authorization or reversal, rebuilt from the journal."""

    id: str = Field(description="Identifier of the decision; DE 62 of the answer.", examples=["auth_000000000001A"])
    kind: str = Field(
        description="`authorization_request`, `authorization_advice`, `financial_request`, `financial_advice`, "
        "`reversal_request` or `reversal_advice`.",
        examples=["authorization_request"],
    )
    operation: str = Field(
        description="DE 3: `purchase`, `cash`, `purchase_with_cash_back`, `refund` or `balance_inquiry`.",
        examples=["purchase"],
    )
    approved: bool = Field(description="Whether it was approved.", examples=[True])
    reason: str = Field(description="Why: `approved` or a decline reason.", examples=["insufficient_funds"])
    explanation: str = Field(
        description="The reason as a sentence.", examples=["The available credit does not cover it."]
    )
    advice: str = Field(description="The recommended remedy.", examples=["Ask for less, or reverse what is held."])
    response_code: str = Field(description="DE 39 of the answer.", examples=["51"])
    approval_code: str | None = Field(description="DE 38 of the answer, where approved.", examples=["864914"])
    decided_at: datetime = Field(description="RFC 3339 time in UTC.", examples=["2026-11-24T10:15:00.123456Z"])
    account_id: str | None = Field(
        description="The account, where the token is known.", examples=["acct_06R8C3N5VZQ4T"]
    )
    token_id: str | None = Field(description="The token, where it is known.", examples=["tok_05F1V9D8S3KYA"])
    token_last4: str = Field(description="Last four digits of the token PAN.", examples=["0017"])
    amount: int = Field(description="Amount in minor units of `currency`.", examples=[1250])
    approved_amount: int = Field(description="The approved amount, minor units of `currency`.", examples=[1250])
    currency: str = Field(description="ISO 4217 alphabetic code, or numeric where unknown.", examples=["EUR"])
    billing_amount: int = Field(
        description="`approved_amount` in minor units of `billing_currency`, the account's.", examples=[1250]
    )
    billing_currency: str = Field(description="ISO 4217 code; `000` where the token is unknown.", examples=["EUR"])
    program_version: int = Field(
        description="Version of the program (limits, rules, rates) that decided.", examples=[1]
    )
    available: int | None = Field(
        description="Available credit afterwards, in minor units of the account; for its issuer.", examples=[248750]
    )
    channel: str = Field(
        description="The channel through which the terminal received the token, from DE 22.", examples=["contactless"]
    )
    merchant: str = Field(description="DE 42, card acceptor.", examples=["CAFE00000000001"])
    merchant_name: MerchantName
    merchant_city: MerchantCity
    merchant_category: str = Field(description="DE 18, four digits.", examples=["5814"])
    terminal: str = Field(description="DE 41.", examples=["TERM0001"])
    stan: str = Field(description="DE 11, six digits.", examples=["000001"])
    retrieval_reference: str = Field(description="DE 37.", examples=["632810000001"])
    application_transaction_counter: int = Field(description="Tag 9F36.", examples=[1])
    checks: list[CheckView] = Field(
        description="Every check in its order.",
        examples=[[{"name": "token", "outcome": "passed", "saw": "known", "bound": "a token", "reason": None}]],
    )

    exception: str | None = Field(
        description="Why an advice was applied for less than its amount: see `/v1/exceptions`.", examples=[None]
    )
    exception_explanation: str | None = Field(description="The reason as a sentence.", examples=[None])
    asked_billing_amount: int | None = Field(
        description="The amount of such an advice, in minor units of `billing_currency`.", examples=[None]
    )
    case_id: str | None = Field(
        description="The case at the issuer's desk that a referred payment has opened, or that is open about the same; "
        "of an approved payment the one whose pass it has spent.",
        examples=[None],
    )
    flagged: bool = Field(description="Whether a rule asks for a review.", examples=[False])
    rules: list[AskedRuleView] = Field(description="Every rule that was evaluated, in order.", examples=[[]])
    postings: list[MadePostingView] = Field(
        description="What it posted, in order. Empty for what is only held, for what stand-in approved (the message "
        "that forwards it to the issuer makes the posting, see `/v1/transactions`), and for the merchant's side.",
        examples=[[]],
    )

    @classmethod
    def of(cls, explanation: Explanation) -> "AuthorizationView":
        """Show a decision."""
        answer = ANSWERS[explanation.reason]
        return cls(
            id=explanation.id,
            kind=explanation.kind,
            operation=explanation.operation,
            approved=explanation.approved,
            reason=explanation.reason.code,
            explanation=answer.sentence,
            advice=answer.advice,
            response_code=answer.response_code,
            approval_code=explanation.approval_code,
            decided_at=datetime.fromtimestamp(explanation.time_us / 1e6, UTC),
            account_id=explanation.account_id,
            token_id=explanation.token_id,
            token_last4=explanation.token_last4,
            amount=explanation.amount_minor,
            approved_amount=explanation.approved_minor,
            currency=explanation.currency,
            billing_amount=explanation.billing_minor,
            billing_currency=explanation.billing_currency,
            program_version=explanation.program_version,
            available=explanation.available_minor,
            channel=explanation.channel.name.lower(),
            merchant=explanation.merchant,
            merchant_name=explanation.merchant_name,
            merchant_city=explanation.merchant_city,
            merchant_category=explanation.merchant_category,
            terminal=explanation.terminal,
            stan=explanation.stan,
            retrieval_reference=explanation.retrieval_reference,
            application_transaction_counter=explanation.atc,
            checks=[CheckView(**check.__dict__) for check in explanation.checks],
            exception=explanation.exception.code if explanation.exception else None,
            exception_explanation=SENTENCES.get(explanation.exception),
            asked_billing_amount=explanation.asked_billing_minor if explanation.exception else None,
            case_id=to_text(Prefix.CASE, explanation.case) if explanation.case else None,
            flagged=explanation.flagged,
            rules=[AskedRuleView(**rule.__dict__) for rule in explanation.rules],
            postings=[
                MadePostingView(id=each.id, kind=each.kind, amount=each.amount_minor, currency=each.currency)
                for each in explanation.postings
            ],
        )

    def for_merchants(self) -> "AuthorizationView":
        """The same without the funding side: no account, no balance, no limits and rules."""
        hidden = {"limit", "transaction_limit", "available_credit", "account_standing", "cash_limit"}
        checks = [check for check in self.checks if check.name.partition(" ")[0] not in hidden]
        return self.model_copy(
            update={
                "account_id": None,
                "available": None,
                "rules": [],
                "postings": [],
                "checks": checks,
                "case_id": None,
            }
        )


AuthorizationId = Annotated[
    str, Path(description="Identifier of a decision: DE 62 of its answer.", examples=["auth_000000000001A"])
]


class ListedDecisionView(BaseModel):
    """One decision in a list. Why it came out as it did: `/v1/authorizations/{id}`."""

    id: str = Field(description="Identifier of the decision; DE 62 of the answer.", examples=["auth_000000000001A"])
    kind: str = Field(description="Type of the message that was decided.", examples=["authorization_request"])
    operation: str = Field(description="Transaction type, from DE 3.", examples=["purchase"])
    approved: bool = Field(description="Whether it was approved.", examples=[True])
    reason: str = Field(description="Why: `approved` or a decline reason.", examples=["insufficient_funds"])
    response_code: str = Field(description="DE 39 of the answer.", examples=["51"])
    approval_code: str | None = Field(description="DE 38 of the answer, where approved.", examples=["864914"])
    decided_at: datetime = Field(description="RFC 3339 time in UTC.", examples=["2026-11-24T10:15:00.123456Z"])
    account_id: str | None = Field(description="The account, for its issuer.", examples=["acct_06R8C3N5VZQ4T"])
    card_id: str | None = Field(description="The card, for its issuer.", examples=["card_0J9ZP2M7K4B1X"])
    token_id: str | None = Field(description="The token, where it is known.", examples=["tok_05F1V9D8S3KYA"])
    token_last4: str = Field(description="Last four digits of the token PAN.", examples=["0017"])
    amount: int = Field(description="Amount in minor units of `currency`.", examples=[1250])
    approved_amount: int = Field(description="The approved amount, minor units of `currency`.", examples=[1250])
    currency: str = Field(description="ISO 4217 code.", examples=["EUR"])
    flagged: bool = Field(description="Whether a rule asks for a review.", examples=[False])
    exception: str | None = Field(
        description="Why an advice was applied for less than its amount: see `/v1/exceptions`.", examples=[None]
    )
    channel: str = Field(
        description="The channel through which the terminal received the token.", examples=["contactless"]
    )
    merchant: str = Field(description="DE 42, card acceptor.", examples=["CAFE00000000001"])
    merchant_name: MerchantName
    merchant_city: MerchantCity
    merchant_category: str = Field(description="DE 18, four digits.", examples=["5814"])
    country: str = Field(description="ISO 3166 numeric, `000` where unknown.", examples=["276"])
    terminal: str = Field(description="DE 41.", examples=["TERM0001"])
    stan: str = Field(description="DE 11, six digits.", examples=["000001"])
    retrieval_reference: str = Field(description="DE 37.", examples=["632810000001"])

    @classmethod
    def of(cls, row: Row, *, is_issuer: bool) -> "ListedDecisionView":
        """Show a decision; the funding side only to the issuer."""

        def named(prefix: Prefix, column: str) -> str | None:
            return to_text(prefix, row[column]) if row[column] else None

        return cls(
            id=to_text(Prefix.AUTHORIZATION, row["sequence"]),
            response_code=response_code(row),
            decided_at=datetime.fromtimestamp(row["time_us"] / 1e6, UTC),
            account_id=named(Prefix.ACCOUNT, "account_id") if is_issuer else None,
            card_id=named(Prefix.CARD, "card_id") if is_issuer else None,
            token_id=named(Prefix.TOKEN, "token_id"),
            amount=row["amount_minor"],
            approved_amount=row["approved_minor"],
            **shown_as_they_are(row),
        )


class DecisionList(BaseModel):
    """A page of decisions, the newest first."""

    data: list[ListedDecisionView] = Field(description="The decisions.", examples=[[]])
    has_more: HasMore
    as_of: ReachedTime


class AuthorizationFilters(DecisionFilters):
    """Which decisions a list has."""

    approved: bool | None = Field(None, description="Only approved, or only declined decisions.", examples=[False])
    reason: str | None = Field(None, description="Only with this reason.", examples=["insufficient_funds"])
    flagged: bool | None = Field(
        None, description="Only decisions that are flagged for review, or that are not.", examples=[True]
    )
    merchant_category: str | None = Field(None, description="Only of this merchant category.", examples=["5814"])
    terminal: str | None = Field(None, description="Only of this terminal (DE 41).", examples=["TERM0001"])
    stan: str | None = Field(None, description="Only with this STAN (DE 11).", examples=["000001"])
    retrieval_reference: str | None = Field(
        None, description="Only with this retrieval reference number (DE 37).", examples=["632810000001"]
    )


@router.get("")
def list_authorizations(
    engine: EngineDependency,
    projection: ProjectionDependency,
    sight: SightDependency,
    filters: Annotated[AuthorizationFilters, Query()],
) -> DecisionList:
    """List decisions, the newest first. Scope: issuer, network or sandbox."""
    until = reached(engine, projection, filters.as_of)
    rows, has_more = projection.newest(decisions, filters.wanted(sight))
    data = [ListedDecisionView.of(row, is_issuer=sight.sees_account(row["account_id"])) for row in rows]
    return DecisionList(data=data, has_more=has_more, as_of=until)


@router.get("/{authorization_id}")
async def read_authorization(
    engine: EngineDependency,
    explanations: ExplanationsDependency,
    sight: SightDependency,
    authorization_id: AuthorizationId,
) -> AuthorizationView:
    """Read a decision with its explanation, check by check. Scope: issuer, network or sandbox.

    Explanations are made one at a time. If too many are waiting, the response is 503 with `Retry-After`.
    """
    nothing = NotFound(f"there is no authorization {authorization_id}")
    if to_number(Prefix.AUTHORIZATION, authorization_id) > engine.durable_sequence:
        raise nothing
    # Whose it is comes first: nobody makes this server work on what is somebody else's.
    account = await explanations.account_of(authorization_id)
    if not await asyncio.to_thread(sight.sees_decision, account):
        raise nothing
    view = AuthorizationView.of(await explanations.explain(authorization_id))
    return view if sight.sees_account(account) else view.for_merchants()
