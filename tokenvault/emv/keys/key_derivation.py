"""Issuer master key -> card key -> session key, for TDES and AES.

Key names follow EMV Book 2: IMK is the issuer's master key, the ICC master key ("card key") belongs to one card or
token, a session key to one transaction.
"""

import hashlib
from enum import StrEnum

from cryptography.hazmat.primitives.hashes import SM3, Hash

from tokenvault.emv.ciphers.block_cipher import aes_encrypt, exclusive_or, sm4_encrypt, tdes_encrypt, with_odd_parity
from tokenvault.emv.errors import EmvError, KeyLengthError

_HEX_LETTERS_TO_DIGITS = str.maketrans("abcdef", "012345")


class DerivationOption(StrEnum):
    """How a card key comes from the issuer's (EMV Book 2, A1.4)."""

    A = "A"
    B = "B"
    C = "C"
    SM = "SM"  # Tapwright's own, see `sm4_card_key`


def card_key(issuer_key: bytes, pan: str, psn: str, option: DerivationOption, *, odd_parity: bool = True) -> bytes:
    """Derive a card key from the issuer master key.

    issuer_key: 16 bytes for options A, B (TDES) and SM (SM4); 16, 24 or 32 bytes for option C (AES); secret.
    pan: 12 to 19 digits.  psn: PAN sequence number, 2 digits ("00" where the card has none).
    odd_parity: whether a TDES result carries DES parity; AES keys have none.
    Returns: as many bytes as issuer_key, secret.
    Raises: KeyLengthError, EmvError.
    Source: EMV Book 2, A1.4.1 to A1.4.3.
    """
    digits = _diversification_digits(pan, psn)
    if option is DerivationOption.SM:
        return sm4_card_key(issuer_key, digits)
    if option is DerivationOption.C:
        return _option_c(issuer_key, digits)
    if len(issuer_key) != 16:
        raise KeyLengthError(f"a TDES issuer master key has 16 bytes, not {len(issuer_key)}")
    if option is DerivationOption.B and len(pan) > 16:
        digits = _decimalized_hash(digits)
    left = bytes.fromhex(digits[-16:].rjust(16, "0"))
    derived = tdes_encrypt(issuer_key, left + exclusive_or(left, b"\xff" * 8))
    return with_odd_parity(derived) if odd_parity else derived


def _diversification_digits(pan: str, psn: str) -> str:
    if not (pan.isascii() and pan.isdigit() and len(pan) <= 19):
        raise EmvError("a PAN has at most 19 digits and nothing else")
    if not (psn.isascii() and psn.isdigit() and len(psn) == 2):
        raise EmvError("a PAN sequence number has 2 digits")
    return pan + psn


def _decimalized_hash(digits: str) -> str:
    """First 16 digits of the SHA-1 of the packed digits: decimal ones first, then A-F read as 0-5 (option B)."""
    packed = bytes.fromhex(digits.rjust(len(digits) + len(digits) % 2, "0"))
    # SHA-1 is what the standard prescribes; it spreads digits here and protects nothing.
    hexadecimal = hashlib.sha1(packed, usedforsecurity=False).hexdigest()
    decimal = "".join(character for character in hexadecimal if character.isdigit())
    letters = "".join(character for character in hexadecimal if character.isalpha())
    return (decimal + letters.translate(_HEX_LETTERS_TO_DIGITS))[:16]


def _option_c(issuer_key: bytes, digits: str) -> bytes:
    left = bytes.fromhex(digits.rjust(32, "0"))
    return aes_encrypt(issuer_key, left + exclusive_or(left, b"\xff" * 16))[: len(issuer_key)]


def sm4_card_key(issuer_key: bytes, digits: str) -> bytes:
    """The card key of the PBOC-like SM4 profile, 16 bytes, secret: SM4 over the start of the SM3 hash of the digits.

    issuer_key: 16 bytes, secret.  digits: PAN and PAN sequence number.
    Tapwright's own rule after the shape of option B; no conformance with PBOC or JR/T 0025 is claimed.
    """
    packed = bytes.fromhex(digits.rjust(len(digits) + len(digits) % 2, "0"))
    digest = Hash(SM3())
    digest.update(packed)
    return sm4_encrypt(issuer_key, digest.finalize()[:16])


def session_key_sm4(key: bytes, diversifier: bytes) -> bytes:
    """The session key of the PBOC-like SM4 profile, 16 bytes, secret: the AES rule with SM4 as its cipher.

    key: 16-byte card key, secret.  diversifier: 16 bytes, as for `session_key_aes`.
    """
    if len(diversifier) != 16:
        raise EmvError(f"an SM4 session key diversifier has 16 bytes, not {len(diversifier)}")
    return sm4_encrypt(key, diversifier)


