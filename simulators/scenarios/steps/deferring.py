"""Steps that move what is due: instalments, and relief."""

from typing import ClassVar, Literal

from pydantic import Field

from simulators.parties.bank_client import BankClient
from simulators.scenarios.staging.cast import Part
from simulators.scenarios.staging.expected import PlanEndValues, PlanValues, ReliefValues
from simulators.scenarios.staging.outcome import Outcome
from simulators.scenarios.staging.stage import NeverCameToBe, Stage
from simulators.scenarios.staging.values import AmountText
from simulators.scenarios.steps.step import AccountStep, Step


class Split(AccountStep):
    """Have a purchase, or the last statement, billed in instalments."""

    verb: ClassVar[str] = "split"
    values: ClassVar[type[Part]] = PlanValues
    refers_to: ClassVar[dict[str, str]] = {"account": "accounts", "of": "payments"}

    of: str | None = Field(
        default=None, description="The name that the purchase's step gave it (`name`); the last statement if left out."
    )
    months: int = Field(ge=1, le=60, description="How many instalments: as many as the product's terms offer.")
    amount: AmountText | None = Field(default=None, description="How much of it; all of it if left out.")

    def play(self, stage: Stage) -> Outcome:
        """Split."""
        bank, account = BankClient(stage.issuer), stage.accounts[self.account]
        currency = stage.cast.accounts[self.account].currency
        amount = None if self.amount is None else stage.minor(self.amount, currency)[0]
        if self.of is None:
            plan = bank.split_statement(account, self._last_statement(bank, account), self.months, amount)
        else:
            plan = bank.split_purchase(account, self._purchase(stage, self.of), self.months, amount)
        values = {name: plan[name] for name in ("principal", "fee", "left")}
        return Outcome(values=values | {"planned": bank.account(account)["books"]["planned"]})

    def _last_statement(self, bank: BankClient, account: str) -> str:
        """Its day. Raises: NeverCameToBe."""
        statement = bank.statement(account)
        if statement is None:
            raise NeverCameToBe("no_statement", f"{self.account!r} has no statement yet")
        return str(statement["day"])

    @staticmethod
    def _purchase(stage: Stage, name: str) -> str:
        """The posting of a purchase. Raises: NeverCameToBe."""
        authorization = stage.receipt(name).authorization_id
        posted = [] if authorization is None else stage.issuer.authorization(authorization)["postings"]
        if not posted:
            raise NeverCameToBe("no_such_posting", f"nothing was posted for the step {name!r}")
        return str(posted[0]["id"])


class EndPlan(AccountStep):
    """Bill at once what is left of the instalments that an account has begun last."""

    verb: ClassVar[str] = "end_plan"
    values: ClassVar[type[Part]] = PlanEndValues

    def play(self, stage: Stage) -> Outcome:
        """End it."""
        bank, account = BankClient(stage.issuer), stage.accounts[self.account]
        plan = bank.newest_open_plan(account)
        if plan is None:
            raise NeverCameToBe("no_such_plan", f"{self.account!r} has no instalments that are not billed yet")
        bank.end_plan(str(plan["id"]))
        owed = bank.account(account)
        return Outcome(values={"billed": plan["left"], "planned": owed["books"]["planned"], "posted": owed["posted"]})


class Relieve(AccountStep):
    """Move what an account has to pay to the due day of a later statement."""

    verb: ClassVar[str] = "relieve"
    values: ClassVar[type[Part]] = ReliefValues

    months: int = Field(ge=1, le=24, description="At which of the statements to come something is due again.")
    interest: Literal["waived", "accrues"] | None = Field(
        default=None, description="Whether nights until then bear interest; as in the product's terms if left out."
    )

    def play(self, stage: Stage) -> Outcome:
        """Relieve."""
        bank, account = BankClient(stage.issuer), stage.accounts[self.account]
        bank.relieve(account, self.months, self.interest)
        books = bank.account(account)["books"]
        return Outcome(values={"due_day": books["due_day"], "minimum": books["minimum_due"]})


DEFERRING: tuple[type[Step], ...] = (Split, EndPlan, Relieve)
