"""Events of payments, derived from the rows of the history: a pure function of a row and of who looks at it.

These kinds of rows are events: an expiry, a decision with which something happened, a posting, a statement, and a
change of a plan, a relief, a segment, units or a case. Their order is that of the commands that brought them about, and
within one command as in `Source`: holds end before it is decided, and what is posted follows from the decision.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from functools import cached_property
from typing import Any, NamedTuple

from authz.history.decision_fields import response_code, shown_as_they_are
from authz.history.history_rows import Row
from authz.history.posting_ids import posting_id
from authz.payments.event_ids import EventKey, event_id
from authz.payments.viewers import View, Viewer
from authz.program.agreement_terms import relief_interest
from authz.vocabulary.posting_kinds import PostingKind
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_text


class Source(IntEnum):
    """Which rows of the history an event is made of, in the order within one command."""

    EXPIRY = 0
    DECISION = 1
    POSTING = 2
    STATEMENT = 3
    CHANGE = 4


_POSITION = re.compile(r"([0-9]{1,18})/(-1|[0-4])/(-1|[0-9]{1,18})")


class Position(NamedTuple):
    """A place in the order of payments' events. sequence: of the command by which something happened.

    source, part: the place among what that command has brought about.
    """

    sequence: int
    source: int = -1
    part: int = -1

    @classmethod
    def behind(cls, sequence: int) -> "Position":
        """The place behind everything that a command has brought about."""
        return cls(sequence + 1)

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read what `str` wrote. Raises: ValueError."""
        found = _POSITION.fullmatch(text)
        if found is None:
            raise ValueError(f"{text[:40]!r} is no place among events of payments")
        return cls(*map(int, found.groups()))

    def __str__(self) -> str:
        return "/".join(map(str, self))


TOLD_BY_KIND = {
    PostingKind.CHARGEBACK.code: EventType.DISPUTE_OPENED,
    PostingKind.REPRESENTMENT.code: EventType.DISPUTE_REPRESENTED,
    PostingKind.PAYMENT.code: EventType.PAYMENT_RECEIVED,
    PostingKind.PAYMENT_RETURNED.code: EventType.PAYMENT_RETURNED,
    PostingKind.LATE_FEE.code: EventType.DUE_MISSED,
}
"""By kind of posting: the event that it is, where that is not `transaction.posted`."""

CHANGE_TOLD_BY = {
    EventType.PLAN_STARTED: "plan_started",
    EventType.PLAN_ENDED: "plan_ended",
    EventType.RELIEF_GRANTED: "relief_granted",
    EventType.RELIEF_ENDED: "relief_ended",
    EventType.SEGMENT_CHANGED: "segment_changed",
    EventType.UNITS_GIVEN: "units_given",
    EventType.UNITS_SPENT: "units_spent",
    EventType.UNITS_EXPIRED: "units_expired",
    EventType.UNITS_TAKEN_BACK: "units_taken_back",
    EventType.CASE_OPENED: "case_opened",
    EventType.CASE_ANSWERED: "case_answered",
    EventType.CASE_EXPIRED: "case_expired",
}
"""By event: the kind of change of an account that it tells."""

_EVENT_OF_CHANGE = {kind: event for event, kind in CHANGE_TOLD_BY.items()}


