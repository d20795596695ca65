"""Issuer scripts: commands that an issuer sends to a card after a transaction (EMV Book 2, 9).

A card takes them only with a MAC, and takes a PIN only enciphered. Both keys are session keys of this transaction, each
from a card key of its own: one derived from the issuer's master key for secure messaging integrity (MAC), one from the
master key for confidentiality (encipherment).
"""

from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tokenvault.emv.ciphers.block_cipher import (
    AES_BLOCK_BYTES,
    TDES_BLOCK_BYTES,
    aes,
    exclusive_or,
    tdes_encrypt,
    triple_des,
)
from tokenvault.emv.ciphers.digits import check_digits
from tokenvault.emv.ciphers.mac import aes_cmac, pad, sm4_cbc_mac
from tokenvault.emv.cryptograms import cryptogram
from tokenvault.emv.errors import EmvError, KeyLengthError
from tokenvault.emv.keys import key_derivation
from tokenvault.emv.pin.pin_block import PIN_DIGITS_MAX, PIN_DIGITS_MIN

CipherName = Literal["TDES", "AES", "SM4"]

SessionKeyMethod = Literal["card key xor ATC", "common over ARQC", "PBOC over ATC"]

Encipherment = Literal["Visa", "Mastercard", "EMV"]
"""Visa: a length byte first, always padded, block by block.  Mastercard: padded only where needed, chained (CBC).
EMV: always padded, chained. Padding is ISO/IEC 9797-1 method 2."""


@dataclass(frozen=True)
class ScriptProfile:
    """The protection of issuer scripts for one kind of card.

    covers_transaction: whether the MAC covers ATC and application cryptogram, between command header and data.
    """

    key_method: SessionKeyMethod
    covers_transaction: bool
    mac_bytes: int
    encipherment: Encipherment

    def session_key(self, cipher: CipherName, card_key: bytes, atc: int, arqc: bytes) -> bytes:
        """The key of one transaction, for MACs or encipherment as the card key is; secret.

        atc: 0..65535.  arqc: the application cryptogram of the transaction, 8 bytes.
        Raises: EmvError, KeyLengthError.
        Source: EMV Book 2, A1.3.1, for the common method.
        """
        match self.key_method:
            case "card key xor ATC":
                return key_derivation.secure_messaging_key_visa(card_key, atc)
            case "PBOC over ATC":
                return key_derivation.session_key_pboc(card_key, atc)
            case "common over ARQC":
                return _session_key_over_arqc(cipher, card_key, arqc)

    def mac(self, cipher: CipherName, session_key: bytes, covered: bytes) -> bytes:
        """The MAC of a command. covered: from `covered`.  Source: EMV Book 2, 9.2."""
        match cipher:
            case "TDES":
                return cryptogram.script_mac_tdes(session_key, covered, self.mac_bytes)
            case "AES":
                return aes_cmac(session_key, covered)[: self.mac_bytes]
            case "SM4":
                return sm4_cbc_mac(session_key, covered)[: self.mac_bytes]

    def covered(self, header: bytes, atc: int, arqc: bytes, data: bytes) -> bytes:
        """What the MAC of a command covers.

        header: CLA INS P1 P2 Lc, 5 bytes; Lc counts the MAC.  data: the command's data without the MAC.
        Raises: EmvError.
        """
        if len(header) != 5:
            raise EmvError("the header of a script command has 5 bytes: CLA INS P1 P2 Lc")
        _check_arqc(arqc)
        if not self.covers_transaction:
            return header + data
        return header + key_derivation.atc_diversifier(atc, 2) + arqc + data

    def enciphered(self, cipher: CipherName, session_key: bytes, data: bytes) -> bytes:
        """Command data, such as a PIN block, as the card deciphers it (EMV Book 2, 9.3; A1.1).

        Raises: EmvError where Visa's length byte cannot count the data.
        """
        match self.encipherment:
            case "Visa":
                if len(data) > 0xFF:
                    raise EmvError("enciphered script data has at most 255 bytes")
                return tdes_encrypt(session_key, pad(bytes([len(data)]) + data, 2))
            case "Mastercard":
                is_whole = data and len(data) % TDES_BLOCK_BYTES == 0
                return _chained(cipher, session_key, data if is_whole else pad(data, 2))
            case "EMV":
                block_bytes = TDES_BLOCK_BYTES if cipher == "TDES" else AES_BLOCK_BYTES
                return _chained(cipher, session_key, pad(data, 2, block_bytes))


VISA_OVER_ATC = ScriptProfile("card key xor ATC", covers_transaction=True, mac_bytes=8, encipherment="Visa")
VISA_OVER_ARQC = ScriptProfile("common over ARQC", covers_transaction=True, mac_bytes=8, encipherment="Visa")
MASTERCARD = ScriptProfile("common over ARQC", covers_transaction=True, mac_bytes=8, encipherment="Mastercard")
INTERAC = ScriptProfile("common over ARQC", covers_transaction=False, mac_bytes=8, encipherment="Mastercard")
PBOC = ScriptProfile("PBOC over ATC", covers_transaction=True, mac_bytes=4, encipherment="Visa")
EMV = ScriptProfile("common over ARQC", covers_transaction=True, mac_bytes=8, encipherment="EMV")


def visa_pin_change_data(card_key: bytes, pin: str, current_pin: str | None = None) -> bytes:
    """What the PIN CHANGE command of a Visa card carries, 8 bytes, secret; to be enciphered.

    card_key: the card's key for application cryptograms, 16 bytes, secret.  pin, current_pin: 4 to 12 digits; with the
    current PIN where the card asks for it (P2 is 01 then, else 02).
    Raises: EmvError, KeyLengthError.
    Source: as documented for payment HSMs. Other cards take a PIN block of format 2 (ISO 9564-1).
    """
    if len(card_key) != 16:
        raise KeyLengthError(f"a card key has 16 bytes, not {len(card_key)}")
    check_digits(pin, "a PIN", PIN_DIGITS_MIN, PIN_DIGITS_MAX)
    block = exclusive_or(bytes.fromhex(f"{len(pin):02X}{pin}".ljust(16, "F")), bytes(4) + card_key[4:8])
    if current_pin is None:
        return block
    check_digits(current_pin, "the current PIN", PIN_DIGITS_MIN, PIN_DIGITS_MAX)
    return exclusive_or(block, bytes.fromhex(current_pin.ljust(16, "0")))


def _check_arqc(arqc: bytes) -> None:
    if len(arqc) != 8:
        raise EmvError("an application cryptogram has 8 bytes")


def _session_key_over_arqc(cipher: CipherName, card_key: bytes, arqc: bytes) -> bytes:
    _check_arqc(arqc)
    match cipher:
        case "TDES":
            return key_derivation.session_key_tdes(card_key, arqc)
        case "AES":
            return key_derivation.session_key_aes(card_key, arqc + bytes(AES_BLOCK_BYTES - len(arqc)))
        case "SM4":
            return key_derivation.session_key_sm4(card_key, arqc + bytes(AES_BLOCK_BYTES - len(arqc)))


def _chained(cipher: CipherName, key: bytes, blocks: bytes) -> bytes:
    """CBC from a zero initial vector."""
    match cipher:
        case "TDES":
            return Cipher(triple_des(key), modes.CBC(bytes(TDES_BLOCK_BYTES))).encryptor().update(blocks)
        case "AES":
            return Cipher(aes(key), modes.CBC(bytes(AES_BLOCK_BYTES))).encryptor().update(blocks)
        case "SM4":
            return Cipher(algorithms.SM4(key), modes.CBC(bytes(AES_BLOCK_BYTES))).encryptor().update(blocks)
