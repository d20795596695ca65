"""Compiled batch parsing of answers, for load generators that have sent thousands of requests."""

import numpy as np
import numpy.typing as npt

from authz.arrays.compiled import Integer, compiled
from authz.iso8583.encoding.scan import Buffer, Places, number_at, scan_message
from authz.iso8583.format_errors import NO_PROBLEM

NO_NUMBER = -1

_STAN, _RESPONSE_CODE = 11, 39


@compiled
def read_answers(
    buffer: Buffer,
    frames: Places,
    table: Places,
    places: Places,
    numbers: npt.NDArray[np.int64],
    codes: npt.NDArray[np.uint16],
) -> None:
    """Read the traces and the response codes of answers.

    frames: int32[n, 2] from `scan.split_frames`.  table, places: as in `scan.scan_message`.
    numbers: int64[n], filled with DE 11 as a number, NO_NUMBER where there is none.
    codes: uint16[n], filled with the two characters of DE 39, the first one high; 0 where there are none.
    """
    for i in range(len(frames)):
        start, end = np.int64(frames[i, 0]), np.int64(frames[i, 1])
        problem: Integer = scan_message(buffer, start, end, table, places)
        numbers[i] = NO_NUMBER
        codes[i] = 0
        if problem != NO_PROBLEM:
            continue
        if places[_STAN, 1] > 0:
            numbers[i] = number_at(buffer, places[_STAN, 0], places[_STAN, 1])
        if places[_RESPONSE_CODE, 1] == 2:
            at = places[_RESPONSE_CODE, 0]
            codes[i] = np.int64(buffer[at]) << 8 | np.int64(buffer[at + 1])
