"""Fees that a unit waives: they are charged and given back at once, so that both stand on the statement."""

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.kernel.ledger.entries import charge_to, enter, write_posting
from authz.kernel.ledger.waivers import note_waived
from authz.kernel.units.holdings import first_holding, next_holding, spend
from authz.program.tables import Bucket
from authz.state.billing import General
from authz.state.rows import found
from authz.state.tables import State
from authz.vocabulary.posting_kinds import PostingKind

_NO_UNIT = 0


@compiled
def charge_fee(
    state: State, account_row: Integer, sequence: Integer, kind: Integer, fee: Integer, day: Integer
) -> None:
    """Charge a fee, and waive it where the account holds a unit that does; nothing for zero. kind: PostingKind.

    What a unit has waived cannot be waived again, and nothing of it counts toward a due: no statement has asked for it.
    """
    charge_to(state, account_row, sequence, kind, Bucket.FEES, fee, General.FEES, day)
    unit = _unit_that_waives(state, account_row, kind)
    if fee <= 0 or unit == _NO_UNIT:
        return
    charged = state.postings.rows[state.postings.used[0] - 1]
    note_waived(state, account_row, sequence, np.int64(charged["part"]))
    spend(state, account_row, unit, 1, day)
    write_posting(state, account_row, sequence, PostingKind.WAIVER, -fee, day)
    enter(state, np.int64(state.accounts[account_row]["billing"]) - 1, Bucket.FEES, -fee, General.WAIVERS)


@compiled
def _unit_that_waives(state: State, account_row: Integer, kind: Integer) -> Integer:
    """The unit of the lowest number that an account holds and that waives fees of a kind, or 0. kind: PostingKind."""
    unit: Integer = _NO_UNIT
    row = first_holding(state, account_row)
    while found(row):
        held = np.int64(state.holdings[row]["unit"])
        waives = np.int64(state.program.units[held]["waives"])
        if waives == kind and state.holdings[row]["amount"] > 0 and (unit == _NO_UNIT or held < unit):
            unit = held
        row = next_holding(state.holdings[row])
    return unit
