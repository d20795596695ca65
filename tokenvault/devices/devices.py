"""Devices: a P-256 key in a secure element, attested by the manufacturer's certificate."""

import binascii
from base64 import b64decode
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store, VerificationError

from tokenvault.callers.caller import current_caller
from tokenvault.callers.listing import newest_first
from tokenvault.callers.ownership import Owners, visible
from tokenvault.devices.proof_of_possession import ProvenKey
from tokenvault.events import events
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError, Forbidden, NotFound
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

_CHAIN_MAX = 4


def _is_no_authority(_policy: Policy, _leaf: x509.Certificate, constraints: x509.BasicConstraints) -> None:
    """Raises: ValueError for a certificate that may sign others."""
    if constraints.ca:
        raise ValueError("the device's certificate is marked as a certificate authority")


def _signs_no_certificates(_policy: Policy, _leaf: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    """Raises: ValueError for a key that may sign certificates, which only an authority's may (RFC 5280, 4.2.1.3)."""
    if usage is not None and usage.key_cert_sign:
        raise ValueError("the device's certificate has the key usage for signing certificates")


_OF_DEVICES = (
    # A device certificate names no host and serves no TLS, so the web's rules for leaves do not fit it. But it must say
    # that it is no authority's: else a maker's intermediate could pass for a device (RFC 5280, 4.2.1.9).
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _is_no_authority)
    .require_present(x509.AuthorityKeyIdentifier, Criticality.AGNOSTIC, None)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _signs_no_certificates)
)


class DeviceKind(StrEnum):
    """What kind of thing pays."""

    MOBILE_PHONE = "mobile_phone"
    TABLET = "tablet"
    WATCH = "watch"
    WEARABLE_DEVICE = "wearable_device"
    HOUSEHOLD_DEVICE = "household_device"
    AUTOMOBILE_DEVICE = "automobile_device"


@dataclass(frozen=True)
class Device:
    """A registered device. public_key: uncompressed point, 65 bytes; attested_by: subject of the maker's root.

    tenant: the wallet.
    """

    id: int
    name: str
    kind: DeviceKind
    public_key: bytes
    key_thumbprint: str
    attested_by: str
    tenant: str
    created_at: int

    @property
    def text_id(self) -> str:
        """The identifier outside."""
        return to_text(Prefix.DEVICE, self.id)

    def encryption_key(self) -> ec.EllipticCurvePublicKey:
        """The key that credentials are sealed to."""
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.public_key)


def register_device(vault: Vault, proven: ProvenKey, *, name: str, kind: DeviceKind, certificates: list[str]) -> Device:
    """Register the device whose key made this call.

    certificates: its attestation, base64 of DER, the device's own certificate first, then any intermediate ones.
    Raises: FieldError if they do not lead from this key to a trusted root; Conflict if the key is registered already.
    """
    public_key = proven.key.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    root = _attesting_root(vault, certificates, public_key)
    maker, tenant = root.subject.rfc4514_string(), current_caller.get().tenant
    device = Device(vault.new_number(), name, kind, public_key, proven.thumbprint, maker, tenant, vault.now())
    data = {"kind": kind, "name": name}
    try:
        with vault.transaction() as connection:
            connection.execute(sa.insert(schema.devices).values(**asdict(device)))
            owners = Owners(wallet=tenant)
            events.record(vault, connection, EventType.DEVICE_REGISTERED, device.text_id, data, owners)
    except sa.exc.IntegrityError:
        raise Conflict("a device with this key is already registered", code="device_already_registered") from None
    return device


def _attesting_root(vault: Vault, certificates: list[str], public_key: bytes) -> x509.Certificate:
    """The trusted root at the end of a chain that begins with a certificate of this key."""
    field = "attestation_certificates"
    if not 1 <= len(certificates) <= _CHAIN_MAX:
        raise FieldError(field, f"must have 1 to {_CHAIN_MAX} certificates")
    try:
        leaf, *intermediates = (x509.load_der_x509_certificate(b64decode(text, validate=True)) for text in certificates)
        leaf_key = leaf.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    except (ValueError, binascii.Error):
        raise FieldError(field, "must be base64 of DER certificates for elliptic-curve keys") from None
    if leaf_key != public_key:
        raise FieldError(field, "the first certificate is not for the key that signed this call")
    verifier = (
        PolicyBuilder()
        .store(Store(list(vault.program.manufacturer_roots)))
        .time(datetime.fromtimestamp(vault.now(), UTC))
        .extension_policies(ee_policy=_OF_DEVICES, ca_policy=ExtensionPolicy.webpki_defaults_ca())
        .build_client_verifier()
    )
    try:
        return verifier.verify(leaf, intermediates).chain[-1]
    except VerificationError:
        raise FieldError(
            field,
            "do not form a chain from a device certificate (basicConstraints with CA false, and an authority key "
            "identifier) to a trusted manufacturer root",
        ) from None


def find_device(vault: Vault, text_id: str) -> Device:
    """The device with this identifier. Raises: NotFound."""
    with vault.reading() as connection:
        return device_in(connection, text_id)


def list_devices(vault: Vault, *, limit: int, starting_after: str | None = None) -> list[Device]:
    """Devices, the newest first. Raises: NotFound."""
    rows = newest_first(vault, schema.devices, Prefix.DEVICE, limit=limit, starting_after=starting_after)
    return [_device_of(row) for row in rows]


def device_in(connection: sa.Connection, text_id: str) -> Device:
    """The device that the caller means by this identifier, read inside a transaction. Raises: NotFound."""
    return _device_where(connection, to_number(Prefix.DEVICE, text_id), visible(schema.devices))


def device_numbered(connection: sa.Connection, number: int) -> Device:
    """The device with this number, for any caller, read inside a transaction. Raises: NotFound."""
    return _device_where(connection, number, sa.true())


def _device_where(connection: sa.Connection, number: int, condition: sa.ColumnElement[bool]) -> Device:
    row = connection.execute(sa.select(schema.devices).where(schema.devices.c.id == number, condition)).one_or_none()
    if row is None:
        raise NotFound(f"there is no device {to_text(Prefix.DEVICE, number)}")
    return _device_of(row)


def _device_of(row: Any) -> Device:
    return Device(**{**row._mapping, "kind": DeviceKind(row.kind)})


def check_possession(device: Device, proven: ProvenKey) -> None:
    """Raise Forbidden unless the key that made this call is the device's."""
    if device.key_thumbprint != proven.thumbprint:
        raise Forbidden(f"this call was not signed by {device.text_id}", code="wrong_device")
