"""``/v1/keys`` and ``/v1/encryption_keys``: key lists, key rotation and key ceremonies."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from tokenvault.callers.caller import Scope
from tokenvault.http.fields.fields import Body, Timestamp, View, timestamp
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.key_management import key_ceremony, key_rotation
from tokenvault.keys import sealed_entry
from tokenvault.keys.key_ring import KeyPurpose

router = APIRouter(prefix="/v1", tags=["keys"])
_CUSTODIANS = [requires(Scope.SANDBOX)]

RotationId = Annotated[str, Field(description="Identifier of a key rotation.", examples=["rot_07K1Z5V9A3D6G"])]
PurposeField = Annotated[KeyPurpose, Field(description="Purpose of the key.", examples=["pan_sealing"], strict=False)]
BlockVersion = Annotated[
    Literal["B", "D"], Field(description="Version of the key block: B (TDES) or D (AES).", examples=["D"])
]
CheckValue = Annotated[
    str,
    Field(description="Key check value, hexadecimal.", examples=["08D7B4"], pattern="^[0-9A-Fa-f]{6,10}$"),
]


class KeyView(View):
    """One key; never the key itself."""

    purpose: KeyPurpose = Field(description="Purpose of the key.", examples=["emv_master_aes"])
    version: int = Field(description="Its version; of EMV master keys the key index.", examples=[1])
    check_value: CheckValue

    @classmethod
    def of(cls, entry: key_ceremony.KeyEntry) -> "KeyView":
        """Show an entry."""
        return cls(purpose=entry.purpose, version=entry.version, check_value=entry.check_value)


class RotationRequest(Body):
    """Purpose of the key."""

    purpose: PurposeField


class RotationView(View):
    """A rotation and how far it is."""

    id: RotationId
    purpose: KeyPurpose = Field(description="Purpose of the key.", examples=["pan_sealing"])
    version: int = Field(description="The new version.", examples=[2])
    state: key_rotation.RotationState = Field(
        description="`running` while data is sealed with the old version; `done` when the old version is destroyed.",
        examples=["running"],
    )
    resealed: int = Field(description="Number of rows that have been re-sealed.", examples=[25000])
    remaining: int = Field(description="Number of rows that remain.", examples=[75000])
    created_at: Timestamp

    @classmethod
    def of(cls, rotation: key_rotation.Rotation) -> "RotationView":
        """Show a rotation."""
        return cls(
            id=rotation.text_id,
            purpose=rotation.purpose,
            version=rotation.version,
            state=rotation.state,
            resealed=rotation.resealed,
            remaining=rotation.remaining,
            created_at=timestamp(rotation.created_at),
        )


class ProtectionKeyRequest(Body):
    """What the custodians have entered."""

    format: BlockVersion
    components: list[Annotated[str, Field(pattern="^([0-9A-Fa-f]{2})+$", max_length=128)]] = Field(
        description="At least two, hexadecimal: 24 bytes each for B, 32 for D. The key is their exclusive or.",
        examples=[["00" * 32, "11" * 32]],
        min_length=2,
        max_length=9,
    )


class ExportRequest(Body):
    """Which key, and how."""

    purpose: PurposeField
    version: int = Field(description="Its version.", examples=[1], ge=1, le=1_000_000)
    format: BlockVersion = "D"


class ExportView(View):
    """A key in a block that only the protection key opens."""

    key_block: str = Field(description="ANSI X9.143 (TR-31).", examples=["D0112E0AX00E0000..."])
    check_value: CheckValue


class ImportRequest(Body):
    """A key in a block."""

    purpose: PurposeField
    key_block: str = Field(
        description="ANSI X9.143 (TR-31), version B or D, under the protection key; A or C where a setting allows it.",
        examples=["D0112E0AX00E0000..."],
        max_length=9999,
    )
    check_value: CheckValue


class EncryptionKeys(View):
    """Keys that callers may seal to, as a JWK set (RFC 7517)."""

    keys: list[dict[str, Any]] = Field(
        description="Newest first; `kid` identifies them.",
        examples=[[{"kty": "EC", "crv": "P-256", "use": "enc", "alg": "ECDH-ES", "kid": "1"}]],
    )


@router.get("/encryption_keys", dependencies=[requires(Scope.WALLET, Scope.ISSUER)], responses=problem.responses())
def list_encryption_keys(vault: VaultDependency) -> EncryptionKeys:
    """List the public keys that card numbers and PINs are sealed to. Scope: wallet or issuer."""
    return EncryptionKeys(keys=sealed_entry.public_keys(vault.keys))


@router.get("/keys", dependencies=_CUSTODIANS, responses=problem.responses())
def list_keys(vault: VaultDependency) -> Page[KeyView]:
    """List the vault's keys by purpose, version and check value. Scope: sandbox."""
    rows = key_ceremony.list_keys(vault)
    return page(rows, len(rows), KeyView.of)


@router.post("/keys/rotations", status_code=202, dependencies=_CUSTODIANS, responses=problem.responses(409))
def rotate_key(vault: VaultDependency, body: RotationRequest) -> RotationView:
    """Create a new version of a key; existing data is re-sealed in the background. Scope: sandbox."""
    return RotationView.of(key_rotation.start_rotation(vault, body.purpose))


@router.get("/keys/rotations", dependencies=_CUSTODIANS, responses=problem.responses(404))
def list_rotations(
    vault: VaultDependency, limit: Limit = 20, starting_after: StartingAfter = None
) -> Page[RotationView]:
    """List rotations, the newest first. Scope: sandbox."""
    rows = key_rotation.list_rotations(vault, limit=limit + 1, starting_after=starting_after)
    return page(rows, limit, RotationView.of)


@router.get("/keys/rotations/{rotation_id}", dependencies=_CUSTODIANS, responses=problem.responses(404))
def read_rotation(vault: VaultDependency, rotation_id: RotationId) -> RotationView:
    """Read the progress of a rotation. Scope: sandbox."""
    return RotationView.of(key_rotation.find_rotation(vault, rotation_id))


@router.post("/keys/protection_key", status_code=201, dependencies=_CUSTODIANS, responses=problem.responses())
def set_protection_key(vault: VaultDependency, body: ProtectionKeyRequest) -> KeyView:
    """Set the key block protection key from its components. Scope: sandbox."""
    components = [bytes.fromhex(component) for component in body.components]
    return KeyView.of(key_ceremony.set_protection_key(vault, body.format, components))


@router.post("/keys/export", dependencies=_CUSTODIANS, responses=problem.responses(404))
def export_key(vault: VaultDependency, body: ExportRequest) -> ExportView:
    """Export a key as a key block with its check value. Audited. Scope: sandbox."""
    exported = key_ceremony.export_key(vault, body.purpose, body.version, body.format)
    return ExportView(key_block=exported.key_block, check_value=exported.check_value)


@router.post("/keys/import", status_code=201, dependencies=_CUSTODIANS, responses=problem.responses(409))
def import_key(vault: VaultDependency, body: ImportRequest) -> KeyView:
    """Import a key from a key block as the next version of its purpose. Audited. Scope: sandbox."""
    return KeyView.of(key_ceremony.import_key(vault, body.purpose, body.key_block, body.check_value))
