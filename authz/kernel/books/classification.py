"""Classification: the segment of customers that an account belongs to, by what is known of it when a day ends."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.books.relief import is_in_relief, missed_dues, owed_ppm
from authz.kernel.ledger.changes import note_change
from authz.kernel.measures.calendar import last_moment
from authz.kernel.measures.conditions import Values, holds
from authz.kernel.measures.meters import measure_account
from authz.program.tables import NUMBER_SEGMENTS
from authz.state.tables import State
from authz.vocabulary.account_changes import ChangeKind
from authz.vocabulary.attributes import UNKNOWN, Attribute


@inlined
def classify(state: State, account_row: Integer, day: Integer) -> Any:
    """Put an account into the first segment whose condition holds when a local day ends, or else into segment 0.

    One that is pinned stays where it is, as all do under a program without conditions. Returns: whether it has changed.
    """
    if state.program.numbers[NUMBER_SEGMENTS] == 0 or state.accounts[account_row]["is_pinned"] != 0:
        return False
    return move_to(state, account_row, segment_of(state, account_row, day), day)


@compiled
def segment_of(state: State, account_row: Integer, day: Integer) -> Integer:
    """The number of the segment that an account belongs to when a local day ends.

    Nothing that came later is counted, for nothing has: an account is brought to today before anything changes.
    """
    values = state.asked_values
    fill_account_values(state, account_row, day, values)
    end_us = last_moment(state.program, day)
    measure_account(state, account_row, end_us, state.asked_today, values)
    for place in range(state.program.numbers[NUMBER_SEGMENTS]):
        segment = state.program.segments[place]
        if holds(state.program, np.int64(segment["first"]), values):
            return np.int64(segment["number"])
    return np.int64(0)


@inlined
def move_to(state: State, account_row: Integer, segment: Integer, day: Integer) -> Any:
    """Move an account to a segment, and note the change. Returns: whether it was in another one."""
    account = state.accounts[account_row]
    before = np.int64(account["segment"])
    if segment == before:
        return False
    account["segment"] = segment
    change = note_change(state, account_row, ChangeKind.SEGMENT_CHANGED, np.int64(0), day)
    change["about"], change["detail"] = before, segment
    return True


@inlined
def fill_account_values(state: State, account_row: Integer, day: Integer, values: Values) -> None:
    """Fill in what attributes tell of an account by itself, on a local day."""
    account = state.accounts[account_row]
    opened, stage = np.int64(account["opened_day"]), np.int64(account["life_stage"])
    values[Attribute.PRODUCT] = account["product"]
    values[Attribute.OWED_PPM] = owed_ppm(account)
    values[Attribute.MISSED_DUES] = values[Attribute.IN_RELIEF] = 0
    if account["billing"] != 0:
        books = state.billing[np.int64(account["billing"]) - 1]
        values[Attribute.MISSED_DUES] = missed_dues(books)
        values[Attribute.IN_RELIEF] = 1 if is_in_relief(books) else 0
    values[Attribute.ACCOUNT_AGE] = max(day - opened, 0) if opened != 0 else UNKNOWN
    values[Attribute.LIFE_STAGE] = stage if stage != 0 else UNKNOWN
