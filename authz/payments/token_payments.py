"""What was paid with a token, as a phone lists it: one entry for each payment, with what has become of it.

A payment is read with all that followed it: increments, completions, reversals, refunds, disputes, an expiry. What the
account owes for it decides what it is: money that is held is pending, money that moved is posted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from authz.history.history_rows import Row, decisions, expiries, postings
from authz.payments.events import merchant_of
from authz.vocabulary.commands import Operation
from authz.vocabulary.posting_kinds import PostingKind
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_text

_REFUND = Operation.REFUND.name.lower()
_BALANCE_INQUIRY = Operation.BALANCE_INQUIRY.name.lower()
_DECIDED = (EventType.AUTHORIZATION_APPROVED, EventType.AUTHORIZATION_DECLINED)


class PaymentState(StrEnum):
    """What has become of a payment."""

    PENDING = "pending"
    POSTED = "posted"
    DECLINED = "declined"
    REVERSED = "reversed"
    REFUNDED = "refunded"
    EXPIRED = "expired"


@dataclass(frozen=True)
class TokenPayment:
    """One payment. sequence: of its first decision.  time_us: of that, Unix microseconds.

    amount_minor: in the currency of the terminal, negative for money given back.  billing_minor: what the account owes
    or holds for it now, refunded_minor: what was given back, both in the account's currency.
    """

    sequence: int
    time_us: int
    state: PaymentState
    operation: str
    amount_minor: int
    currency: str
    billing_minor: int
    refunded_minor: int
    billing_currency: str
    merchant: dict[str, Any]

    @property
    def id(self) -> str:
        """The identifier of its first decision."""
        return to_text(Prefix.AUTHORIZATION, self.sequence)


def payments_of_token(
    database: sa.Engine, token_id: int, *, limit: int, before: int | None = None
) -> list[TokenPayment]:
    """The payments with a token, the newest first. before: only those that began before this decision."""
    has_posting = sa.exists().where(postings.c.payment == decisions.c.sequence)
    query = (
        sa.select(decisions)
        .where(
            decisions.c.token_id == token_id,
            decisions.c.payment.is_(None),
            decisions.c.amount_minor > 0,  # a verification of nothing is no payment
            decisions.c.operation != _BALANCE_INQUIRY,
            sa.or_(decisions.c.event.in_(_DECIDED), has_posting),
        )
        .order_by(decisions.c.sequence.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(decisions.c.sequence < before)
    with database.connect() as connection:
        firsts = _rows(connection, query)
        numbers = [row["sequence"] for row in firsts]
        later = _by(_rows(connection, sa.select(decisions).where(decisions.c.payment.in_(numbers))), "payment")
        moved = _by(_rows(connection, sa.select(postings).where(postings.c.payment.in_(numbers))), "payment")
        ended = _by(_rows(connection, sa.select(expiries).where(expiries.c.decision.in_(numbers))), "decision")
    return [_payment(row, *(found.get(row["sequence"], []) for found in (later, moved, ended))) for row in firsts]


def _rows(connection: sa.Connection, query: "sa.Select[Any]") -> list[Row]:
    return [dict(row._mapping) for row in connection.execute(query)]


def _by(rows: Sequence[Row], column: str) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def _payment(first: Row, later: list[Row], moved: list[Row], ended: list[Row]) -> TokenPayment:
    """A payment from its first decision, the decisions and postings that followed it, and the expiry of its hold."""
    refunded = -sum(row["amount_minor"] for row in moved if row["kind"] == PostingKind.REFUND.code)
    owed = sum(row["amount_minor"] for row in moved) if moved else _held(first, later, ended)
    return TokenPayment(
        sequence=first["sequence"],
        time_us=first["time_us"],
        state=_state(first, later, moved, ended, owed),
        operation=first["operation"],
        amount_minor=_amount(first, later),
        currency=first["currency"],
        billing_minor=owed,
        refunded_minor=refunded,
        billing_currency=moved[0]["currency"] if moved else first["billing_currency"],
        merchant=merchant_of(first),
    )


def _held(first: Row, later: list[Row], ended: list[Row]) -> int:
    """What is held for a payment of which nothing has moved yet."""
    if ended or first["event"] == EventType.AUTHORIZATION_DECLINED or _is_completed_for_nothing(later):
        return 0
    more: int = sum(row["billing_minor"] for row in later if row["event"] == EventType.AUTHORIZATION_INCREASED)
    less: int = sum(row["billing_minor"] for row in later if row["event"] == EventType.AUTHORIZATION_REVERSED)
    return max(0, int(first["billing_minor"]) + more - less)


def _completions(later: list[Row]) -> list[Row]:
    return [
        row for row in later if row["kind"].startswith("financial") and row["operation"] != _REFUND and row["approved"]
    ]


def _is_completed_for_nothing(later: list[Row]) -> bool:
    """Whether the merchant told that nothing is to be posted, which releases the hold."""
    return any(row["amount_minor"] == 0 for row in _completions(later))


def _amount(first: Row, later: list[Row]) -> int:
    """What was paid at the terminal: what was completed, or else what was approved with its increments."""
    if first["event"] == EventType.AUTHORIZATION_DECLINED:
        return int(first["amount_minor"])
    if first["operation"] == _REFUND:
        return -int(first["approved_minor"])
    completed = sum(int(row["approved_minor"]) for row in _completions(later))
    if completed:
        return completed
    increased = [row for row in later if row["event"] == EventType.AUTHORIZATION_INCREASED]
    return int(first["approved_minor"]) + sum(int(row["approved_minor"]) for row in increased)


def _state(first: Row, later: list[Row], moved: list[Row], ended: list[Row], owed: int) -> PaymentState:
    if moved:
        if owed > 0:
            return PaymentState.POSTED
        is_given_back = any(row["amount_minor"] < 0 and row["kind"] != PostingKind.REVERSAL.code for row in moved)
        return PaymentState.REFUNDED if is_given_back else PaymentState.REVERSED
    if first["event"] == EventType.AUTHORIZATION_DECLINED:
        return PaymentState.DECLINED
    if ended:
        return PaymentState.EXPIRED
    is_reversed = any(row["event"] == EventType.AUTHORIZATION_REVERSED for row in later)
    is_reversed = is_reversed or _is_completed_for_nothing(later)
    return PaymentState.REVERSED if is_reversed and owed == 0 else PaymentState.PENDING
