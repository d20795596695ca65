"""The history in SQL: the tables of decisions, postings and expiries, their rows, and queries."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from authz.history.payment_course import NO_PAYMENT, course_of_decisions, course_of_postings, event_of, event_of_issuers
from authz.journal.records import Durable
from authz.vocabulary.commands import MESSAGES, Channel, Kind
from authz.vocabulary.exception_reasons import ExceptionReason
from authz.vocabulary.labels import currency_code, day_text, field_text, operation_name
from authz.vocabulary.layouts import MESSAGE, read
from authz.vocabulary.posting_kinds import PARTS_OF_DAYS, posting_kind
from authz.vocabulary.reasons import Reason

Row = dict[str, Any]

metadata = sa.MetaData()


def _in_order_of_events(table: str, *columns: str) -> list[sa.Index]:
    """Indexes by which events are read in their order: all of them, an issuer's, a wallet's."""
    return [
        sa.Index(f"{table}_at", *columns),
        sa.Index(f"{table}_at_of_issuer", "issuer", *columns),
        sa.Index(f"{table}_at_of_wallet", "wallet", *columns),
    ]


decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("operation", sa.String(32), nullable=False),
    sa.Column("account_id", sa.BigInteger, nullable=True),
    sa.Column("issuer", sa.String(32), nullable=True),  # the tenant that owns the account
    sa.Column("card_id", sa.BigInteger, nullable=True),
    sa.Column("token_id", sa.BigInteger, nullable=True),
    sa.Column("token_last4", sa.String(4), nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("approved_minor", sa.BigInteger, nullable=False),
    sa.Column("billing_minor", sa.BigInteger, nullable=False),
    sa.Column("billing_currency", sa.String(3), nullable=False),
    sa.Column("approved", sa.Boolean, nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("flagged", sa.Boolean, nullable=False),
    sa.Column("approval_code", sa.String(6), nullable=True),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("merchant", sa.String(15), nullable=False),  # DE 42
    sa.Column("merchant_name", sa.String(25), nullable=False),  # DE 43; empty where there was none
    sa.Column("merchant_city", sa.String(13), nullable=False),
    sa.Column("merchant_category", sa.String(4), nullable=False),
    sa.Column("country", sa.String(3), nullable=False),
    sa.Column("terminal", sa.String(8), nullable=False),
    sa.Column("acquirer", sa.String(11), nullable=False),
    sa.Column("stan", sa.String(6), nullable=False),
    sa.Column("retrieval_reference", sa.String(12), nullable=False),
    sa.Column("exception", sa.String(40), nullable=True),  # why an advice was applied for less than its amount
    sa.Column("asked_billing_minor", sa.BigInteger, nullable=True),  # the advice's amount, in the account's currency
    *course_of_decisions(),
    sa.Index("decisions_of_account", "account_id", "sequence"),
    sa.Index("decisions_of_token", "token_id", "sequence"),
    sa.Index("exceptions", "sequence", sqlite_where=sa.text("exception IS NOT NULL")),
    sa.Index("decisions_of_issuer", "issuer", "sequence"),
    sa.Index("decisions_of_payment", "payment", "sequence", sqlite_where=sa.text("payment IS NOT NULL")),
    *_in_order_of_events("decisions", "at"),
)

postings = sa.Table(
    "postings",
    metadata,
    # The decision that it belongs to, and which of that decision's postings it is, from 0.
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("part", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),  # PostingKind
    sa.Column("account_id", sa.BigInteger, nullable=False),
    sa.Column("issuer", sa.String(32), nullable=True),
    sa.Column("token_id", sa.BigInteger, nullable=True),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),  # in the account's currency; negative: given back
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("posted_minor", sa.BigInteger, nullable=False),  # what the account owes afterwards
    sa.Column("day", sa.String(10), nullable=False),  # the local day that it belongs to, ISO 8601
    sa.Column("merchant", sa.String(15), nullable=False),
    sa.Column("merchant_name", sa.String(25), nullable=False),
    sa.Column("merchant_city", sa.String(13), nullable=False),
    sa.Column("merchant_category", sa.String(4), nullable=False),
    *course_of_postings(),
    sa.Index("postings_of_account", "account_id", "sequence", "part"),
    sa.Index("postings_of_day", "account_id", "day"),
    sa.Index("postings_of_issuer", "issuer", "sequence", "part"),
    sa.Index("postings_of_payment", "payment", "at", "part"),
    *_in_order_of_events("postings", "at", "part"),
)

expiries = sa.Table(
    "expiries",
    metadata,
    # The command in whose pass the hold ended, and which of the holds that ended with it this is, from 0.
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("part", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("decision", sa.BigInteger, nullable=False),  # the authorization whose hold it was
    sa.Column("account_id", sa.BigInteger, nullable=False),
    sa.Column("issuer", sa.String(32), nullable=True),
    sa.Column("card_id", sa.BigInteger, nullable=False),
    sa.Column("token_id", sa.BigInteger, nullable=False),
    sa.Column("wallet", sa.String(32), nullable=True),
    sa.Column("released_minor", sa.BigInteger, nullable=False),  # in the account's currency
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Index("expiries_of_decision", "decision"),
    sa.Index("expiries_of_account", "account_id", "sequence", "part"),
    sa.Index("expiries_of_token", "token_id", "sequence", "part"),
    sa.Index("expiries_of_issuer", "issuer", "sequence", "part"),
    sa.Index("expiries_of_wallet", "wallet", "sequence", "part"),
)

position = sa.Table(
    "position",
    metadata,
    sa.Column("sequence", sa.BigInteger, nullable=False),  # the last command that the rows contain
    sa.Column("time_us", sa.BigInteger, nullable=False),  # and its time
    sa.Column("network", sa.LargeBinary(16), nullable=False),  # that of the journal
    sa.Column("marked_sequence", sa.BigInteger, nullable=False),  # a position in the journal that the rows include
    sa.Column("marked_digest", sa.LargeBinary(32), nullable=False),  # and its running digest there, see `marks`
)


TenantOf = Callable[[int], str | None]
"""The tenant that owns an account, or a token, by its number; None where there is none."""


def nobody(_number: int) -> str | None:
    """The owner of every account and every token in a database without tenants: none."""
    return None


@dataclass(frozen=True)
class NewRows:
    """The rows that commands make.

    settled: what changes in rows of earlier decisions, by their sequence.  expired: made when they are asked for, once,
    because all holds of a bank may end with one command.
    """

    decided: list[Row]
    settled: list[Row]
    posted: list[Row]
    expired: Iterator[Row]


def rows_of(durable: Durable, issuer_of: TenantOf = nobody, wallet_of: TenantOf = nobody) -> NewRows:
    """The rows that commands make. issuer_of: who owns an account.  wallet_of: who owns a token.

    Their `payment` is the decision that they follow up, see `payment_course.name_payments`.
    """
    commands, results = durable.commands, durable.results
    kinds = commands["kind"]
    is_message = (kinds >= MESSAGES.start) & (kinds < MESSAGES.stop)
    own = np.arange(durable.first, durable.first + len(commands))
    is_new = is_message & (results["sequence"] == own)
    messages = commands.view(MESSAGE)
    decided = [_decision(own[i], messages[i], results[i]) for i in np.flatnonzero(is_new)]
    answered = np.flatnonzero((kinds == Kind.ISSUER_DECISION) & (results["sequence"] != own))
    settled = [_settled(own[i], commands[i], results[i]) for i in answered]
    posting_commands = np.repeat(np.arange(len(commands)), results["postings"])
    posted = [
        _posting(own[i], commands[i], results[i], posting)
        for i, posting in zip(posting_commands, durable.postings, strict=True)
    ]
    for row in (*decided, *posted):
        row["issuer"] = None if row["account_id"] is None else issuer_of(row["account_id"])
        row["wallet"] = None if row["token_id"] is None else wallet_of(row["token_id"])
    return NewRows(decided, settled, posted, _expired(durable, issuer_of, wallet_of))


_MERCHANT = ("merchant", "merchant_name", "merchant_city")


def _outcome(result: np.void) -> Row:
    reason = Reason(result["reason"])
    return {
        "approved_minor": int(result["approved_minor"]),
        "billing_minor": int(result["billing_minor"]),
        "approved": reason.is_approval,
        "reason": reason.code,
        "approval_code": f"{int(result['approval_code']):06d}" if reason.is_approval else None,
    }


def _settled(sequence: int, command: np.void, result: np.void) -> Row:
    """How the issuer's decision changes the row of the message that waited for it."""
    return {
        "sequence": int(result["sequence"]),
        **_outcome(result),
        "event": event_of_issuers(Reason(result["reason"])),
        "at": int(sequence),
        "at_us": int(command["time_us"]),
    }


