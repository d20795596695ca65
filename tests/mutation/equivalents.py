"""Mutants that are known to change nothing that anybody could see, each with the reason."""

from dataclasses import dataclass

import yaml

from tests.mutation.mutants import Mutant
from tests.mutation.targets import ROOT

FILE = ROOT / "tests" / "mutation" / "equivalent.yaml"


@dataclass(frozen=True)
class Equivalent:
    """A mutant by what it changes, wherever its lines have moved.  why: the reason that no test can notice."""

    path: str
    function: str
    before: str
    after: str
    why: str

    def is_of(self, mutant: Mutant) -> bool:
        """Whether this entry speaks of a mutant."""
        place = (self.path, self.function, self.before, self.after)
        return place == (mutant.path, mutant.function, mutant.before, mutant.after)


def equivalents() -> list[Equivalent]:
    """All that are written down."""
    return [Equivalent(**entry) for entry in yaml.safe_load(FILE.read_text()) or []]
