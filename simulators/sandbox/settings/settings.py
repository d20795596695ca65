"""Settings of a server: flags, then environment (``TAPWRIGHT_*``), then ``tapwright.toml``, then defaults."""

import os
from pathlib import Path
from typing import Annotated, Literal

from cryptography import x509
from pydantic import Field, IPvAnyNetwork, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from authz.iso8583.chip.signed_data import DateTolerances
from authz.network.advice_limits import ADVICE_LIMIT, AdviceLimits
from authz.network.peers import ConnectionAuthority
from authz.network.realtime_decisioning import DecisioningWebhook
from simulators.parties import sandbox_constants
from simulators.sandbox.settings.configured_api_keys import ConfiguredApiKey, sandbox_api_keys
from simulators.sandbox.settings.connection_settings import AcquirerId, ConnectionTls, connection_authority
from simulators.sandbox.settings.earlier_settings import FileByNamesOfNow, earlier_variables, source_by_names_of_now
from simulators.sandbox.settings.hexadecimal_keys import check_key
from simulators.sandbox.settings.iso_listeners import IsoListener
from tokenvault.http.protocol.access import ApiKeys, ConfiguredKey
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.keys.pkcs11_root_key import Pkcs11Location, Pkcs11RootKey
from tokenvault.keys.root_keys import RootKey, root_key_from_text, root_key_in_file
from tokenvault.outgoing.internet_addresses import LOOPBACK, is_loopback
from tokenvault.outgoing.target_uri import host_of, is_host, normalized
from tokenvault.outgoing.webhook_signatures import secret_bytes
from tokenvault.program.card_program import CardProgram, LimitedUse, PanGeneration
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import FieldError, KeyUnavailable
from tokenvault.vocabulary.pan import PanRange

CONFIGURATION_FILE = "tapwright.toml"
VAULT = "vault.db"
"""The vault's SQLite file in a data directory."""

_MASTER_KEY_BYTES = 16


