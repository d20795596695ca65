"""Few decisions are told one by one, many by a sample."""

import pytest

from simulators.sandbox.stream.sampling import Sampling


def told_each_second(sampling, rates, began=0.0):
    """How many are told in each second, at so many decisions a second in twenty rounds."""
    told = []
    for second, rate in enumerate(rates):
        rounds = [sampling.chosen(rate // 20, began + second + part / 20) for part in range(20)]
        told.append(sum(map(len, rounds)))
    return told


def test_forty_a_second_are_all_told():
    """The most that is not sampled."""
    assert told_each_second(Sampling(0.0), [40] * 5) == [40] * 5


def test_more_are_sampled_to_twenty_a_second():
    """Once it is known that they are many; and all again, a second after they are few."""
    told = told_each_second(Sampling(0.0), [60, 1_000, 1_000, 1_000, 20, 20, 20])
    assert told[0] <= 60
    assert told[1:4] == pytest.approx([20, 20, 20], abs=5)
    assert told[3] == 20
    assert told[5:] == [20, 20]


def test_a_burst_is_sampled_over_its_length():
    """The last of it is always told, so that what is shown is not old."""
    chosen = Sampling(0.0).chosen(1_000, 0.0)
    assert chosen == [50 * place - 1 for place in range(1, 21)]


def test_after_silence_all_are_told():
    """A burst an hour ago is no reason."""
    sampling = Sampling(0.0)
    sampling.chosen(1_000, 0.5)
    assert sampling.chosen(3, 3_600.0) == [0, 1, 2]
