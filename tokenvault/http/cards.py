"""``/v1/cards``: funding cards, issued digital-first."""

from fastapi import APIRouter
from pydantic import Field

from tokenvault import cards
from tokenvault.http import problem
from tokenvault.http.access import Scope, VaultDependency, requires
from tokenvault.http.fields import AccountId, Body, CardId, Expiry, Reference, Timestamp, View, timestamp
from tokenvault.identifiers import Prefix, to_text

router = APIRouter(prefix="/v1/cards", tags=["cards"])


class CardRequest(Body):
    """What a new card needs."""

    account_id: AccountId


class CardView(View):
    """A funding card. Its full number stays in the vault."""

    id: CardId
    account_id: AccountId
    last4: str = Field(description="Last four digits of the funding PAN.", examples=["4242"])
    expiry: Expiry
    payment_account_reference: Reference
    state: cards.CardState = Field(
        description="`active`, or `frozen`: it and its tokens cannot pay.", examples=["active"]
    )
    created_at: Timestamp

    @classmethod
    def of(cls, card: cards.Card) -> "CardView":
        """Show a card."""
        return cls(
            id=card.text_id,
            account_id=to_text(Prefix.ACCOUNT, card.account_id),
            last4=card.last4,
            expiry=card.expiry,
            payment_account_reference=card.payment_account_reference,
            state=card.state,
            created_at=timestamp(card.created_at),
        )


@router.post("", status_code=201, dependencies=[requires(Scope.ISSUER)], responses=problem.responses(404, 409))
def issue_card(vault: VaultDependency, body: CardRequest) -> CardView:
    """Issue a card on an account, with no plastic. Scope: issuer."""
    return CardView.of(cards.issue_card(vault, body.account_id))


@router.get("/{card_id}", dependencies=[requires(Scope.ISSUER, Scope.WALLET)], responses=problem.responses(404))
def read_card(vault: VaultDependency, card_id: CardId) -> CardView:
    """Read a card. Scope: issuer or wallet."""
    return CardView.of(cards.find_card(vault, card_id))


@router.post("/{card_id}/freeze", dependencies=[requires(Scope.ISSUER)], responses=problem.responses(404))
def freeze_card(vault: VaultDependency, card_id: CardId) -> CardView:
    """Stop a card and all its tokens from paying. Repeating it is no error. Scope: issuer."""
    return CardView.of(cards.freeze_card(vault, card_id))


@router.post("/{card_id}/unfreeze", dependencies=[requires(Scope.ISSUER)], responses=problem.responses(404))
def unfreeze_card(vault: VaultDependency, card_id: CardId) -> CardView:
    """Let a frozen card pay again. Repeating it is no error. Scope: issuer."""
    return CardView.of(cards.unfreeze_card(vault, card_id))
