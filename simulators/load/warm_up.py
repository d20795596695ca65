"""Compiles what only the load generator calls, before it has a schedule to keep."""

import numpy as np

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding.scan import new_places, scan_table
from authz.iso8583.messages.answer_reading import read_answers


def compile_answer_reading() -> None:
    """Read no answers. Its machine code is kept, so that the generator's processes find it."""
    octets, frames = np.frombuffer(b"", np.uint8), np.zeros((0, 2), np.int32)
    read_answers(octets, frames, scan_table(built_in()), new_places(), np.zeros(0, np.int64), np.zeros(0, np.uint16))
