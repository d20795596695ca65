"""The terms of products in segments as they stand; read only."""

from datetime import date

import numpy as np

from authz.state.tables import State
from authz.vocabulary.labels import day_of
from authz.vocabulary.layouts import SEGMENTS


def terms_in_segment(state: State, product: int, segment: int, day: date) -> np.void:
    """The terms of a product that held in a segment on a day: a row of `TERMS`, see `authz.kernel.ledger.terms`."""
    row = max(int(state.terms_of[product * len(SEGMENTS) + segment]) - 1, 0)
    while state.terms[row]["earlier"] != 0 and state.terms[row]["from_day"] > day_of(day):
        row = int(state.terms[row]["earlier"]) - 1
    terms: np.void = state.terms[row].copy()
    return terms
