"""Sources of the root key, which wraps all other keys: a file, the environment, or a PKCS#11 token (HSM)."""

import os
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import keywrap

from tokenvault.vocabulary.errors import KeyUnavailable
from tokenvault.vocabulary.identifiers import RandomBytes

ROOT_KEY_BYTES = 32


class RootKey(Protocol):
    """Wraps and unwraps keys; its repr shows none."""

    def wrap(self, key: bytes) -> bytes:
        """A key in a form that only this root key opens."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """A wrapped key; secret. Raises: KeyUnavailable."""


class SoftwareRootKey:
    """A root key in memory, 32 bytes: AES-KWP (NIST SP 800-38F)."""

    def __init__(self, key: bytes) -> None:
        if len(key) != ROOT_KEY_BYTES:
            raise KeyUnavailable(f"a root key has {ROOT_KEY_BYTES} bytes, not {len(key)}")
        self._key = key

    def __repr__(self) -> str:
        return "SoftwareRootKey()"

    def wrap(self, key: bytes) -> bytes:
        """See `RootKey`."""
        return keywrap.aes_key_wrap_with_padding(self._key, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """See `RootKey`."""
        try:
            return keywrap.aes_key_unwrap_with_padding(self._key, wrapped)
        except keywrap.InvalidUnwrap:
            raise KeyUnavailable(
                "the root key is not the one that wrapped this database's keys: restore the two that belong together"
            ) from None


def root_key_in_file(path: Path, random_bytes: RandomBytes) -> SoftwareRootKey:
    """The root key in a file of 32 bytes; made on the first run, readable by its owner only.

    Raises: KeyUnavailable if the file has another length, is open to others, or cannot be read or made.
    """
    try:
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(random_bytes(ROOT_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
        if path.stat().st_mode & 0o077:
            raise KeyUnavailable(f"root key {path} can be read by other users: set its mode to 0600")
        root_key = path.read_bytes()
    except OSError as error:
        raise KeyUnavailable(f"root key {path}: {error.strerror}") from None
    if len(root_key) != ROOT_KEY_BYTES:
        raise KeyUnavailable(f"root key {path} has {len(root_key)} bytes; it must have {ROOT_KEY_BYTES}")
    return SoftwareRootKey(root_key)


def root_key_from_text(text: str) -> SoftwareRootKey:
    """The root key in 64 hexadecimal digits, as from the environment. Raises: KeyUnavailable."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != ROOT_KEY_BYTES:
        raise KeyUnavailable(f"a root key has {2 * ROOT_KEY_BYTES} hexadecimal digits")
    return SoftwareRootKey(key)
