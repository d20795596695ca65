"""Units that pay for purchases: such as a lounge visit for what the lounge has charged."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.kernel.measures.filters import is_about, passes
from authz.kernel.units.holdings import first_holding, next_holding
from authz.state.rows import found
from authz.state.tables import State

NO_UNIT = 0
PAYS_ALL_PPM = 1_000_000


@compiled
def unit_that_pays(state: State, account_row: Integer, entry: Any) -> Integer:
    """The unit of the lowest number that an account holds and that pays for a purchase, or `NO_UNIT`.

    entry: the purchase, TRANSACTION.
    """
    account, program = state.accounts[account_row], state.program
    unit: Integer = NO_UNIT
    row = first_holding(state, account_row)
    while found(row):
        held = np.int64(state.holdings[row]["unit"])
        may_pay = program.units[held]["pays_at_most"] > 0 and state.holdings[row]["amount"] > 0
        if may_pay and (unit == NO_UNIT or held < unit):
            where = np.int64(program.units[held]["pays_where"])
            is_meant = is_about(program, where, np.int64(account["segment"]))
            if is_meant and passes(program, where, entry, np.int64(account["currency"])):
                unit = held
        row = next_holding(state.holdings[row])
    return unit
