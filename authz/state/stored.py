"""A state as arrays that can be stored, and made from them again."""

from typing import Any

import numpy as np
import numpy.typing as npt

from authz.arrays.hash_index import key_set, rebuilt
from authz.arrays.memory import zeros
from authz.program.tables import Program
from authz.state.billing import books_of
from authz.state.tables import COUNTED, INDEXED, LONG_ROOM, WHOLE, State, grown_by, new_state


def stored_arrays(state: State) -> dict[str, npt.NDArray[Any]]:
    """All that a state cannot do without, by name: rows in use, and what was used in order of its keys.

    Two states that answer alike have the same. Indexes, and where a key stands in a set, depend on how they have grown.
    """
    used = {name: getattr(state, name)[: state.counters[counter]] for name, counter in COUNTED.items()}
    return used | {"seen": np.sort(state.seen[state.seen != 0])} | {name: getattr(state, name) for name in WHOLE}


STORED_DTYPES: dict[str, np.dtype[Any]] = {
    name: array.dtype for name, array in new_state(16)._asdict().items() if name in (*COUNTED, "seen", *WHOLE)
}


def storage_for(name: str, count: int) -> npt.NDArray[Any]:
    """Where so many rows of a stored array can be read into, with room behind them for those of an engine."""
    return zeros(count + (0 if name == "seen" else LONG_ROOM.get(name, 0)), STORED_DTYPES[name])


def with_stored_arrays(arrays: dict[str, npt.NDArray[Any]], program: Program) -> State:
    """The state that these arrays were stored from; one that is not among them is empty.

    Tables may have room behind the rows in use, see `storage_for`, and are then taken as they are.
    """
    state = new_state(16, program)
    if "counters" not in arrays:
        return state
    counters = state.counters
    counters[: len(arrays["counters"])] = arrays["counters"]  # an earlier version counted less
    changed: dict[str, Any] = {name: arrays[name] for name in WHOLE if name in arrays and name != "counters"}
    for name, counter in COUNTED.items():
        changed[name] = grown_by(arrays.get(name, getattr(state, name)), int(counters[counter]), 1)
    changed["books"] = books_of(changed["billing"])
    for name, counter, slots, key, room in INDEXED:
        count = int(counters[counter])
        changed[slots] = rebuilt(changed[name][key], count, min(count + LONG_ROOM[room], len(changed[name])))
    seen = arrays.get("seen", state.seen[:0])
    return state._replace(seen=key_set(seen, max(16, 2 * len(seen))), **changed)


def rows_in_use(state: State) -> dict[str, bytes]:
    """The content of a state as bytes, for comparing two."""
    return {name: array.tobytes() for name, array in stored_arrays(state).items()}
