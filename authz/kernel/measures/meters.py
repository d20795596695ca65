"""Meters: exact counts and sums of transactions within a window of any kind and length.

A meter shows a function of the transactions, which stand in a list for each account and segment. Its cell is a memory
of that function: it has counted the list up to `head`, and taken off again, up to `tail`, what has left the window.
So a transaction costs each meter one step forward and, later, one step back, whatever the window; and a meter that a
new program brings along shows at once what it would have shown had it always been there.
"""

from typing import Any, NamedTuple

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.measures.calendar import keep_day, start_today
from authz.kernel.measures.conditions import Values
from authz.kernel.measures.filters import is_about, passes
from authz.program.periods import Begins, Period, Today
from authz.program.tables import NUMBER_METERS, NUMBER_VERSION, Outcome, Scope
from authz.state.tables import Counter, State
from authz.state.transaction_flags import TransactionFlag
from authz.vocabulary.commands import Operation
from authz.vocabulary.reasons import LAST_APPROVAL, Reason

_ONE_64 = np.uint64(1)
_NO_SUBJECT = -1
"""No row: what a meter of an account looks for beside it."""


@inlined
def activity_of(state: State, account_row: Integer) -> Integer:
    """The row of an account's activity, made where there is none yet."""
    account = state.accounts[account_row]
    if account["activity"] == 0:
        state.counters[Counter.ACTIVITIES] += 1
        account["activity"] = state.counters[Counter.ACTIVITIES]
    return np.int64(account["activity"]) - 1


@inlined
def remember(state: State, row: Integer) -> None:
    """Put a new transaction at the end of the lists of its account and segment."""
    entry = state.transactions[row]
    account_row = np.int64(entry["account_row"])
    account = state.activities[activity_of(state, account_row)]
    if account["last"] == 0:
        account["first"] = row + 1
    else:
        state.transactions[np.int64(account["last"]) - 1]["next_of_account"] = row + 1
    account["last"] = row + 1
    entry["segment"] = state.accounts[account_row]["segment"]
    segment = state.segments[entry["segment"]]
    if segment["last"] == 0:
        segment["first"] = row + 1
    else:
        state.transactions[np.int64(segment["last"]) - 1]["next_of_segment"] = row + 1
    segment["last"] = row + 1


@inlined
def counts(entry: Any, outcome: Integer) -> Any:
    """Whether a transaction is one that meters of an outcome count.

    Approved: purchases and cash that were not reversed, each once: increments and completions belong to their
    authorization; also while the issuer's decisioning webhook is asked, since the amount is held. Declined: every
    request that was refused.
    """
    if np.int64(entry["flags"]) & TransactionFlag.TOO_EARLY:
        return False
    if outcome == Outcome.DECLINED:
        return np.int64(entry["reason"]) > LAST_APPROVAL and np.int64(entry["reason"]) != Reason.AWAITING_ISSUER
    # What was declined or reversed is worth nothing.
    return entry["original"] == 0 and np.int64(entry["operation"]) != Operation.REFUND and entry["billing_minor"] != 0


@inlined
def concerns(state: State, number: Integer, row: Integer, subject: Integer) -> Any:
    """Whether a transaction in the list is one that a meter counts for this subject."""
    meter, entry = state.program.meters[number], state.transactions[row]
    scope = np.int64(meter["scope"])
    if scope == Scope.TOKEN and np.int64(entry["token_row"]) != subject:
        return False
    if scope == Scope.CARD and np.int64(state.tokens[entry["token_row"]]["card_row"]) != subject:
        return False
    if not counts(entry, np.int64(meter["outcome"])):
        return False
    currency = np.int64(state.accounts[entry["account_row"]]["currency"])
    return passes(state.program, np.int64(meter["filter"]), entry, currency)


@inlined
def window_start(state: State, number: Integer, time_us: Integer, today: Today) -> Integer:
    """When a meter's window began. Exactly so long ago is outside a trailing window, a period's beginning inside it."""
    meter = state.program.meters[number]
    if meter["length_us"] != 0:
        return time_us - np.int64(meter["length_us"]) + 1
    return start_today(today, np.int64(meter["period"]))


_FROM_VERIFICATION = sum(1 << period for period in Period if period.begins is Begins.AT_VERIFICATION)


@inlined
def last_before(state: State, number: Integer, token_row: Integer) -> Integer:
    """The transaction (row + 1) after which a meter's window begins, 0 if the window begins at a time.

    By the place in the list, not by the time, since times can be equal.
    """
    if _FROM_VERIFICATION >> np.int64(state.program.meters[number]["period"]) & 1:
        return np.int64(state.tokens[token_row]["verified"])
    return np.int64(0)


