"""One decision a call from Python, without unpacking the state's forty arrays each time.

What a compiled function is given is unpacked on every call, array by array, which takes longer than the decision. Here
the unpacked arrays are put down in memory once, and a call passes their address.
"""

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from authz.arrays.by_reference import WORD_BYTES, Reference, place_of, words_before
from authz.kernel.application import apply
from authz.kernel.checks.findings import new_findings
from authz.state.tables import State
from authz.vocabulary.commands import new_commands, new_results

_ROOM_BYTES = 16_384
_RECORDS_FROM = 4_096
"""Where in the room the records are that are passed by reference; what refers to them is at its beginning."""


class SingleDecisions:
    """Decides on `commands[0]`, a call at a time; the result is in `results[0]`. The state must have room for each."""

    def __init__(self, state: State) -> None:
        self.commands, self.results = new_commands(1), new_results(1)
        self._held = (state, self.commands, self.results, new_findings())
        kind = numba.typeof(self._held)

        @intrinsic
        def put_down(_typing: Any, address: Any, value: Any) -> Any:
            def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
                start, held = arguments
                used = _RECORDS_FROM
                for place, element in enumerate(kind):
                    copied, used = _copied(context, builder, element, builder.extract_value(held, place), start, used)
                    held = builder.insert_value(held, copied, place)
                builder.store(held, builder.inttoptr(start, held.type.as_pointer()))
                return context.get_dummy_value()

            return types.void(types.uintp, value), generate

        @intrinsic
        def take_up(_typing: Any, address: Any) -> Any:
            def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
                place = builder.inttoptr(arguments[0], ir.PointerType(context.get_value_type(kind)))
                return builder.load(place)

            return kind(types.uintp), generate

        @numba.njit(_nrt=False)
        def hold(address: Any, value: Any) -> None:
            put_down(address, value)

        @numba.njit(_nrt=False, nogil=True)
        def decide(address: Any) -> None:
            state, commands, results, findings = take_up(address)
            apply(state, commands, results, findings)

        self._room = np.zeros(_ROOM_BYTES, np.uint8)
        self._address = np.uint64(self._room.ctypes.data)
        hold(self._address, self._held)
        self._decide = decide
        self()  # a command of no kind: compiles, and changes nothing

    def __call__(self) -> None:
        """Decide."""
        self._decide(self._address)


def _copied(context: Any, builder: Any, kind: Any, value: Any, start: Any, used: int) -> tuple[Any, int]:
    """A value whose records are in the room from a place on, where they outlive the call; and the place behind them."""
    if not isinstance(kind, Reference):
        return value, used
    record = builder.inttoptr(builder.add(start, ir.Constant(start.type, used)), value.type)
    size = WORD_BYTES * words_before(context, kind, len(kind.record))
    cgutils.raw_memcpy(builder, record, value, ir.Constant(start.type, size), 1)
    used += size
    for index, element in enumerate(kind.record):
        place = place_of(context, builder, kind, record, index)
        if isinstance(element, Reference):
            inner, used = _copied(context, builder, element, builder.load(place), start, used)
            builder.store(inner, place)
    return record, used
