"""Funding cards: issued straight into the vault with no plastic, frozen and unfrozen. One transaction each."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum

import sqlalchemy as sa

from tokenvault import outbox, schema
from tokenvault.accounts import find_account
from tokenvault.database import reading
from tokenvault.errors import Conflict, NotFound
from tokenvault.identifiers import Prefix, to_number, to_text
from tokenvault.pan import PAR_CHARACTERS, check_payment_account_reference
from tokenvault.sealing import funding_pan_lookup, seal_funding_pan
from tokenvault.vault import Vault

_PAR_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PAN_ATTEMPTS = 32


class CardState(StrEnum):
    """Whether a card may pay."""

    ACTIVE = "active"
    FROZEN = "frozen"


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

    @property
    def text_id(self) -> str:
        """The identifier outside."""
        return to_text(Prefix.CARD, self.id)


def issue_card(vault: Vault, account_text_id: str) -> Card:
    """Issue a card on an account: a new PAN of the funding range, sealed at once.

    Raises: NotFound if there is no such account; Conflict if the funding range is exhausted.
    """
    account = find_account(vault, account_text_id)
    card_id = vault.new_number()
    with vault.transaction() as connection:
        pan, lookup = _unused_funding_pan(vault, connection)
        version, sealed = seal_funding_pan(vault.keys, pan, card_id, vault.random_bytes)
        expiry = vault.expiry_after(vault.program.card_validity_months)
        card = Card(card_id, account.id, pan[-4:], expiry, _new_reference(vault), CardState.ACTIVE, vault.now())
        connection.execute(
            sa.insert(schema.cards).values(
                **asdict(card), sealed_pan=sealed, pan_key_version=version, pan_lookup=lookup
            )
        )
        outbox.put(connection, outbox.CardNotice(card.id, account.id, card.state))
    return card


def _unused_funding_pan(vault: Vault, connection: sa.Connection) -> tuple[str, bytes]:
    for _ in range(_PAN_ATTEMPTS):
        pan = vault.program.funding_range.pan(vault.random_below(vault.program.funding_range.capacity))
        lookup = funding_pan_lookup(vault.keys, pan)
        taken = connection.execute(sa.select(schema.cards.c.id).where(schema.cards.c.pan_lookup == lookup)).first()
        if taken is None:
            return pan, lookup
    raise Conflict("the funding PAN range is as good as full", code="pan_range_exhausted")


def _new_reference(vault: Vault) -> str:
    """A payment account reference: it belongs to the funding PAN, is shared by all its tokens, and reveals neither."""
    prefix = vault.program.par_prefix
    suffix = (_PAR_ALPHABET[vault.random_below(36)] for _ in range(PAR_CHARACTERS - len(prefix)))
    return check_payment_account_reference(prefix + "".join(suffix))


def find_card(vault: Vault, text_id: str) -> Card:
    """The card with this identifier. Raises: NotFound."""
    with reading(vault.database) as connection:
        return card_in(connection, text_id)


def card_in(connection: sa.Connection, text_id: str) -> Card:
    """The card with this identifier, read inside a transaction. Raises: NotFound."""
    return card_numbered(connection, to_number(Prefix.CARD, text_id))


def card_numbered(connection: sa.Connection, number: int) -> Card:
    """The card with this number, read inside a transaction. Raises: NotFound."""
    columns = [schema.cards.c[name] for name in Card.__dataclass_fields__]
    row = connection.execute(sa.select(*columns).where(schema.cards.c.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"there is no card {to_text(Prefix.CARD, number)}")
    return Card(**{**row._mapping, "state": CardState(row.state)})


def freeze_card(vault: Vault, text_id: str) -> Card:
    """Stop a card and so all its tokens from paying, until it is unfrozen. Freezing twice is no error."""
    return _set_state(vault, text_id, CardState.FROZEN)


def unfreeze_card(vault: Vault, text_id: str) -> Card:
    """Let a frozen card pay again. Unfreezing twice is no error."""
    return _set_state(vault, text_id, CardState.ACTIVE)


def _set_state(vault: Vault, text_id: str, state: CardState) -> Card:
    with vault.transaction() as connection:
        card = card_in(connection, text_id)
        connection.execute(sa.update(schema.cards).where(schema.cards.c.id == card.id).values(state=state))
        outbox.put(connection, outbox.CardNotice(card.id, card.account_id, state))
    return replace(card, state=state)
