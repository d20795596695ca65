"""DUKPT with AES (ANSI X9.24-3). A key serial number has 12 bytes: initial key identifier (8) and counter (4)."""

from enum import IntEnum

from tokenvault.emv.ciphers.block_cipher import aes_encrypt
from tokenvault.emv.errors import EmvError, KeyLengthError

KSN_BYTES, INITIAL_KEY_ID_BYTES = 12, 8
_COUNTER_ONES_MAX = 16


class KeyUsage(IntEnum):
    """What a key is derived for."""

    PIN_ENCRYPTION = 0x1000
    MAC_GENERATION = 0x2000
    MAC_VERIFICATION = 0x2001
    MAC_BOTH_WAYS = 0x2002
    DATA_ENCRYPTION = 0x3000
    DATA_DECRYPTION = 0x3001
    DATA_BOTH_WAYS = 0x3002
    KEY_DERIVATION = 0x8000
    KEY_DERIVATION_INITIAL_KEY = 0x8001


class KeyType(IntEnum):
    """The algorithm of a derived key."""

    TDES_DOUBLE = 0
    TDES_TRIPLE = 1
    AES_128 = 2
    AES_192 = 3
    AES_256 = 4

    @property
    def key_bytes(self) -> int:
        """How long its keys are."""
        return (16, 24, 16, 24, 32)[self]


_TYPE_OF_LENGTH = {16: KeyType.AES_128, 24: KeyType.AES_192, 32: KeyType.AES_256}


def _type_of(key: bytes) -> KeyType:
    try:
        return _TYPE_OF_LENGTH[len(key)]
    except KeyError:
        raise KeyLengthError(f"an AES base derivation key has 16, 24 or 32 bytes, not {len(key)}") from None


def _derived(parent: bytes, usage: KeyUsage, key_type: KeyType, context: bytes) -> bytes:
    """One key from its parent (ANSI X9.24-3, 6.3.1). context: 8 bytes."""
    length = key_type.key_bytes
    blocks = b"".join(
        bytes([1, number])
        + usage.to_bytes(2, "big")
        + key_type.to_bytes(2, "big")
        + (length * 8).to_bytes(2, "big")
        + context
        for number in range(1, -(-length // 16) + 1)
    )
    return aes_encrypt(parent, blocks)[:length]


def initial_key(base_key: bytes, initial_key_id: bytes) -> bytes:
    """The key that a terminal is loaded with, as long as the base key, secret.

    base_key: base derivation key, 16, 24 or 32 bytes, secret.  initial_key_id: 8 bytes.
    Raises: KeyLengthError, EmvError.
    """
    if len(initial_key_id) != INITIAL_KEY_ID_BYTES:
        raise EmvError(f"an initial key identifier has {INITIAL_KEY_ID_BYTES} bytes")
    return _derived(base_key, KeyUsage.KEY_DERIVATION_INITIAL_KEY, _type_of(base_key), initial_key_id)


def transaction_key(base_key: bytes, ksn: bytes) -> bytes:
    """The derivation key of one transaction, secret.

    ksn: 12 bytes; its counter has at most 16 ones.
    Raises: KeyLengthError, EmvError.
    """
    identifier, counter = _split(ksn)
    key, key_type, so_far = initial_key(base_key, identifier), _type_of(base_key), 0
    for position in range(31, -1, -1):
        if counter >> position & 1:
            so_far |= 1 << position
            context = identifier[4:] + so_far.to_bytes(4, "big")
            key = _derived(key, KeyUsage.KEY_DERIVATION, key_type, context)
    return key


def working_key(base_key: bytes, ksn: bytes, usage: KeyUsage, key_type: KeyType) -> bytes:
    """The key of one transaction for one use and algorithm, secret. Raises: KeyLengthError, EmvError."""
    identifier, counter = _split(ksn)
    context = identifier[4:] + counter.to_bytes(4, "big")
    return _derived(transaction_key(base_key, ksn), usage, key_type, context)


def _split(ksn: bytes) -> tuple[bytes, int]:
    if len(ksn) != KSN_BYTES:
        raise EmvError(f"a key serial number has {KSN_BYTES} bytes")
    counter = int.from_bytes(ksn[INITIAL_KEY_ID_BYTES:], "big")
    if counter.bit_count() > _COUNTER_ONES_MAX:
        raise EmvError(f"a transaction counter has at most {_COUNTER_ONES_MAX} ones")
    return ksn[:INITIAL_KEY_ID_BYTES], counter
