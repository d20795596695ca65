"""Notices for the engine: the full new state of an account, card or token, numbered, in the same transaction.

A state rather than a change, so that hearing one twice does no harm and the newest wins.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REGCLASS

from tokenvault.storage import schema
from tokenvault.storage.database import reading, writing


@dataclass(frozen=True)
class AccountNotice:
    """The state of an account for the engine. Amounts in minor units of the currency (ISO 4217 alphabetic).

    segment: the one that it is pinned to, None where the engine classifies it.  product: 0 for none.
    cut_day: a day of the month, None without a product.  opened_at: Unix seconds.

    An outbox may still hold notices of versions before. Those of before there were products have neither product nor
    cut day. In those without an `opened_at`, the segment is always a number, and 0 does not pin the account.
    """

    account_id: int
    currency: str
    credit_limit_minor: int
    transaction_limit_minor: int | None
    segment: int | None
    product: int = 0
    cut_day: int | None = None
    life_stage: int = 0
    opened_at: int | None = None


@dataclass(frozen=True)
class CardNotice:
    """The state of a card for the engine: its account, and whether it may pay."""

    card_id: int
    account_id: int
    state: str


@dataclass(frozen=True)
class TokenNotice:
    """The state of a token for the engine. expiry: YYMM.  created_at, device_created_at: Unix seconds.

    device_risk: 1 (trusted) to 5, 0 where not known.  The domain is that of `token_domain`.
    """

    token_id: int
    account_id: int
    card_id: int
    token_pan: str
    expiry: str
    state: str
    channels: list[str]
    cryptogram_version: int
    key_index: int
    payment_account_reference: str
    token_requestor_id: str
    created_at: int
    device_created_at: int
    device_risk: int
    merchant_id: str | None
    countries: list[str]
    transaction_limit_minor: int | None


@dataclass(frozen=True)
class LimitedUseKeyNotice:
    """A phone's new limited-use key. key_index: YHHHHCC.  ends_at: Unix seconds.  uses: taps."""

    token_pan: str
    key_index: str
    ends_at: int
    uses: int


@dataclass(frozen=True)
class UnreadableNotice:
    """A notice that cannot be read: of an unknown kind, or with other fields than its kind has."""

    kind: str


Notice = AccountNotice | CardNotice | TokenNotice | LimitedUseKeyNotice
_KINDS = {"account": AccountNotice, "card": CardNotice, "token": TokenNotice, "limited_use_key": LimitedUseKeyNotice}
_NAMED_BY: dict[type[Notice], str] = {
    AccountNotice: "account_id",
    CardNotice: "card_id",
    TokenNotice: "token_id",
    LimitedUseKeyNotice: "token_pan",
}
"""What each kind is about, by the name of a field."""
_NAMES = {kind: name for name, kind in _KINDS.items()}


@dataclass(frozen=True)
class Entry:
    """One numbered state; numbers grow by commit order."""

    sequence: int
    notice: Notice | UnreadableNotice


def put(connection: sa.Connection, *notices: Notice) -> None:
    """Add notices to the outbox in this order, in the transaction that caused them."""
    rows = [{"kind": _NAMES[type(notice)], "state": dict(notice.__dict__)} for notice in notices]
    connection.execute(sa.insert(schema.outbox), rows)


def put_again(database: sa.Engine, sequence: int) -> bool:
    """Add a notice again under the newest number, unless there is a newer one of the same resource.

    Returns whether it was added.
    """
    table = schema.outbox
    with writing(database) as connection:
        row = connection.execute(sa.select(table).where(table.c.sequence == sequence)).one()
        name = _NAMED_BY[_KINDS[row.kind]]
        is_same = table.c.state[name].as_string() == str(row.state[name])
        later = sa.select(table.c.sequence).where(table.c.sequence > sequence, table.c.kind == row.kind, is_same)
        if connection.execute(later.limit(1)).scalar() is not None:
            return False
        connection.execute(sa.insert(table).values(kind=row.kind, state=row.state))
    return True


def entry(database: sa.Engine, sequence: int) -> Entry | None:
    """One entry, or None if there is none with this number."""
    found = next(entries_after(database, sequence - 1, 1), None)
    return found if found is not None and found.sequence == sequence else None


def entries_after(database: sa.Engine, sequence: int, limit: int = 1000) -> Iterator[Entry]:
    """At most limit entries with a greater number, in order."""
    query = (
        sa.select(schema.outbox)
        .where(schema.outbox.c.sequence > sequence)
        .order_by(schema.outbox.c.sequence)
        .limit(limit)
    )
    with reading(database) as connection:
        for row in connection.execute(query):
            yield Entry(row.sequence, _notice(row.kind, row.state))


def last_sequence(database: sa.Engine) -> int:
    """The greatest number that an entry has had, 0 for none."""
    with reading(database) as connection:
        if connection.dialect.name == "sqlite":
            given = sa.select(_GIVEN.c.seq).where(_GIVEN.c.name == schema.outbox.name)
        else:
            given = sa.select(sa.func.pg_sequence_last_value(_serial()))
        found: int | None = connection.execute(given).scalar()
    return found or 0


def go_on_behind(database: sa.Engine, sequence: int) -> None:
    """Give the next entry a greater number than this one, which another database has used up."""
    with writing(database) as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(sa.delete(_GIVEN).where(_GIVEN.c.name == schema.outbox.name))
            connection.execute(sa.insert(_GIVEN).values(name=schema.outbox.name, seq=sequence))
        else:
            connection.execute(sa.select(sa.func.setval(_serial(), sequence)))


_GIVEN = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
"""Where SQLite keeps the greatest number of each table with AUTOINCREMENT."""


def _serial() -> "sa.ColumnElement[Any]":
    """The sequence behind the outbox's numbers, in PostgreSQL."""
    name = sa.func.pg_get_serial_sequence(schema.outbox.name, schema.outbox.c.sequence.name)
    return sa.cast(name, REGCLASS)


def _notice(kind: str, state: dict[str, Any]) -> Notice | UnreadableNotice:
    try:
        notice: Notice = _KINDS[kind](**state)
    except (KeyError, TypeError):
        return UnreadableNotice(kind)
    return notice
