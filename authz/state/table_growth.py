"""Grows tables in advance in separate threads: a larger trace index, and memory for transactions.

Done between two batches, both would pause every payment. Rebuilding an index takes a tenth of a second for each million
rows; the first access to a page of memory makes the operating system clear it, which can take milliseconds for a large
page.

The threads work in small steps, rest after each, and have the same priority as the engine. At a lower priority another
program could keep them from the processor while they hold a lock that the engine needs (the interpreter's, or that of
the process's memory map), and the engine would wait for seconds.
"""

import threading
import time
from collections.abc import Callable

from authz.arrays.hash_index import Slots, capacity_of, fill_rows, slots_for
from authz.arrays.memory import populate
from authz.state.row_layouts import TRANSACTION
from authz.state.tables import Counter, State

_INDEX_BEGINS_AT = 0.5
"""How full an index is when the next one is begun."""

_ROWS_AT_ONCE = 8_192
_FEW_ROWS = 8_192
_AHEAD_BYTES = 32 * 1024 * 1024
_STEP_BYTES = 2 * 1024 * 1024
_REST_SECONDS = 0.001
"""The shortest rest; a rest is otherwise as long as the step before it."""

_ROWS_UNTENDED = 4_096
"""With fewer transactions than this no threads are started: short tests need none."""


class TableGrowth:
    """Grows the tables that payments fill. Only the thread that applies commands calls it; others do the work."""

    def __init__(self) -> None:
        self._index = _GrowingIndex()
        self._populated_bytes = 0
        self._populating: threading.Thread | None = None

    def grown(self, state: State) -> State:
        """The same state, with the larger index if one is ready. Starts threads for the growth that is needed next."""
        rows = int(state.counters[Counter.TRANSACTIONS])
        if rows < _ROWS_UNTENDED:
            return state
        used = rows * TRANSACTION.itemsize
        if used + _AHEAD_BYTES // 2 > self._populated_bytes and not _is_working(self._populating):
            start = max(used, self._populated_bytes)
            self._populated_bytes = used + _AHEAD_BYTES
            self._populating = _started(self._populate, state, start, self._populated_bytes)
        return self._index.grown(state)

    def wait(self) -> None:
        """Wait until the threads that were started have ended."""
        for thread in (self._populating, self._index.filling):
            if thread is not None:
                thread.join()

    @staticmethod
    def _populate(state: State, start: int, end: int) -> None:
        for place in range(start, end, _STEP_BYTES):
            begun = time.perf_counter()
            if not populate(state.transactions, place, min(_STEP_BYTES, end - place)):
                return
            _rest(begun)


class _GrowingIndex:
    """An index of traces that is filled in a thread, and taken over between two batches."""

    def __init__(self) -> None:
        self._slots: Slots | None = None
        self._filled = 0
        self.filling: threading.Thread | None = None

    def grown(self, state: State) -> State:
        rows = int(state.counters[Counter.TRANSACTIONS])
        if self.filling is None:
            if rows > _INDEX_BEGINS_AT * capacity_of(state.trace_slots):
                self._slots, self._filled = slots_for(2 * capacity_of(state.trace_slots)), 0
                self.filling = _started(self._fill, state)
            return state
        if self.filling.is_alive():
            return state
        slots, self._slots, self.filling = self._slots, None, None
        if slots is None or len(slots) <= len(state.trace_slots):
            return state  # too late: the index was full before and was rebuilt at once
        fill_rows(slots, state.transactions["trace_key"], self._filled, rows)
        return state._replace(trace_slots=slots)

    def _fill(self, state: State) -> None:
        """Enter rows until only a few are left. The key of a row never changes."""
        assert self._slots is not None
        keys = state.transactions["trace_key"]
        while (rows := int(state.counters[Counter.TRANSACTIONS])) - self._filled > _FEW_ROWS:
            end, begun = min(rows, self._filled + _ROWS_AT_ONCE), time.perf_counter()
            fill_rows(self._slots, keys, self._filled, end)
            self._filled = end
            _rest(begun)


def _rest(begun: float) -> None:
    """Leave the processor to the engine for as long as the step that began at `begun` took."""
    time.sleep(max(_REST_SECONDS, time.perf_counter() - begun))


def _started(work: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, name="table growth", daemon=True)
    thread.start()
    return thread


def _is_working(thread: threading.Thread | None) -> bool:
    return thread is not None and thread.is_alive()
