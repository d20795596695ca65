"""What every step is."""

from abc import abstractmethod
from typing import Any, ClassVar

from pydantic import Field

from simulators.card.contactless_reader import ReadingFailed
from simulators.issuer import IssuerRefused
from simulators.phone import CannotDoThis, NoNetwork, Phone, WalletRefused
from simulators.scenarios.cast import Part
from simulators.scenarios.outcome import Outcome
from simulators.scenarios.stage import Stage
from simulators.terminal import Terminal
from simulators.terminals.iso_link import LineDown, LinkError
from tokenvault.emv.errors import EmvError


class Step(Part):
    """One step. verb: its key in the file.  refers_to: which of its fields name what is in the cast.

    is_document: its fields are a document of the API, with numbers and truth values as YAML has them.
    """

    verb: ClassVar[str]
    refers_to: ClassVar[dict[str, str]] = {}
    is_document: ClassVar[bool] = False

    @abstractmethod
    def play(self, stage: Stage) -> Outcome:
        """Carry it out. What parties refuse is an outcome, see `played`."""


def played(step: Step, stage: Stage) -> Outcome:
    """Carry a step out, and put what anybody refuses into an outcome."""
    try:
        return step.play(stage)
    except (IssuerRefused, WalletRefused) as error:
        return Outcome(str(error.problem.get("code", error.status)), str(error), {"status": error.status})
    except ReadingFailed as error:
        return Outcome(error.reason, str(error))
    except NoNetwork as error:
        return Outcome("no_network", str(error))
    except CannotDoThis as error:
        return Outcome("cannot_do_this", str(error))
    except EmvError as error:
        return Outcome("unreadable_code", str(error))
    except LineDown as error:
        return Outcome("line_down", str(error))
    except LinkError as error:
        return Outcome("no_answer", str(error))


class PhoneStep(Step):
    """A step that one phone takes."""

    refers_to: ClassVar[dict[str, str]] = {"phone": "phones"}

    phone: str = Field(default="phone", description="Which phone.")

    def actor(self, stage: Stage) -> Phone:
        """The phone."""
        return stage.phones[self.phone]


class TerminalStep(Step):
    """A step that one terminal takes."""

    refers_to: ClassVar[dict[str, str]] = {"at": "terminals"}

    at: str = Field(default="terminal", description="Which terminal.")

    def place(self, stage: Stage) -> Any:
        """The terminal."""
        return stage.terminals[self.at]


class ReceiptStep(Step):
    """A step about an earlier payment, at the terminal that took it unless another is named."""

    refers_to: ClassVar[dict[str, str]] = {"of": "receipts", "at": "terminals"}

    of: str = Field(description="The name that the payment's step gave it (`name`).")
    at: str | None = Field(default=None, description="At which terminal; the one of the payment if left out.")

    def place(self, stage: Stage) -> Any:
        """The terminal."""
        if self.at is not None:
            return stage.terminals[self.at]
        receipt = stage.receipts[self.of]
        by_name: list[Terminal] = [
            terminal
            for terminal in stage.terminals.values()
            if terminal.terminal_id == receipt.terminal_id and terminal.merchant.name == receipt.merchant
        ]
        return by_name[0]
