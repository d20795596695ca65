"""``/v1/cards``: funding cards, issued digital-first."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from tokenvault.callers.caller import Scope
from tokenvault.cards import card_details, cards, guesses, pins
from tokenvault.cards.contact_points import VerificationMethod
from tokenvault.http.fields.fields import (
    AccountId,
    Body,
    CardId,
    CompactJwe,
    Expiry,
    PublicKey,
    Reference,
    Timestamp,
    View,
    timestamp,
)
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.fields.token_changes import ChangedTokens, ReasonField, TokenChange, TokenChangeName, check_issuer
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.provisioning import push_provisioning
from tokenvault.tokens import card_changes, token_changes
from tokenvault.tokens.lifecycle import Change, ChangeReason
from tokenvault.vocabulary.identifiers import Prefix, to_text

router = APIRouter(prefix="/v1/cards", tags=["cards"])
_ISSUER = [requires(Scope.ISSUER)]


class ContactPoints(Body):
    """Where one-time codes can be sent; kept sealed, shown masked."""

    text_message: str | None = Field(None, description="Telephone number (ITU-T E.164).", examples=["+4915123456789"])
    e_mail: str | None = Field(None, description="E-mail address.", examples=["ada@example.com"], max_length=254)

    def contacts(self) -> cards.Contacts:
        """Those that were given."""
        given = {VerificationMethod.TEXT_MESSAGE: self.text_message, VerificationMethod.E_MAIL: self.e_mail}
        return {method: value for method, value in given.items() if value is not None}


class CardRequest(Body):
    """What a new card needs."""

    account_id: AccountId
    contact_points: ContactPoints = Field(
        default_factory=lambda: ContactPoints(text_message=None, e_mail=None),
        description="Contact points for one-time codes.",
        examples=[{"text_message": "+4915123456789"}],
    )


class CardView(View):
    """A funding card. Its full number stays in the vault."""

    id: CardId
    account_id: AccountId
    last4: str = Field(description="Last four digits of the funding PAN.", examples=["4242"])
    expiry: Expiry
    payment_account_reference: Reference
    state: cards.CardState = Field(
        description="`active`; `frozen`: it and its tokens cannot pay; `closed` for good.", examples=["active"]
    )
    contact_points: dict[str, str] = Field(
        description="Masked contacts by method.", examples=[{"text_message": "+49*********89"}]
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
            contact_points=card.masked_contacts,
            created_at=timestamp(card.created_at),
        )


class ReplaceRequest(Body):
    """Why a card gets a new number."""

    reason: ReasonField = ChangeReason.CARD_LOST


class CloseRequest(Body):
    """Why a card is closed."""

    reason: ReasonField = ChangeReason.CARD_CLOSED


class RevealRequest(Body):
    """Who will show the number."""

    public_key: PublicKey = Field(
        description="The key that the details are sealed to.",
        examples=[{"kty": "EC", "crv": "P-256", "x": "...", "y": "..."}],
    )


class RevealView(View):
    """A card's details, which only the holder of the key can open."""

    sealed_card: str = Field(
        description="Compact JWE (ECDH-ES, A256GCM) of `pan`, `expiry` (YYMM) and `cvv2`.",
        examples=["eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIs..."],
    )


class PinRequest(Body):
    """A PIN, sealed."""

    sealed_pin: CompactJwe


class PushView(View):
    """What the issuer's app hands to a wallet."""

    push_payload: str = Field(
        description="Signed (JWS, ES256), good for one token; a wallet sends it in place of `card_id`.",
        examples=["eyJhbGciOiJFUzI1NiIsInR5cCI6InRhcHdyaWdodC1wdXNo..."],
    )
    expires_at: Timestamp


@router.post("", status_code=201, dependencies=_ISSUER, responses=problem.responses(404, 409))
def issue_card(vault: VaultDependency, body: CardRequest) -> CardView:
    """Issue a digital card on an account. Scope: issuer."""
    return CardView.of(cards.issue_card(vault, body.account_id, body.contact_points.contacts()))


@router.get("", dependencies=_ISSUER, responses=problem.responses(404))
def list_cards(
    vault: VaultDependency,
    limit: Limit = 20,
    starting_after: StartingAfter = None,
    account_id: Annotated[
        str | None, Query(description="Only those of this account.", examples=["acct_06R8C3N5VZQ4T"])
    ] = None,
) -> Page[CardView]:
    """List cards, the newest first. Scope: issuer."""
    rows = cards.list_cards(vault, limit=limit + 1, starting_after=starting_after, account_id=account_id)
    return page(rows, limit, CardView.of)


