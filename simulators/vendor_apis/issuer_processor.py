"""Mock API of an issuer processor's sandbox, after the public documentation of Lithic's simulation endpoints.

Tokenize, authorize, clear, void. Behind each call a simulated phone really taps a simulated terminal, and real
ISO 8583 goes over the wire. What differs: API keys of this API as Bearer; amounts are minor
units of the account's currency unless `merchant_currency` says otherwise; a credit needs a purchase to give back, so
there is no `return`.
"""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from simulators.terminals.terminal import Merchant
from simulators.vendor_apis.simulated_wallets import Purchase, SimulatedWallets
from tokenvault.callers.caller import Scope
from tokenvault.http.protocol.access import requires
from tokenvault.reference_data.currencies import CURRENCIES, NO_CURRENCY
from tokenvault.tokens.lifecycle import TokenState
from tokenvault.vocabulary.errors import FieldError

PREFIX = "/vendor-apis/lithic/v1/simulate"

router = APIRouter(prefix=PREFIX, tags=["mock API: issuer processor"], dependencies=[requires(Scope.SANDBOX)])

_STATUSES = {
    TokenState.REQUESTED: "PENDING_2FA",
    TokenState.INACTIVE: "PENDING_ACTIVATION",
    TokenState.ACTIVE: "ACTIVE",
    TokenState.SUSPENDED: "INACTIVE",
    TokenState.DEACTIVATED: "INACTIVE",
    TokenState.DECLINED: "DECLINED",
}
assert _STATUSES.keys() == set(TokenState), "the service has a word for every state"


def _wallets(request: Request) -> SimulatedWallets:
    wallets: SimulatedWallets = request.app.state.simulated_wallets
    return wallets


Wallets = Annotated[SimulatedWallets, Depends(_wallets)]
Pan = Annotated[str, Field(pattern="^[0-9]{13,19}$", description="Funding PAN.", examples=["9999001000000017"])]


class _Body(BaseModel):
    """Unknown fields are ignored, because a client of the original may send them."""

    model_config = ConfigDict(extra="ignore")


class TokenizationRequest(_Body):
    """Whose card goes into which wallet."""

    pan: Pan
    cvv: str = Field("", max_length=4, description="Ignored.", examples=["123"])
    expiration_date: str = Field("", max_length=5, description="MM/YY, ignored.", examples=["11/29"])
    tokenization_source: Literal["APPLE_PAY", "GOOGLE", "SAMSUNG_PAY", "MERCHANT"] = Field(
        "GOOGLE", description="Which wallet.", examples=["GOOGLE"]
    )
    account_score: int | None = Field(None, ge=1, le=5, description="Of the wallet account.", examples=[5])
    device_score: int | None = Field(None, ge=1, le=5, description="Of the device.", examples=[5])


class AuthorizationRequest(_Body):
    """One purchase. status: what kind of message it becomes."""

    amount: int = Field(ge=0, description="Minor units.", examples=[3831])
    descriptor: str = Field(max_length=25, description="The merchant.", examples=["COFFEE SHOP"])
    pan: Pan
    mcc: str = Field("5812", pattern="^[0-9]{4}$", description="Merchant category.", examples=["5812"])
    merchant_acceptor_id: str = Field("OODKZAPJVN4YS7O", max_length=15, description="DE 42.", examples=["SHOP01"])
    merchant_amount: int | None = Field(None, ge=0, description="In merchant_currency.", examples=[None])
    merchant_currency: str | None = Field(None, pattern="^[A-Z]{3}$", description="ISO 4217.", examples=[None])
    partial_approval_capable: bool = Field(False, description="Whether a part will do.", examples=[False])
    status: Literal["AUTHORIZATION", "FINANCIAL_AUTHORIZATION", "BALANCE_INQUIRY"] = Field(
        "AUTHORIZATION", description="Dual message, single message, or a question.", examples=["AUTHORIZATION"]
    )


class FollowingRequest(_Body):
    """An earlier authorization, and how much of it; all of it if left out."""

    token: str = Field(description="Of the authorization.", examples=["auth_000000000001A"])
    amount: int | None = Field(None, ge=0, description="Minor units.", examples=[3831])


@router.post("/tokenizations")
def simulate_tokenization(wallets: Wallets, body: TokenizationRequest) -> dict[str, Any]:
    """Provision a card to a simulated wallet. Scope: sandbox."""
    scores = {"device_score": body.device_score, "account_score": body.account_score}
    card_id = wallets.card_of(body.pan)
    token = wallets.tokenize(card_id, **{name: score for name, score in scores.items() if score is not None})
    return {
        "token": token["id"],
        "card_token": card_id,
        "account_token": None,
        "status": _STATUSES[token["state"]],
        "token_requestor_name": body.tokenization_source,
        "token_unique_reference": token["id"],
        "tokenization_channel": "DIGITAL_WALLET",
        "created_at": token["created_at"],
        "updated_at": datetime.now(UTC).isoformat(),
        "events": [],
    }


@router.post("/authorize", status_code=201)
def simulate_authorization(wallets: Wallets, body: AuthorizationRequest) -> dict[str, Any]:
    """Make a payment with a card; `/v1/authorizations/{token}` explains the decision. Scope: sandbox."""
    card_id = wallets.card_of(body.pan)
    currency = body.merchant_currency or wallets.currency_of(card_id)
    if currency not in CURRENCIES:
        raise FieldError("merchant_currency", NO_CURRENCY)
    amount = body.amount if body.merchant_amount is None else body.merchant_amount
    is_balance = body.status == "BALANCE_INQUIRY"
    merchant = Merchant(name=body.descriptor, identifier=body.merchant_acceptor_id, category=body.mcc)
    posts, parts = body.status == "FINANCIAL_AUTHORIZATION", body.partial_approval_capable
    purchase = Purchase(0 if is_balance else amount, currency, merchant, posts, is_balance, parts)
    receipt = wallets.pay(card_id, purchase)
    return {
        "token": receipt.authorization_id,
        "debugging_request_id": str(uuid.uuid4()),
        "result": "APPROVED" if receipt.approved else "DECLINED",
        "response_code": receipt.response_code,
    }


@router.post("/clearing", status_code=201)
def simulate_clearing(wallets: Wallets, body: FollowingRequest) -> dict[str, Any]:
    """Post an authorization. Scope: sandbox."""
    terminal, receipt = wallets.receipt(body.token)
    cleared = terminal.complete(receipt, receipt.approved_minor if body.amount is None else body.amount)
    terminal.close()
    return {"debugging_request_id": str(uuid.uuid4()), "response_code": cleared.response_code}


@router.post("/void", status_code=201)
def simulate_void(wallets: Wallets, body: FollowingRequest) -> dict[str, Any]:
    """Reverse an authorization, in whole or in part. Scope: sandbox."""
    terminal, receipt = wallets.receipt(body.token)
    remaining = None if body.amount is None else max(receipt.approved_minor - body.amount, 0)
    voided = terminal.reverse(receipt, remaining or None)
    terminal.close()
    return {"debugging_request_id": str(uuid.uuid4()), "response_code": voided.response_code}
