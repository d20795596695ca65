"""What can wait rests in proportion to what the engine decides."""

import pytest

from authz.engine import EngineFigures
from simulators.sandbox.feeds.engine_load import EngineLoad
from tests.clock import ManualClock


@pytest.mark.parametrize(
    ("commands", "rest"), [(0, 0.0), (10, 0.1), (50, 0.5), (100, 1.0), (1_000, 10.0), (1_000_000, 49.5)]
)
def test_rest(commands, rest):
    """None where nothing is decided; as long as the work at 50 a second; 99 times that at most."""
    clock, figures = ManualClock(), EngineFigures()
    load = EngineLoad(figures, clock)
    figures.commands += commands
    clock.advance(1)
    assert load.rest_after(0.5) == pytest.approx(rest)


def test_a_load_that_pauses_is_forgotten_by_halves():
    """Messages come in bursts; between two measurements the last one counts, and one that is old says nothing."""
    clock, figures = ManualClock(), EngineFigures()
    load = EngineLoad(figures, clock)
    figures.commands += 800
    clock.advance(1)
    assert load.per_second == 800
    clock.advance(0.05)
    assert load.per_second == 800
    for expected in (400, 200, 100):
        clock.advance(0.25)
        assert load.per_second == expected
    figures.commands += 250
    clock.advance(0.25)
    assert load.per_second == 1_000
    clock.advance(5)
    assert load.per_second == 0
