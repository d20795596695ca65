"""``/v1/devices``: phones and other things that pay."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from tokenvault.callers.caller import Scope
from tokenvault.devices import devices
from tokenvault.http.fields.fields import Body, DeviceId, Timestamp, View, timestamp
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.fields.token_changes import (
    ChangedTokens,
    TokenChange,
    TokenChangeName,
    check_cardholder,
    speaking_for,
)
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import DeviceProof, OptionalDeviceProof, VaultDependency, requires
from tokenvault.tokens import token_changes
from tokenvault.tokens.lifecycle import Change

router = APIRouter(prefix="/v1/devices", tags=["devices"])

Name = Annotated[
    str,
    Field(description="A name for display, 1 to 64 characters.", examples=["Ada's phone"], min_length=1, max_length=64),
]
Kind = Annotated[devices.DeviceKind, Field(description="Type of device.", examples=["mobile_phone"], strict=False)]


class DeviceRequest(Body):
    """What a new device brings. Its public key comes with the DPoP proof that signs this call."""

    name: Name
    kind: Kind = devices.DeviceKind.MOBILE_PHONE
    attestation_certificates: list[str] = Field(
        description=(
            "The maker's certificate of the device's key, base64 (standard alphabet) of DER, "
            "then intermediate certificates if any, without the root. At most 4."
        ),
        examples=[["MIIBfDCCASKgAwIBAgIUZx0..."]],
        min_length=1,
        max_length=4,
    )


class DeviceView(View):
    """A registered device."""

    id: DeviceId
    name: Name
    kind: Kind
    key_thumbprint: str = Field(
        description="RFC 7638 SHA-256 thumbprint of the device's public key, base64url.",
        examples=["mN9h0lHLkGvOe4jA1Zb8x2cWq7R5tY3uI6oPsDfGhJk"],
    )
    attested_by: str = Field(description="Subject of the manufacturer root.", examples=["CN=Tapwright Sandbox Root"])
    created_at: Timestamp

    @classmethod
    def of(cls, device: devices.Device) -> "DeviceView":
        """Show a device."""
        return cls(
            id=device.text_id,
            name=device.name,
            kind=device.kind,
            key_thumbprint=device.key_thumbprint,
            attested_by=device.attested_by,
            created_at=timestamp(device.created_at),
        )


@router.post("", status_code=201, dependencies=[requires(Scope.WALLET)], responses=problem.responses(409))
def register_device(vault: VaultDependency, proven: DeviceProof, body: DeviceRequest) -> DeviceView:
    """Register the device whose key signed this call's DPoP proof. Scope: wallet."""
    device = devices.register_device(
        vault, proven, name=body.name, kind=body.kind, certificates=body.attestation_certificates
    )
    return DeviceView.of(device)


@router.get("/{device_id}", dependencies=[requires(Scope.WALLET, Scope.ISSUER)], responses=problem.responses(404))
def read_device(vault: VaultDependency, device_id: DeviceId) -> DeviceView:
    """Read a device. Scope: wallet or issuer."""
    return DeviceView.of(devices.find_device(vault, device_id))


@router.get("", dependencies=[requires(Scope.WALLET, Scope.ISSUER)], responses=problem.responses(404))
def list_devices(vault: VaultDependency, limit: Limit = 20, starting_after: StartingAfter = None) -> Page[DeviceView]:
    """List devices, the newest first. Scope: wallet or issuer."""
    return page(devices.list_devices(vault, limit=limit + 1, starting_after=starting_after), limit, DeviceView.of)


@router.post(
    "/{device_id}/tokens/{change}",
    dependencies=[requires(Scope.WALLET, Scope.ISSUER, Scope.NETWORK)],
    responses=problem.responses(404),
)
def change_tokens_of_device(
    vault: VaultDependency,
    proven: OptionalDeviceProof,
    device_id: DeviceId,
    change: TokenChangeName,
    body: TokenChange,
) -> ChangedTokens:
    """Suspend, resume or deactivate all tokens of a device that this can happen to, as when it is lost.

    Scope: wallet, issuer or network, for its own initiators.
    """
    with speaking_for(body.initiator):
        check_cardholder(body.initiator, proven, on_device=True)
        changed = token_changes.change_tokens_of_device(
            vault, device_id, Change(change), body.initiator, reason=body.reason, proven=proven
        )
    return ChangedTokens(token_ids=[token.text_id for token in changed])
