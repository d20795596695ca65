"""Funding cards: issued digitally, found and listed. Changes of their state: `card_changes`."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from tokenvault.callers.listing import newest_first
from tokenvault.callers.ownership import owners_of_card, visible
from tokenvault.cards.accounts import find_account
from tokenvault.cards.contact_points import VerificationMethod, check_contact, masked
from tokenvault.events import events, outbox
from tokenvault.keys.sealing import CARD_CONTACTS, CARD_PAN, funding_pan_lookups, new_pan_lookup, seal, unseal
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, NotFound
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text
from tokenvault.vocabulary.pan import PAR_CHARACTERS, check_payment_account_reference

_PAR_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PAN_ATTEMPTS = 32
PIN_TRIES = 3

Contacts = dict[VerificationMethod, str]


class CardState(StrEnum):
    """Whether a card may pay."""

    # One row a state: its name, and what the engine knows it by (`authz.vocabulary.states.CardState`), which says how
    # it declines.
    engine_code: int

    def __new__(cls, name: str, *row: int) -> "CardState":
        """A row. Raises: ValueError where a part of it is missing."""
        state = str.__new__(cls, name)
        state._value_ = name
        (state.engine_code,) = row
        return state

    ACTIVE = "active", 0
    FROZEN = "frozen", 1
    CLOSED = "closed", 2


@dataclass(frozen=True)
class Card:
    """A funding card as others may see it: its PAN stays sealed. expiry: YYMM; created_at in Unix seconds."""

    id: int
    account_id: int
    last4: str
    expiry: str
    payment_account_reference: str
    state: CardState
    created_at: int
    masked_contacts: dict[str, str] = field(default_factory=dict)

    @property
    def text_id(self) -> str:
        """The identifier outside."""
        return to_text(Prefix.CARD, self.id)


def issue_card(vault: Vault, account_text_id: str, contacts: Contacts | None = None) -> Card:
    """Issue a card on an account: a new PAN of the funding range, sealed at once.

    contacts: where one-time codes can be sent; sealed as well.
    Raises: NotFound if there is no such account; FieldError; Conflict if the funding range is exhausted.
    """
    account = find_account(vault, account_text_id)
    with vault.transaction() as connection:
        return issue_card_in(vault, connection, account.id, contacts or {})


def issue_card_in(vault: Vault, connection: sa.Connection, account_id: int, contacts: Contacts) -> Card:
    """Issue a card as a part of a transaction, see `issue_card`. Raises: FieldError; Conflict."""
    card_id = vault.new_number()
    pan = unused_funding_pan(vault, connection)
    expiry = vault.expiry_after(vault.program.card_validity_months)
    masked_contacts, contact_columns = sealed_contacts(vault, card_id, contacts)
    card = Card(
        card_id,
        account_id,
        pan[-4:],
        expiry,
        _new_reference(vault),
        CardState.ACTIVE,
        vault.now(),
        masked_contacts,
    )
    connection.execute(
        sa.insert(schema.cards).values(
            **card.__dict__,
            **sealed_pan(vault, card_id, pan),
            **contact_columns,
            pin_tries_left=PIN_TRIES,
        )
    )
    notify(connection, card)
    record_card(vault, connection, EventType.CARD_ISSUED, card)
    return card


def sealed_pan(vault: Vault, card_id: int, pan: str) -> dict[str, Any]:
    """The columns that keep a funding PAN and find it again."""
    sealed = seal(vault.keys, CARD_PAN, card_id, pan.encode("ascii"), vault.random_bytes)
    return sealed | new_pan_lookup(vault.keys, pan)


def sealed_contacts(vault: Vault, card_id: int, contacts: Contacts) -> tuple[dict[str, str], dict[str, Any]]:
    """What of contacts may be seen, and the columns that keep them. Raises: FieldError."""
    for method, value in contacts.items():
        check_contact(method, value)
    shown = {str(method): masked(method, value) for method, value in contacts.items()}
    if not contacts:
        return shown, {CARD_CONTACTS.sealed: None, CARD_CONTACTS.version: None}
    return shown, seal(vault.keys, CARD_CONTACTS, card_id, json.dumps(contacts).encode(), vault.random_bytes)


def contacts_of(vault: Vault, connection: sa.Connection, card_id: int) -> Contacts:
    """A card's contacts in the clear; personal."""
    query = sa.select(*schema.cards.c["id", CARD_CONTACTS.sealed, CARD_CONTACTS.version])
    row = connection.execute(query.where(schema.cards.c.id == card_id)).one()
    if row.sealed_contacts is None:
        return {}
    told = json.loads(unseal(vault.keys, CARD_CONTACTS, row._mapping))
    return {VerificationMethod(method): value for method, value in told.items()}


