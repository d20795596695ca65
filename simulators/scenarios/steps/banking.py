"""Steps of accounts with a product: bills that are paid, statements, and what is waived."""

from typing import ClassVar, Literal

from pydantic import Field

from simulators.parties.bank_client import BankClient
from simulators.scenarios.staging.cast import Part
from simulators.scenarios.staging.expected import BillValues, StatementValues, WaiverValues
from simulators.scenarios.staging.outcome import Outcome
from simulators.scenarios.staging.stage import NeverCameToBe, Stage
from simulators.scenarios.staging.values import Amount, BillAmountText, Day
from simulators.scenarios.steps.step import AccountStep, Step


class PayBill(AccountStep):
    """Pay an account's bill."""

    verb: ClassVar[str] = "pay_bill"
    values: ClassVar[type[Part]] = BillValues

    amount: BillAmountText = Field(
        description="How much: an amount, or what is left of the last statement, `minimum` or `closing`."
    )

    def play(self, stage: Stage) -> Outcome:
        """Pay."""
        bank, account = BankClient(stage.issuer), stage.accounts[self.account]
        if isinstance(self.amount, Amount):
            minor, _ = stage.minor(self.amount, stage.cast.accounts[self.account].currency)
        elif not (minor := bank.left_to_pay(account, self.amount)):
            raise NeverCameToBe("nothing_due", f"nothing is left to pay of the {self.amount} of {self.account!r}")
        paid = bank.pay(account, minor)
        return Outcome(values={"paid": minor, "posted": paid["posted_balance"], "available": paid["available"]})


class Statement(AccountStep):
    """Look at a statement of an account."""

    verb: ClassVar[str] = "statement"
    values: ClassVar[type[Part]] = StatementValues

    day: Day | None = Field(default=None, description="The day on which it was cut; the newest if left out.")

    def play(self, stage: Stage) -> Outcome:
        """Look."""
        wanted = None if self.day is None else self.day.isoformat()
        statement = BankClient(stage.issuer).statement(stage.accounts[self.account], wanted)
        if statement is None:
            raise NeverCameToBe("no_statement", f"{self.account!r} has no statement yet")
        values = {name: statement[name] for name in StatementValues.model_fields if name in statement}
        return Outcome(values=values | {"lines": [line["kind"] for line in statement["lines"]]})


class Waive(AccountStep):
    """Give back the interest or fee that an account was charged last."""

    verb: ClassVar[str] = "waive"
    values: ClassVar[type[Part]] = WaiverValues

    kind: Literal["interest", "late_fee", "cash_fee"] = Field(description="What is given back.")

    def play(self, stage: Stage) -> Outcome:
        """Waive."""
        charged = BankClient(stage.issuer).last_posting(stage.accounts[self.account], self.kind)
        if charged is None:
            raise NeverCameToBe("no_such_posting", f"{self.account!r} was charged no {self.kind}")
        waived = stage.issuer.call("POST", f"/v1/transactions/{charged['id']}/waive")
        return Outcome(values={"given_back": -waived["amount"], "posted": waived["posted_balance"]})


BANKING: tuple[type[Step], ...] = (PayBill, Statement, Waive)
