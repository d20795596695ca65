"""PINs: set by the cardholder through the issuer, never stored; verified for terminals under DUKPT."""

import hmac
from dataclasses import dataclass, field
from enum import StrEnum

import sqlalchemy as sa

from tokenvault.cards.cards import PIN_TRIES, funding_pan_of, open_card_in, record_card
from tokenvault.cards.guesses import Refused, Secret, counting, holds
from tokenvault.emv.ciphers.block_cipher import tdes_decrypt
from tokenvault.emv.errors import EmvError
from tokenvault.emv.keys import dukpt_aes, dukpt_tdes
from tokenvault.emv.keys.dukpt_aes import KeyType, KeyUsage
from tokenvault.emv.pin import pin_block
from tokenvault.emv.pin.pin_verification import pin_verification_value
from tokenvault.events import audit
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.keys.sealed_entry import opened
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError, NotFound
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_text

_KEY_INDEX = 1
_COUNTERS_KEPT = 2048
"""More than the jump ahead and the window behind that the engine allows a transaction counter."""


class PinEncryption(StrEnum):
    """How a terminal encrypts PIN blocks: TDES for formats 0, 1 and 3, AES for format 4."""

    DUKPT_TDES = "dukpt_tdes"
    DUKPT_AES = "dukpt_aes"


def set_pin(vault: Vault, card_id: str, sealed_pin: str) -> None:
    """Set a card's PIN; what is kept is its verification value.

    sealed_pin: JWE of ``{"pin": "1234"}``, see `sealed_entry`.
    Raises: NotFound, FieldError, Conflict.
    """
    pin = opened(vault.keys, "sealed_pin", sealed_pin).get("pin")
    if not (isinstance(pin, str) and pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 12):
        raise FieldError("sealed_pin", "does not contain a PIN of 4 to 12 digits")
    with vault.transaction() as connection:
        card = open_card_in(connection, card_id)
        value = _verification_value(vault, connection, card.id, pin)
        connection.execute(
            sa.update(schema.cards)
            .where(schema.cards.c.id == card.id)
            .values(pin_verification_value=value, pin_tries_left=PIN_TRIES)
        )
        record_card(vault, connection, EventType.CARD_PIN_SET, card)


def _verification_value(vault: Vault, connection: sa.Connection, card_id: int, pin: str) -> str:
    pan = funding_pan_of(vault, connection, card_id)
    return pin_verification_value(vault.keys.current(KeyPurpose.PIN_VERIFICATION), _KEY_INDEX, pan, pin)


class WrongPin(Conflict):
    """The PIN is not the card's; what is left of the tries was counted down and stays so."""

    code = "pin_mismatch"


@dataclass(frozen=True)
class PinAttempt:
    """One message's PIN: the transaction counter of the cryptogram that proves the message, and a digest, 32 bytes, of
    what makes it the same message with the same PIN block.
    """

    transaction_counter: int
    digest: bytes = field(repr=False)


