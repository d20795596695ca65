"""``/v1/tokens/{id}/controls``: what cardholders lock and restrict of their token by themselves."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field, field_validator

from tokenvault.callers.caller import Scope
from tokenvault.http.fields.fields import AmountMinor, Body, CountryCode, TokenId, View
from tokenvault.http.fields.token_views import ChannelName, DomainView
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import DeviceProof, VaultDependency, requires
from tokenvault.program.token_domain import COUNTRIES_MAX
from tokenvault.tokens import controls
from tokenvault.tokens.tokens import Token

router = APIRouter(prefix="/v1/tokens", tags=["tokens"], dependencies=[requires(Scope.WALLET)])

Channels = Annotated[
    list[ChannelName] | None,
    Field(
        description="The only channels of the token's domain that its cardholder allows; null for all of them.",
        examples=[["contactless"]],
        min_length=1,
    ),
]
Countries = Annotated[
    list[CountryCode] | None,
    Field(
        description=f"The only countries that its cardholder allows, at most {COUNTRIES_MAX} (ISO 3166-1 numeric); "
        "null for all of the token's domain.",
        examples=[["156"]],
        min_length=1,
        max_length=COUNTRIES_MAX,
    ),
]
TransactionLimit = Annotated[
    AmountMinor | None,
    Field(
        description="Maximum single amount that its cardholder allows, minor units of the account's currency; null for "
        "that of the token's domain.",
        examples=[50000],
    ),
]


class ControlsChange(Body):
    """What to change; what is left out stays, and null lifts a restriction."""

    frozen: bool | None = Field(
        None,
        description="Whether the cardholder locks the token. Suspensions by issuer, wallet and network are others.",
        examples=[True],
    )
    channels: Channels = None
    countries: Countries = None
    transaction_limit: TransactionLimit = None

    @field_validator("frozen")
    @classmethod
    def _says_which(cls, value: bool | None) -> bool | None:
        if value is None:
            raise ValueError("must be true or false; leave it out where it is to stay")
        return value

    def restrictions(self) -> dict[str, Any]:
        """Those that were sent, by their fields of `DomainWish`."""
        sent = {
            name: getattr(self, told) for name, told in controls.CONTROLLED.items() if told in self.model_fields_set
        }
        return {name: frozenset(value) if isinstance(value, list) else value for name, value in sent.items()}


class ControlsView(View):
    """What the cardholder has locked and restricted, and where the token can be used."""

    token_id: TokenId
    frozen: bool = Field(description="Whether the cardholder has locked the token.", examples=[False])
    channels: Channels
    countries: Countries
    transaction_limit: TransactionLimit
    domain: DomainView = Field(
        description="Where the token may be used at most.",
        examples=[{"channels": ["contactless"], "merchant_id": None, "countries": [], "transaction_limit": None}],
    )
    usable: DomainView = Field(
        description="Where it can be used: the domain without what the cardholder has taken away.",
        examples=[{"channels": ["contactless"], "merchant_id": None, "countries": ["156"], "transaction_limit": 50000}],
    )

    @classmethod
    def of(cls, token: Token) -> "ControlsView":
        """Show a token's controls."""
        kept = token.restrictions.columns()
        return cls(
            token_id=token.text_id,
            frozen=controls.is_frozen(token),
            **{told: kept.get(name) for name, told in controls.CONTROLLED.items()},
            domain=DomainView.of(token.domain),
            usable=DomainView.of(token.usable_domain),
        )


@router.get("/{token_id}/controls", responses=problem.responses(404, 409))
def read_controls(vault: VaultDependency, proven: DeviceProof, token_id: TokenId) -> ControlsView:
    """Read what the cardholder has locked and restricted. Signed by the token's device (DPoP). Scope: wallet."""
    return ControlsView.of(controls.controlled_token(vault, proven, token_id))


@router.patch("/{token_id}/controls", responses=problem.responses(404, 409))
def change_controls(
    vault: VaultDependency, proven: DeviceProof, token_id: TokenId, body: ControlsChange
) -> ControlsView:
    """Lock the token, or restrict its channels, countries or single amounts, as its cardholder; from the next payment
    on. Restrictions only take away from the token's domain. Signed by the token's device (DPoP). Scope: wallet.
    """
    return ControlsView.of(
        controls.change_controls(vault, proven, token_id, frozen=body.frozen, restrictions=body.restrictions())
    )
