"""The base classes of steps."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from simulators.parties.issuer_client import IssuerRefused
from simulators.scenarios.staging.cast import Misfit, Part
from simulators.scenarios.staging.expected import PaymentValues, Values
from simulators.scenarios.staging.outcome import Outcome
from simulators.scenarios.staging.rehearsal import EarlierPayment, Rehearsal
from simulators.scenarios.staging.stage import NeverCameToBe, Stage
from simulators.scenarios.staging.values import Amount
from simulators.terminals.failures import FAILURES, failure
from simulators.terminals.kinds.catalogue import TERMINAL_KINDS
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import Phone, WalletRefused


class Step(Part):
    """One step. verb: its key in the file.  refers_to: which of its fields name what is in the cast, or a payment.

    values: what can be expected of it beside its reason.  is_payment: later steps can be about it.  is_document: its
    fields are a document of the API, with numbers and truth values.
    """

    verb: ClassVar[str]
    refers_to: ClassVar[dict[str, str]] = {}
    values: ClassVar[type[Part]] = Values
    is_payment: ClassVar[bool] = False
    is_document: ClassVar[bool] = False

    @abstractmethod
    def play(self, stage: Stage) -> Outcome:
        """Carry it out. What parties refuse is an outcome, see `played`."""

    def currency(self, _rehearsal: Rehearsal) -> str | None:
        """The currency that its amounts are in, where that is known before it is played."""
        return None

    def foreseen(self, rehearsal: Rehearsal) -> Iterator[Misfit]:
        """What is known to be wrong of it before anything is played."""
        for field_name, group in self.refers_to.items():
            named = getattr(self, field_name)
            if named is not None and (absence := rehearsal.absence(group, named)):
                yield field_name, absence
        if (currency := self.currency(rehearsal)) is not None:
            for field_name in type(self).model_fields:
                amount = getattr(self, field_name)
                if isinstance(amount, Amount) and (misfit := amount.misfit(currency)):
                    yield field_name, misfit

    def leave(self, _rehearsal: Rehearsal) -> None:
        """Note what later steps find of it, beside a payment under its name."""

    def as_payment(self, rehearsal: Rehearsal) -> EarlierPayment:
        """What later steps know of it under its name."""
        return EarlierPayment(self.verb, currency=self.currency(rehearsal), is_payment=self.is_payment)


def played(step: Step, stage: Stage) -> Outcome:
    """Carry a step out, and put what anybody refuses into an outcome."""
    try:
        return step.play(stage)
    except (IssuerRefused, WalletRefused) as error:
        return Outcome(str(error.problem.get("code", error.status)), str(error), {"status": error.status})
    except NeverCameToBe as error:
        return Outcome(error.reason, str(error))
    except FAILURES as error:
        return Outcome(*failure(error))


class AccountStep(Step):
    """A step about one account."""

    refers_to: ClassVar[dict[str, str]] = {"account": "accounts"}

    account: str = Field(default="main", description="Which account.")

    def currency(self, rehearsal: Rehearsal) -> str | None:
        """The account's."""
        return rehearsal.account_currency(self.account)


class PhoneStep(Step):
    """A step that one phone takes."""

    refers_to: ClassVar[dict[str, str]] = {"phone": "phones"}

    phone: str = Field(default="phone", description="Which phone.")

    def actor(self, stage: Stage) -> Phone:
        """The phone."""
        return stage.phones[self.phone]


class AtTerminal(Step):
    """A step that a terminal carries out. method: the terminal's own that does it."""

    method: ClassVar[str]

    @abstractmethod
    def terminal_name(self, rehearsal: Rehearsal) -> str | None:
        """The terminal's name in the cast, where that is known before it is played."""

    def foreseen(self, rehearsal: Rehearsal) -> Iterator[Misfit]:
        """A terminal that cannot do this, beside what is wrong with any step."""
        yield from super().foreseen(rehearsal)
        name = self.terminal_name(rehearsal)
        terminal = rehearsal.terminal(name)
        if terminal is not None and not hasattr(TERMINAL_KINDS[terminal.kind], self.method):
            able = ", ".join(kind for kind, made in TERMINAL_KINDS.items() if hasattr(made, self.method))
            key = "at" if getattr(self, "at", None) is not None else "of"
            yield key, f"terminal {name!r} is of kind {terminal.kind}, which cannot {self.verb}; one that can: {able}"

    def as_payment(self, rehearsal: Rehearsal) -> EarlierPayment:
        """Where it was made, too."""
        currency = self.currency(rehearsal)
        return EarlierPayment(self.verb, self.terminal_name(rehearsal), currency, is_payment=self.is_payment)


class TerminalStep(AtTerminal):
    """A step that one terminal takes."""

    refers_to: ClassVar[dict[str, str]] = {"at": "terminals"}

    at: str = Field(default="terminal", description="Which terminal.")

    def place(self, stage: Stage) -> Any:
        """The terminal."""
        return stage.terminals[self.at]

    def terminal_name(self, _rehearsal: Rehearsal) -> str | None:
        """As it says."""
        return self.at


class ReceiptStep(AtTerminal):
    """A step about an earlier payment, at the terminal that took it unless another is named."""

    refers_to: ClassVar[dict[str, str]] = {"of": "payments", "at": "terminals"}
    values: ClassVar[type[Part]] = PaymentValues
    is_payment: ClassVar[bool] = True

    of: str = Field(description="The name that the payment's step gave it (`name`).")
    at: str | None = Field(default=None, description="At which terminal; the one of the payment if left out.")

    def place(self, stage: Stage) -> Any:
        """The terminal."""
        if self.at is not None:
            return stage.terminals[self.at]
        receipt = stage.receipt(self.of)
        by_name: list[Terminal] = [
            terminal
            for terminal in stage.terminals.values()
            if terminal.terminal_id == receipt.terminal_id and terminal.merchant.name == receipt.merchant
        ]
        return by_name[0]

    def terminal_name(self, rehearsal: Rehearsal) -> str | None:
        """As it says, or as the payment did."""
        earlier = rehearsal.payment(self.of)
        return self.at or (None if earlier is None else earlier.terminal)

    def currency(self, rehearsal: Rehearsal) -> str | None:
        """The payment's."""
        earlier = rehearsal.payment(self.of)
        return None if earlier is None else earlier.currency
