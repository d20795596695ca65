"""``/v1/token_requestors``: the wallets and merchants that tokens are issued for."""

from fastapi import APIRouter
from pydantic import Field

from tokenvault.callers.caller import Scope
from tokenvault.http.fields.fields import AmountMinor, Body, CountryCode, RequestorId, TenantName, View
from tokenvault.http.fields.paging import Page, page
from tokenvault.http.fields.token_views import ChannelName, DomainView
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.program.card_program import RequestorKind, TokenRequestor
from tokenvault.program.token_domain import TokenDomain
from tokenvault.tokens import token_requestors
from tokenvault.vocabulary.tenants import DEFAULT_TENANT

router = APIRouter(prefix="/v1/token_requestors", tags=["token requestors"])


class RequestorDomain(Body):
    """Where a requestor's tokens may be used at most."""

    channels: list[ChannelName] = Field(description="The allowed channels.", examples=[["e_commerce"]], min_length=1)
    merchant_id: str | None = Field(
        None,
        description="The only merchant (DE 42); required of merchants.",
        examples=["SHOP00000000001"],
        min_length=1,
        max_length=15,
    )
    countries: list[CountryCode] = Field(
        [], description="At most 4 countries (ISO 3166-1 numeric); empty for all.", examples=[["276"]]
    )
    transaction_limit: AmountMinor | None = Field(
        None, description="Maximum single amount, minor units of the account's currency.", examples=[50000]
    )


class RequestorRequest(Body):
    """A new requestor."""

    name: str = Field(description="A name for display.", examples=["Ada's shop"], min_length=1, max_length=64)
    kind: RequestorKind = Field(description="Its type.", examples=["merchant"], strict=False)
    domain: RequestorDomain = Field(
        description="The largest domain that its tokens can have.",
        examples=[{"channels": ["e_commerce"], "merchant_id": "SHOP00000000001"}],
    )
    tenant: TenantName = Field(
        DEFAULT_TENANT, description="The wallet's tenant, which owns it and its tokens.", examples=["ada"]
    )


class RequestorView(View):
    """A token requestor."""

    id: RequestorId
    name: str = Field(description="A name for display.", examples=["Ada's shop"])
    kind: RequestorKind = Field(description="Its type.", examples=["merchant"])
    domain: DomainView = Field(
        description="The largest domain that its tokens can have.",
        examples=[{"channels": ["e_commerce"], "merchant_id": None, "countries": [], "transaction_limit": None}],
    )

    @classmethod
    def of(cls, requestor: TokenRequestor) -> "RequestorView":
        """Show a requestor."""
        return cls(
            id=requestor.identifier,
            name=requestor.name,
            kind=requestor.kind,
            domain=DomainView.of(requestor.domain),
        )


@router.post("", status_code=201, dependencies=[requires(Scope.NETWORK)], responses=problem.responses(409))
def add_requestor(vault: VaultDependency, body: RequestorRequest) -> RequestorView:
    """Register a wallet or merchant; it gets an identifier of 11 digits. Scope: network."""
    domain = TokenDomain(
        frozenset(body.domain.channels),
        body.domain.merchant_id,
        frozenset(body.domain.countries),
        body.domain.transaction_limit,
    )
    made = token_requestors.add_requestor(vault, name=body.name, kind=body.kind, domain=domain, tenant=body.tenant)
    return RequestorView.of(made)


@router.get("", dependencies=[requires(Scope.NETWORK, Scope.WALLET, Scope.ISSUER)], responses=problem.responses())
def list_requestors(vault: VaultDependency) -> Page[RequestorView]:
    """List the token requestors, a wallet its own. Scope: network, wallet or issuer."""
    rows = token_requestors.list_requestors(vault)
    return page(rows, len(rows), RequestorView.of)


@router.get(
    "/{requestor_id}",
    dependencies=[requires(Scope.NETWORK, Scope.WALLET, Scope.ISSUER)],
    responses=problem.responses(404),
)
def read_requestor(vault: VaultDependency, requestor_id: RequestorId) -> RequestorView:
    """Read a token requestor. Scope: network, wallet or issuer."""
    return RequestorView.of(token_requestors.find_requestor(vault, requestor_id))
