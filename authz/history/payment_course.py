"""What the history keeps of the course of a payment: what happened with each row, by which command, to whose payment.

A payment begins with the first message about it. What follows it up (increments, completions, reversals, refunds,
disputes) names an earlier decision, and by that decision's payment it belongs to the same one.
"""

from typing import Any

import numpy as np
import sqlalchemy as sa

from authz.vocabulary.commands import Flag, Kind, Operation
from authz.vocabulary.reasons import Reason
from tokenvault.vocabulary.event_types import EventType

NO_PAYMENT = 0
"""Of a posting that belongs to no payment: what the end of a day posts."""

_REVERSALS = (Kind.REVERSAL_REQUEST, Kind.REVERSAL_ADVICE)
_ADVICES = (Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE)
_FINANCIAL = (Kind.FINANCIAL_REQUEST, Kind.FINANCIAL_ADVICE)


def course_of_decisions() -> "list[sa.Column[Any]]":
    """The columns that tell of a decision's course."""
    return [
        sa.Column("wallet", sa.String(32), nullable=True),  # the tenant of the token's requestor
        sa.Column("payment", sa.BigInteger, nullable=True),  # the first decision of its payment; NULL where it is that
        sa.Column("event", sa.String(48), nullable=True),  # EventType of what happened with it
        sa.Column("at", sa.BigInteger, nullable=False),  # the command by which that happened
        sa.Column("at_us", sa.BigInteger, nullable=False),  # and its time
    ]


def course_of_postings() -> "list[sa.Column[Any]]":
    """The columns that tell of a posting's course: a posting may come after the decision that it belongs to."""
    return [
        sa.Column("wallet", sa.String(32), nullable=True),
        sa.Column("payment", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    ]


def event_of(command: np.void, result: np.void) -> EventType | None:
    """What happened with a decision; None where nothing did, or where a posting tells of it.

    command: MESSAGE.  Stand-in's advices were told when stand-in decided. A completion and a refund are told by what
    they post. A reversal or an advice that is refused changes nothing.
    """
    kind, flags, reason = int(command["kind"]), int(command["flags"]), Reason(result["reason"])
    if flags & Flag.FORWARDED or reason is Reason.AWAITING_ISSUER:
        return None
    if flags & Flag.DECLINED_ELSEWHERE and kind in _ADVICES:
        return EventType.AUTHORIZATION_DECLINED
    if not reason.is_approval:
        return None if kind in (*_REVERSALS, *_ADVICES) else EventType.AUTHORIZATION_DECLINED
    if kind in _REVERSALS:
        return EventType.AUTHORIZATION_REVERSED
    is_refund, follows = command["operation"] == Operation.REFUND, bool(result["original"])
    if kind == Kind.FINANCIAL_ADVICE or (kind in _FINANCIAL and (is_refund or follows)):
        return None
    if kind == Kind.AUTHORIZATION_ADVICE and command["amount_minor"] > 0 and result["approved_minor"] == 0:
        return None  # listed as an exception
    return EventType.AUTHORIZATION_INCREASED if follows and not is_refund else EventType.AUTHORIZATION_APPROVED


def event_of_issuers(reason: Reason) -> EventType:
    """What happened with a message that waited for its issuer's decision."""
    return EventType.AUTHORIZATION_APPROVED if reason.is_approval else EventType.AUTHORIZATION_DECLINED


def name_payments(
    connection: sa.Connection, decisions: sa.Table, decided: list[dict[str, Any]], posted: list[dict[str, Any]]
) -> None:
    """Replace what new rows follow up, the decision before, by the first decision of its payment.

    decided, posted: in their order; `payment` is None, or an earlier decision. A posting that follows up nothing is of
    the payment of its own decision.
    """
    known = {row["sequence"]: row["payment"] for row in decided}
    asked = {row["payment"] for row in (*decided, *posted)} | {row["sequence"] for row in posted}
    if missing := sorted(asked - known.keys() - {None}):
        query = sa.select(decisions.c.sequence, decisions.c.payment).where(decisions.c.sequence.in_(missing))
        known |= {row.sequence: row.payment for row in connection.execute(query)}
    for row in decided:
        if row["payment"] is not None:
            row["payment"] = known[row["sequence"]] = known.get(row["payment"]) or row["payment"]
    for row in posted:
        if row["payment"] != NO_PAYMENT:
            before = row["payment"] or row["sequence"]
            row["payment"] = known.get(before) or before
