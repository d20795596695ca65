"""Memory that is there before it is needed, and an index that grows beside the engine."""

import os
import sys
import threading

import numpy as np
import pytest

from authz.arrays.hash_index import capacity_of, fill_rows, find_row, rebuilt
from authz.arrays.memory import populate, zeros
from authz.state import table_growth
from authz.state.table_growth import TableGrowth
from authz.state.tables import Counter, new_state


def test_large_arrays_are_zeros_too_and_can_be_populated():
    """Large arrays are zeros too and can be populated."""
    for is_sparse in (False, True):
        array = zeros(2_000_000, np.int64, is_sparse=is_sparse)
        assert len(array) == 2_000_000
        array[5] = 7
        populate(array, 0, 8 * 100_000)  # whether the system can or not, nothing changes
        assert array[:10].tolist() == [0, 0, 0, 0, 0, 7, 0, 0, 0, 0]
        assert not array[10:].any()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count what is asked for in their own ways")
def test_room_for_more_than_the_machine_has_costs_addresses_only():
    """A terabyte can be asked for, and a process that has it can be copied."""
    array = zeros(1 << 37, np.int64)
    array[1 << 36] = 7
    child = os.fork()
    if child == 0:
        os._exit(int(array[1 << 36]))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_an_index_grows_while_rows_are_added():
    """An index grows while rows are added."""
    state, ahead = new_state(20_000), TableGrowth()
    keys, rows = np.random.default_rng(1).integers(1, 1 << 62, 18_000, dtype=np.uint64), 0
    state = state._replace(trace_slots=rebuilt(state.transactions["trace_key"], 0, 20_000))
    before = capacity_of(state.trace_slots)
    for end in range(1_000, 18_001, 1_000):
        state.transactions["trace_key"][rows:end] = keys[rows:end]

        fill_rows(state.trace_slots, state.transactions["trace_key"], rows, end)
        rows = end
        state.counters[Counter.TRANSACTIONS] = rows
        state = ahead.grown(state)
        ahead.wait()
        state = ahead.grown(state)
        for row in range(0, rows, 97):
            assert find_row(state.trace_slots, state.transactions["trace_key"], keys[row]) == row
    assert capacity_of(state.trace_slots) >= 2 * before


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="threads have no priority of their own")
def test_what_the_engine_may_wait_for_is_done_at_its_own_priority(monkeypatch):
    """A thread of a lower priority that holds the interpreter is kept from going on by any other program."""
    priorities, rests = [], []

    def populated(*_):
        priorities.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return True

    monkeypatch.setattr(table_growth, "populate", populated)
    monkeypatch.setattr(table_growth.time, "sleep", rests.append)
    state, ahead = new_state(20_000), TableGrowth()
    state.counters[Counter.TRANSACTIONS] = 5_000
    ahead.grown(state)
    ahead.wait()
    assert set(priorities) == {os.getpriority(os.PRIO_PROCESS, 0)}
    assert len(rests) == len(priorities) > 1
