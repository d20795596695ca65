"""Damaged requests: some thousands of those that `fuzzed_frames` can send."""

import pytest

from tests.survival.fuzzed_frames import survive_frames


@pytest.mark.slow
def test_each_damaged_request_has_one_answer(tmp_path):
    """And whoever pays afterwards pays as before."""
    assert survive_frames(tmp_path, 20_000, seed=2) == 20_000
