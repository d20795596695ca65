"""Key import and export: key blocks (ANSI X9.143, TR-31) under a protection key made of components."""

import hmac
from dataclasses import dataclass
from functools import reduce

from tokenvault.emv.ciphers.block_cipher import aes_check_value, exclusive_or, sm4_encrypt, tdes_check_value
from tokenvault.emv.errors import EmvError
from tokenvault.emv.keys import key_block
from tokenvault.emv.keys.key_block import KeyBlockHeader
from tokenvault.events import audit
from tokenvault.keys.key_ring import KEY_BYTES, KeyPurpose
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError, KeyUnavailable, NotFound

_COMPONENTS_MIN = 2

_HEADERS = {
    KeyPurpose.EMV_MASTER_TDES: ("E0", "T", "X"),
    KeyPurpose.EMV_MASTER_AES: ("E0", "A", "X"),
    KeyPurpose.CARD_VERIFICATION: ("C0", "T", "C"),
    KeyPurpose.PIN_VERIFICATION: ("V2", "T", "V"),
    KeyPurpose.PIN_BASE_TDES: ("B0", "T", "X"),
    KeyPurpose.PIN_BASE_AES: ("B0", "A", "X"),
}
"""Usage, algorithm and mode of the keys that may travel (ANSI X9.143, tables 2 to 4)."""
TRAVELLING = frozenset(_HEADERS)

_PROTECTION = {"B": KeyPurpose.KEY_BLOCK_PROTECTION_TDES, "D": KeyPurpose.KEY_BLOCK_PROTECTION}
_PROTECTION_TO_READ = _PROTECTION | dict.fromkeys("AC", KeyPurpose.KEY_BLOCK_PROTECTION_TDES)
_SM4_CHECK_BYTES = 3


@dataclass(frozen=True)
class KeyEntry:
    """One key as others may see it. check_value: hexadecimal."""

    purpose: KeyPurpose
    version: int
    check_value: str


@dataclass(frozen=True)
class ExportedKey:
    """A key block and the check value of the key in it."""

    key_block: str
    check_value: str


def check_value(purpose: KeyPurpose, key: bytes) -> str:
    """The check value by which two holders of a key confirm that they hold the same one, hexadecimal.

    3 bytes for TDES and SM4 (a zero block encrypted), 5 bytes for AES (CMAC of a zero block; ANSI X9.24-1, annex A).
    """
    if purpose is KeyPurpose.EMV_MASTER_SM4:
        return sm4_encrypt(key, bytes(16))[:_SM4_CHECK_BYTES].hex().upper()
    is_tdes = _HEADERS.get(purpose, ("", "A", ""))[1] == "T" or purpose is KeyPurpose.KEY_BLOCK_PROTECTION_TDES
    return (tdes_check_value(key) if is_tdes else aes_check_value(key)).hex().upper()


def list_keys(vault: Vault) -> list[KeyEntry]:
    """Every key by purpose and version; none of them is shown."""
    return [
        KeyEntry(purpose, version, check_value(purpose, vault.keys.key(purpose, version)))
        for purpose in KeyPurpose
        for version in vault.keys.versions(purpose)
    ]


def set_protection_key(vault: Vault, version: str, components: list[bytes]) -> KeyEntry:
    """Put a key block protection key together: the exclusive or of what each custodian has entered.

    version: of the key blocks, B (24 bytes) or D (32 bytes).
    Raises: FieldError.
    """
    purpose = _protection_purpose(version)
    length = KEY_BYTES[purpose]
    if len(components) < _COMPONENTS_MIN or any(len(component) != length for component in components):
        raise FieldError("components", f"must be at least {_COMPONENTS_MIN} of {length} bytes each")
    key = reduce(exclusive_or, components)
    with vault.transaction() as connection:
        number = vault.keys.current_version(purpose) + 1
        vault.keys.install(connection, purpose, number, key)
        audit.write(vault, connection, "key.protection_key_set", f"{purpose} {number}")
    return KeyEntry(purpose, number, check_value(purpose, key))


def _protection_purpose(version: str) -> KeyPurpose:
    try:
        return _PROTECTION[version]
    except KeyError:
        raise FieldError("format", "must be B or D") from None


def export_key(vault: Vault, purpose: KeyPurpose, version: int, block_version: str) -> ExportedKey:
    """A key as a key block under the current protection key. Raises: NotFound, FieldError."""
    if purpose not in TRAVELLING:
        raise FieldError("purpose", f"must be one of {', '.join(sorted(TRAVELLING))}")
    protection = vault.keys.current(_protection_purpose(block_version))
    try:
        key = vault.keys.key(purpose, version)
    except KeyUnavailable as error:
        raise NotFound(str(error)) from None
    header = KeyBlockHeader(block_version, *_HEADERS[purpose], exportability="E")
    with vault.transaction() as connection:
        audit.write(vault, connection, "key.exported", f"{purpose} {version}")
    return ExportedKey(key_block.wrap(protection, header, key, vault.random_bytes), check_value(purpose, key))


def import_key(vault: Vault, purpose: KeyPurpose, block: str, expected_check_value: str) -> KeyEntry:
    """Take a key out of a key block as the next version of its purpose.

    Versions A and C are taken where the program allows withdrawn key blocks.
    Raises: FieldError if the block does not open, is for another purpose, or has another check value; Conflict if the
    key is there already.
    """
    if purpose not in TRAVELLING:
        raise FieldError("purpose", f"must be one of {', '.join(sorted(TRAVELLING))}")
    if block[:1] not in _PROTECTION_TO_READ:
        raise FieldError("key_block", "must be a key block of version B or D")
    protection = vault.keys.current(_PROTECTION_TO_READ[block[:1]])
    try:
        header, key = key_block.unwrap(protection, block, accept_withdrawn=vault.program.withdrawn_key_blocks)
    except EmvError as error:
        raise FieldError("key_block", str(error)) from None
    usage, algorithm, _ = _HEADERS[purpose]
    if (header.usage, header.algorithm) != (usage, algorithm) or len(key) != KEY_BYTES[purpose]:
        raise FieldError(
            "key_block", f"is for {header.usage}{header.algorithm}, and {purpose} takes {usage}{algorithm}"
        )
    if not hmac.compare_digest(check_value(purpose, key).encode(), expected_check_value.upper().encode()):
        raise FieldError("check_value", "is not the check value of the key in the block")
    for version in vault.keys.versions(purpose):
        if hmac.compare_digest(vault.keys.key(purpose, version), key):
            raise Conflict(f"{purpose} {version} already holds this key", code="key_already_there")
    with vault.transaction() as connection:
        version = vault.keys.current_version(purpose) + 1
        vault.keys.install(connection, purpose, version, key)
        audit.write(vault, connection, "key.imported", f"{purpose} {version}")
    return KeyEntry(purpose, version, check_value(purpose, key))
