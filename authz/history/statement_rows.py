"""The statements of accounts in SQL: their table and rows."""

import numpy as np
import sqlalchemy as sa

from authz.history.history_rows import Row, TenantOf, metadata, nobody, postings
from authz.journal.records import Durable
from authz.vocabulary.labels import currency_code, day_text

statements = sa.Table(
    "statements",
    metadata,
    # The command with which it was cut, and which of that command's statements it is, from 0.
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("part", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("account_id", sa.BigInteger, nullable=False),
    sa.Column("issuer", sa.String(32), nullable=True),  # the tenant that owns the account
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
    sa.Index("statements_of_account", "account_id", "day"),
    sa.Index("statements_of_issuer", "issuer", "sequence", "part"),
)

_NUMBERS = (
    "sequence",
    "part",
    "account_id",
    "closing_minor",
    "minimum_minor",
    "interest_minor",
    "past_due_minor",
    "missed",
    "product",
)


def statement_rows(durable: Durable, issuer_of: TenantOf = nobody) -> list[Row]:
    """The rows of the statements that were cut with commands. issuer_of: who owns an account."""
    times = np.repeat(durable.commands["time_us"], durable.results["statements"])
    return [
        _row(int(time_us), statement, issuer_of) for time_us, statement in zip(times, durable.statements, strict=True)
    ]


def _row(time_us: int, statement: np.void, issuer_of: TenantOf) -> Row:
    return {
        **{name: int(statement[name]) for name in _NUMBERS},
        "time_us": time_us,
        "issuer": issuer_of(int(statement["account_id"])),
        "day": day_text(int(statement["day"])),
        "since": day_text(int(statement["since"])) if statement["since"] else None,
        "due_day": day_text(int(statement["due_day"])),
        "currency": currency_code(int(statement["currency"])),
    }


def lines_of(database: sa.Engine, statement: Row) -> list[Row]:
    """The postings that are on a statement, the oldest first: those of the days behind the statement before."""
    account, day = postings.c.account_id == statement["account_id"], postings.c.day
    query = sa.select(postings).where(account, day <= statement["day"])
    if statement["since"] is not None:
        query = query.where(day > statement["since"])
    with database.connect() as connection:
        ordered = connection.execute(query.order_by(day, postings.c.sequence, postings.c.part))
        return [dict(row._mapping) for row in ordered]
