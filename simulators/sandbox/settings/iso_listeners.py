"""Additional ISO 8583 ports, each with its dialect and optional message authentication."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from authz.iso8583.dialects.dialect_files import dialect_named
from authz.iso8583.dialects.fields import BUILT_IN, DialectError
from authz.network.dialect_gateway import LineKeys
from authz.network.peers import ConnectionAuthority
from simulators.process.did_you_mean import did_you_mean
from simulators.sandbox.settings.connection_settings import AcquirerId, ConnectionTls, connection_authority
from simulators.sandbox.settings.hexadecimal_keys import check_key

_KEY_BYTES = 16


class IsoListener(BaseModel):
    """One port."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    dialect: str = Field(description="A built-in dialect, or a file: `pyiso8583` spec (.json) or jPOS packager (.xml).")
    port: int = Field(ge=0, le=65535, description="Port; 0 takes a free one.")
    mac: Literal["none", "optional", "required"] = Field(
        default="none", description="Message authentication, DE 64 or 128."
    )
    mac_algorithm: Literal["tdes", "tdes_cbc", "aes"] = Field(
        default="aes", description="Of the codes, and of the key blocks."
    )
    line_key: SecretStr | None = Field(
        default=None, description="Wraps the keys that acquirers ask for; 32 hexadecimal digits."
    )

    acquirers: list[AcquirerId] | None = Field(
        default=None, description="The acquirers (DE 32) that lines on this port may speak for; unset for any."
    )
    acquirer_line_keys: dict[AcquirerId, SecretStr] = Field(
        default_factory=dict,
        repr=False,
        description="Line keys of acquirers, in place of `line_key`: who has one speaks for its acquirer.",
    )
    tls: ConnectionTls | None = Field(default=None, description="TLS, with client certificates where wanted.")

    @field_validator("dialect")
    @classmethod
    def _check_dialect(cls, name: str) -> str:
        try:
            dialect_named(name)
        except DialectError as error:
            raise ValueError(str(error)) from None
        return name

    @field_validator("line_key")
    @classmethod
    def _check_line_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            check_key(key, _KEY_BYTES)
        return key

    @field_validator("acquirer_line_keys")
    @classmethod
    def _check_acquirer_line_keys(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for key in keys.values():
            check_key(key, _KEY_BYTES)
        return keys

    @model_validator(mode="after")
    def _check_mac(self) -> "IsoListener":
        if self.acquirer_line_keys and self.mac != "required":
            raise ValueError("acquirer_line_keys requires mac = required: a message without a code proves nothing")
        return self

    def keys(self, default: str) -> LineKeys | None:
        """How its messages are authenticated. default: the sandbox's own line key, hexadecimal."""
        if self.mac == "none":
            return None
        text = default if self.line_key is None else self.line_key.get_secret_value()
        return LineKeys(self.mac_algorithm, bytes.fromhex(text), self.mac == "required", self._keys_by_acquirer())

    def _keys_by_acquirer(self) -> dict[int, bytes]:
        return {int(each): bytes.fromhex(key.get_secret_value()) for each, key in self.acquirer_line_keys.items()}

    def authority(self, *, is_strict: bool) -> ConnectionAuthority:
        """Who may speak for whom on this port."""
        return connection_authority(self.acquirers, self.tls, is_strict=is_strict)


def listener_of(text: str) -> IsoListener:
    """The listener that a flag names: ``DIALECT:PORT``. Raises: ValueError."""
    dialect, separator, port = text.rpartition(":")
    if not separator or not port.isdecimal():
        raise ValueError(f"{text!r} is not DIALECT:PORT")
    try:
        return IsoListener(dialect=dialect, port=int(port))
    except ValidationError as error:
        problem = error.errors()[0]
        mean = did_you_mean(dialect, BUILT_IN) if problem["loc"] == ("dialect",) else ""
        raise ValueError(f"{text!r}: {problem['msg'].removeprefix('Value error, ')}{mean}") from None
