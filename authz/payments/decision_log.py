"""Decisions in the order in which they were made, for who follows them: one that an issuer was asked for comes late."""

from dataclasses import dataclass

import sqlalchemy as sa

from authz.history.history_rows import Row, decisions, position
from authz.vocabulary.reasons import Reason


@dataclass(frozen=True)
class DecisionsMade:
    """Decisions, oldest first. missing_until: the last command whose decisions could not be told; None for none.

    reached: the last command whose decisions are told.
    """

    rows: list[Row]
    missing_until: int | None
    reached: int


def decisions_made(database: sa.Engine, after: int, until: int, limit: int, issuer: str | None) -> DecisionsMade:
    """What was decided by the commands behind one and up to another: the newest, at most `limit`.

    issuer: only of its accounts, or of none; None for all.
    """
    with database.connect() as connection:
        reached = min(until, connection.execute(sa.select(position.c.sequence)).scalar_one())
        query = (
            sa.select(decisions)
            .where(decisions.c.at > after, decisions.c.at <= reached)
            .where(decisions.c.reason != Reason.AWAITING_ISSUER.code)
            .order_by(decisions.c.at.desc())
            .limit(limit + 1)
        )
        if issuer is not None:
            query = query.where(sa.or_(decisions.c.issuer == issuer, decisions.c.account_id.is_(None)))
        rows = [dict(row._mapping) for row in connection.execute(query)]
    missing_until = rows[limit]["at"] if len(rows) > limit else None
    return DecisionsMade(rows[:limit][::-1], missing_until, reached)
