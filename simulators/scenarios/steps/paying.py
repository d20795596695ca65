"""Payment steps, for every type of terminal."""

from typing import ClassVar

from pydantic import Field

from simulators.scenarios.staging.cast import Part
from simulators.scenarios.staging.expected import NoValues, PaymentValues, RideValues
from simulators.scenarios.staging.outcome import DONE, Outcome
from simulators.scenarios.staging.rehearsal import Rehearsal
from simulators.scenarios.staging.stage import Stage
from simulators.scenarios.staging.values import AmountText, CommerceIndicator, Pin
from simulators.scenarios.steps.step import PhoneStep, Step, TerminalStep
from simulators.terminals.messages import PURCHASE, PURCHASE_WITH_CASH_BACK


class _AtTill(PhoneStep, TerminalStep):
    """A phone at a terminal, in the currency of the phone's account."""

    refers_to: ClassVar[dict[str, str]] = {"phone": "phones", "at": "terminals"}
    values: ClassVar[type[Part]] = PaymentValues
    is_payment: ClassVar[bool] = True

    def currency(self, rehearsal: Rehearsal) -> str | None:
        """The account's."""
        return rehearsal.phone_currency(self.phone)


class _Payment(_AtTill):
    """A phone at a terminal, with an amount in any currency."""

    amount: AmountText = Field(description="How much.")

    def currency(self, rehearsal: Rehearsal) -> str | None:
        """The amount's own, or the account's."""
        return self.amount.currency or super().currency(rehearsal)

    def _minor(self, stage: Stage) -> tuple[int, str]:
        return stage.minor(self.amount, stage.currency_of(self.phone))


class Tap(_Payment):
    """A contactless purchase, held until it is completed (0100). cash_back: the part that is paid out in cash."""

    verb: ClassVar[str] = "tap"
    method: ClassVar[str] = "authorize_card"

    cash_back: AmountText | None = Field(default=None, description="How much of it is cash.")
    preauthorization: bool = Field(default=False, description="Whether the final amount comes later.")

    def play(self, stage: Stage) -> Outcome:
        """Tap."""
        amount, currency = self._minor(stage)
        terminal, phone = self.place(stage), self.actor(stage)
        operation, cash = PURCHASE, 0
        if self.cash_back is not None:
            operation, cash = PURCHASE_WITH_CASH_BACK, stage.minor(self.cash_back, currency)[0]
        transaction = terminal.start(amount, currency, operation, cash)
        receipt = terminal.authorize_card(phone, transaction, preauthorization=self.preauthorization, cash_minor=cash)
        return stage.outcome(receipt)


class Buy(_Payment):
    """A contactless purchase that is posted at once (0200)."""

    verb: ClassVar[str] = "buy"
    method: ClassVar[str] = "buy"

    def play(self, stage: Stage) -> Outcome:
        """Tap."""
        return stage.outcome(self.place(stage).buy(self.actor(stage), *self._minor(stage)))


class PayByCode(_Payment):
    """The phone shows a QR code and the merchant scans it (EMVCo consumer-presented mode)."""

    verb: ClassVar[str] = "pay_by_code"
    method: ClassVar[str] = "pay_by_code"

    def play(self, stage: Stage) -> Outcome:
        """Show and scan."""
        return stage.outcome(self.place(stage).pay_by_code(self.actor(stage).show_code(), *self._minor(stage)))


class Scan(_Payment):
    """The merchant shows a QR code and the phone scans it (EMVCo merchant-presented mode)."""

    verb: ClassVar[str] = "scan"
    method: ClassVar[str] = "show_code"

    amount_in_code: bool = Field(default=True, description="Whether the code names the amount, or the customer does.")

    def play(self, stage: Stage) -> Outcome:
        """Show and scan."""
        amount, currency = self._minor(stage)
        terminal = self.place(stage)
        code = terminal.show_code(amount if self.amount_in_code else None, currency)
        return stage.outcome(terminal.take(self.actor(stage).scan(code, amount)))


