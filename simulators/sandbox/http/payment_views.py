"""Simulated payments as callers ask for them and see them, at a tap and by one call."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Request
from pydantic import Field

from authz.history.explanation import Explanation
from authz.http.authorizations import AuthorizationView
from simulators.simulations.payments import Outcome
from simulators.simulations.simulations import Simulations
from simulators.simulations.taking import Purchase
from simulators.terminals.message_log import Traced
from simulators.terminals.receipt import Receipt
from simulators.wallet.card.apdu_record import ApduExchange
from tokenvault.http.fields.fields import AmountMinor, Body, CountryCode, CurrencyCode, View
from tokenvault.vocabulary.errors import Conflict

TerminalKindName = Literal["pos", "qr", "online", "atm", "fuel", "hotel", "restaurant", "transit", "vending"]
_PRINTABLE = "^[ -~]+$"

SimulatedPhoneId = Annotated[
    str, Path(description="Identifier of a simulated phone.", examples=["phone_04N6T8J2R5XVA"])
]
SimulatedTerminalId = Annotated[
    str, Path(description="Identifier of a simulated terminal.", examples=["term_02K7D5H9S3BWE"])
]
Acquirer = Annotated[str, Field(description="DE 32.", examples=["99900000002"], pattern="^[0-9]{1,11}$")]


def current_simulations(request: Request) -> Simulations:
    """The simulated phones, terminals and payments of the application."""
    simulations: Simulations = request.app.state.simulations
    return simulations


SimulationsDependency = Annotated[Simulations, Depends(current_simulations)]


class MerchantBody(Body):
    """The merchant of a simulated terminal. What is left out is usual for the kind of terminal."""

    name: str | None = Field(
        None,
        description="Name, DE 43, 1-25.",
        examples=["COFFEE CORNER"],
        min_length=1,
        max_length=25,
        pattern=_PRINTABLE,
    )
    city: str | None = Field(
        None, description="City, DE 43, 26-38.", examples=["BERLIN"], min_length=1, max_length=13, pattern=_PRINTABLE
    )
    id: str | None = Field(
        None,
        description="Card acceptor identification code, DE 42.",
        examples=["COFFEE000000001"],
        min_length=1,
        max_length=15,
        pattern=_PRINTABLE,
    )
    category: str | None = Field(
        None, description="Merchant category code, DE 18.", examples=["5814"], pattern="^[0-9]{4}$"
    )
    country: CountryCode | None = Field(
        None, description="Country, ISO 3166-1 numeric: DE 19, and its letters in DE 43.", examples=["276"]
    )
    acquirer: Acquirer | None = Field(None, description="DE 32.", examples=["99900000002"])

    def given(self) -> dict[str, Any]:
        """The fields of a `Merchant` that are not the usual ones."""
        given = self.model_dump(exclude_none=True)
        return {("identifier" if name == "id" else name): value for name, value in given.items()}


class TillBody(Body):
    """A terminal and its merchant."""

    terminal: str | None = Field(
        None,
        description="Terminal identification, DE 41; `TERM0001` if left out.",
        examples=["TERM0001"],
        min_length=1,
        max_length=8,
        pattern=_PRINTABLE,
    )
    merchant: MerchantBody = Field(
        default_factory=lambda: MerchantBody.model_validate({}),
        description="The merchant.",
        examples=[{"name": "COFFEE CORNER", "category": "5814"}],
    )
    partial_approvals: bool = Field(
        False, description="Whether the terminal takes an approval of a smaller amount.", examples=[False]
    )

    def words(self) -> dict[str, Any]:
        """What a terminal is made from, by the words of `simulators.terminals.kinds.making`."""
        return {"id": self.terminal, "partial_approvals": self.partial_approvals}


class PurchaseBody(Body):
    """What the merchant asks for, and how."""

    amount: AmountMinor
    currency: CurrencyCode | None = Field(
        None, description="ISO 4217 code; the currency of the token's account if left out.", examples=["EUR"]
    )
    posts_at_once: bool = Field(
        False,
        description="Send a financial request (0200), which posts, in place of an authorization (0100); for terminals "
        "of kind `pos` and `restaurant`. Those of kind `vending`, `atm` and `transit` always do.",
        examples=[False],
    )
    preauthorization: bool = Field(
        False,
        description="Authorize an estimate, whose final amount comes later (DE 25 = 06); for terminals of kind `pos` "
        "and `restaurant`. Those of kind `fuel` and `hotel` always do.",
        examples=[False],
    )
    pin: str | None = Field(
        None,
        description="What the cardholder types in, 4 to 12 digits: at terminals of kind `atm`, and only there.",
        examples=[None],
        pattern="^[0-9]{4,12}$",
        repr=False,
    )

    def purchase(self, account_currency: str | None) -> Purchase:
        """What it is. account_currency: of the phone's token; None without one. Raises: Conflict."""
        currency = self.currency or account_currency
        if currency is None:
            raise Conflict("this phone has not asked for a token yet: provision it", code="no_token")
        return Purchase(self.amount, currency, self.posts_at_once, self.preauthorization, self.pin)


