"""``/v1/api_keys`` and ``/v1/audit_entries``: API keys and the audit trail."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from tokenvault.callers.caller import Scope
from tokenvault.calls import api_keys
from tokenvault.events import audit
from tokenvault.http.fields.fields import Body, TenantName, Timestamp, View, timestamp
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.vocabulary.tenants import DEFAULT_TENANT

router = APIRouter(prefix="/v1", tags=["administration"], dependencies=[requires(Scope.SANDBOX)])

KeyId = Annotated[str, Field(description="Identifier of an API key.", examples=["key_06N0R4U8X2Z5C"])]


class ApiKeyRequest(Body):
    """A new key."""

    name: str = Field(description="A name for display.", examples=["Ada's wallet"], min_length=1, max_length=64)
    scopes: list[Annotated[Scope, Field(strict=False)]] = Field(
        description="Its scopes.", examples=[["wallet"]], min_length=1, max_length=4
    )
    tenant: TenantName = Field(
        DEFAULT_TENANT, description="The tenant whose objects it reaches, see `docs/vault.md`.", examples=["ada"]
    )
    calls_per_second: int | None = Field(
        None, description="Maximum calls per second; the server's own limit if left out.", examples=[50], ge=1, le=10**6
    )


class RotateRequest(Body):
    """How long the old key still works."""

    grace_seconds: int = Field(3600, description="Seconds.", examples=[3600], ge=0, le=30 * 24 * 3600)


class ApiKeyView(View):
    """A key, without its secret."""

    id: KeyId
    name: str = Field(description="A name for display.", examples=["Ada's wallet"])
    scopes: list[Scope] = Field(description="Its scopes.", examples=[["wallet"]])
    tenant: TenantName = Field(description="The tenant whose objects it reaches.", examples=["default"])
    calls_per_second: int | None = Field(description="Maximum calls per second.", examples=[50])
    expires_at: Timestamp | None = Field(
        description="RFC 3339 time in UTC when it ends, null for never.", examples=[None]
    )
    created_at: Timestamp

    @classmethod
    def of(cls, key: api_keys.ApiKey) -> "ApiKeyView":
        """Show a key."""
        return cls(
            id=key.text_id,
            name=key.name,
            scopes=[Scope(scope) for scope in key.scopes],
            tenant=key.tenant,
            calls_per_second=key.calls_per_second,
            expires_at=None if key.expires_at is None else timestamp(key.expires_at),
            created_at=timestamp(key.created_at),
        )


class NewApiKeyView(ApiKeyView):
    """A new key with its secret."""

    secret: str = Field(
        description="Send it as `Authorization: Bearer`; shown this once.", examples=["twk_q83vEjRWeJCrze8SNFZ4kA"]
    )

    @classmethod
    def made(cls, new: api_keys.NewApiKey) -> "NewApiKeyView":
        """Show a new key."""
        return cls(**ApiKeyView.of(new.key).model_dump(), secret=new.secret)


class AuditEntryView(View):
    """One entry of the audit trail."""

    sequence: int = Field(description="Sequence number, starting at 1, without gaps.", examples=[42])
    occurred_at: Timestamp
    actor: str = Field(description="The API key of the caller, or `system`.", examples=["key_06N0R4U8X2Z5C"])
    action: str = Field(description="The action.", examples=["token.suspended"])
    resource_id: str = Field(description="The resource.", examples=["tok_05F1V9D8S3KYA"])
    reason: str = Field(description="The reason, if one was given.", examples=["device_lost"])
    details: dict[str, Any] = Field(description="Further details.", examples=[{"initiator": "issuer"}])

    @classmethod
    def of(cls, entry: audit.AuditEntry) -> "AuditEntryView":
        """Show an entry."""
        return cls(**{**entry.__dict__, "occurred_at": timestamp(entry.occurred_at)})


@router.post("/api_keys", status_code=201, responses=problem.responses())
def make_api_key(vault: VaultDependency, body: ApiKeyRequest) -> NewApiKeyView:
    """Create an API key; only a digest of it is stored. Scope: sandbox."""
    return NewApiKeyView.made(
        api_keys.make_key(
            vault, name=body.name, scopes=body.scopes, calls_per_second=body.calls_per_second, tenant=body.tenant
        )
    )


@router.get("/api_keys", responses=problem.responses(404))
def list_api_keys(vault: VaultDependency, limit: Limit = 20, starting_after: StartingAfter = None) -> Page[ApiKeyView]:
    """List API keys, newest first. Scope: sandbox."""
    return page(api_keys.list_keys(vault, limit=limit + 1, starting_after=starting_after), limit, ApiKeyView.of)


@router.post("/api_keys/{key_id}/rotate", status_code=201, responses=problem.responses(404))
def rotate_api_key(vault: VaultDependency, key_id: KeyId, body: RotateRequest) -> NewApiKeyView:
    """Replace a key by a new one; the old key remains valid for a grace period. Scope: sandbox."""
    return NewApiKeyView.made(api_keys.rotate_key(vault, key_id, body.grace_seconds))


@router.delete("/api_keys/{key_id}", status_code=204, responses=problem.responses(404))
def revoke_api_key(vault: VaultDependency, key_id: KeyId) -> None:
    """Revoke an API key immediately. Scope: sandbox."""
    api_keys.revoke_key(vault, key_id)


@router.get("/audit_entries", responses=problem.responses())
def list_audit_entries(
    vault: VaultDependency,
    limit: Limit = 20,
    before: Annotated[
        int | None, Query(description="Only entries with a smaller number.", examples=[42], ge=1, le=2**62)
    ] = None,
    resource_id: Annotated[
        str | None, Query(description="Only of this resource.", examples=["tok_05F1V9D8S3KYA"])
    ] = None,
) -> Page[AuditEntryView]:
    """List the audit trail, the newest entry first. `tapwright audit verify` checks its chain. Scope: sandbox."""
    rows = audit.list_entries(vault, limit=limit + 1, before=before, resource_id=resource_id)
    return page(rows, limit, AuditEntryView.of)