@dataclass(frozen=True)
class PaymentEvent:
    """Something that happened to a payment. row: that of the history which tells of it."""

    source: Source
    row: Row

    @cached_property
    def key(self) -> EventKey:
        """What names it."""
        return EventKey(self.row["sequence"], self.row.get("part", 0), self.type)

    @property
    def id(self) -> str:
        """The identifier outside, the same on every reading."""
        return event_id(self.key)

    @property
    def position(self) -> Position:
        """Its place among all events of payments."""
        sequence = self.row["at" if self.source in (Source.DECISION, Source.POSTING) else "sequence"]
        return Position(sequence, self.source, self.row.get("part", 0))

    @property
    def type(self) -> EventType:
        """What happened."""
        if self.source is Source.EXPIRY:
            return EventType.AUTHORIZATION_EXPIRED
        if self.source is Source.STATEMENT:
            return EventType.STATEMENT_ISSUED
        if self.source is Source.CHANGE:
            return _EVENT_OF_CHANGE[self.row["kind"]]
        if self.source is Source.POSTING:
            return TOLD_BY_KIND.get(self.row["kind"], EventType.TRANSACTION_POSTED)
        return EventType(self.row["event"])

    @property
    def time_us(self) -> int:
        """When it happened: Unix time in microseconds."""
        time_us: int = self.row["at_us" if self.source is Source.DECISION else "time_us"]
        return time_us

    @property
    def payment(self) -> int:
        """The first decision of its payment."""
        if self.source is Source.EXPIRY:
            payment: int = self.row["decision"]
            return payment
        return self.row["payment"] or int(self.row["sequence"])

    @property
    def resource_id(self) -> str:
        """What it happened to: a posting, a plan, a case, a payment's first authorization, or else an account."""
        if self.source is Source.CHANGE and self.row["plan"] is not None:
            return to_text(Prefix.PLAN, self.row["plan"])
        if self.source is Source.CHANGE and self.row["case"] is not None:
            return to_text(Prefix.CASE, self.row["case"])
        if self.source in (Source.STATEMENT, Source.CHANGE):
            return to_text(Prefix.ACCOUNT, self.row["account_id"])
        if self.source is Source.POSTING:
            return posting_id(self.row["sequence"], self.row["part"])
        return to_text(Prefix.AUTHORIZATION, self.payment)

    def view_of(self, viewer: Viewer) -> View:
        """How much of it somebody sees."""
        return viewer.view_of(self.row["issuer"], self.row.get("wallet"), is_decision=self.source is Source.DECISION)

    def data(self, view: View) -> dict[str, Any]:
        """What is shown of it: amounts in minor units of their currency, times as RFC 3339."""
        if view is View.CARDHOLDER:
            return _WITH_CARDHOLDER[self.source](self)
        return _WITH_ISSUER[self.source](self) if view is View.ISSUER else _with_merchant(self)


def moment(time_us: int) -> str:
    """A time as RFC 3339 in UTC."""
    return datetime.fromtimestamp(time_us / 1e6, UTC).isoformat().replace("+00:00", "Z")


def _named(prefix: Prefix, number: int | None) -> str | None:
    return to_text(prefix, number) if number else None


def _with_merchant(event: PaymentEvent) -> dict[str, Any]:
    """A decision without its funding side."""
    row = event.row
    return {
        "id": to_text(Prefix.AUTHORIZATION, row["sequence"]),
        "response_code": response_code(row),
        "decided_at": moment(row["time_us"]),
        "token_id": _named(Prefix.TOKEN, row["token_id"]),
        "amount": row["amount_minor"],
        "approved_amount": row["approved_minor"],
        **shown_as_they_are(row),
    }


def _decision_with_issuer(event: PaymentEvent) -> dict[str, Any]:
    row = event.row
    return _with_merchant(event) | {
        "account_id": _named(Prefix.ACCOUNT, row["account_id"]),
        "card_id": _named(Prefix.CARD, row["card_id"]),
        "billing_amount": row["billing_minor"],
        "billing_currency": row["billing_currency"],
    }


def _posting_with_issuer(event: PaymentEvent) -> dict[str, Any]:
    row = event.row
    is_paid = event.type in (EventType.PAYMENT_RECEIVED, EventType.PAYMENT_RETURNED)
    return {
        "id": event.resource_id,
        **({"payment_id": to_text(Prefix.PAYMENT, event.payment)} if is_paid else {}),
        "authorization_id": to_text(Prefix.AUTHORIZATION, event.payment) if row["token_id"] else None,
        "kind": row["kind"],
        "time": moment(row["time_us"]),
        "day": row["day"],
        "account_id": _named(Prefix.ACCOUNT, row["account_id"]),
        "token_id": _named(Prefix.TOKEN, row["token_id"]),
        "amount": row["amount_minor"],
        "currency": row["currency"],
        "posted_balance": row["posted_minor"],
        **{name: row[name] for name in ("merchant", "merchant_name", "merchant_city", "merchant_category")},
    }


def _statement_with_issuer(event: PaymentEvent) -> dict[str, Any]:
    row = event.row
    return {
        "account_id": event.resource_id,
        "day": row["day"],
        "since": row["since"],
        "due_day": row["due_day"],
        "closing_balance": row["closing_minor"],
        "minimum": row["minimum_minor"],
        "interest": row["interest_minor"],
        "past_due": row["past_due_minor"],
        "currency": row["currency"],
        "missed": row["missed"],
    }


def _change_with_issuer(event: PaymentEvent) -> dict[str, Any]:
    row = event.row
    return {
        **({} if row["plan"] is None and row["case"] is None else {"id": event.resource_id}),
        "account_id": to_text(Prefix.ACCOUNT, row["account_id"]),
        "time": moment(row["time_us"]),
        "day": row["day"],
        **({"currency": row["currency"]} if row["unit"] is None else {}),
        **_WHAT_CHANGED[event.type](row),
    }


