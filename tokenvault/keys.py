"""The vault's keys: one root key outside the database, every other key inside it, wrapped by the root key.

Wrapping is AES-KWP (NIST SP 800-38F). Every wrapped key has a purpose and a version, and data names the version that
sealed it.
"""

import hmac
import os
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives import keywrap

from tokenvault import schema
from tokenvault.identifiers import RandomBytes

ROOT_KEY_BYTES = 32


class KeyPurpose(StrEnum):
    """What a wrapped key is for; a key never serves two purposes."""

    PAN_SEALING = "pan_sealing"
    PAN_LOOKUP = "pan_lookup"
    EMV_MASTER_TDES = "emv_master_tdes"
    EMV_MASTER_AES = "emv_master_aes"


_GENERATED = {KeyPurpose.PAN_SEALING: 32, KeyPurpose.PAN_LOOKUP: 32}


class KeyUnavailable(Exception):
    """The root key is missing, unreadable, or not the one that wrapped this database's keys. Nothing was changed."""


def load_root_key(path: Path, random_bytes: RandomBytes) -> bytes:
    """Read the root key, 32 bytes; make it on the first run, readable by its owner only.

    Raises: KeyUnavailable if the file has another length or cannot be read or made.
    """
    try:
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(random_bytes(ROOT_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
        root_key = path.read_bytes()
    except OSError as error:
        raise KeyUnavailable(f"root key {path}: {error.strerror}") from None
    if len(root_key) != ROOT_KEY_BYTES:
        raise KeyUnavailable(f"root key {path} has {len(root_key)} bytes instead of {ROOT_KEY_BYTES}")
    return root_key


class KeyRing:
    """All unwrapped keys, in memory only. Its repr shows none of them."""

    def __init__(self, keys: dict[tuple[KeyPurpose, int], bytes]) -> None:
        self._keys = keys

    def __repr__(self) -> str:
        return f"KeyRing({len(self._keys)} keys)"

    @classmethod
    def open(
        cls,
        database: sa.Engine,
        root_key: bytes,
        emv_master_keys: dict[tuple[KeyPurpose, int], bytes],
        random_bytes: RandomBytes,
    ) -> "KeyRing":
        """Unwrap the database's keys; make or install those that it lacks.

        emv_master_keys: (purpose, key index) -> key, to be installed where that index is still free.
        Raises: KeyUnavailable if the root key does not open them, or an index already holds another key.
        """
        with database.begin() as connection:
            keys = {
                (KeyPurpose(row.purpose), row.version): _unwrap(root_key, row.wrapped)
                for row in connection.execute(sa.select(schema.keys))
            }
            wanted = {(purpose, 1): random_bytes(length) for purpose, length in _GENERATED.items()} | emv_master_keys
            for (purpose, version), key in wanted.items():
                held = keys.get((purpose, version))
                if held is None:
                    wrapped = keywrap.aes_key_wrap_with_padding(root_key, key)
                    connection.execute(sa.insert(schema.keys).values(purpose=purpose, version=version, wrapped=wrapped))
                    keys[purpose, version] = key
                elif (purpose, version) in emv_master_keys and not hmac.compare_digest(held, key):
                    raise KeyUnavailable(f"{purpose} {version} already holds another key; give the new one a new index")
        return cls(keys)

    def current_version(self, purpose: KeyPurpose) -> int:
        """The newest version of a purpose, the one to seal with."""
        return max(version for held, version in self._keys if held is purpose)

    def key(self, purpose: KeyPurpose, version: int) -> bytes:
        """One key; secret. Raises: KeyUnavailable if there is no such version."""
        try:
            return self._keys[purpose, version]
        except KeyError:
            raise KeyUnavailable(f"there is no {purpose} key with version {version}") from None


def _unwrap(root_key: bytes, wrapped: bytes) -> bytes:
    try:
        return keywrap.aes_key_unwrap_with_padding(root_key, wrapped)
    except keywrap.InvalidUnwrap:
        raise KeyUnavailable("the root key is not the one that wrapped this database's keys") from None
