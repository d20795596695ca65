"""Steps that holders of a phone take by themselves: they look at their account, and control their token."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from simulators.scenarios.staging.cast import Misfit, Part
from simulators.scenarios.staging.expected import ControlsValues, PhoneAccountValues
from simulators.scenarios.staging.outcome import Outcome
from simulators.scenarios.staging.rehearsal import Rehearsal
from simulators.scenarios.staging.stage import Stage
from simulators.scenarios.staging.values import AmountText, CountryNumber
from simulators.scenarios.steps.step import PhoneStep, Step

_BILL = {"minimum": "minimum_due", "closing": "statement_due", "due_day": "due_day", "missed": "missed"}
"""What is expected of a bill, and where the phone has it."""


class _OfHolder(PhoneStep):
    """A step with amounts of the phone's account."""

    def currency(self, rehearsal: Rehearsal) -> str | None:
        """The account's."""
        return rehearsal.phone_currency(self.phone)


class PhoneAccount(_OfHolder):
    """Look at what the phone shows of its account."""

    verb: ClassVar[str] = "phone_account"
    values: ClassVar[type[Part]] = PhoneAccountValues

    def play(self, stage: Stage) -> Outcome:
        """Look."""
        shown = self.actor(stage).account()
        values = {
            "sections": list(shown),
            "first": next(iter(shown)),
            "state": shown["card"]["token_state"],
            "available": shown["credit"]["available"],
            "posted": shown["credit"]["posted"],
            "postings": [posting["kind"] for posting in shown["postings"]["data"]],
        }
        if "bill" in shown:
            values |= {name: shown["bill"][told] for name, told in _BILL.items()}
            values["plans"] = len(shown["plans"]["data"])
        return Outcome(values=values)


class PhoneControls(_OfHolder):
    """Lock the token of a phone, or restrict it, as its cardholder."""

    verb: ClassVar[str] = "phone_controls"
    values: ClassVar[type[Part]] = ControlsValues

    frozen: bool | None = Field(default=None, description="Whether the token is locked.")
    channels: list[Literal["contactless", "e_commerce", "qr_code"]] | None = Field(
        default=None, description="The only channels that are allowed."
    )
    countries: list[CountryNumber] | None = Field(
        default=None, description="The only countries that are allowed, ISO 3166-1 numeric."
    )
    limit: AmountText | None = Field(default=None, description="The greatest single amount that is allowed.")
    lift: list[Literal["channels", "countries", "limit"]] = Field(
        default=[], description="The restrictions that are lifted."
    )

    def foreseen(self, rehearsal: Rehearsal) -> Iterator[Misfit]:
        """Nothing to change, or a restriction that is both set and lifted."""
        yield from super().foreseen(rehearsal)
        names = ("frozen", "channels", "countries", "limit")
        if not self.lift and all(getattr(self, name) is None for name in names):
            yield "", f"changes nothing: say one of {', '.join(names)}, lift"
        for name in self.lift:
            if getattr(self, name) is not None:
                yield "lift", f"{name} is restricted by the same step"

    def play(self, stage: Stage) -> Outcome:
        """Change them."""
        limit = None if self.limit is None else stage.minor(self.limit, stage.currency_of(self.phone))[0]
        wanted = {
            "frozen": self.frozen,
            "channels": self.channels,
            "countries": self.countries,
            "transaction_limit": limit,
        }
        changes = {name: value for name, value in wanted.items() if value is not None}
        lifted = {"transaction_limit" if name == "limit" else name: None for name in self.lift}
        controls = self.actor(stage).set_controls(**changes, **lifted)
        usable = controls["usable"]
        return Outcome(
            values={
                "frozen": controls["frozen"],
                "channels": usable["channels"],
                "countries": usable["countries"],
                "limit": usable["transaction_limit"],
            }
        )


SELF_SERVICE: tuple[type[Step], ...] = (PhoneAccount, PhoneControls)