def _decision(sequence: int, command: np.void, result: np.void) -> Row:
    return {
        "sequence": int(sequence),
        "time_us": int(command["time_us"]),
        "kind": Kind(command["kind"]).name.lower(),
        "operation": operation_name(int(command["operation"])),
        "account_id": int(result["account_id"]) or None,
        "card_id": int(command["card_id"]) or None,
        "token_id": int(command["token_id"]) or None,
        "token_last4": f"{int(command['token_pan']):04d}"[-4:],
        "amount_minor": int(command["amount_minor"]),
        "currency": currency_code(int(command["currency"])),
        "billing_currency": currency_code(int(result["billing_currency"])),
        "flagged": bool(result["is_flagged"]),
        "channel": Channel(command["channel"]).name.lower(),
        **{name: field_text(command[name]) for name in _MERCHANT},
        "merchant_category": f"{int(command['merchant_category']):04d}",
        "country": f"{int(command['country']):03d}",
        "terminal": field_text(command["terminal"]),
        "acquirer": str(int(command["acquirer"])),
        "stan": f"{int(command['stan']):06d}",
        "retrieval_reference": field_text(command["retrieval_reference"]),
        **_outcome(result),
        **_exception(result),
        "payment": int(result["original"]) or None,
        "event": event_of(command, result),
        "at": int(sequence),
        "at_us": int(command["time_us"]),
    }


