"""Histograms against the values themselves."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulators.load.latency import BUCKETS, LatencyHistogram, bucket_of, highest_of

_VALUES = st.lists(st.integers(0, 130_000_000), min_size=1, max_size=200)


@given(_VALUES, st.sampled_from([50.0, 90.0, 99.0, 99.9, 100.0]))
def test_a_percentile_is_never_too_low_and_at_most_a_thousandth_too_high(values, percent):
    """A percentile is never too low and at most a thousandth too high."""
    histogram = LatencyHistogram()
    histogram.record(np.array(values, np.int64))
    exact = sorted(values)[max(1, math.ceil(len(values) * percent / 100)) - 1]
    assert exact <= histogram.percentile(percent) <= exact * 1.001 + 1
    assert histogram.count == len(values)
    assert histogram.highest == max(values)


@given(_VALUES, _VALUES)
def test_two_histograms_merged_are_one_of_all_values(first, second):
    """Two histograms merged are one of all values."""
    parts, whole = [LatencyHistogram(), LatencyHistogram()], LatencyHistogram()
    for part, values in zip(parts, (first, second), strict=True):
        part.record(np.array(values, np.int64))
    whole.record(np.array(first + second, np.int64))
    parts[0].add(parts[1])
    together = LatencyHistogram.from_json(parts[0].as_json())
    assert (together.counts == whole.counts).all()
    assert together.highest == whole.highest


def test_every_bucket_holds_the_values_up_to_its_highest():
    """Every bucket holds the values up to its highest."""
    edges = np.array([highest_of(bucket) for bucket in range(BUCKETS)], np.int64)
    assert (bucket_of(edges) == np.arange(BUCKETS)).all()
    assert (bucket_of(edges[:-1] + 1) == np.arange(1, BUCKETS)).all()
    assert bucket_of(np.array([10**12, -5]))[0] == BUCKETS - 1


def test_nothing_recorded_is_nothing_told():
    """Nothing recorded is nothing told."""
    assert LatencyHistogram().percentile(99.9) == 0
    assert LatencyHistogram().mean == 0.0
