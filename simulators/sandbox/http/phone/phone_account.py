"""``/v1/tokens/{id}/account``: what the phone shows of the account behind its token."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from authz.http.phone.order import in_order
from authz.http.phone.sections import (
    BillSection,
    CreditSection,
    PlansSection,
    PostingsSection,
    UnitsSection,
    sections_of,
)
from authz.http.surroundings import EngineDependency, ProjectionDependency
from simulators.sandbox.http.phone.holding import Holding, LookingDependency
from tokenvault.callers.caller import Scope
from tokenvault.cards.cards import CardState
from tokenvault.http.fields.fields import CurrencyCode, Expiry, TokenId, View
from tokenvault.http.fields.token_views import ProductView
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.provisioning.policies import Policy, current_policy
from tokenvault.tokens.lifecycle import Initiator, TokenState

router = APIRouter(prefix="/v1/tokens", tags=["tokens"], dependencies=[requires(Scope.WALLET)])


class CardSection(View):
    """The card as it is drawn, and whether it can pay."""

    section: Literal["card"] = Field(description="Which section it is.", examples=["card"])
    art: ProductView = Field(description="Names, colours and the URL of the card art.", examples=[{"name": "A card"}])
    card_last4: str = Field(description="Last four digits of the funding PAN.", examples=["4242"])
    card_expiry: Expiry
    card_state: CardState = Field(description="State of the card.", examples=["active"])
    token_last4: str | None = Field(description="Last four digits of the token PAN.", examples=["0017"])
    token_state: TokenState = Field(description="State of the token.", examples=["active"])
    suspended_by: list[Initiator] = Field(
        description="Who has suspended the token; each must resume it before it pays again.", examples=[[]]
    )

    @classmethod
    def of(cls, holding: Holding, policy: Policy) -> "CardSection":
        """Show a card and its token."""
        token, card = holding.phone.token, holding.phone.card
        return cls(
            section="card",
            art=ProductView.of(policy),
            card_last4=card.last4,
            card_expiry=card.expiry,
            card_state=card.state,
            token_last4=token.token_pan[-4:] if token.token_pan else None,
            token_state=token.state,
            suspended_by=[Initiator(name) for name in token.suspended_by],
        )


AnySection = Annotated[
    CardSection | CreditSection | BillSection | UnitsSection | PlansSection | PostingsSection,
    Field(discriminator="section"),
]


class PhoneAccountView(View):
    """What a phone shows of an account: sections, from top to bottom."""

    token_id: TokenId
    currency: CurrencyCode
    sections: list[AnySection] = Field(
        description="What there is to show, in the order of the `portal` of the account's segment, then what that does "
        "not name. A section that the account has no use for is left out: there is no bill without a product.",
        examples=[[]],
    )


@router.get("/{token_id}/account", responses=problem.responses(404, 409))
async def read_phone_account(
    vault: VaultDependency, engine: EngineDependency, projection: ProjectionDependency, holding: LookingDependency
) -> PhoneAccountView:
    """Read what the phone shows: card, available credit, bill, units, instalments, last postings. Signed by the token's
    device (DPoP); the token is active or suspended. Scope: wallet.
    """
    found, policy = await asyncio.gather(
        sections_of(engine, projection, holding.sight, holding.account_id), asyncio.to_thread(current_policy, vault)
    )
    shown: list[AnySection] = [CardSection.of(holding, policy), *found.sections]
    return PhoneAccountView(
        token_id=holding.phone.token.text_id, currency=found.currency, sections=in_order(shown, found.portal)
    )