class PayInApp(_Payment):
    """An in-app purchase. indicator: the ECI."""

    verb: ClassVar[str] = "pay_in_app"
    method: ClassVar[str] = "pay_in_app"

    indicator: CommerceIndicator = Field(default="05", description="Electronic commerce indicator (ECI).")

    def play(self, stage: Stage) -> Outcome:
        """Confirm."""
        amount, currency = self._minor(stage)
        receipt = self.place(stage).pay_in_app(self.actor(stage), amount, currency, indicator=self.indicator)
        return stage.outcome(receipt)


class Withdraw(_Payment):
    """Withdraw cash at a cash machine."""

    verb: ClassVar[str] = "withdraw"
    method: ClassVar[str] = "withdraw"

    pin: Pin = Field(description="What is typed in.")

    def play(self, stage: Stage) -> Outcome:
        """Tap, PIN, cash."""
        amount, currency = self._minor(stage)
        return stage.outcome(self.place(stage).withdraw(self.actor(stage), amount, self.pin, currency))


class AskBalance(_AtTill):
    """Balance inquiry at a cash machine."""

    verb: ClassVar[str] = "ask_balance"
    method: ClassVar[str] = "balance"

    pin: Pin = Field(description="What is typed in.")

    def play(self, stage: Stage) -> Outcome:
        """Tap, PIN, look."""
        receipt = self.place(stage).balance(self.actor(stage), self.pin, stage.currency_of(self.phone))
        return stage.outcome(receipt)


class UnlockPump(_AtTill):
    """Pre-authorize a tank of fuel."""

    verb: ClassVar[str] = "unlock_pump"
    method: ClassVar[str] = "unlock"

    def play(self, stage: Stage) -> Outcome:
        """Tap."""
        return stage.outcome(self.place(stage).unlock(self.actor(stage), stage.currency_of(self.phone)))


class CheckIn(_Payment):
    """Pre-authorize a stay or a rental."""

    verb: ClassVar[str] = "check_in"
    method: ClassVar[str] = "check_in"

    def play(self, stage: Stage) -> Outcome:
        """Tap."""
        return stage.outcome(self.place(stage).check_in(self.actor(stage), *self._minor(stage)))


class Vend(_Payment):
    """A purchase at a vending machine. gets_stuck: nothing is dispensed, and the purchase is reversed."""

    verb: ClassVar[str] = "vend"
    method: ClassVar[str] = "vend"

    gets_stuck: bool = Field(default=False, description="Whether it gets stuck; then the payment is taken back.")

    def play(self, stage: Stage) -> Outcome:
        """Tap."""
        amount, currency = self._minor(stage)
        receipts = self.place(stage).vend(self.actor(stage), amount, currency, gets_stuck=self.gets_stuck)
        return stage.outcome(receipts[-1])


class Ride(_AtTill):
    """Pass a transit gate, which requests the authorization later."""

    verb: ClassVar[str] = "ride"
    method: ClassVar[str] = "open"

    def play(self, stage: Stage) -> Outcome:
        """Tap."""
        return stage.outcome(self.place(stage).open(self.actor(stage), stage.currency_of(self.phone)))


class SettleRides(TerminalStep):
    """Send the deferred authorizations of all rides at a gate."""

    verb: ClassVar[str] = "settle_rides"
    method: ClassVar[str] = "settle"
    values: ClassVar[type[Part]] = RideValues

    def play(self, stage: Stage) -> Outcome:
        """Ask."""
        gate = self.place(stage)
        receipts = gate.settle()
        approved = sum(receipt.approved for receipt in receipts)
        values = {"approved": approved, "declined": len(receipts) - approved, "denied": len(gate.deny_list)}
        return Outcome(DONE, f"{approved} of {len(receipts)} rides approved", values)


class Echo(TerminalStep):
    """Echo test (0800)."""

    verb: ClassVar[str] = "echo"
    method: ClassVar[str] = "echo"
    values: ClassVar[type[Part]] = NoValues

    def play(self, stage: Stage) -> Outcome:
        """Ask."""
        answer = self.place(stage).echo()
        return Outcome(DONE if answer.get(39) == "00" else f"response_code_{answer.get(39)}")


PAYING: tuple[type[Step], ...] = (
    Tap, Buy, PayByCode, Scan, PayInApp, Withdraw, AskBalance, UnlockPump, CheckIn, Vend, Ride, SettleRides, Echo,
)  # fmt: skip
