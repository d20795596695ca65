"""Mutants that are written down as changing nothing."""

import pytest

from tests.mutation.equivalents import equivalents
from tests.mutation.mutants import mutants_in
from tests.mutation.targets import ROOT


@pytest.mark.parametrize("entry", equivalents(), ids=lambda entry: f"{entry.path}: {entry.before}")
def test_entries_speak_of_mutants_that_are(entry):
    """A line that has changed takes its entry with it; every entry says why."""
    assert any(entry.is_of(mutant) for mutant in mutants_in(ROOT, entry.path))
    assert len(entry.why.split()) > 3
