"""What waits for a listener is bounded, and what is lost is said."""

from simulators.sandbox.stream.backlog import ENTRIES_MAX, Backlog, Decided, Gap


def test_everything_is_taken_once():
    """In its order, without a gap."""
    backlog = Backlog()
    for at in (3, 5):
        backlog.put(Decided(at, None))
    assert backlog.take() == (None, [Decided(3, None), Decided(5, None)])
    assert backlog.take() == (None, [])


def test_the_oldest_make_room():
    """The gap names the first and the last that is lost, and is told once."""
    backlog = Backlog()
    for at in range(1, ENTRIES_MAX + 11):
        backlog.put(Decided(at, None))
    gap, entries = backlog.take()
    assert (gap, len(entries), entries[0].at) == (Gap(1, 10), ENTRIES_MAX, 11)
    assert backlog.take() == (None, [])


def test_what_was_not_looked_at_is_a_gap():
    """What waited before it is part of the gap: entries come in their order."""
    backlog = Backlog()
    backlog.put(Decided(3, None))
    backlog.miss(Gap(4, 90))
    backlog.put(Decided(91, None))
    assert backlog.take() == (Gap(3, 90), [Decided(91, None)])
