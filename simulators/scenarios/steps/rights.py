"""Steps of the units that accounts hold: they are given, and redeemed."""

from typing import ClassVar

from pydantic import Field

from simulators.parties.bank_client import BankClient
from simulators.scenarios.staging.cast import Part
from simulators.scenarios.staging.expected import RedemptionValues, UnitValues
from simulators.scenarios.staging.outcome import Outcome
from simulators.scenarios.staging.stage import Stage
from simulators.scenarios.steps.step import AccountStep, Step


class GiveUnits(AccountStep):
    """Give an account units of the program, or take some back."""

    verb: ClassVar[str] = "give_units"
    values: ClassVar[type[Part]] = UnitValues

    unit: str = Field(description="The unit's id in the program.")
    units: int = Field(description="How many; below 0 to take some back.")

    def play(self, stage: Stage) -> Outcome:
        """Give."""
        bank, account = BankClient(stage.issuer), stage.accounts[self.account]
        bank.give_units(account, self.unit, self.units)
        return Outcome(values={"held": bank.units_held(account, self.unit)})


class LookAtUnits(AccountStep):
    """Look at how many units an account holds."""

    verb: ClassVar[str] = "units"
    values: ClassVar[type[Part]] = UnitValues

    unit: str = Field(description="The unit's id in the program.")

    def play(self, stage: Stage) -> Outcome:
        """Look."""
        return Outcome(values={"held": BankClient(stage.issuer).units_held(stage.accounts[self.account], self.unit)})


class Redeem(AccountStep):
    """Exchange units of an account for money."""

    verb: ClassVar[str] = "redeem"
    values: ClassVar[type[Part]] = RedemptionValues

    unit: str = Field(description="The unit's id in the program.")
    units: int = Field(description="How many.")

    def play(self, stage: Stage) -> Outcome:
        """Redeem."""
        bank, account = BankClient(stage.issuer), stage.accounts[self.account]
        redeemed = bank.redeem(account, self.unit, self.units)
        held = bank.units_held(account, self.unit)
        return Outcome(values={"held": held, "reward": redeemed["reward"], "posted": redeemed["posted_balance"]})


RIGHTS: tuple[type[Step], ...] = (GiveUnits, LookAtUnits, Redeem)
