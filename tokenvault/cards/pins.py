"""PINs: set by the cardholder through the issuer, never stored; verified for terminals under DUKPT."""

import hmac
from enum import StrEnum

import sqlalchemy as sa

from tokenvault.cards.cards import PIN_TRIES, funding_pan_of, open_card_in, record_card
from tokenvault.emv import dukpt_aes, dukpt_tdes, pin_block
from tokenvault.emv.block_cipher import tdes_decrypt
from tokenvault.emv.dukpt_aes import KeyType, KeyUsage
from tokenvault.emv.errors import EmvError
from tokenvault.emv.pin_verification import pin_verification_value
from tokenvault.errors import Conflict, FieldError, NotFound
from tokenvault.events import audit
from tokenvault.events.events import EventType
from tokenvault.identifiers import Prefix, to_text
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.keys.sealed_entry import opened
from tokenvault.storage import schema
from tokenvault.vault import Vault

_KEY_INDEX = 1


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
        raise FieldError("sealed_pin", "holds no PIN of 4 to 12 digits")
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


def verify_pin(vault: Vault, *, token_pan: str, block: bytes, ksn: bytes, encryption: PinEncryption) -> None:
    """Verify the PIN that was typed in at a terminal.

    token_pan: what the terminal read, and bound the PIN to.  block: 8 bytes (TDES) or 16 (AES).  ksn: 10 or 12 bytes.
    Raises: NotFound, FieldError; WrongPin; Conflict if no PIN is set or no tries are left.
    """
    query = (
        sa.select(*schema.cards.c["id", "pin_verification_value", "pin_tries_left"])
        .join(schema.tokens)
        .where(schema.tokens.c.token_pan == token_pan)
    )
    with vault.transaction() as connection:
        card = connection.execute(query).one_or_none()
        if card is None:
            raise NotFound("no token has this PAN")
        if card.pin_verification_value is None:
            raise Conflict("this card has no PIN", code="pin_not_set")
        if card.pin_tries_left == 0:
            raise Conflict("the PIN was wrong too often", code="pin_tries_exceeded")
        pin = _clear_pin(vault, token_pan, block, ksn, encryption)
        right = pin is not None and hmac.compare_digest(
            _verification_value(vault, connection, card.id, pin).encode(), card.pin_verification_value.encode()
        )
        left = PIN_TRIES if right else card.pin_tries_left - 1
        connection.execute(sa.update(schema.cards).where(schema.cards.c.id == card.id).values(pin_tries_left=left))
        audit.write(vault, connection, "pin.verified" if right else "pin.wrong", to_text(Prefix.CARD, card.id))
    if not right:
        raise WrongPin(f"the PIN is wrong; {left} tries are left")


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
