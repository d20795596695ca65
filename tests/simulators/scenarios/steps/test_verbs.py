"""Steps by verb: each is offered, and none hides another."""

import importlib
import pkgutil

from simulators.scenarios import steps
from simulators.scenarios.steps.step import Step
from simulators.scenarios.steps.verbs import VERBS


def _steps(kind: type[Step]) -> set[type[Step]]:
    below = {each for sub in kind.__subclasses__() for each in _steps(sub)}
    return below | ({kind} if "verb" in vars(kind) else set())


def test_every_step_is_offered_by_its_verb():
    """A step that no group names, or whose verb another one has, could not be played."""
    for module in pkgutil.iter_modules(steps.__path__, f"{steps.__name__}."):
        importlib.import_module(module.name)
    assert _steps(Step) == set(VERBS.values())
    assert all(kind.verb == verb for verb, kind in VERBS.items())
