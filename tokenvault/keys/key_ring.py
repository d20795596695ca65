"""The vault's keys: one root key outside the database, every other key inside it, wrapped by the root key.

Every wrapped key has a purpose and a version, and data names the version that sealed it.
"""

import hmac
from enum import StrEnum

import sqlalchemy as sa

from tokenvault.keys.root_keys import RootKey
from tokenvault.storage import schema
from tokenvault.storage.database import reading, writing
from tokenvault.vocabulary.errors import KeyUnavailable
from tokenvault.vocabulary.identifiers import RandomBytes


class KeyPurpose(StrEnum):
    """What a wrapped key is for; a key never serves two purposes."""

    PAN_SEALING = "pan_sealing"
    PAN_LOOKUP = "pan_lookup"
    DATA_SEALING = "data_sealing"
    TOKEN_PAN = "token_pan"  # noqa: S105 - a name
    CODE_DIGEST = "code_digest"
    API_KEY_DIGEST = "api_key_digest"
    IDENTITY_DIGEST = "identity_digest"
    AUDIT_TRAIL = "audit_trail"
    CARD_ENTRY = "card_entry"
    PUSH_PROVISIONING = "push_provisioning"
    CARD_VERIFICATION = "card_verification"
    PIN_VERIFICATION = "pin_verification"
    PIN_BASE_TDES = "pin_base_tdes"
    PIN_BASE_AES = "pin_base_aes"
    KEY_BLOCK_PROTECTION = "key_block_protection"
    KEY_BLOCK_PROTECTION_TDES = "key_block_protection_tdes"
    EMV_MASTER_TDES = "emv_master_tdes"
    EMV_MASTER_AES = "emv_master_aes"
    EMV_MASTER_SM4 = "emv_master_sm4"


KEY_BYTES = {
    KeyPurpose.PAN_SEALING: 32,
    KeyPurpose.PAN_LOOKUP: 32,
    KeyPurpose.DATA_SEALING: 32,
    KeyPurpose.TOKEN_PAN: 32,
    KeyPurpose.CODE_DIGEST: 32,
    KeyPurpose.API_KEY_DIGEST: 32,
    KeyPurpose.IDENTITY_DIGEST: 32,
    KeyPurpose.AUDIT_TRAIL: 32,
    KeyPurpose.CARD_ENTRY: 32,
    KeyPurpose.PUSH_PROVISIONING: 32,
    KeyPurpose.CARD_VERIFICATION: 16,
    KeyPurpose.PIN_VERIFICATION: 16,
    KeyPurpose.PIN_BASE_TDES: 16,
    KeyPurpose.PIN_BASE_AES: 16,
    KeyPurpose.KEY_BLOCK_PROTECTION: 32,
    KeyPurpose.KEY_BLOCK_PROTECTION_TDES: 24,
    KeyPurpose.EMV_MASTER_TDES: 16,
    KeyPurpose.EMV_MASTER_AES: 16,
    KeyPurpose.EMV_MASTER_SM4: 16,
}
"""How long the keys of each purpose are. Version 1 of each is made on the first run where none is given."""


def holds_keys(database: sa.Engine) -> bool:
    """Whether a vault has keys that some root key has wrapped."""
    with reading(database) as connection:
        if not sa.inspect(connection).has_table(schema.keys.name):
            return False
        return connection.execute(sa.select(schema.keys.c.version).limit(1)).first() is not None


