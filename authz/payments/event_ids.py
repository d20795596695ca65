"""Identifiers of payments' events, made of what names them in the history: the same on every reading.

``evt_`` and the number of the decision, posting or expiry in 13 characters, as in ``auth_...`` and ``txn_...``; then a
letter for the type, and the part: ``evt_000000000001AT0``. The vault's own events have 13 characters and no more.
"""

from typing import NamedTuple

from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

_LETTERS = {
    EventType.AUTHORIZATION_APPROVED: "A",
    EventType.AUTHORIZATION_DECLINED: "D",
    EventType.AUTHORIZATION_INCREASED: "N",
    EventType.AUTHORIZATION_REVERSED: "R",
    EventType.AUTHORIZATION_EXPIRED: "X",
    EventType.TRANSACTION_POSTED: "T",
    EventType.DISPUTE_OPENED: "O",
    EventType.DISPUTE_REPRESENTED: "P",
    EventType.PAYMENT_RECEIVED: "M",
    EventType.PAYMENT_RETURNED: "B",
    EventType.DUE_MISSED: "U",
    EventType.STATEMENT_ISSUED: "S",
    EventType.PLAN_STARTED: "J",
    EventType.PLAN_ENDED: "E",
    EventType.RELIEF_GRANTED: "G",
    EventType.RELIEF_ENDED: "F",
    EventType.SEGMENT_CHANGED: "L",
    EventType.UNITS_GIVEN: "V",
    EventType.UNITS_SPENT: "Y",
    EventType.UNITS_EXPIRED: "W",
    EventType.UNITS_TAKEN_BACK: "K",
    EventType.CASE_OPENED: "C",
    EventType.CASE_ANSWERED: "H",
    EventType.CASE_EXPIRED: "Q",
}
_TYPES = {letter: event_type for event_type, letter in _LETTERS.items()}
_NUMBERED = len(to_text(Prefix.EVENT, 1))
_PART_DIGITS_MAX = 9


class EventKey(NamedTuple):
    """What names a payment's event: the number of its row in the history, which part of it, and its type."""

    sequence: int
    part: int
    type: EventType


def event_id(key: EventKey) -> str:
    """The identifier of an event."""
    return f"{to_text(Prefix.EVENT, key.sequence)}{_LETTERS[key.type]}{key.part}"


def is_of_payment(text: str) -> bool:
    """Whether an identifier would be that of a payment's event rather than of the vault's."""
    return len(text) > _NUMBERED


def event_key(text: str) -> EventKey:
    """What an identifier names. Raises: NotFound, for a text that names nothing."""
    number, letter, part = text[:_NUMBERED], text[_NUMBERED : _NUMBERED + 1], text[_NUMBERED + 1 :]
    is_part = part.isascii() and part.isdigit() and (part == "0" or not part.startswith("0"))
    if letter not in _TYPES or not is_part or len(part) > _PART_DIGITS_MAX:
        raise NotFound("this is not the identifier of an event, such as evt_000000000001AT0")
    return EventKey(to_number(Prefix.EVENT, number), int(part), _TYPES[letter])
