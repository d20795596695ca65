"""Steps that change the environment: time, connections, attacks."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from simulators.attackers.attack import attack
from simulators.attackers.catalogue import ATTACKS
from simulators.attackers.scene import Scene
from simulators.process.did_you_mean import did_you_mean
from simulators.scenarios.staging.cast import Misfit, Part
from simulators.scenarios.staging.expected import AttackValues, NoValues
from simulators.scenarios.staging.outcome import DONE, Outcome
from simulators.scenarios.staging.rehearsal import Rehearsal
from simulators.scenarios.staging.stage import Stage
from simulators.scenarios.staging.values import Moment, Seconds
from simulators.scenarios.steps.step import Step


class Clock(Step):
    """Advance, set or freeze the network's clock."""

    verb: ClassVar[str] = "clock"

    advance: Seconds | None = Field(default=None, description="How far to go forward.")
    set_to: Moment | None = Field(default=None, description="When to go forward to.")
    frozen: bool | None = Field(default=None, description="Stand still, or run.")

    def foreseen(self, _rehearsal: Rehearsal) -> Iterator[Misfit]:
        """Nothing to change."""
        if not any(getattr(self, name) is not None for name in type(self).model_fields):
            yield "", f"changes nothing: say one of {', '.join(type(self).model_fields)}"

    def play(self, stage: Stage) -> Outcome:
        """Change the clock."""
        if self.frozen:
            stage.clock.freeze()
        if self.advance is not None:
            stage.clock.advance(self.advance)
        if self.set_to is not None:
            stage.clock.set_to(self.set_to)
        if self.frozen is False:
            stage.clock.run()
        return Outcome()


class Line(Step):
    """Cut a terminal's connection to the network, or restore it."""

    verb: ClassVar[str] = "line"
    values: ClassVar[type[Part]] = NoValues
    refers_to: ClassVar[dict[str, str]] = {"at": "terminals"}

    at: str = Field(default="terminal", description="Whose line.")
    cut: bool = Field(description="Whether it is cut.")

    def play(self, stage: Stage) -> Outcome:
        """Cut or mend."""
        link = stage.terminals[self.at].link
        link.close()
        link.is_unplugged = self.cut
        return Outcome()


class Attack(Step):
    """Run an attack simulation. It passes if every attempt is refused for one of the attack's expected reasons."""

    verb: ClassVar[str] = "attack"
    values: ClassVar[type[Part]] = AttackValues

    attack: str = Field(description="Which attack, see `tapwright attack --help`.")
    attempts: int = Field(default=10, ge=1, le=1000, description="How often.")

    def foreseen(self, rehearsal: Rehearsal) -> Iterator[Misfit]:
        """The error of an unknown attack."""
        yield from super().foreseen(rehearsal)
        if self.attack not in ATTACKS:
            mean = did_you_mean(self.attack, ATTACKS)
            yield "attack", f"there is no attack {self.attack!r}; there are {', '.join(ATTACKS)}{mean}"

    def play(self, stage: Stage) -> Outcome:
        """Try."""
        server, seed = stage.server, stage.random.randrange(2**32)
        with Scene(server.http_url, server.iso_address, server.wall_clock) as scene:
            campaign = attack(ATTACKS[self.attack], scene, self.attempts, seed)
        told = ", ".join(f"{reason} {count}" for reason, count in sorted(campaign.reasons.items()))
        return Outcome("refused" if not campaign.unexpected else "got_through", told, {"refused": campaign.refused})


class Note(Step):
    """Does nothing: a comment that is shown in the report."""

    verb: ClassVar[str] = "note"
    values: ClassVar[type[Part]] = NoValues

    text: str = Field(description="What the reader should know.")

    def play(self, _stage: Stage) -> Outcome:
        """Go on."""
        return Outcome(DONE, self.text)


SURROUNDINGS: tuple[type[Step], ...] = (Clock, Line, Attack, Note)