class KeyRing:
    """All unwrapped keys, in memory only. Its repr shows none of them."""

    def __init__(self, database: sa.Engine, root_key: RootKey, keys: dict[tuple[KeyPurpose, int], bytes]) -> None:
        self._database = database
        self._root_key = root_key
        self._keys = keys
        self._destroyed: dict[tuple[KeyPurpose, int], bytes] = {}

    def __repr__(self) -> str:
        return f"KeyRing({len(self._keys)} keys)"

    @classmethod
    def open(
        cls,
        database: sa.Engine,
        root_key: RootKey,
        given_keys: dict[tuple[KeyPurpose, int], bytes],
        random_bytes: RandomBytes,
    ) -> "KeyRing":
        """Unwrap the database's keys; make or install those that it lacks.

        given_keys: (purpose, version) -> key, to be installed where that version is still free.
        Raises: KeyUnavailable if the root key does not open them, or a version already holds another key.
        """
        with writing(database) as connection:
            ring = cls(database, root_key, _unwrapped(connection, root_key))
            given_purposes = {purpose for purpose, _ in given_keys}
            held_purposes = {purpose for purpose, _ in ring._keys}
            made = {
                (purpose, 1): random_bytes(length)
                for purpose, length in KEY_BYTES.items()
                if purpose not in given_purposes | held_purposes
            }
            for (purpose, version), key in (made | given_keys).items():
                held = ring._keys.get((purpose, version))
                if held is None:
                    ring.install(connection, purpose, version, key)
                elif not hmac.compare_digest(held, key):
                    raise KeyUnavailable(f"{purpose} {version} already holds another key; give the new one a new index")
        return ring

    def read_again(self, connection: sa.Connection) -> None:
        """Take over the database's keys, which may be others now. Raises: KeyUnavailable, see `open`."""
        self._keys = _unwrapped(connection, self._root_key)

    def install(self, connection: sa.Connection, purpose: KeyPurpose, version: int, key: bytes) -> None:
        """Keep a key, wrapped. In memory it is known at once, whether or not the transaction commits."""
        wrapped = self._root_key.wrap(key)
        connection.execute(sa.insert(schema.keys).values(purpose=purpose, version=version, wrapped=wrapped))
        self._keys = self._keys | {(purpose, version): key}

    def remove(self, connection: sa.Connection, purpose: KeyPurpose, version: int) -> None:
        """Destroy a key in the database: nothing that it sealed can be opened any more.

        This process keeps it until it ends, for readers that read a row just before it was resealed.
        """
        connection.execute(
            sa.delete(schema.keys).where(schema.keys.c.purpose == purpose, schema.keys.c.version == version)
        )
        self._destroyed[purpose, version] = self._keys[purpose, version]
        self._keys = {name: key for name, key in self._keys.items() if name != (purpose, version)}

    def rewrap(self, root_key: RootKey) -> int:
        """Wrap every key by another root key, all in one transaction; returns how many."""
        with writing(self._database) as connection:
            for (purpose, version), key in _unwrapped(connection, self._root_key).items():
                connection.execute(
                    sa.update(schema.keys)
                    .where(schema.keys.c.purpose == purpose, schema.keys.c.version == version)
                    .values(wrapped=root_key.wrap(key))
                )
        self._root_key = root_key
        return len(self._keys)

    def versions(self, purpose: KeyPurpose) -> list[int]:
        """The versions of a purpose, oldest first."""
        return sorted(version for held, version in self._keys if held is purpose)

    def current_version(self, purpose: KeyPurpose) -> int:
        """The newest version of a purpose, the one to seal with."""
        return max(version for held, version in self._keys if held is purpose)

    def current(self, purpose: KeyPurpose) -> bytes:
        """The newest key of a purpose; secret."""
        return self._keys[purpose, self.current_version(purpose)]

    def key(self, purpose: KeyPurpose, version: int) -> bytes:
        """One key; secret. Raises: KeyUnavailable if there is no such version."""
        try:
            return self._keys[purpose, version]
        except KeyError:
            if (purpose, version) in self._destroyed:
                return self._destroyed[purpose, version]
        # Another process on the same database may have made it.
        with reading(self._database) as connection:
            self._keys = _unwrapped(connection, self._root_key)
        try:
            return self._keys[purpose, version]
        except KeyError:
            raise KeyUnavailable(f"there is no {purpose} key with version {version}") from None


def _unwrapped(connection: sa.Connection, root_key: RootKey) -> dict[tuple[KeyPurpose, int], bytes]:
    return {
        (KeyPurpose(row.purpose), row.version): root_key.unwrap(row.wrapped)
        for row in connection.execute(sa.select(schema.keys))
    }
