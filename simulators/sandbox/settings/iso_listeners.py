"""Additional ISO 8583 ports, each with its dialect and optional message authentication."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from authz.iso8583.dialects.dialect_files import dialect_named
from authz.iso8583.dialects.fields import BUILT_IN, DialectError
from authz.network.dialect_gateway import KeyExchange
from authz.network.peers import ConnectionAuthority
from simulators.process.did_you_mean import did_you_mean
from simulators.sandbox.settings.connection_settings import AcquirerId, ConnectionTls, connection_authority
from simulators.sandbox.settings.earlier_settings import EARLIER_LISTENER_KEYS, by_names_of_now
from simulators.sandbox.settings.hexadecimal_keys import check_key
from simulators.sandbox.settings.problems import reason

_KEY_BYTES = 16
_PORT_MAX = 65_535


class IsoListener(BaseModel):
    """One port."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    dialect: str = Field(description="A built-in dialect, or a file: `pyiso8583` spec (.json) or jPOS packager (.xml).")
    port: int = Field(ge=0, le=_PORT_MAX, description="Port; 0 takes a free one.")
    mac: Literal["none", "optional", "required"] = Field(
        default="none", description="Message authentication, DE 64 or 128."
    )
    mac_algorithm: Literal["tdes", "tdes_cbc", "aes"] = Field(
        default="aes", description="Of the codes, and of the key blocks."
    )
    key_encryption_key: SecretStr | None = Field(
        default=None, description="Wraps the keys that acquirers request; 32 hexadecimal digits."
    )

    acquirers: list[AcquirerId] | None = Field(
        default=None, description="The acquirers (DE 32) that connections to this port may speak for; unset for any."
    )
    acquirer_key_encryption_keys: dict[AcquirerId, SecretStr] = Field(
        default_factory=dict,
        repr=False,
        description="Key-encryption keys of acquirers, in place of `key_encryption_key`; each proves its acquirer.",
    )
    tls: ConnectionTls | None = Field(default=None, description="TLS, with client certificates where wanted.")

    @model_validator(mode="before")
    @classmethod
    def _by_names_of_now(cls, values: Any) -> Any:
        return by_names_of_now(values, EARLIER_LISTENER_KEYS, place="") if isinstance(values, Mapping) else values

    @field_validator("dialect")
    @classmethod
    def _check_dialect(cls, name: str) -> str:
        try:
            dialect_named(name)
        except DialectError as error:
            raise ValueError(str(error)) from None
        return name

    @field_validator("key_encryption_key")
    @classmethod
    def _check_key_encryption_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            check_key(key, _KEY_BYTES)
        return key

    @field_validator("acquirer_key_encryption_keys")
    @classmethod
    def _check_acquirer_key_encryption_keys(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for key in keys.values():
            check_key(key, _KEY_BYTES)
        return keys

    @model_validator(mode="after")
    def _check_mac(self) -> "IsoListener":
        if self.acquirer_key_encryption_keys and self.mac != "required":
            raise ValueError(
                "acquirer_key_encryption_keys requires mac = required: a message without a code proves nothing"
            )
        return self

    def key_exchange(self, default: str) -> KeyExchange | None:
        """How its messages are authenticated. default: the sandbox's own key-encryption key, hexadecimal."""
        if self.mac == "none":
            return None
        text = default if self.key_encryption_key is None else self.key_encryption_key.get_secret_value()
        return KeyExchange(self.mac_algorithm, bytes.fromhex(text), self.mac == "required", self._keys_by_acquirer())

    def _keys_by_acquirer(self) -> dict[int, bytes]:
        keys = self.acquirer_key_encryption_keys
        return {int(acquirer): bytes.fromhex(key.get_secret_value()) for acquirer, key in keys.items()}

    def authority(self, *, is_strict: bool) -> ConnectionAuthority:
        """The acquirers that connections to this port may speak for."""
        return connection_authority(self.acquirers, self.tls, is_strict=is_strict)


def listener_of(text: str) -> IsoListener:
    """The listener that a flag names: ``DIALECT:PORT``. Raises: ValueError."""
    dialect, separator, port = text.rpartition(":")
    if not separator:
        raise ValueError(f"{text!r} is not DIALECT:PORT, such as bcd_1987:8584")
    if not (port.isascii() and port.isdecimal() and int(port) <= _PORT_MAX):
        raise ValueError(f"{text!r}: the port {port!r} is not a number from 0 to {_PORT_MAX}; write {dialect}:8584")
    try:
        return IsoListener(dialect=dialect, port=int(port))
    except ValidationError as error:
        problem = error.errors()[0]
        mean = did_you_mean(dialect, BUILT_IN) if problem["loc"] == ("dialect",) else ""
        raise ValueError(f"{text!r}: {reason(problem)}{mean}") from None
