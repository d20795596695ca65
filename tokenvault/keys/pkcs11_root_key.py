"""A root key inside a PKCS#11 token (an HSM, or SoftHSM2): it wraps and unwraps there, and never comes out."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from tokenvault.vocabulary.errors import KeyUnavailable

_IV_BYTES, _TAG_BITS = 12, 128


@dataclass(frozen=True)
class Pkcs11Location:
    """Which key in which token of which module, as named by an RFC 7512 URI."""

    module: Path
    token: str
    key: str

    @classmethod
    def parse(cls, uri: str) -> "Pkcs11Location":
        """Read ``pkcs11:token=...;object=...?module-path=...``. Raises: ValueError."""
        path, _, query = uri.removeprefix("pkcs11:").partition("?")
        attributes = dict(part.partition("=")[::2] for part in path.split(";"))
        module = dict(parse_qsl(query)).get("module-path")
        if not uri.startswith("pkcs11:") or "token" not in attributes or "object" not in attributes or not module:
            raise ValueError("must be pkcs11:token=TOKEN;object=KEY?module-path=FILE (RFC 7512)")
        return cls(Path(module), unquote(attributes["token"]), unquote(attributes["object"]))


class Pkcs11RootKey:
    """AES-256 in a token; keys are wrapped by AES-GCM there. The key is made on the first run, not extractable."""

    def __init__(self, location: Pkcs11Location, user_pin: str) -> None:
        """Open a session. Raises: KeyUnavailable."""
        try:
            import pkcs11
        except ImportError:
            raise KeyUnavailable("a root key in a PKCS#11 token requires the extra pkcs11") from None
        self._pkcs11: Any = pkcs11
        self._lock = threading.Lock()  # a session does one thing at a time
        try:
            token = pkcs11.lib(str(location.module)).get_token(token_label=location.token)
            self._session = token.open(user_pin=user_pin, rw=True)
            self._key = self._find_or_make(location.key)
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
            raise KeyUnavailable(f"PKCS#11 token {location.token!r}: {str(error) or type(error).__name__}") from None

    def __repr__(self) -> str:
        return "Pkcs11RootKey()"

    def close(self) -> None:
        """End the session, and with it the login."""
        self._session.close()

    def _find_or_make(self, label: str) -> Any:
        pkcs11 = self._pkcs11
        try:
            return self._session.get_key(object_class=pkcs11.ObjectClass.SECRET_KEY, label=label)
        except pkcs11.NoSuchKey:
            attributes = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
            return self._session.generate_key(pkcs11.KeyType.AES, 256, label=label, store=True, template=attributes)

    def wrap(self, key: bytes) -> bytes:
        """See `RootKey`. Returns: nonce (12) || ciphertext || tag (16)."""
        with self._lock:
            nonce = bytes(self._session.generate_random(_IV_BYTES * 8))
            return nonce + bytes(self._key.encrypt(key, **self._mode(nonce)))

    def unwrap(self, wrapped: bytes) -> bytes:
        """See `RootKey`."""
        with self._lock:
            try:
                return bytes(self._key.decrypt(wrapped[_IV_BYTES:], **self._mode(wrapped[:_IV_BYTES])))
            except self._pkcs11.PKCS11Error:
                raise KeyUnavailable("the root key is not the one that wrapped this database's keys") from None

    def _mode(self, nonce: bytes) -> dict[str, Any]:
        parameters = self._pkcs11.GCMParams(nonce=nonce, tag_bits=_TAG_BITS)
        return {"mechanism": self._pkcs11.Mechanism.AES_GCM, "mechanism_param": parameters}