def funding_pan_of(vault: Vault, connection: sa.Connection, card_id: int) -> str:
    """A card's funding PAN; secret."""
    query = sa.select(*schema.cards.c["id", CARD_PAN.sealed, CARD_PAN.version])
    row = connection.execute(query.where(schema.cards.c.id == card_id)).one()
    return unseal(vault.keys, CARD_PAN, row._mapping).decode("ascii")


def card_with_pan(vault: Vault, connection: sa.Connection, pan: str) -> Card | None:
    """The card that has a funding PAN, or None."""
    lookups = list(funding_pan_lookups(vault.keys, pan).values())
    number = connection.execute(sa.select(schema.cards.c.id).where(schema.cards.c.pan_lookup.in_(lookups))).scalar()
    return None if number is None else card_numbered(connection, number)


def unused_funding_pan(vault: Vault, connection: sa.Connection) -> str:
    """A funding PAN that no card has; secret. Raises: Conflict."""
    for _ in range(_PAN_ATTEMPTS):
        pan = vault.program.funding_range.pan(vault.random_below(vault.program.funding_range.capacity))
        if card_with_pan(vault, connection, pan) is None:
            return pan
    raise Conflict("the funding PAN range is almost exhausted", code="pan_range_exhausted")


def _new_reference(vault: Vault) -> str:
    """A payment account reference: it belongs to the funding PAN, is shared by all its tokens, and reveals neither."""
    prefix = vault.program.par_prefix
    suffix = (_PAR_ALPHABET[vault.random_below(36)] for _ in range(PAR_CHARACTERS - len(prefix)))
    return check_payment_account_reference(prefix + "".join(suffix))


def notify(connection: sa.Connection, card: Card) -> None:
    """Tell the engine."""
    outbox.put(connection, outbox.CardNotice(card.id, card.account_id, card.state))


def record_card(
    vault: Vault, connection: sa.Connection, event_type: EventType, card: Card, *, reason: str = ""
) -> None:
    """Write down what happened to a card."""
    data = {
        "account_id": to_text(Prefix.ACCOUNT, card.account_id),
        "state": card.state,
        "last4": card.last4,
        "expiry": card.expiry,
    }
    owners = owners_of_card(connection, card.account_id)
    events.record(vault, connection, event_type, card.text_id, data, owners, reason=reason)


def find_card(vault: Vault, text_id: str) -> Card:
    """The card with this identifier. Raises: NotFound."""
    with vault.reading() as connection:
        return card_in(connection, text_id)


def list_cards(
    vault: Vault, *, limit: int, starting_after: str | None = None, account_id: str | None = None
) -> list[Card]:
    """Cards, the newest first; of one account, where one is named. Raises: NotFound."""
    account = None if account_id is None else to_number(Prefix.ACCOUNT, account_id)
    rows = newest_first(
        vault, schema.cards, Prefix.CARD, limit=limit, starting_after=starting_after, account_id=account
    )
    return [card_of(row) for row in rows]


def card_in(connection: sa.Connection, text_id: str) -> Card:
    """The card that the caller means by this identifier, read inside a transaction. Raises: NotFound."""
    return _card_where(connection, to_number(Prefix.CARD, text_id), visible(schema.cards))


def open_card_in(connection: sa.Connection, text_id: str) -> Card:
    """The card with this identifier. Raises: NotFound; Conflict if it is closed."""
    card = card_in(connection, text_id)
    if card.state is CardState.CLOSED:
        raise Conflict(f"{text_id} is closed", code="card_closed")
    return card


def card_numbered(connection: sa.Connection, number: int) -> Card:
    """The card with this number, for any caller, read inside a transaction. Raises: NotFound."""
    return _card_where(connection, number, sa.true())


def _card_where(connection: sa.Connection, number: int, condition: sa.ColumnElement[bool]) -> Card:
    columns = [schema.cards.c[name] for name in Card.__dataclass_fields__]
    row = connection.execute(sa.select(*columns).where(schema.cards.c.id == number, condition)).one_or_none()
    if row is None:
        raise NotFound(f"there is no card {to_text(Prefix.CARD, number)}")
    return card_of(row)


def card_of(row: Any) -> Card:
    """A card from its row."""
    values = {name: getattr(row, name) for name in Card.__dataclass_fields__}
    return Card(**values | {"state": CardState(row.state)})