def session_key_tdes(key: bytes, diversifier: bytes) -> bytes:
    """TDES common session key (EMV Book 2, A1.3.1), odd parity.

    key: 16-byte card key, secret.
    diversifier: 8 bytes: ATC and six 00 bytes for an application cryptogram, the ARQC for secure messaging.
    """
    if len(diversifier) != 8:
        raise EmvError(f"a TDES session key diversifier has 8 bytes, not {len(diversifier)}")
    left = diversifier[:2] + b"\xf0" + diversifier[3:]
    right = diversifier[:2] + b"\x0f" + diversifier[3:]
    return with_odd_parity(tdes_encrypt(key, left + right))


def session_key_aes(key: bytes, diversifier: bytes) -> bytes:
    """AES common session key (EMV Book 2, A1.3.1).

    key: 16, 24 or 32-byte card key, secret.
    diversifier: 16 bytes: ATC and fourteen 00 bytes for an application cryptogram.
    Returns: as many bytes as key. A 16-byte key uses the diversifier as it is; longer keys need two blocks, told apart
    by F0 and 0F in the third byte.
    """
    if len(diversifier) != 16:
        raise EmvError(f"an AES session key diversifier has 16 bytes, not {len(diversifier)}")
    if len(key) == 16:
        return aes_encrypt(key, diversifier)
    left = diversifier[:2] + b"\xf0" + diversifier[3:]
    right = diversifier[:2] + b"\x0f" + diversifier[3:]
    return aes_encrypt(key, left + right)[: len(key)]


def atc_diversifier(atc: int, block_bytes: int) -> bytes:
    """The diversifier of an application cryptogram: ATC (0..65535), then 00 bytes up to a block."""
    if not 0 <= atc <= 0xFFFF:
        raise EmvError("an ATC is 0 to 65535")
    return atc.to_bytes(2, "big") + bytes(block_bytes - 2)


def session_key_mastercard(key: bytes, atc: int, unpredictable_number: bytes) -> bytes:
    """M/Chip session key derivation ("SKD"): the common session key over ATC, 0000 and the unpredictable number."""
    if len(unpredictable_number) != 4:
        raise EmvError("an unpredictable number has 4 bytes")
    return session_key_tdes(key, atc_diversifier(atc, 4) + unpredictable_number)


def secure_messaging_key_visa(key: bytes, atc: int) -> bytes:
    """VSDC secure messaging key for CVN 10 and 18: the halves of the card key xored with the ATC and its complement.

    key: 16-byte card key, secret.
    Raises: EmvError, KeyLengthError.
    Source: as documented for VSDC cards; EMV itself derives secure messaging keys with `session_key_tdes`.
    """
    if len(key) != 16:
        raise KeyLengthError(f"a card key has 16 bytes, not {len(key)}")
    counter = atc_diversifier(atc, 2)
    complement = exclusive_or(counter, b"\xff\xff")
    mask = bytes(6) + counter + bytes(6) + complement
    return with_odd_parity(exclusive_or(key, mask))


def session_key_pboc(key: bytes, atc: int) -> bytes:
    """PBOC process key, without parity: the card key over the ATC and over its complement, each behind six 00 bytes.

    key: 16-byte card key, secret.  It serves application cryptograms, script MACs and script encipherment alike, each
    from a card key of its own.
    Source: PBOC debit and credit cards, as publicly described; the published example is in the test vectors.
    """
    counter = atc_diversifier(atc, 2)
    complement = exclusive_or(counter, b"\xff\xff")
    return tdes_encrypt(key, bytes(6) + counter + bytes(6) + complement)


def session_key_tree(
    key: bytes, atc: int, *, height: int = 8, branch_factor: int = 4, initial_vector: bytes = bytes(16)
) -> bytes:
    """EMV 2000 tree-based session key, odd parity; withdrawn by EMVCo bulletin SU-46, still met on old cards.

    key: 16-byte card key.  height and branch_factor: 8 and 4, or 16 and 2 (branch_factor ** height covers every ATC).
    initial_vector: 16 bytes, the parent of the root.
    """
    if branch_factor**height <= 0xFFFF:
        raise EmvError("the tree is too small for a two-byte ATC")

    def child(node: bytes, parent: bytes, position: int) -> bytes:
        digit = (position % branch_factor).to_bytes(8, "big")
        left = exclusive_or(parent[:8], digit)
        right = exclusive_or(exclusive_or(parent[8:], digit), bytes(7) + b"\xf0")
        return tdes_encrypt(node, left + right)

    grandparent, parent = initial_vector, key
    for level in range(height - 1):
        position = atc // branch_factor ** (height - 1 - level)
        grandparent, parent = parent, child(parent, grandparent, position)
    return with_odd_parity(exclusive_or(child(parent, grandparent, atc), grandparent))
