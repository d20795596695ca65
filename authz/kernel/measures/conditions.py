"""Conditions: comparisons of attributes, which this module interprets."""

from typing import Any

import numpy as np
import numpy.typing as npt

from authz.arrays.compiled import Integer, inlined
from authz.kernel.measures.filters import in_set
from authz.program.tables import MATCH, Operator, Program
from authz.vocabulary.attributes import UNKNOWN

Values = npt.NDArray[np.int64]
"""int64[ATTRIBUTES_MAX]: what attributes are, by their places."""


@inlined
def holds(program: Program, first: Integer, values: Values) -> Any:
    """Whether a condition holds: instructions that jump, so that what is decided is not asked any further."""
    place = first
    while place >= 0:
        instruction = program.instructions[place]
        seen, value = values[instruction["attribute"]], np.int64(instruction["value"])
        operator = np.int64(instruction["operator"])
        if operator == Operator.IS_UNKNOWN:
            is_true = seen == UNKNOWN
        elif seen == UNKNOWN:
            is_true = False
        elif operator == Operator.EQUAL:
            is_true = seen == value
        elif operator == Operator.LESS:
            is_true = seen < value
        elif operator == Operator.LESS_OR_EQUAL:
            is_true = seen <= value
        else:
            is_true = in_set(program, value, seen)
        place = np.int64(instruction["if_true"]) if is_true else np.int64(instruction["if_false"])
    return place == MATCH
