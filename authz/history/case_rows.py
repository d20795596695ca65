"""Cases in SQL: what was referred to a desk, what became of it, and by which decision its pass was spent."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import sqlalchemy as sa

from authz.history.history_rows import Row, TenantOf, decisions, metadata, nobody
from authz.journal.records import Durable
from authz.vocabulary.account_changes import ChangeKind
from authz.vocabulary.cases import FIRST_IN_QUEUE, CaseDecision, CaseReason, CaseStatus, Queue
from authz.vocabulary.commands import MESSAGES
from authz.vocabulary.labels import currency_code
from authz.vocabulary.layouts import CASE_ANSWER
from authz.vocabulary.reasons import LAST_APPROVAL, Reason

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),  # of the decision that opened it
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("account_id", sa.BigInteger, nullable=False),
    sa.Column("issuer", sa.String(32), nullable=True),  # the tenant that owns the account
    sa.Column("queue", sa.String(16), nullable=False),  # the name of a `Queue`
    sa.Column("goes_first", sa.Boolean, nullable=False),  # the account was in relief
    sa.Column("amount_minor", sa.BigInteger, nullable=False),  # what was referred, in the account's currency
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),  # the name of a `CaseStatus`
    sa.Column("closed_us", sa.BigInteger, nullable=True),  # when it was answered, or had expired
    sa.Column("decision", sa.String(16), nullable=True),  # the name of a `CaseDecision`
    sa.Column("reason", sa.String(32), nullable=True),  # the name of a `CaseReason`
    sa.Column("pass_until_us", sa.BigInteger, nullable=True),
    sa.Column("spent_by", sa.BigInteger, nullable=True),  # the decision that has spent its pass
    sa.Index("cases_in_order", "status", "queue", "goes_first", "sequence"),
    sa.Index("cases_of_account", "account_id", "sequence"),
    sa.Index("cases_of_issuer", "issuer", "status", "sequence"),
)


_OF_PAYMENT = tuple(
    decisions.c[name] for name in ("token_id", "merchant", "merchant_name", "merchant_city", "merchant_category")
)


def write_cases(connection: sa.Connection, durable: Durable, issuer_of: TenantOf = nobody) -> None:
    """Write what commands have made of cases, in their order. issuer_of: who owns an account."""
    made = np.repeat(np.arange(len(durable.commands)), durable.results["changes"])
    for place, change in zip(made.tolist(), durable.changes, strict=True):
        kind, about = ChangeKind(int(change["kind"])), cases.c.sequence == int(change["about"])
        time_us = int(durable.commands["time_us"][place])
        if kind is ChangeKind.CASE_OPENED:
            connection.execute(sa.insert(cases), _opened(change, time_us, issuer_of))
        elif kind is ChangeKind.CASE_ANSWERED:
            answered = _answered(durable.commands.view(CASE_ANSWER)[place], time_us)
            connection.execute(sa.update(cases).where(about).values(answered))
        elif kind is ChangeKind.CASE_EXPIRED:
            expired = {"status": _name(CaseStatus.EXPIRED), "closed_us": time_us}
            connection.execute(sa.update(cases).where(about).values(expired))
    for case, spent_by in _spent(durable):
        connection.execute(sa.update(cases).where(cases.c.sequence == case).values(spent_by=spent_by))


def _opened(change: np.void, time_us: int, issuer_of: TenantOf) -> Row:
    account, detail = int(change["account_id"]), int(change["detail"])
    return {
        "sequence": int(change["about"]),
        "time_us": time_us,
        "account_id": account,
        "issuer": issuer_of(account),
        "queue": _name(Queue(detail & ~FIRST_IN_QUEUE)),
        "goes_first": bool(detail & FIRST_IN_QUEUE),
        "amount_minor": int(change["amount_minor"]),
        "currency": currency_code(int(change["currency"])),
        "status": _name(CaseStatus.OPEN),
    }


def _answered(command: np.void, time_us: int) -> dict[str, Any]:
    decision = CaseDecision(int(command["answer"]))
    until_us = time_us + int(command["valid_seconds"]) * 1_000_000
    return {
        "status": _name(CaseStatus.ANSWERED),
        "closed_us": time_us,
        "decision": _name(decision),
        "reason": _name(CaseReason(int(command["answer_reason"]))),
        "pass_until_us": until_us if decision is CaseDecision.APPROVE else None,
    }


def _spent(durable: Durable) -> Iterator[tuple[int, int]]:
    """The cases whose pass was spent, each with the decision that has spent it."""
    results, kinds = durable.results, durable.commands["kind"]
    is_message = (kinds >= MESSAGES.start) & (kinds < MESSAGES.stop)
    is_approved = (results["reason"] <= LAST_APPROVAL) | (results["reason"] == Reason.AWAITING_ISSUER)
    for place in np.flatnonzero(is_message & is_approved & (results["case"] != 0)).tolist():
        yield int(results["case"][place]), int(results["sequence"][place])


def cases_listed(
    database: sa.Engine, equal: dict[str, object], after: int | None, limit: int
) -> tuple[list[Row], bool]:
    """Cases with what was paid where, at most `limit`, and whether there are more. after: the last of the page before.

    Those that are open come in the order in which a desk takes them: accounts in relief first, the oldest first. Others
    come newest first.
    """
    is_waiting = equal.get("status") == _name(CaseStatus.OPEN)
    query = sa.select(cases, *_OF_PAYMENT).join(decisions, decisions.c.sequence == cases.c.sequence, isouter=True)
    for name, value in equal.items():
        query = query.where(cases.c[name] == value)
    with database.connect() as connection:
        if is_waiting and after is not None:
            first = connection.execute(sa.select(cases.c.goes_first).where(cases.c.sequence == after)).scalar()
            behind = sa.and_(cases.c.goes_first == bool(first), cases.c.sequence > after)
            query = query.where(sa.or_(behind, sa.not_(cases.c.goes_first)) if first else behind)
        elif after is not None:
            query = query.where(cases.c.sequence < after)
        order = (cases.c.goes_first.desc(), cases.c.sequence) if is_waiting else (cases.c.sequence.desc(),)
        rows = [dict(row._mapping) for row in connection.execute(query.order_by(*order).limit(limit + 1))]
    return rows[:limit], len(rows) > limit


def _name(member: Queue | CaseStatus | CaseDecision | CaseReason) -> str:
    return member.name.lower()