class Settings(BaseSettings):
    """All settings of a server. Ports: 0 takes a free one. Times in seconds."""

    model_config = SettingsConfigDict(
        env_prefix="TAPWRIGHT_",
        env_nested_delimiter="__",
        toml_file=CONFIGURATION_FILE,
        extra="forbid",
        hide_input_in_errors=True,  # what was given contains secrets
    )

    data_dir: Path = Field(
        Path("tapwright-data"), description="Directory of the journal, the database and the root key."
    )
    http_host: str = Field("127.0.0.1", description="Address that the HTTP API listens on.")
    http_port: int = Field(8420, ge=0, le=65535, description="Port of the HTTP API.")
    iso_host: str = Field("127.0.0.1", description="Address that the ISO 8583 server listens on.")
    iso_port: int = Field(8583, ge=0, le=65535, description="Port of the ISO 8583 server.")
    iso_listeners: list[IsoListener] = Field(
        [], description="Additional ISO 8583 ports in other dialects, on `iso_host`; see `docs/wire.md`."
    )
    iso_acquirers: list[AcquirerId] | None = Field(
        None,
        description="The acquirers (DE 32) that connections on `iso_port` may speak for; not restricted by the "
        "port if unset.",
    )
    iso_tls: ConnectionTls | None = Field(
        None, description="TLS on `iso_port`, optionally with client certificates; see `docs/wire.md`."
    )
    iso_acquirer_authority: Literal["open", "strict"] | None = Field(
        None,
        description="The authority of a connection that nothing else identifies: `open`, it may speak for any "
        "acquirer; `strict`, for none. If unset, open on loopback and strict elsewhere.",
    )
    advice_limit: int = Field(
        ADVICE_LIMIT,
        ge=0,
        lt=10**12,
        description="Maximum of DE 4 in an advice (0120, 0220), in minor units of DE 49. A larger advice is "
        "acknowledged and listed as an exception, but not posted.",
    )
    advice_limits: dict[AcquirerId, Annotated[int, Field(ge=0, lt=10**12)]] = Field(
        {}, description="The same limit for individual acquirers, by DE 32."
    )
    public_url: str | None = Field(
        None, description="URL that callers use if a proxy stands in front of the server; without query and fragment."
    )
    http_hosts: list[str] = Field(
        [],
        description="Additional hosts that callers may use in `Host`: names or addresses without ports. The "
        "called address, loopback and the host of `public_url` are always accepted.",
    )
    frame_seconds_max: float = Field(
        10.0, gt=0, description="Maximum time in seconds for an ISO 8583 frame to arrive completely."
    )
    signed_date_days: int = Field(
        7,
        ge=0,
        description="Maximum difference in days between the date that the phone signed (9A) and DE 13 (else DE "
        "7), and the clock.",
    )
    transmission_days: int = Field(
        7,
        ge=0,
        description="Maximum difference in days between the transmission date of a request (DE 7) and the clock.",
    )
    clock_leap_seconds_max: float = Field(
        300.0,
        gt=0,
        description="Maximum leap of the system clock in seconds. A longer leap is refused, and time continues "
        "from the last good time.",
    )
    checkpoint_segments: int = Field(
        4,
        ge=1,
        description="Number of journal segments (64 MiB each) sealed since the last checkpoint after which a new "
        "one is made.",
    )
    journal_keep_segments: int | None = Field(
        None,
        ge=0,
        description="Number of sealed segments that are kept for explanations, back-tests and history; all if unset.",
    )
    realtime_decisioning_url: str | None = Field(
        None,
        pattern="^https?://",
        description="URL of the issuer's real-time decisioning webhook, which is called if a rule's action is `ask`.",
    )
    realtime_decisioning_secret: SecretStr | None = Field(
        None, description="The webhook's signing secret: `whsec_` and base 64 (Standard Webhooks)."
    )
    realtime_decisioning_deadline_seconds: float = Field(
        2.0, gt=0, le=60, description="Maximum response time of the webhook in seconds."
    )
    realtime_decisioning_default: Literal["approve", "decline"] = Field(
        "decline", description="The decision if the webhook gives no valid response in time."
    )
    webhook_networks: list[IPvAnyNetwork] = Field(
        list(LOOPBACK),
        description="Networks that webhooks may be sent to although they are not public, such as `10.1.0.0/16`; "
        "link-local addresses are never allowed.",
    )
    vendor_apis: bool = Field(False, description="Enable the vendor-compatible mock APIs; see `docs/qa-guide.md`.")
    vendor_apis_notify_url: str | None = Field(
        None, pattern="^https?://", description="URL that the token service's mock API notifies of token changes."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Minimum level that is logged.")
    log_format: Literal["console", "json"] = Field("console", description="Format of log lines.")
    database: SecretStr | None = Field(
        None,
        description="The vault's database, `postgresql://USER:PASSWORD@HOST/NAME`; SQLite in `data_dir` if unset.",
    )
    root_key_file: Path | None = Field(
        None, description="File of the vault's root key; in the data directory if unset."
    )
    root_key: SecretStr | None = Field(
        None, description="The root key itself, 64 hexadecimal digits, instead of a file."
    )
    root_key_pkcs11: str | None = Field(
        None, description="The root key in an HSM: `pkcs11:token=TOKEN;object=KEY?module-path=FILE` (RFC 7512)."
    )
    root_key_pkcs11_pin: SecretStr = Field(SecretStr(""), description="The HSM's user PIN.")
    token_pan_generation: PanGeneration = Field(
        PanGeneration.RANDOM,
        description="How token PANs are generated: `random`, or `ff1` (format-preserving encryption).",
    )
    limited_use_key_seconds: int = Field(24 * 3600, ge=60, description="Lifetime of a limited-use key in seconds.")
    limited_use_key_taps: int = Field(
        10, ge=1, le=1000, description="Number of payments that a limited-use key allows."
    )
    limited_use_key_refill_at: int = Field(
        3, ge=0, description="Number of remaining payments at which a phone requests the next key."
    )
    withdrawn_key_blocks: bool = Field(
        False, description="Whether keys may be imported from the withdrawn TR-31 key block versions A and C."
    )
    api_calls_per_second: int | None = Field(
        None,
        ge=1,
        description="Maximum number of calls per second of an API key that has no limit of its own; no limit if unset.",
    )
    secrets_per_second: int = Field(
        50, ge=1, description="Maximum number of detokenizations and PIN verifications per second of one API key."
    )
    tls_certificate: Path | None = Field(
        None, description="PEM file of the server certificate; the HTTP API then accepts only TLS."
    )
    tls_key: Path | None = Field(None, description="PEM file of the certificate's private key.")
    tls_client_authorities: Path | None = Field(
        None,
        description="PEM file of certificate authorities: callers must present a client certificate that one of "
        "them issued (mutual TLS).",
    )
    api_keys: dict[str, ConfiguredApiKey] = Field(
        default_factory=sandbox_api_keys,
        repr=False,
        description="API keys with their scopes, or scopes and tenant; see `docs/vault.md`.",
    )
    funding_bin: str = Field(sandbox_constants.FUNDING_BIN, description="First digits of funding PANs.")
    token_bin: str = Field(sandbox_constants.TOKEN_BIN, description="First digits of token PANs.")
    pan_digits: int = Field(sandbox_constants.PAN_DIGITS, description="Length of funding and token PANs.")
    manufacturer_roots: list[Path] = Field(
        [], description="PEM files of trusted device manufacturer roots; the sandbox's own root if empty."
    )
    emv_master_key_aes: SecretStr = Field(
        SecretStr(sandbox_constants.EMV_MASTER_KEY_AES),
        description="Issuer master key for AES cryptograms, hexadecimal.",
    )
    emv_master_key_tdes: SecretStr = Field(
        SecretStr(sandbox_constants.EMV_MASTER_KEY_TDES),
        description="Issuer master key for TDES cryptograms, hexadecimal.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, environment, file: in this order."""
        return (
            source_by_names_of_now(init_settings),
            source_by_names_of_now(env_settings, earlier_variables()),
            FileByNamesOfNow(settings_cls),
        )

    @field_validator("emv_master_key_aes", "emv_master_key_tdes")
    @classmethod
    def _check_master_key(cls, value: SecretStr) -> SecretStr:
        return check_key(value, _MASTER_KEY_BYTES)

    @model_validator(mode="after")
    def _check_realtime_decisioning(self) -> "Settings":
        try:
            self.realtime_decisioning()
        except ValueError as error:
            raise ValueError(f"realtime_decisioning_secret {error}") from None
        return self

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str | None) -> str | None:
        if value is not None:
            if "://" not in value:
                shown = "the value" if "@" in value else repr(value)  # a password may stand in front of it
                raise ValueError(f"{shown} is not a URL such as https://sandbox.example")
            try:
                normalized(value)
            except ValueError as error:
                raise ValueError(f"the URL {error}") from None
            if "?" in value or "#" in value:
                raise ValueError("the URL must not have a query or a fragment")
        return value

    @field_validator("http_hosts")
    @classmethod
    def _check_http_hosts(cls, hosts: list[str]) -> list[str]:
        for host in hosts:
            if not is_host(host):
                raise ValueError(f"{host!r} is not a host name or address; leave out scheme and port")
        return hosts

    @field_validator("root_key_pkcs11")
    @classmethod
    def _check_pkcs11(cls, value: str | None) -> str | None:
        if value is not None:
            Pkcs11Location.parse(value)
        return value

    @model_validator(mode="after")
    def _check_tls(self) -> "Settings":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key must be set together")
        if self.tls_client_authorities is not None and self.tls_certificate is None:
            raise ValueError("tls_client_authorities requires tls_certificate and tls_key")
        return self

    @field_validator("manufacturer_roots")
    @classmethod
    def _check_manufacturer_roots(cls, paths: list[Path]) -> list[Path]:
        for path in paths:
            try:
                x509.load_pem_x509_certificate(path.read_bytes())
            except OSError as error:
                raise ValueError(f"{path}: {error.strerror}") from None
            except ValueError:
                raise ValueError(f"{path} contains no certificate in PEM format") from None
        return paths

    @model_validator(mode="after")
    def _check_program(self) -> "Settings":
        try:
            self.program()
        except FieldError as error:
            raise ValueError(f"funding_bin, token_bin and pan_digits: {error.detail}") from None
        return self

    @property
    def database_url(self) -> str:
        """The vault's database; its password is in it."""
        if self.database is not None:
            return self.database.get_secret_value()
        return f"sqlite:///{self.data_dir / VAULT}"

    @property
    def connections_are_strict(self) -> bool:
        """Whether an ISO 8583 line of which nothing is known speaks for no acquirer."""
        if self.iso_acquirer_authority is not None:
            return self.iso_acquirer_authority == "strict"
        return not is_loopback(self.iso_host)

    def own_hosts(self) -> list[str]:
        """The hosts that callers may name, beside those that are ours anyway."""
        return [*self.http_hosts, self.http_host, *([] if self.public_url is None else [host_of(self.public_url)])]

    def iso_authority(self) -> ConnectionAuthority:
        """Who may speak for whom on `iso_port`."""
        return connection_authority(self.iso_acquirers, self.iso_tls, is_strict=self.connections_are_strict)

    def bounds_of_advices(self) -> AdviceLimits:
        """How much each acquirer may advise of."""
        return AdviceLimits(self.advice_limit, {int(each): limit for each, limit in self.advice_limits.items()})

    def date_tolerances(self) -> DateTolerances:
        """How far dates of messages may be off."""
        return DateTolerances(self.signed_date_days, self.transmission_days)

    def realtime_decisioning(self) -> DecisioningWebhook | None:
        """The address and secret of the real-time decisioning webhook. Raises: ValueError."""
        if self.realtime_decisioning_url is None:
            return None
        secret = self.realtime_decisioning_secret
        key = secret_bytes(secret.get_secret_value() if secret else "")
        return DecisioningWebhook(self.realtime_decisioning_url, key, self.realtime_decisioning_deadline_seconds)

    def accepted_api_keys(self, vault: Vault) -> ApiKeys:
        """The API keys that a server accepts."""
        configured = {key: ConfiguredKey(frozenset(told.scopes), told.tenant) for key, told in self.api_keys.items()}
        return ApiKeys(vault, configured, self.api_calls_per_second)

    def open_root_key(self, *, may_be_made: bool) -> RootKey:
        """The root key, from wherever it is.

        may_be_made: whether a file that is not there is made, with a new key: where no key was wrapped yet.
        Raises: KeyUnavailable.
        """
        if self.root_key_pkcs11 is not None:
            location = Pkcs11Location.parse(self.root_key_pkcs11)
            return Pkcs11RootKey(location, self.root_key_pkcs11_pin.get_secret_value())
        if self.root_key is not None:
            return root_key_from_text(self.root_key.get_secret_value())
        file = self.root_key_file or self.data_dir / "root.key"
        if not may_be_made and not file.exists():
            raise KeyUnavailable(f"root key {file} is missing: restore the one that wrapped the vault's keys")
        return root_key_in_file(file, os.urandom)

    def given_keys(self) -> dict[tuple[KeyPurpose, int], bytes]:
        """The keys that are fixed by the settings: issuer master keys, and those of the sandbox's terminals."""
        index = sandbox_constants.EMV_KEY_INDEX
        return {
            (KeyPurpose.EMV_MASTER_AES, index): bytes.fromhex(self.emv_master_key_aes.get_secret_value()),
            (KeyPurpose.EMV_MASTER_TDES, index): bytes.fromhex(self.emv_master_key_tdes.get_secret_value()),
            (KeyPurpose.EMV_MASTER_SM4, index): bytes.fromhex(sandbox_constants.EMV_MASTER_KEY_SM4),
            (KeyPurpose.PIN_BASE_TDES, 1): bytes.fromhex(sandbox_constants.PIN_BASE_KEY_TDES),
            (KeyPurpose.PIN_BASE_AES, 1): bytes.fromhex(sandbox_constants.PIN_BASE_KEY_AES),
        }

    def program(self) -> CardProgram:
        """The card program."""
        roots = [x509.load_pem_x509_certificate(path.read_bytes()) for path in self.manufacturer_roots]
        return CardProgram(
            funding_range=PanRange(self.funding_bin, self.pan_digits),
            token_range=PanRange(self.token_bin, self.pan_digits),
            token_requestors=sandbox_constants.token_requestors(),
            manufacturer_roots=tuple(roots) or (sandbox_constants.manufacturer_root(),),
            par_prefix=sandbox_constants.PAR_PREFIX,
            pan_generation=self.token_pan_generation,
            limited_use=LimitedUse(
                self.limited_use_key_seconds, self.limited_use_key_taps, self.limited_use_key_refill_at
            ),
            withdrawn_key_blocks=self.withdrawn_key_blocks,
            webhook_networks=tuple(self.webhook_networks),
        )