_WHAT_CHANGED: dict[EventType, Callable[[Row], dict[str, Any]]] = {
    EventType.PLAN_STARTED: lambda row: {"principal": row["amount_minor"], "months": row["months"]},
    EventType.PLAN_ENDED: lambda row: {"end": row["plan_end"], "left": row["amount_minor"]},
    EventType.RELIEF_GRANTED: lambda row: _relief(row) | {"moved": row["amount_minor"], "months": row["months"]},
    EventType.RELIEF_ENDED: lambda row: _relief(row) | {"minimum": row["amount_minor"]},
    EventType.SEGMENT_CHANGED: lambda row: {"segment": row["segment"], "before": row["segment_before"]},
    EventType.UNITS_GIVEN: lambda row: _units(row) | {"until": row["until"]},
    EventType.UNITS_SPENT: lambda row: _units(row),
    EventType.UNITS_EXPIRED: lambda row: _units(row),
    EventType.UNITS_TAKEN_BACK: lambda row: _units(row),
    EventType.CASE_OPENED: lambda row: _case(row) | {"queue": row["case_detail"]},
    EventType.CASE_ANSWERED: lambda row: _case(row) | {"decision": row["case_detail"]},
    EventType.CASE_EXPIRED: lambda row: _case(row),
}


def _units(row: Row) -> dict[str, Any]:
    return {"unit": row["unit"], "count": row["amount_minor"], "balance": row["balance"]}


def _relief(row: Row) -> dict[str, Any]:
    return {"due_day": row["until"], "interest": relief_interest(row["is_waived"])}


def _case(row: Row) -> dict[str, Any]:
    return {"authorization_id": to_text(Prefix.AUTHORIZATION, row["case"]), "amount": row["amount_minor"]}


def _expiry_with_issuer(event: PaymentEvent) -> dict[str, Any]:
    row = event.row
    return {
        "id": event.resource_id,
        "time": moment(row["time_us"]),
        "account_id": _named(Prefix.ACCOUNT, row["account_id"]),
        "card_id": _named(Prefix.CARD, row["card_id"]),
        "token_id": _named(Prefix.TOKEN, row["token_id"]),
        "released_amount": row["released_minor"],
        "currency": row["currency"],
    }


def merchant_of(row: Row) -> dict[str, Any]:
    """A merchant as a phone shows it."""
    return {
        "name": row["merchant_name"] or row["merchant"],
        "city": row["merchant_city"] or None,
        "category": row["merchant_category"],
    }


def _decision_with_cardholder(event: PaymentEvent) -> dict[str, Any]:
    row = event.row
    is_reversal = event.type is EventType.AUTHORIZATION_REVERSED
    return {
        "authorization_id": event.resource_id,
        "token_id": _named(Prefix.TOKEN, row["token_id"]),
        "token_last4": row["token_last4"],
        "outcome": event.type.partition(".")[2],
        "amount": row["approved_minor"] if row["approved"] and not is_reversal else row["amount_minor"],
        "currency": row["currency"],
        "merchant": merchant_of(row),
        "time": moment(event.time_us),
    }


def _posting_with_cardholder(event: PaymentEvent) -> dict[str, Any]:
    row = event.row
    return {
        "authorization_id": to_text(Prefix.AUTHORIZATION, event.payment),
        "token_id": _named(Prefix.TOKEN, row["token_id"]),
        "outcome": row["kind"],
        "amount": row["amount_minor"],
        "currency": row["currency"],
        "merchant": merchant_of(row),
        "time": moment(row["time_us"]),
    }


def _expiry_with_cardholder(event: PaymentEvent) -> dict[str, Any]:
    row = event.row
    return {
        "authorization_id": event.resource_id,
        "token_id": _named(Prefix.TOKEN, row["token_id"]),
        "outcome": "expired",
        "amount": row["released_minor"],
        "currency": row["currency"],
        "time": moment(row["time_us"]),
    }


_WITH_ISSUER = {
    Source.EXPIRY: _expiry_with_issuer,
    Source.DECISION: _decision_with_issuer,
    Source.POSTING: _posting_with_issuer,
    Source.STATEMENT: _statement_with_issuer,
    Source.CHANGE: _change_with_issuer,
}
_WITH_CARDHOLDER = {
    Source.EXPIRY: _expiry_with_cardholder,
    Source.DECISION: _decision_with_cardholder,
    Source.POSTING: _posting_with_cardholder,
    Source.STATEMENT: _statement_with_issuer,
    Source.CHANGE: _change_with_issuer,
}
