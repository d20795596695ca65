"""The books of accounts in SQL: statements, and changes that post nothing, with their tables and rows.

What is charged and paid is in `history_rows.postings`; a plan and a relief move dues, and units are no money.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import sqlalchemy as sa

from authz.history.history_rows import Row, TenantOf, metadata, nobody, postings
from authz.journal.records import Durable
from authz.program.agreement_terms import ReliefInterest, relief_interest
from authz.program.terms import DAYS_TO_PAY_MAX
from authz.vocabulary.account_changes import ChangeKind, PlanEnd
from authz.vocabulary.cases import FIRST_IN_QUEUE, CaseDecision, Queue
from authz.vocabulary.labels import currency_code, day_text


def _made_by_commands() -> list[sa.Column[Any]]:
    """The command that made a row, and which of the rows that it made this is, from 0; its time, and the account."""
    return [
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("part", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("account_id", sa.BigInteger, nullable=False),
        sa.Column("issuer", sa.String(32), nullable=True),  # the tenant that owns the account
    ]


statements = sa.Table(
    "statements",
    metadata,
    *_made_by_commands(),
    sa.Column("day", sa.String(10), nullable=False),  # the day on which it was cut, ISO 8601, as those below
    sa.Column("since", sa.String(10), nullable=True),  # the day of the statement before; NULL for the first
    sa.Column("due_day", sa.String(10), nullable=False),
    sa.Column("closing_minor", sa.BigInteger, nullable=False),  # in the account's currency, as those below
    sa.Column("minimum_minor", sa.BigInteger, nullable=False),
    sa.Column("interest_minor", sa.BigInteger, nullable=False),
    sa.Column("past_due_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("missed", sa.BigInteger, nullable=False),
    sa.Column("product", sa.BigInteger, nullable=False),
    sa.Column("segment", sa.BigInteger, nullable=False),  # by the terms of which it was cut
    sa.Index("statements_of_account", "account_id", "day"),
    sa.Index("statements_of_issuer", "issuer", "sequence", "part"),
)

account_changes = sa.Table(
    "account_changes",
    metadata,
    *_made_by_commands(),
    sa.Column("kind", sa.String(16), nullable=False),  # the name of a `ChangeKind`
    sa.Column("plan", sa.BigInteger, nullable=True),  # the command that started a plan; NULL for what is of none
    sa.Column("plan_end", sa.String(16), nullable=True),  # why a plan has ended: the name of a `PlanEnd`
    sa.Column("case", sa.BigInteger, nullable=True),  # the decision that opened the case; NULL for others
    sa.Column("case_detail", sa.String(16), nullable=True),  # the queue in which it was opened, or how it was answered
    sa.Column("is_waived", sa.Boolean, nullable=True),  # of a relief: whether nights in it bear no interest
    sa.Column("unit", sa.BigInteger, nullable=True),  # of units: their number, and how many there are afterwards
    sa.Column("balance", sa.BigInteger, nullable=True),
    # In the account's currency. The principal of a plan that starts; what was not billed yet of one that ends; the due
    # that a relief moves; the minimum that ends a relief; what was referred. How many units.
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("months", sa.BigInteger, nullable=False),
    sa.Column("day", sa.String(10), nullable=False),  # the local day on which it happened, ISO 8601, as that below
    # Of a relief: the day by which something is due again. Of units that are given: their last day, NULL for no end.
    sa.Column("until", sa.String(10), nullable=True),
    sa.Column("segment", sa.BigInteger, nullable=True),  # the one into which an account came
    sa.Column("segment_before", sa.BigInteger, nullable=True),
    sa.Index("changes_of_account", "account_id", "sequence", "part"),
    sa.Index("changes_of_plan", "plan", sqlite_where=sa.text("plan IS NOT NULL")),
    sa.Index("changes_of_case", "case", sqlite_where=sa.text('"case" IS NOT NULL')),
    sa.Index("changes_of_issuer", "issuer", "sequence", "part"),
)

_NUMBERS_OF_STATEMENT = (
    "sequence",
    "part",
    "account_id",
    "closing_minor",
    "minimum_minor",
    "interest_minor",
    "past_due_minor",
    "missed",
    "product",
    "segment",
)


def statement_rows(durable: Durable, issuer_of: TenantOf = nobody) -> list[Row]:
    """The rows of the statements that were cut with commands. issuer_of: who owns an account."""
    times = np.repeat(durable.commands["time_us"], durable.results["statements"])
    return [
        _statement(int(time_us), statement, issuer_of)
        for time_us, statement in zip(times, durable.statements, strict=True)
    ]


def _statement(time_us: int, statement: np.void, issuer_of: TenantOf) -> Row:
    return {
        **{name: int(statement[name]) for name in _NUMBERS_OF_STATEMENT},
        "time_us": time_us,
        "issuer": issuer_of(int(statement["account_id"])),
        "day": day_text(int(statement["day"])),
        "since": day_text(int(statement["since"])) if statement["since"] else None,
        "due_day": day_text(int(statement["due_day"])),
        "currency": currency_code(int(statement["currency"])),
    }


_OF_UNITS = (
    ChangeKind.UNITS_GIVEN,
    ChangeKind.UNITS_SPENT,
    ChangeKind.UNITS_EXPIRED,
    ChangeKind.UNITS_TAKEN_BACK,
)
_NUMBERS_OF_CHANGE = ("sequence", "part", "account_id", "amount_minor", "months")


def change_rows(durable: Durable, issuer_of: TenantOf = nobody) -> list[Row]:
    """The rows of changes of plans, reliefs, segments, units and cases. issuer_of: who owns an account."""
    times = np.repeat(durable.commands["time_us"], durable.results["changes"])
    return [_change(int(time_us), change, issuer_of) for time_us, change in zip(times, durable.changes, strict=True)]


def _change(time_us: int, change: np.void, issuer_of: TenantOf) -> Row:
    kind, detail = ChangeKind(int(change["kind"])), int(change["detail"])
    is_plan = kind in (ChangeKind.PLAN_STARTED, ChangeKind.PLAN_ENDED)
    is_relief = kind in (ChangeKind.RELIEF_GRANTED, ChangeKind.RELIEF_ENDED)
    is_segment = kind is ChangeKind.SEGMENT_CHANGED
    is_of_units = kind in _OF_UNITS
    return {
        **{name: int(change[name]) for name in _NUMBERS_OF_CHANGE},
        "time_us": time_us,
        "issuer": issuer_of(int(change["account_id"])),
        "kind": kind.name.lower(),
        "plan": int(change["about"]) if is_plan else None,
        "plan_end": PlanEnd(detail).name.lower() if kind is ChangeKind.PLAN_ENDED else None,
        "case": int(change["about"]) if kind in _OF_CASES else None,
        "case_detail": _case_detail(kind, detail),
        "is_waived": bool(detail) if is_relief else None,
        "unit": detail if is_of_units else None,
        "balance": int(change["about"]) if is_of_units else None,
        "currency": currency_code(int(change["currency"])),
        "day": day_text(int(change["day"])),
        "until": day_text(int(change["until"])) if change["until"] else None,
        "segment": detail if is_segment else None,
        "segment_before": int(change["about"]) if is_segment else None,
    }


_OF_CASES = (ChangeKind.CASE_OPENED, ChangeKind.CASE_ANSWERED, ChangeKind.CASE_EXPIRED)


def _case_detail(kind: ChangeKind, detail: int) -> str | None:
    if kind is ChangeKind.CASE_OPENED:
        return Queue(detail & ~FIRST_IN_QUEUE).name.lower()
    return CaseDecision(detail).name.lower() if kind is ChangeKind.CASE_ANSWERED else None


@dataclass(frozen=True)
class StatementContent:
    """A statement with all that belongs to it. Amounts in minor units of the account's currency; days in ISO 8601.

    row: its own.  opening_minor: what the statement before closed with; where the history has none, what was owed
    before the first line.  lines: the postings, the oldest first.
    relief_until: the day to which what is due was put off, None where the statement is not in a relief: one that is
    asks for nothing.  relief_interest: whether nights until then bear interest, None where that is not known.
    """

    row: Row
    opening_minor: int
    lines: list[Row]
    relief_until: str | None = None
    relief_interest: ReliefInterest | None = None

    @property
    def later_instalments_minor(self) -> int:
        """What has moved into instalments that are billed later, below zero, or has been billed of them."""
        posted = sum(int(line["amount_minor"]) for line in self.lines)
        return int(self.row["closing_minor"]) - self.opening_minor - posted


def content_of(database: sa.Engine, statement: Row) -> StatementContent:
    """What is on a statement. statement: its row."""
    with database.connect() as connection:
        lines = _lines(connection, statement)
        opening = _opening_minor(connection, statement, lines)
        if not _is_in_relief(statement):
            return StatementContent(statement, opening, lines)
        interest = _interest_in_relief(connection, statement)
        return StatementContent(statement, opening, lines, statement["due_day"], interest)


def _lines(connection: sa.Connection, statement: Row) -> list[Row]:
    """The postings of the days behind the statement before."""
    account, day = postings.c.account_id == statement["account_id"], postings.c.day
    query = sa.select(postings).where(account, day <= statement["day"])
    if statement["since"] is not None:
        query = query.where(day > statement["since"])
    ordered = connection.execute(query.order_by(day, postings.c.sequence, postings.c.part))
    return [dict(row._mapping) for row in ordered]


def _opening_minor(connection: sa.Connection, statement: Row, lines: list[Row]) -> int:
    of_account = statements.c.account_id == statement["account_id"]
    query = sa.select(statements.c.closing_minor).where(of_account, statements.c.day == statement["since"])
    before: int | None = connection.execute(query.limit(1)).scalar()
    if before is not None:
        return before
    if lines:
        return int(lines[0]["posted_minor"]) - int(lines[0]["amount_minor"])
    return int(statement["closing_minor"])


def _is_in_relief(statement: Row) -> bool:
    """Whether what is due was put off to the due day of a later statement, see `books.relief.asks_for_something`."""
    days = date.fromisoformat(statement["due_day"]) - date.fromisoformat(statement["day"])
    return days.days > DAYS_TO_PAY_MAX


def _interest_in_relief(connection: sa.Connection, statement: Row) -> ReliefInterest | None:
    """How the relief that a statement is in was granted. No two end on the same day."""
    query = sa.select(account_changes.c.is_waived).where(
        account_changes.c.account_id == statement["account_id"],
        account_changes.c.kind == ChangeKind.RELIEF_GRANTED.name.lower(),
        account_changes.c.until == statement["due_day"],
    )
    is_waived = connection.execute(query.limit(1)).scalar()
    return None if is_waived is None else relief_interest(is_waived)