@router.get("/{card_id}", dependencies=[requires(Scope.ISSUER, Scope.WALLET)], responses=problem.responses(404))
def read_card(vault: VaultDependency, card_id: CardId) -> CardView:
    """Read a card. Scope: issuer or wallet."""
    return CardView.of(cards.find_card(vault, card_id))


@router.post("/{card_id}/freeze", dependencies=_ISSUER, responses=problem.responses(404, 409))
def freeze_card(vault: VaultDependency, card_id: CardId) -> CardView:
    """Stop a card and all its tokens from paying. Repeating it is no error. Scope: issuer."""
    return CardView.of(card_changes.freeze_card(vault, card_id))


@router.post("/{card_id}/unfreeze", dependencies=_ISSUER, responses=problem.responses(404, 409))
def unfreeze_card(vault: VaultDependency, card_id: CardId) -> CardView:
    """Let a frozen card pay again. Repeating it is no error. Scope: issuer."""
    return CardView.of(card_changes.unfreeze_card(vault, card_id))


@router.post("/{card_id}/replace", dependencies=_ISSUER, responses=problem.responses(404, 409))
def replace_card(vault: VaultDependency, card_id: CardId, body: ReplaceRequest) -> CardView:
    """Give a card a new number and expiry; its tokens and its PAR stay. Scope: issuer."""
    return CardView.of(card_changes.replace_card(vault, card_id, body.reason))


@router.post("/{card_id}/renew", dependencies=_ISSUER, responses=problem.responses(404, 409))
def renew_card(vault: VaultDependency, card_id: CardId) -> CardView:
    """Give a card a new expiry under the same number; its tokens and its PAR stay. Scope: issuer."""
    return CardView.of(card_changes.renew_card(vault, card_id))


@router.post("/{card_id}/close", dependencies=_ISSUER, responses=problem.responses(404))
def close_card(vault: VaultDependency, card_id: CardId, body: CloseRequest) -> CardView:
    """Close a card for good and deactivate all its tokens. Repeating it is no error. Scope: issuer."""
    return CardView.of(card_changes.close_card(vault, card_id, body.reason))


@router.put("/{card_id}/contact_points", dependencies=_ISSUER, responses=problem.responses(404, 409))
def change_contact_points(vault: VaultDependency, card_id: CardId, body: ContactPoints) -> CardView:
    """Replace the contact points for one-time codes. Scope: issuer."""
    return CardView.of(card_changes.change_contacts(vault, card_id, body.contacts()))


@router.post("/{card_id}/reveal", dependencies=_ISSUER, responses=problem.responses(404, 409))
def reveal_card(vault: VaultDependency, card_id: CardId, body: RevealRequest) -> RevealView:
    """Return PAN, expiry and CVV2, sealed to the key of the displaying app. Audited. Scope: issuer."""
    return RevealView(sealed_card=card_details.reveal_card(vault, card_id, body.public_key.model_dump()))


@router.put("/{card_id}/pin", status_code=204, dependencies=_ISSUER, responses=problem.responses(404, 409))
def set_pin(vault: VaultDependency, card_id: CardId, body: PinRequest) -> None:
    """Set a card's PIN, sealed as JSON `{"pin": "1234"}`. Scope: issuer."""
    pins.set_pin(vault, card_id, body.sealed_pin)


@router.delete("/{card_id}/wrong_guesses", status_code=204, dependencies=_ISSUER, responses=problem.responses(404))
def unlock_card(vault: VaultDependency, card_id: CardId) -> None:
    """Clear the wrong guesses of a card (CVV2, expiry dates, one-time codes) and its locks. Scope: issuer."""
    guesses.unlock_card(vault, card_id)


@router.post("/{card_id}/push_payloads", status_code=201, dependencies=_ISSUER, responses=problem.responses(404, 409))
def make_push_payload(vault: VaultDependency, card_id: CardId) -> PushView:
    """Create a signed payload with which a wallet can request one token of this card. Scope: issuer."""
    made = push_provisioning.make_payload(vault, card_id)
    return PushView(push_payload=made.payload, expires_at=timestamp(made.expires_at))


@router.post("/{card_id}/tokens/{change}", dependencies=_ISSUER, responses=problem.responses(404))
def change_tokens_of_card(
    vault: VaultDependency, card_id: CardId, change: TokenChangeName, body: TokenChange
) -> ChangedTokens:
    """Suspend, resume or deactivate all tokens of a card that this can happen to, as its issuer. Scope: issuer."""
    initiator = check_issuer(body.initiator)
    changed = token_changes.change_tokens_of_card(vault, card_id, Change(change), initiator, reason=body.reason)
    return ChangedTokens(token_ids=[token.text_id for token in changed])
