"""Steps that refer to an earlier payment."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from simulators.scenarios.staging.cast import Misfit, Part
from simulators.scenarios.staging.expected import ForwardValues
from simulators.scenarios.staging.outcome import Outcome
from simulators.scenarios.staging.rehearsal import Rehearsal
from simulators.scenarios.staging.stage import Stage
from simulators.scenarios.staging.values import AmountText
from simulators.scenarios.steps.step import ReceiptStep, Step, TerminalStep
from simulators.terminals.iso_link import LinkError

_RETRIES = 50

PartNumber = Annotated[int, Field(ge=1, le=99)]
"""DE 60 has two digits for each."""


class _AmountOfReceipt(ReceiptStep):
    """With an amount in the payment's currency; the payment's own if left out."""

    amount: AmountText | None = Field(default=None, description="How much; as much as was approved if left out.")

    def _minor(self, stage: Stage) -> int:
        receipt = stage.receipt(self.of)
        if self.amount is None:
            return receipt.approved_minor
        return stage.minor(self.amount, receipt.currency)[0]


class Reverse(ReceiptStep):
    """Reverse a payment (0400). remaining: the part that is not reversed."""

    verb: ClassVar[str] = "reverse"
    method: ClassVar[str] = "reverse"

    remaining: AmountText | None = Field(default=None, description="What of it stays; nothing if left out.")

    def play(self, stage: Stage) -> Outcome:
        """Reverse."""
        receipt = stage.receipt(self.of)
        remaining = None if self.remaining is None else stage.minor(self.remaining, receipt.currency)[0]
        return stage.outcome(self.place(stage).reverse(receipt, remaining))


class Complete(_AmountOfReceipt):
    """Post an authorized payment (0220)."""

    verb: ClassVar[str] = "complete"
    method: ClassVar[str] = "complete"

    part: tuple[PartNumber, PartNumber] | None = Field(
        default=None, description="Which completion it is, and of how many."
    )

    def foreseen(self, rehearsal: Rehearsal) -> Iterator[Misfit]:
        """A completion beyond the last."""
        yield from super().foreseen(rehearsal)
        if self.part is not None and self.part[0] > self.part[1]:
            yield "part", f"there is no completion {self.part[0]} of {self.part[1]}"

    def play(self, stage: Stage) -> Outcome:
        """Complete."""
        return stage.outcome(self.place(stage).complete(stage.receipt(self.of), self._minor(stage), self.part))


class Increase(_AmountOfReceipt):
    """Increase an authorization (0100 with DE 90)."""

    verb: ClassVar[str] = "increase"
    method: ClassVar[str] = "increase"

    def play(self, stage: Stage) -> Outcome:
        """Increase."""
        return stage.outcome(self.place(stage).increase(stage.receipt(self.of), self._minor(stage)))


class Refund(_AmountOfReceipt):
    """Refund a payment (0200, processing code 20)."""

    verb: ClassVar[str] = "refund"
    method: ClassVar[str] = "refund"

    def play(self, stage: Stage) -> Outcome:
        """Refund."""
        return stage.outcome(self.place(stage).refund(stage.receipt(self.of), self._minor(stage)))


class AddTip(ReceiptStep):
    """Post a bill with its tip."""

    verb: ClassVar[str] = "add_tip"
    method: ClassVar[str] = "add_tip"

    tip: AmountText = Field(description="How much on top of the bill.")

    def play(self, stage: Stage) -> Outcome:
        """Complete."""
        receipt = stage.receipt(self.of)
        return stage.outcome(self.place(stage).add_tip(receipt, stage.minor(self.tip, receipt.currency)[0]))


class HangUpNozzle(_AmountOfReceipt):
    """Post the amount of fuel that was dispensed; an amount of zero reverses the pre-authorization."""

    verb: ClassVar[str] = "hang_up_nozzle"
    method: ClassVar[str] = "hang_up_nozzle"

    def play(self, stage: Stage) -> Outcome:
        """Complete or reverse."""
        return stage.outcome(self.place(stage).hang_up_nozzle(stage.receipt(self.of), self._minor(stage)))


class CheckOut(_AmountOfReceipt):
    """Post the bill of a stay."""

    verb: ClassVar[str] = "check_out"
    method: ClassVar[str] = "check_out"

    def play(self, stage: Stage) -> Outcome:
        """Complete."""
        return stage.outcome(self.place(stage).check_out(stage.receipt(self.of), self._minor(stage)))


class Repeat(ReceiptStep):
    """Send the same message again, marked as a repeat unless `marked` is false."""

    verb: ClassVar[str] = "send_again"
    method: ClassVar[str] = "send"

    marked: bool = Field(default=True, description="Whether it is marked as a repeat (x1x1).")

    def play(self, stage: Stage) -> Outcome:
        """Send."""
        terminal, request = self.place(stage), stage.receipt(self.of).request
        return stage.outcome(terminal.send(terminal.messages.repeated(request) if self.marked else request))


class Forward(TerminalStep):
    """Send a terminal's stored reversals and advices, with retries if the connection is faulty."""

    verb: ClassVar[str] = "forward"
    method: ClassVar[str] = "forward"
    values: ClassVar[type[Part]] = ForwardValues

    def play(self, stage: Stage) -> Outcome:
        """Send."""
        terminal = self.place(stage)
        for _ in range(_RETRIES):
            try:
                terminal.forward()
                break
            except LinkError:
                terminal.stored[0] = terminal.messages.repeated(terminal.stored[0])
        return Outcome(values={"stored": len(terminal.stored)})


FOLLOWING: tuple[type[Step], ...] = (
    Reverse, Complete, Increase, Refund, AddTip, HangUpNozzle, CheckOut, Repeat, Forward,
)  # fmt: skip
