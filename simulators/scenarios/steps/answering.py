"""The step of a person at the issuer's desk, who answers what a rule has referred."""

from typing import ClassVar, Literal

from pydantic import Field

from simulators.parties.bank_client import BankClient
from simulators.scenarios.staging.cast import Part
from simulators.scenarios.staging.expected import CaseValues
from simulators.scenarios.staging.outcome import Outcome
from simulators.scenarios.staging.stage import NeverCameToBe, Stage
from simulators.scenarios.steps.step import AccountStep, Step


class AnswerCase(AccountStep):
    """Answer the newest open case of an account, as the issuer's desk."""

    verb: ClassVar[str] = "answer_case"
    values: ClassVar[type[Part]] = CaseValues

    decision: Literal["approve", "decline"] = Field(default="approve", description="What the desk says.")
    valid_seconds: int | None = Field(
        default=None, ge=1, le=86_400, description="For how long an approved payment can be made; 1800 if left out."
    )

    def play(self, stage: Stage) -> Outcome:
        """Answer."""
        bank = BankClient(stage.issuer)
        case = bank.newest_open_case(stage.accounts[self.account])
        if case is None:
            raise NeverCameToBe("no_such_case", f"{self.account!r} has no open case")
        reason = "customer_confirmed" if self.decision == "approve" else "customer_denies"
        answered = bank.answer_case(case["id"], self.decision, reason, self.valid_seconds)
        return Outcome(values={name: answered[name] for name in ("queue", "amount", "goes_first")})


ANSWERING: tuple[type[Step], ...] = (AnswerCase,)
