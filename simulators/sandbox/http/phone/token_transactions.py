"""``/v1/tokens/{id}/transactions``: what was paid with a token, as its phone shows it."""

from datetime import UTC, datetime
from functools import partial

from fastapi import APIRouter
from pydantic import Field

from authz.http.surroundings import ProjectionDependency
from authz.payments.token_payments import PaymentState, TokenPayment, payments_of_token
from tokenvault.callers.caller import Scope
from tokenvault.http.fields.fields import Timestamp, TokenId, View
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import OptionalDeviceProof, VaultDependency, requires
from tokenvault.tokens.tokens import token_in_hand
from tokenvault.vocabulary.identifiers import Prefix, to_number

router = APIRouter(prefix="/v1/tokens", tags=["tokens"], dependencies=[requires(Scope.WALLET)])


class MerchantView(View):
    """A merchant, as a phone shows it."""

    name: str = Field(description="DE 43, or DE 42 where a message has no name.", examples=["TAPWRIGHT CAFE"])
    city: str | None = Field(description="DE 43; null where a message has none.", examples=["BERLIN"])
    category: str = Field(description="DE 18, four digits.", examples=["5814"])


class TokenTransactionView(View):
    """One payment with a token, and what has become of it."""

    id: str = Field(description="Identifier of its first decision.", examples=["auth_000000000001A"])
    state: PaymentState = Field(
        description="`pending` (held), `posted`, `declined`, `reversed`, `refunded`, or `expired` (never posted).",
        examples=["posted"],
    )
    operation: str = Field(description="DE 3: `purchase`, `cash`, `refund` and others.", examples=["purchase"])
    amount: int = Field(
        description="Amount at the terminal in minor units of `currency`; negative for money given back.",
        examples=[1250],
    )
    currency: str = Field(description="ISO 4217 code.", examples=["EUR"])
    billing_amount: int = Field(
        description="What the account owes for it now, or what is held for it while nothing was posted; in minor units "
        "of `billing_currency`.",
        examples=[1250],
    )
    refunded_amount: int = Field(
        description="Given back by merchants, minor units of `billing_currency`.", examples=[0]
    )
    billing_currency: str = Field(description="The account's ISO 4217 code.", examples=["EUR"])
    merchant: MerchantView = Field(
        description="The merchant.", examples=[{"name": "TAPWRIGHT CAFE", "city": "BERLIN", "category": "5814"}]
    )
    time: Timestamp

    @classmethod
    def of(cls, payment: TokenPayment) -> "TokenTransactionView":
        """Show a payment."""
        return cls(
            id=payment.id,
            state=payment.state,
            operation=payment.operation,
            amount=payment.amount_minor,
            currency=payment.currency,
            billing_amount=payment.billing_minor,
            refunded_amount=payment.refunded_minor,
            billing_currency=payment.billing_currency,
            merchant=MerchantView(**payment.merchant),
            time=datetime.fromtimestamp(payment.time_us / 1e6, UTC),
        )


@router.get("/{token_id}/transactions", responses=problem.responses(404))
def list_token_transactions(
    vault: VaultDependency,
    projection: ProjectionDependency,
    proven: OptionalDeviceProof,
    token_id: TokenId,
    limit: Limit = 20,
    starting_after: StartingAfter = None,
) -> Page[TokenTransactionView]:
    """List what was paid with a token, the newest first, as its phone shows it. Signed by the token's device (DPoP);
    a card-on-file token has none. Scope: wallet.
    """
    token = token_in_hand(vault, proven, token_id)
    before = None if starting_after is None else to_number(Prefix.AUTHORIZATION, starting_after)
    rows = projection.asked(partial(payments_of_token, token_id=token.id, limit=limit + 1, before=before))
    return page(rows, limit, TokenTransactionView.of)
