"""The base of attack simulations: one attack, tried repeatedly in variations."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from simulators.attackers.scene import Scene


class Attack(ABC):
    """One way to attack. name: on the command line.  refusals: the reasons that it is refused for, all of them."""

    name: ClassVar[str]
    refusals: ClassVar[frozenset[str]]

    def __init__(self, scene: Scene, random: Random) -> None:
        self.scene = scene
        self.random = random
        self.prepare()

    @abstractmethod
    def prepare(self) -> None:
        """Set the scene: what happens before any attempt."""

    @abstractmethod
    def attempt(self) -> str:
        """Try once, each time a little different; returns the reason of the refusal, or what else came of it."""

    def amount(self) -> int:
        """An amount to steal, minor units."""
        return self.random.randint(1, 200_00)


@dataclass
class Campaign:
    """What came of many attempts. reasons: how often each was given.  unexpected: those that are no refusals of it."""

    name: str
    refusals: frozenset[str]
    attempts: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def unexpected(self) -> Counter[str]:
        """What should not have come out."""
        return Counter({reason: count for reason, count in self.reasons.items() if reason not in self.refusals})

    @property
    def refused(self) -> int:
        """How many attempts were refused for one of the reasons that are expected."""
        return self.attempts - self.unexpected.total()


def attack(
    kind: type[Attack], scene: Scene, attempts: int, seed: int, watch: Callable[[Campaign], None] = lambda _: None
) -> Campaign:
    """Try an attack so many times; the same seed tries the same. watch: called after every attempt."""
    campaign = Campaign(kind.name, kind.refusals)
    attacker = kind(scene, Random(f"{kind.name} {seed}"))  # noqa: S311 - variations, no secrets
    for _ in range(attempts):
        campaign.reasons[attacker.attempt()] += 1
        campaign.attempts += 1
        watch(campaign)
    return campaign
