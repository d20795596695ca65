"""Holds: placed, increased, released, and expired when their time is up.

Each hold waits in a ring of hours. Its hour is processed once, when the first command of a later hour comes: so a hold
ends with the hour in which its time is up, and an expiry costs nothing until then. Every hold that ends without a
message leaves a row in `State.expiries`.
"""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.accounts.trace_index import find_sequence
from authz.kernel.books.opening import books_row
from authz.kernel.measures.calendar import HOUR_US
from authz.state.rows import found
from authz.state.tables import EXPIRY_HOURS, Counter, State
from authz.state.transaction_flags import TransactionFlag
from authz.vocabulary.commands import Operation
from authz.vocabulary.reasons import LAST_APPROVAL, Reason

_HELD_MAX = 2**32 - 1


@inlined
def available_credit(state: State, account_row: Integer) -> Integer:
    """Limit - posted - held."""
    account = state.accounts[account_row]
    return np.int64(account["limit_minor"]) - np.int64(account["posted_minor"]) - np.int64(account["held_minor"])


@inlined
def place_hold(state: State, row: Integer, billing: Integer, time_us: Integer) -> None:
    """Hold an amount for a transaction, for the time of its merchant category."""
    entry = state.transactions[row]
    entry["held_minor"] = billing
    state.accounts[entry["account_row"]]["held_minor"] += billing
    hold_cash(state, entry, billing)
    # One that the issuer has declined after it waited is still in the ring when an advice says that it was approved.
    is_in_ring = np.int64(entry["expires_hour"]) > state.counters[Counter.EXPIRED_HOUR]
    entry["expires_hour"] = expiry_hour(state, row, time_us)
    if not is_in_ring:
        _await_expiry(state, row)


@compiled
def extend_hold(state: State, row: Integer, billing: Integer, time_us: Integer) -> None:
    """Add to a hold; its time begins anew."""
    entry = state.transactions[row]
    entry["held_minor"] += billing
    state.accounts[entry["account_row"]]["held_minor"] += billing
    hold_cash(state, entry, billing)
    # It stays in the ring where it is and moves on when that hour is processed.
    entry["expires_hour"] = expiry_hour(state, row, time_us)


@compiled
def release_hold(state: State, row: Integer, billing: Integer) -> None:
    """Give back a part of what is held, at most all of it."""
    entry = state.transactions[row]
    released = min(billing, np.int64(entry["held_minor"]))
    entry["held_minor"] -= released
    state.accounts[entry["account_row"]]["held_minor"] -= released
    hold_cash(state, entry, -released)


@inlined
def hold_cash(state: State, entry: Any, change: Integer) -> None:
    """Count how much of what is held of an account with a product is for withdrawals of cash.

    What is released before there are books was held before there was a product. It opens none: one command may release
    the holds of any number of accounts, and there is room for the books of a few.
    """
    account_row = np.int64(entry["account_row"])
    if np.int64(entry["operation"]) != Operation.CASH or state.accounts[account_row]["product"] == 0:
        return
    if change > 0 or state.accounts[account_row]["billing"] != 0:
        account = state.billing[books_row(state, account_row)]
        account["cash_held"] = min(max(np.int64(account["cash_held"]) + change, 0), _HELD_MAX)


@inlined
def expiry_hour(state: State, row: Integer, time_us: Integer) -> Integer:
    """The hour in which a hold that begins now ends."""
    category = state.program.categories[state.transactions[row]["merchant_category"]]
    return time_us // HOUR_US + np.int64(category["hold_hours"])


@inlined
def _await_expiry(state: State, row: Integer) -> None:
    entry = state.transactions[row]
    place = np.int64(entry["expires_hour"]) % EXPIRY_HOURS
    entry["next_to_expire"] = state.expiring[place]
    state.expiring[place] = row + 1


@inlined
def expire_holds(state: State, time_us: Integer) -> None:
    """Release the holds of all hours that are over."""
    if time_us >= (state.counters[Counter.EXPIRED_HOUR] + 2) * HOUR_US:
        _expire_since(state, time_us // HOUR_US - 1, state.counters[Counter.EXPIRED_HOUR])


@compiled
def _expire_since(state: State, over: Integer, since: Integer) -> None:
    state.counters[Counter.EXPIRED_HOUR] = over
    if since == 0:
        return  # the first command: nothing is held yet
    for hour in range(max(since + 1, over - EXPIRY_HOURS + 1), over + 1):
        waiting = np.int64(state.expiring[hour % EXPIRY_HOURS])
        state.expiring[hour % EXPIRY_HOURS] = 0
        while waiting != 0:
            row = waiting - 1
            entry = state.transactions[row]
            waiting = np.int64(entry["next_to_expire"])
            if entry["held_minor"] == 0:
                continue
            if np.int64(entry["expires_hour"]) > over:
                _await_expiry(state, row)
                continue
            _end_hold(state, row)


@compiled
def expire_hold(state: State, command: Any) -> Integer:
    """End the hold of one authorization now. command: HOLD.

    It stays in the ring, and is passed over when its hour is processed.
    """
    row = find_sequence(state, np.int64(command["decision"]))
    if not found(row) or np.int64(state.transactions[row]["reason"]) > LAST_APPROVAL:
        return Reason.MISSING_ORIGINAL_AUTHORIZATION
    if state.transactions[row]["held_minor"] == 0:
        return Reason.AUTHORIZATION_CLOSED
    _end_hold(state, row)
    return Reason.APPROVED


@compiled
def _end_hold(state: State, row: Integer) -> None:
    """Give back all that is held of a transaction, and tell of it."""
    entry = state.transactions[row]
    account, token = state.accounts[entry["account_row"]], state.tokens[entry["token_row"]]
    rows, place = state.expiries.rows, state.expiries.used[0]
    state.expiries.used[0] += 1
    expiry = rows[place]
    expiry["sequence"] = state.counters[Counter.SEQUENCE]
    expiry["decision"] = entry["sequence"]
    expiry["account_id"] = account["account_id"]
    expiry["card_id"] = state.cards[token["card_row"]]["card_id"]
    expiry["token_id"] = token["token_id"]
    expiry["released_minor"] = entry["held_minor"]
    expiry["part"] = 0
    expiry["currency"] = account["currency"]
    # What ends with one command stands one behind the other.
    if place > 0 and rows[place - 1]["sequence"] == expiry["sequence"]:
        expiry["part"] = np.int64(rows[place - 1]["part"]) + 1
    entry["flags"] = np.int64(entry["flags"]) | TransactionFlag.EXPIRED
    release_hold(state, row, np.int64(entry["held_minor"]))