@compiled
def new_cells(state: State, scope: Integer) -> Integer:
    """Cells, all zero, for a subject's meters; returns the place of the first."""
    first: Integer = state.counters[Counter.CELLS]
    count = np.int64(state.program.cells_of_scope[scope])
    state.counters[Counter.CELLS] += count
    for place in range(first, first + count):
        cell = state.cells[place]
        cell["amount"], cell["count"], cell["tail"], cell["head"] = 0, 0, 0, 0
    return first


@inlined
def cells_of(state: State, holder: Any, scope: Integer) -> Integer:
    """The first of a subject's cells; new cells for a new program. holder: the row that stores their place."""
    version = state.program.numbers[NUMBER_VERSION]
    if np.int64(holder["cells_version"]) != version:
        holder["cells_version"] = version
        holder["cells"] = new_cells(state, scope)
    return np.int64(holder["cells"])


class Subjects(NamedTuple):
    """The subjects of a transaction's meters, by scope: their first cells, and the rows of their lists.

    activity_row: of the account.  cells: -1 for a scope that no meter has.
    """

    token_row: Integer
    card_row: Integer
    activity_row: Integer
    segment: Integer
    token_cells: Integer
    card_cells: Integer
    account_cells: Integer
    segment_cells: Integer


@inlined
def subjects_of(state: State, token_row: Integer, account_row: Integer, segment: Integer) -> Subjects:
    """Whom the transactions of a token are about, while its account is in a segment."""
    wanted = state.program.cells_of_scope
    card_row = np.int64(state.tokens[token_row]["card_row"])
    activity_row: Integer = activity_of(state, account_row)
    nowhere = np.int64(-1)
    return Subjects(
        token_row,
        card_row,
        activity_row,
        segment,
        cells_of(state, state.tokens[token_row], Scope.TOKEN) if wanted[Scope.TOKEN] != 0 else nowhere,
        cells_of(state, state.cards[card_row], Scope.CARD) if wanted[Scope.CARD] != 0 else nowhere,
        cells_of(state, state.activities[activity_row], Scope.ACCOUNT) if wanted[Scope.ACCOUNT] != 0 else nowhere,
        cells_of(state, state.segments[segment], Scope.SEGMENT) if wanted[Scope.SEGMENT] != 0 else nowhere,
    )


@inlined
def cell_place(state: State, number: Integer, subjects: Subjects) -> Integer:
    """The place of a meter's cell."""
    scope = np.int64(state.program.meters[number]["scope"])
    place = np.int64(state.program.cell_of[number])
    if scope == Scope.TOKEN:
        return place + subjects.token_cells
    if scope == Scope.CARD:
        return place + subjects.card_cells
    if scope == Scope.ACCOUNT:
        return place + subjects.account_cells
    return place + subjects.segment_cells


@inlined
def subject_of(state: State, number: Integer, subjects: Subjects) -> Integer:
    """The row that a meter of a token or card looks for in its account's list."""
    is_card = np.int64(state.program.meters[number]["scope"]) == Scope.CARD
    return subjects.card_row if is_card else subjects.token_row


@inlined
def following(state: State, row: Integer, scope: Integer) -> Integer:
    """The next transaction in a list: row + 1, 0 at its end."""
    if scope == Scope.SEGMENT:
        return np.int64(state.transactions[row]["next_of_segment"])
    return np.int64(state.transactions[row]["next_of_account"])


@inlined
def read_meter(
    state: State, number: Integer, subjects: Subjects, time_us: Integer, today: Today
) -> tuple[Integer, Integer]:
    """What a meter shows now: how many transactions, and how much in the account's currency.

    Nothing where the account is in none of the segments that it is about.
    """
    if not is_about(state.program, np.int64(state.program.meters[number]["filter"]), subjects.segment):
        return np.int64(0), np.int64(0)
    scope = np.int64(state.program.meters[number]["scope"])
    cell = state.cells[cell_place(state, number, subjects)]
    subject = subject_of(state, number, subjects)
    listed = state.segments[subjects.segment]
    if scope != Scope.SEGMENT:
        listed = state.activities[subjects.activity_row]
    ahead = np.int64(listed["first"]) if cell["head"] == 0 else following(state, np.int64(cell["head"]) - 1, scope)
    while ahead != 0:
        row = ahead - 1
        if concerns(state, number, row, subject):
            cell["count"] += 1
            cell["amount"] += state.transactions[row]["billing_minor"]
        cell["head"] = ahead
        ahead = following(state, row, scope)
    start = window_start(state, number, time_us, today)
    left = last_before(state, number, subjects.token_row)
    behind = np.int64(listed["first"]) if cell["tail"] == 0 else following(state, np.int64(cell["tail"]) - 1, scope)
    while behind != 0 and (behind <= left or state.transactions[behind - 1]["time_us"] < start):
        row = behind - 1
        if concerns(state, number, row, subject):
            cell["count"] -= 1
            cell["amount"] -= state.transactions[row]["billing_minor"]
        cell["tail"] = behind
        behind = following(state, row, scope)
    return np.int64(cell["count"]), np.int64(cell["amount"])