def _exception(result: np.void) -> Row:
    """Why an advice was applied for less than its amount, and that amount; None for other decisions."""
    reason = ExceptionReason(result["exception"])
    if reason is ExceptionReason.NONE:
        return {"exception": None, "asked_billing_minor": None}
    return {"exception": reason.code, "asked_billing_minor": int(result["asked_minor"])}


def _posting(sequence: int, command: np.void, result: np.void, posting: np.void) -> Row:
    """A row. What the end of a day has posted before a command has nothing to do with the payment that came then."""
    said = read(command)
    is_of_day = posting["part"] >= PARTS_OF_DAYS
    has_merchant = "merchant" in (said.dtype.names or ()) and not is_of_day
    merchant = {name: field_text(said[name]) if has_merchant else "" for name in _MERCHANT}
    return {
        "sequence": int(posting["sequence"]),
        "part": int(posting["part"]),
        "time_us": int(command["time_us"]),
        "kind": posting_kind(int(posting["kind"])).code,
        "account_id": int(posting["account_id"]),
        "token_id": None if is_of_day else int(command["token_id"]) or None,
        "amount_minor": int(posting["amount_minor"]),
        "currency": currency_code(int(posting["currency"])),
        "posted_minor": int(posting["posted_minor"]),
        "day": day_text(int(posting["day"])),
        **merchant,
        "merchant_category": f"{int(said['merchant_category']) if has_merchant else 0:04d}",
        "payment": NO_PAYMENT if is_of_day else int(result["original"]) or None,
        "at": int(sequence),
    }


_NUMBERS_OF_EXPIRY = ("sequence", "part", "decision", "account_id", "card_id", "token_id", "released_minor")


def _expired(durable: Durable, issuer_of: TenantOf, wallet_of: TenantOf) -> Iterator[Row]:
    """The rows of the holds that have ended."""
    times = np.repeat(durable.commands["time_us"], durable.results["expiries"])
    for time_us, expiry in zip(times, durable.expiries, strict=True):
        row: Row = {name: int(expiry[name]) for name in _NUMBERS_OF_EXPIRY}
        row["time_us"], row["currency"] = int(time_us), currency_code(int(expiry["currency"]))
        row["issuer"], row["wallet"] = issuer_of(row["account_id"]), wallet_of(row["token_id"])
        yield row


@dataclass(frozen=True)
class RowQuery:
    """Which rows to read: equal in each given column, in a span of Unix microseconds, before a key; newest first.

    before: the primary key of a row.  issuer: only rows about this issuer's accounts or about none; None for all rows.
    present: columns that must not be empty.
    """

    equal: dict[str, object]
    from_us: int | None = None
    to_us: int | None = None
    before: tuple[int, ...] | None = None
    limit: int = 20
    issuer: str | None = None
    present: tuple[str, ...] = ()


def newest(database: sa.Engine, table: sa.Table, wanted: RowQuery) -> tuple[list[Row], bool]:
    """Rows of a table, at most `limit`, and whether there are more."""
    key = tuple(table.primary_key)
    query = sa.select(table).order_by(*(column.desc() for column in key)).limit(wanted.limit + 1)
    for name, value in wanted.equal.items():
        query = query.where(table.c[name] == value)
    if wanted.issuer is not None:
        query = query.where(sa.or_(table.c.issuer == wanted.issuer, table.c.account_id.is_(None)))
    for name in wanted.present:
        query = query.where(table.c[name].is_not(None))
    if wanted.from_us is not None:
        query = query.where(table.c.time_us >= wanted.from_us)
    if wanted.to_us is not None:
        query = query.where(table.c.time_us < wanted.to_us)
    if wanted.before is not None:
        query = query.where(sa.tuple_(*key) < wanted.before)
    with database.connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(query)]
    return rows[: wanted.limit], len(rows) > wanted.limit
