"""``/v1/accounts/{id}/payments`` and ``/v1/payments``: what account holders pay to their issuer, and its return."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from authz.engine import Engine
from authz.history.history_rows import Row, RowQuery, postings
from authz.history.projection import Projection
from authz.http.books.bank_commands import carried_out, known_account
from authz.http.paging import AsOf, HasMore, Limit, ReachedTime, older_than, reached
from authz.http.sight import AccountId, Sight, SightDependency, seen_account
from authz.http.surroundings import EngineDependency, ProjectionDependency
from authz.program.parts import AMOUNT_MAX
from authz.state.account_books import is_returned
from authz.vocabulary.commands import Kind
from authz.vocabulary.errors import HistoryUnavailable
from authz.vocabulary.labels import currency_code
from authz.vocabulary.layouts import new_command
from authz.vocabulary.posting_kinds import PostingKind
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

router = APIRouter(prefix="/v1", tags=["books"])
SCOPES = ("issuer", "sandbox")
STATUSES = (404, 409)

PaymentId = Annotated[str, Path(description="Identifier of a payment.", examples=["pay_000000000001A"])]


class PaymentRequest(BaseModel):
    """How much was paid."""

    model_config = ConfigDict(extra="forbid", strict=True)

    amount: int = Field(
        gt=0, le=AMOUNT_MAX, description="Amount in minor units of the account's currency.", examples=[30000]
    )


class PaymentView(BaseModel):
    """A payment that an account has received."""

    id: str = Field(description="Identifier of the payment.", examples=["pay_000000000001A"])
    account_id: str = Field(description="The account.", examples=["acct_06R8C3N5VZQ4T"])
    amount: int = Field(description="What was paid, minor units of `currency`.", examples=[30000])
    currency: str = Field(description="The account's ISO 4217 code.", examples=["EUR"])
    posted_balance: int = Field(description="What the account owed afterwards, minor units.", examples=[270000])
    received_at: datetime = Field(description="RFC 3339 time in UTC.", examples=["2027-01-25T10:15:00Z"])
    status: Literal["received", "returned"] = Field(
        description="`returned` where the bank that it came from did not honour it.", examples=["received"]
    )

    @classmethod
    def of(cls, row: Row, engine: Engine) -> Self:
        """Show a payment by its posting."""
        return cls(
            id=to_text(Prefix.PAYMENT, row["sequence"]),
            account_id=to_text(Prefix.ACCOUNT, row["account_id"]),
            amount=-row["amount_minor"],
            currency=row["currency"],
            posted_balance=row["posted_minor"],
            received_at=datetime.fromtimestamp(row["time_us"] / 1e6, UTC),
            status="returned" if is_returned(engine.state, row["sequence"]) else "received",
        )


class PaymentEffect(PaymentView):
    """A payment that was just received or returned, and what its account can spend now."""

    posted_balance: int = Field(
        description="What the account owed after this, minor units: after the payment, or after its return.",
        examples=[270000],
    )
    available: int = Field(description="Available credit now, minor units.", examples=[70000])


class PaymentList(BaseModel):
    """A page of payments, the newest first."""

    data: list[PaymentView] = Field(description="The payments.", examples=[[]])
    has_more: HasMore
    as_of: ReachedTime


@router.post("/accounts/{account_id}/payments", status_code=201)
async def receive_payment(
    engine: EngineDependency, sight: SightDependency, account_id: AccountId, body: PaymentRequest
) -> PaymentEffect:
    """Receive a payment of an account; what it pays first is in the terms of its product. Scope: issuer or sandbox."""
    number = await asyncio.to_thread(seen_account, sight, account_id)
    command = new_command(Kind.PAYMENT, account_id=number, amount_minor=body.amount)
    result = (await carried_out(engine, command, f"payment of {account_id}"))[0]
    return PaymentEffect(
        id=to_text(Prefix.PAYMENT, int(result["sequence"])),
        account_id=account_id,
        amount=body.amount,
        currency=currency_code(int(result["billing_currency"])),
        posted_balance=int(result["posted_minor"]),
        received_at=datetime.fromtimestamp(int(result["time_us"]) / 1e6, UTC),
        status="received",
        available=int(result["available_minor"]),
    )


@router.get("/accounts/{account_id}/payments")
def list_payments_received(
    engine: EngineDependency,
    projection: ProjectionDependency,
    sight: SightDependency,
    account_id: AccountId,
    limit: Limit = 20,
    starting_after: Annotated[str | None, older_than("pay_000000000001A")] = None,
    as_of: AsOf = None,
) -> PaymentList:
    """List the payments of an account, the newest first. Scope: issuer or sandbox."""
    number = known_account(engine, sight, account_id)
    before = (to_number(Prefix.PAYMENT, starting_after), 0) if starting_after else None
    until = reached(engine, projection, as_of)
    rows, has_more = projection.newest(postings, RowQuery(_payments_of(number), before=before, limit=limit))
    return PaymentList(data=[PaymentView.of(row, engine) for row in rows], has_more=has_more, as_of=until)


@router.get("/payments/{payment_id}")
def read_payment_received(
    engine: EngineDependency, projection: ProjectionDependency, sight: SightDependency, payment_id: PaymentId
) -> PaymentView:
    """Read a payment. Scope: issuer or sandbox."""
    return PaymentView.of(_found(projection, sight, payment_id), engine)


@router.post("/payments/{payment_id}/return")
async def return_payment(
    engine: EngineDependency, projection: ProjectionDependency, sight: SightDependency, payment_id: PaymentId
) -> PaymentEffect:
    """Take back a payment that the bank it came from did not honour. Scope: issuer or sandbox.

    It is owed again without grace, and counts no longer toward what was due. A payment can be returned once.
    """
    row = await asyncio.to_thread(_found, projection, sight, payment_id)
    command = new_command(Kind.PAYMENT_RETURNED, account_id=row["account_id"], decision=row["sequence"])
    result = (await carried_out(engine, command, f"return of {payment_id}"))[0]
    shown = PaymentView.of(row, engine).model_dump()
    return PaymentEffect(
        **shown | {"posted_balance": int(result["posted_minor"]), "available": int(result["available_minor"])}
    )


def _payments_of(account: int) -> dict[str, object]:
    return {"account_id": account, "kind": PostingKind.PAYMENT.code}


def _found(projection: Projection, sight: Sight, payment_id: str) -> Row:
    """The posting of a payment that the caller may see. Raises: NotFound, HistoryUnavailable."""
    sequence, known = to_number(Prefix.PAYMENT, payment_id), projection.sequence
    wanted = sight.own_rows | {"sequence": sequence, "part": 0, "kind": PostingKind.PAYMENT.code}
    rows, _ = projection.newest(postings, RowQuery(wanted, limit=1))
    if rows:
        return rows[0]
    if known < sequence <= projection.durable_sequence:
        raise HistoryUnavailable("the history has not reached this payment yet")
    raise NotFound(f"there is no payment {payment_id}")