def verify_pin(
    vault: Vault,
    *,
    token_pan: str,
    block: bytes,
    ksn: bytes,
    encryption: PinEncryption,
    attempt: PinAttempt | None = None,
) -> None:
    """Verify the PIN that was typed in at a terminal.

    token_pan: what the terminal read, and bound the PIN to.  block: 8 bytes (TDES) or 16 (AES).  ksn: 10 or 12 bytes.
    attempt: the message that brings it, whose cryptogram was found right. One cryptogram is good for one try: what came
    of it is kept with the count, and is what the same message gets again; another message with it gets no try.
    Raises: NotFound, FieldError; WrongPin; Conflict if no PIN is set or no tries are left; TooManyRequests if the
    caller has sent too many wrong ones.
    """
    query = (
        sa.select(*schema.cards.c["id", "pin_verification_value", "pin_tries_left"], schema.tokens.c.id.label("token"))
        .join(schema.tokens)
        .where(schema.tokens.c.token_pan == token_pan)
    )
    with counting(vault, Secret.PIN) as connection:
        card = connection.execute(query).one_or_none()
        if card is None:
            raise NotFound("no token has this PAN")
        if card.pin_verification_value is None:
            raise Conflict("this card has no PIN", code="pin_not_set")
        earlier = None if attempt is None else _outcome(connection, card.token, attempt)
        if earlier is not None:
            if earlier:
                return
            raise WrongPin("the PIN is wrong; this message has used its try")
        if card.pin_tries_left == 0:
            raise Conflict("the PIN is locked after too many wrong tries", code="pin_tries_exceeded")
        pin = _clear_pin(vault, token_pan, block, ksn, encryption)
        right = pin is not None and hmac.compare_digest(
            _verification_value(vault, connection, card.id, pin).encode(), card.pin_verification_value.encode()
        )
        left = PIN_TRIES if right else card.pin_tries_left - 1
        connection.execute(sa.update(schema.cards).where(schema.cards.c.id == card.id).values(pin_tries_left=left))
        if attempt is not None:
            _keep(connection, card.token, attempt, right)
        if not holds(vault, connection, Secret.PIN, card.id, right):
            raise Refused(WrongPin(f"the PIN is wrong; {left} tries are left"))
        audit.write(vault, connection, "pin.verified", to_text(Prefix.CARD, card.id))


def _outcome(connection: sa.Connection, token: int, attempt: PinAttempt) -> bool | None:
    """Whether an attempt's PIN was right; False for another message with its cryptogram, None before the first."""
    table = schema.pin_attempts
    row = connection.execute(
        sa.select(table.c.digest, table.c.was_right).where(
            table.c.token_id == token, table.c.transaction_counter == attempt.transaction_counter
        )
    ).one_or_none()
    return None if row is None else bool(row.was_right) and hmac.compare_digest(bytes(row.digest), attempt.digest)


def _keep(connection: sa.Connection, token: int, attempt: PinAttempt, was_right: bool) -> None:
    """Keep what came of an attempt as long as a network could take its transaction counter for a new one."""
    table = schema.pin_attempts
    too_old = attempt.transaction_counter - _COUNTERS_KEPT
    connection.execute(sa.delete(table).where(table.c.token_id == token, table.c.transaction_counter <= too_old))
    connection.execute(
        sa.insert(table).values(
            token_id=token,
            transaction_counter=attempt.transaction_counter,
            digest=attempt.digest,
            was_right=was_right,
        )
    )


def _clear_pin(vault: Vault, token_pan: str, block: bytes, ksn: bytes, encryption: PinEncryption) -> str | None:
    """The PIN in a block; secret. None where the block gives none, which counts as a wrong one."""
    lengths = {PinEncryption.DUKPT_TDES: (8, dukpt_tdes.KSN_BYTES), PinEncryption.DUKPT_AES: (16, dukpt_aes.KSN_BYTES)}
    block_bytes, ksn_bytes = lengths[encryption]
    if len(block) != block_bytes:
        raise FieldError("pin_block", f"has {block_bytes} bytes under {encryption}")
    if len(ksn) != ksn_bytes:
        raise FieldError("key_serial_number", f"has {ksn_bytes} bytes under {encryption}")
    try:
        if encryption is PinEncryption.DUKPT_TDES:
            base = vault.keys.current(KeyPurpose.PIN_BASE_TDES)
            key = dukpt_tdes.working_key(base, ksn, dukpt_tdes.Variant.PIN)
            return pin_block.decode(tdes_decrypt(key, block), token_pan)
        base = vault.keys.current(KeyPurpose.PIN_BASE_AES)
        key = dukpt_aes.working_key(base, ksn, KeyUsage.PIN_ENCRYPTION, KeyType.AES_128)
        return pin_block.decipher_format_4(key, block, token_pan)
    except EmvError:
        return None
