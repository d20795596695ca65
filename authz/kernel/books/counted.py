"""What has counted toward a due, so that it is due again where it comes to nothing: payments and refunds."""

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.books.relief import is_in_relief
from authz.kernel.ledger.taking import count_toward_due
from authz.state.billing import Sum
from authz.state.rows import found, row_of_sequence
from authz.state.tables import Counter, State


@compiled
def count(
    state: State, account_row: Integer, billing_row: Integer, sequence: Integer, amount: Integer, counts: Integer
) -> None:
    """Count what was given toward the due, and remember for how much. counts: so much of the amount counts.

    sequence: what names it; greater than those before.
    """
    due, to_pay = count_toward_due(state, billing_row, counts)
    row = state.counters[Counter.PAYMENTS]
    state.counters[Counter.PAYMENTS] += 1
    given = state.payments[row]
    given["sequence"] = sequence
    given["amount_minor"] = amount
    given["due_minor"], given["to_pay_minor"] = due, to_pay
    given["account_row"] = account_row


@compiled
def find_counted(state: State, sequence: Integer) -> Integer:
    """The row of what was given by the sequence that names it, or `NO_ROW`."""
    return row_of_sequence(state.payments, state.counters[Counter.PAYMENTS], sequence)


@compiled
def count_no_longer(state: State, billing_row: Integer, sequence: Integer, amount: Integer) -> None:
    """So much of what was given comes to nothing: as far as it has counted, it is due again.

    In relief nothing is due. What is not known was given by an earlier version, or has counted for nothing.
    """
    row = find_counted(state, sequence)
    if found(row):
        given = state.payments[row]
        due, to_pay = min(amount, np.int64(given["due_minor"])), min(amount, np.int64(given["to_pay_minor"]))
        given["due_minor"] -= due
        given["to_pay_minor"] -= to_pay
        ask_again(state, billing_row, due, to_pay)


@inlined
def ask_again(state: State, billing_row: Integer, due: Integer, to_pay: Integer) -> None:
    """So much of the minimum, and of the closing balance, is due again. In relief nothing of a minimum is."""
    if not is_in_relief(state.billing[billing_row]):
        state.books[billing_row, Sum.DUE] += due
    state.books[billing_row, Sum.TO_PAY] += to_pay
