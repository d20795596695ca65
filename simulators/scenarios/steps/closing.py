"""Steps that close days."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from simulators.scenarios.staging.cast import Misfit, Part
from simulators.scenarios.staging.expected import ClosingValues
from simulators.scenarios.staging.outcome import Outcome
from simulators.scenarios.staging.rehearsal import Rehearsal
from simulators.scenarios.staging.stage import Stage
from simulators.scenarios.staging.values import Day
from simulators.scenarios.steps.step import Step


class CloseDays(Step):
    """Set the clock forward to the end of a day in the program's time zone, and close all days up to it."""

    verb: ClassVar[str] = "close_days"
    values: ClassVar[type[Part]] = ClosingValues

    until: Day | None = Field(default=None, description="The last day to close.")
    days: int | None = Field(default=None, ge=1, le=3_653, description="How many days to close, from today on.")

    def foreseen(self, _rehearsal: Rehearsal) -> Iterator[Misfit]:
        """Neither a date nor a number of days, or both."""
        if (self.until is None) == (self.days is None):
            yield "", "say one of until, days"

    def play(self, stage: Stage) -> Outcome:
        """Close them."""
        closed = stage.clock.close_days(self.until) if self.until else stage.clock.close_days(days=self.days or 1)
        told = f"until {closed['until']}: {closed['statements']} statements, {closed['postings']} postings"
        return Outcome(detail=told, values={name: closed[name] for name in ("days", "statements", "postings")})


CLOSING: tuple[type[Step], ...] = (CloseDays,)
