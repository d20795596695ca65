"""Reading events of payments from the history in their order: what somebody sees, one event, or all that happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any

import sqlalchemy as sa

from authz.history.book_rows import account_changes, statements
from authz.history.history_rows import decisions, expiries, position, postings
from authz.history.posting_ids import posting_key
from authz.payments.event_ids import EventKey
from authz.payments.events import CHANGE_TOLD_BY, TOLD_BY_KIND, PaymentEvent, Position, Source
from authz.payments.viewers import View, Viewer
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_number

_TABLES = {
    Source.EXPIRY: expiries,
    Source.DECISION: decisions,
    Source.POSTING: postings,
    Source.STATEMENT: statements,
    Source.CHANGE: account_changes,
}
_KEY: "dict[Source, tuple[sa.ColumnElement[int], ...]]" = {
    Source.EXPIRY: (expiries.c.sequence, expiries.c.part),
    Source.DECISION: (decisions.c.at,),
    Source.POSTING: (postings.c.at, postings.c.part),
    Source.STATEMENT: (statements.c.sequence, statements.c.part),
    Source.CHANGE: (account_changes.c.sequence, account_changes.c.part),
}
"""The place of each row: its command, and its part where a command makes several."""
_KIND_OF = {event: kind for kind, event in TOLD_BY_KIND.items()}
_EVERYBODY = Viewer(everything=True)


@dataclass(frozen=True)
class EventQuery:
    """Which events to read. after, before: strictly between these places.  oldest_first: in their order, else reversed.

    type, resource_id: of these only.  until_us: not later than this time, Unix microseconds.
    """

    limit: int
    after: Position | None = None
    before: Position | None = None
    oldest_first: bool = False
    type: EventType | None = None
    resource_id: str | None = None
    until_us: int | None = None


def events_seen(database: sa.Engine, viewer: Viewer, wanted: EventQuery) -> list[PaymentEvent]:
    """Events that somebody sees, at most `wanted.limit`."""
    with database.connect() as connection:
        found = [_found(connection, source, viewer, wanted) for source in Source]
    in_order = merge(*found, key=lambda event: event.position, reverse=not wanted.oldest_first)
    return list(islice(in_order, wanted.limit))


def event_named(database: sa.Engine, viewer: Viewer, key: EventKey) -> PaymentEvent | None:
    """The event that a key names, if there is one and somebody sees it."""
    for source in Source:
        table = _TABLES[source]
        query = sa.select(table).where(table.c.sequence == key.sequence)
        if source is not Source.DECISION:
            query = query.where(table.c.part == key.part)
        with database.connect() as connection:
            for row in connection.execute(_with_events(query, source)):
                event = PaymentEvent(source, dict(row._mapping))
                if event.key == key and event.view_of(viewer) is not View.NOTHING:
                    return event
    return None


def events_behind(
    database: sa.Engine, after: Position, limit: int, viewer: Viewer = _EVERYBODY
) -> tuple[list[PaymentEvent], Position]:
    """At most so many events behind a place that somebody sees, and the place up to which these are all.

    How far the rows reach is read together with them: rows that are being made anew are no events that did not happen.
    """
    with database.connect() as connection:
        reached = Position.behind(connection.execute(sa.select(position.c.sequence)).scalar_one())
        if reached <= after:
            return [], after
        wanted = EventQuery(limit + 1, after, reached, oldest_first=True)
        found = [_found(connection, source, viewer, wanted) for source in Source]
    in_order = list(islice(merge(*found, key=lambda event: event.position), limit + 1))
    return (in_order, reached) if len(in_order) <= limit else (in_order[:limit], in_order[limit - 1].position)


def _found(connection: sa.Connection, source: Source, viewer: Viewer, wanted: EventQuery) -> list[PaymentEvent]:
    """Events of one table in the order that is wanted, each once though it may be seen in two roles."""
    query = _asked_for(source, wanted)
    if query is None:
        return []
    found = [
        _events(connection.execute(query if role is None else query.where(role)), source)
        for role in _roles(source, viewer)
    ]
    in_order = merge(*found, key=lambda event: event.position, reverse=not wanted.oldest_first)
    return list({event.position: event for event in in_order}.values())


def _events(rows: Any, source: Source) -> Iterator[PaymentEvent]:
    return (PaymentEvent(source, dict(row._mapping)) for row in rows)


def _roles(source: Source, viewer: Viewer) -> "list[sa.ColumnElement[bool] | None]":
    """The conditions under which somebody sees rows, each answered by an index of its own; None for all rows."""
    if viewer.everything or (viewer.network and source is Source.DECISION):
        return [None]
    columns = _TABLES[source].c
    seen = {"issuer": viewer.issuer, "wallet": viewer.wallet}
    return [columns[name] == tenant for name, tenant in seen.items() if tenant is not None and name in columns]


def _with_events(query: "sa.Select[Any]", source: Source) -> "sa.Select[Any]":
    return query.where(decisions.c.event.is_not(None)) if source is Source.DECISION else query


def _asked_for(source: Source, wanted: EventQuery) -> "sa.Select[Any] | None":
    """The rows of one table that a query asks for; None where it can ask for none of them."""
    table = _TABLES[source]
    order = _KEY[source] if wanted.oldest_first else [column.desc() for column in _KEY[source]]
    query = _with_events(sa.select(table), source).order_by(*order).limit(wanted.limit)
    if wanted.after is not None:
        query = query.where(_is_behind(source, wanted.after))
    if wanted.before is not None:
        query = query.where(_is_before(source, wanted.before))
    if wanted.until_us is not None:
        query = query.where(table.c["at_us" if source is Source.DECISION else "time_us"] <= wanted.until_us)
    for condition in (_is_of_type(source, wanted.type), _is_about(source, wanted.resource_id)):
        if condition is False:
            return None
        if isinstance(condition, sa.ColumnElement):
            query = query.where(condition)
    return query


def _is_behind(source: Source, place: Position) -> "sa.ColumnElement[bool]":
    at, *parts = _KEY[source]
    if source != place.source or not parts:
        is_of_command = (source, 0) > (place.source, place.part)
        return at >= place.sequence if is_of_command else at > place.sequence
    return sa.tuple_(at, *parts) > sa.tuple_(sa.literal(place.sequence), sa.literal(place.part))


def _is_before(source: Source, place: Position) -> "sa.ColumnElement[bool]":
    at, *parts = _KEY[source]
    if source != place.source or not parts:
        is_of_command = (source, 0) < (place.source, place.part)
        return at <= place.sequence if is_of_command else at < place.sequence
    return sa.tuple_(at, *parts) < sa.tuple_(sa.literal(place.sequence), sa.literal(place.part))


def _is_of_type(source: Source, wanted: EventType | None) -> "sa.ColumnElement[bool] | bool | None":
    """A condition; None for none, and False where no row can fulfil it."""
    if wanted is None:
        return None
    if source is Source.EXPIRY:
        return None if wanted is EventType.AUTHORIZATION_EXPIRED else False
    if source is Source.STATEMENT:
        return None if wanted is EventType.STATEMENT_ISSUED else False
    if source is Source.CHANGE:
        return account_changes.c.kind == CHANGE_TOLD_BY[wanted] if wanted in CHANGE_TOLD_BY else False
    if source is Source.DECISION:
        return decisions.c.event == wanted
    if wanted in _KIND_OF:
        return postings.c.kind == _KIND_OF[wanted]
    return postings.c.kind.not_in(_KIND_OF.values()) if wanted is EventType.TRANSACTION_POSTED else False


def _is_about(source: Source, resource_id: str | None) -> "sa.ColumnElement[bool] | bool | None":
    if resource_id is None:
        return None
    try:
        if source is Source.POSTING:
            sequence, part = posting_key(resource_id)
            return sa.and_(postings.c.sequence == sequence, postings.c.part == part)
        if source is Source.STATEMENT:
            return statements.c.account_id == to_number(Prefix.ACCOUNT, resource_id)
        if source is Source.CHANGE:
            return _is_change_of(resource_id)
        number = to_number(Prefix.AUTHORIZATION, resource_id)
    except NotFound:
        return False
    if source is Source.EXPIRY:
        return expiries.c.decision == number
    is_first = sa.and_(decisions.c.sequence == number, decisions.c.payment.is_(None))
    return sa.or_(is_first, decisions.c.payment == number)


def _is_change_of(resource_id: str) -> "sa.ColumnElement[bool]":
    """Changes of a plan or of a case, or reliefs of an account. Raises: NotFound for an identifier of neither."""
    if resource_id.startswith(f"{Prefix.PLAN}_"):
        return account_changes.c.plan == to_number(Prefix.PLAN, resource_id)
    if resource_id.startswith(f"{Prefix.CASE}_"):
        return account_changes.c.case == to_number(Prefix.CASE, resource_id)
    account = account_changes.c.account_id == to_number(Prefix.ACCOUNT, resource_id)
    return sa.and_(account, account_changes.c.plan.is_(None), account_changes.c.case.is_(None))