@compiled
def measured(
    state: State, number: Integer, account_row: Integer, subject: Integer, time_us: Integer, today: Today
) -> tuple[Integer, Integer]:
    """What a meter would show now, counted anew and without a trace in the state.

    subject: the row of the card or token that the meter is about, any other number where it is about neither.
    """
    keep_day(state.program, today, time_us)
    scope = np.int64(state.program.meters[number]["scope"])
    segment = np.int64(state.accounts[account_row]["segment"])
    if not is_about(state.program, np.int64(state.program.meters[number]["filter"]), segment):
        return np.int64(0), np.int64(0)
    count: Integer = 0
    amount: Integer = 0
    ahead: Integer = 0
    if scope == Scope.SEGMENT:
        ahead = np.int64(state.segments[segment]["first"])
    elif state.accounts[account_row]["activity"] != 0:
        ahead = np.int64(state.activities[np.int64(state.accounts[account_row]["activity"]) - 1]["first"])
    start = window_start(state, number, time_us, today)
    left = last_before(state, number, subject)
    while ahead != 0:
        row = ahead - 1
        is_inside = ahead > left and np.int64(state.transactions[row]["time_us"]) >= start
        if is_inside and concerns(state, number, row, subject):
            count += 1
            amount += np.int64(state.transactions[row]["billing_minor"])
        ahead = following(state, row, scope)
    return count, amount


@compiled
def measure_account(
    state: State,
    account_row: Integer,
    time_us: Integer,
    today: Today,
    values: Values,
) -> None:
    """Fill in what the meters that segments look at would show now, counted anew and without a trace in the state.

    One pass over the account's transactions serves all of them, since that is what takes the time; and each is compared
    only with the meters that its merchant category can count for.
    """
    asked = state.program.measured
    keep_day(state.program, today, time_us)
    for place in range(len(asked)):
        values[asked[place, 0]] = 0
    ahead: Integer = 0
    if state.accounts[account_row]["activity"] != 0:
        ahead = np.int64(state.activities[np.int64(state.accounts[account_row]["activity"]) - 1]["first"])
    while ahead != 0:
        row = ahead - 1
        entry = state.transactions[row]
        made, billing = np.int64(entry["time_us"]), np.int64(entry["billing_minor"])
        left, place = np.uint64(state.program.measured_at[entry["merchant_category"]]), 0
        while left != 0:
            shown = np.int64(asked[place, 1])
            number = shown if shown >= 0 else -1 - shown
            if (
                left & _ONE_64 != 0
                and made >= window_start(state, number, time_us, today)
                and concerns(state, number, row, _NO_SUBJECT)
            ):
                values[asked[place, 0]] += 1 if shown >= 0 else billing
            left >>= _ONE_64
            place += 1
        ahead = following(state, row, np.int64(Scope.ACCOUNT))


@compiled
def correct_meters(state: State, row: Integer, direction: Integer) -> None:
    """Take a transaction out of every cell that has counted it (-1), or put it back in (1), around a change of it.

    It stays with the segment in which its account was when it came.
    """
    entry = state.transactions[row]
    if state.program.numbers[NUMBER_METERS] == 0:
        return
    segment = np.int64(entry["segment"])
    subjects = subjects_of(state, np.int64(entry["token_row"]), np.int64(entry["account_row"]), segment)
    for number in range(state.program.numbers[NUMBER_METERS]):
        cell = state.cells[cell_place(state, number, subjects)]
        is_counted = np.int64(cell["tail"]) < row + 1 <= np.int64(cell["head"])
        if is_counted and concerns(state, number, row, subject_of(state, number, subjects)):
            cell["count"] += direction
            cell["amount"] += direction * np.int64(entry["billing_minor"])