class ReceiptView(View):
    """What the customer gets on paper."""

    title: str = Field(description="Type of the receipt.", examples=["PURCHASE"])
    method: str = Field(description="How the token was read.", examples=["CONTACTLESS"])
    merchant: str = Field(description="Name of the merchant.", examples=["COFFEE CORNER"])
    terminal: str = Field(description="DE 41.", examples=["TERM0001"])
    token_last4: str = Field(description="Last four digits of the token PAN.", examples=["0017"])
    local_time: str = Field(description="Time at the terminal (UTC), to the minute.", examples=["2026-11-24 10:15"])
    text: str = Field(description="The receipt as text, lines of 32 characters.", examples=["COFFEE CORNER\n..."])

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptView":
        """Show a receipt."""
        return cls(
            title=receipt.title,
            method=receipt.method,
            merchant=receipt.merchant,
            terminal=receipt.terminal_id,
            token_last4=receipt.token_last4,
            local_time=receipt.local_time,
            text=receipt.text(),
        )


class PassedMessageView(View):
    """One ISO 8583 message on the terminal's line."""

    direction: Literal["sent", "received"] = Field(description="As the terminal sees it.", examples=["sent"])
    message_type: str = Field(description="Message type.", examples=["0100"])
    fields: dict[str, str] = Field(
        description="Data elements by number; PANs masked, and PIN data left out.",
        examples=[{"3": "000000", "4": "000000001250", "49": "978"}],
    )

    @classmethod
    def of(cls, traced: Traced) -> "PassedMessageView":
        """Show a message."""
        fields = traced.shown()
        message_type = fields.pop("0", "")
        return cls(
            direction="sent" if traced.direction == "sent" else "received", message_type=message_type, fields=fields
        )


class ApduView(View):
    """One command of the reader, and the phone's response."""

    name: str = Field(description="Name of the command.", examples=["GET PROCESSING OPTIONS"])
    command: str = Field(
        description="The command APDU, hexadecimal.", examples=["00A404000E325041592E5359532E4444463031"]
    )
    response: str = Field(
        description="The response APDU, hexadecimal; the token PAN in it is masked.", examples=["6F00...9000"]
    )
    status: str = Field(description="SW1 SW2.", examples=["9000"])

    @classmethod
    def of(cls, exchange: ApduExchange) -> "ApduView":
        """Show an exchange."""
        return cls(
            name=exchange.name,
            command=exchange.shown_command(),
            response=exchange.shown_response(),
            status=exchange.status,
        )


class SimulatedPaymentView(View):
    """What came of a simulated payment, or of a message about it."""

    authorization_id: str | None = Field(
        description="Identifier of the network's decision (DE 62 of the answer); null where it made none.",
        examples=["auth_000000000001A"],
    )
    approved: bool = Field(description="Whether it was approved.", examples=[True])
    response_code: str | None = Field(
        description="DE 39 of the answer, or the terminal's own code where it decided itself (`Y3`, `Z1`, `Z3`); null "
        "where nothing was sent.",
        examples=["00"],
    )
    reason: str = Field(
        description="The reason of the decision; where the network decided nothing, why, as in scenarios: `see_phone`, "
        "`cardholder_not_verified`, `line_down`, `no_answer`, ...",
        examples=["approved"],
    )
    detail: str = Field(
        description="More about it as a text, often empty: what a terminal could not do, or why the network "
        "acknowledged an advice and posted less.",
        examples=[""],
    )
    approved_amount: int = Field(
        description="The amount that the terminal takes for approved, minor units of `currency`.", examples=[1250]
    )
    currency: str = Field(description="ISO 4217 code.", examples=["EUR"])
    phone_id: str = Field(description="The simulated phone that paid.", examples=["phone_04N6T8J2R5XVA"])
    token_id: str | None = Field(description="The token that it paid with.", examples=["tok_05F1V9D8S3KYA"])
    decision: AuthorizationView | None = Field(
        description="The decision with all its checks; null where there is none, or it was given up meanwhile because "
        "the network was put back, or while too many explanations are in progress: `/v1/authorizations/{id}` has it "
        "then.",
        examples=[None],
    )
    receipt: ReceiptView | None = Field(description="The receipt; null where nothing was sent.", examples=[None])
    messages: list[PassedMessageView] = Field(
        description="The ISO 8583 messages that passed the terminal's line meanwhile, in order.", examples=[[]]
    )
    apdus: list[ApduView] = Field(
        description="What reader and phone said to each other (ISO/IEC 7816-4), in order; empty where the phone was "
        "not tapped.",
        examples=[[]],
    )

    @classmethod
    def of(
        cls, outcome: Outcome, explanation: Explanation | None, currency: str, phone_id: str, token_id: str | None
    ) -> "SimulatedPaymentView":
        """Show an outcome."""
        receipt = outcome.receipt
        decision = None if explanation is None else AuthorizationView.of(explanation)
        return cls(
            authorization_id=None if receipt is None else receipt.authorization_id,
            approved=receipt is not None and receipt.approved,
            response_code=None if receipt is None else receipt.response_code,
            reason=outcome.reason if decision is None else decision.reason,
            detail=outcome.detail or (decision and decision.exception_explanation) or "",
            approved_amount=0 if receipt is None else receipt.approved_minor,
            currency=currency,
            phone_id=phone_id,
            token_id=token_id,
            decision=decision,
            receipt=None if receipt is None else ReceiptView.of(receipt),
            messages=[PassedMessageView.of(each) for each in outcome.messages],
            apdus=[ApduView.of(each) for each in outcome.exchanges],
        )
