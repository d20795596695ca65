"""Prefetches the memory that a batch of commands will need before they are applied.

A decision follows half a dozen pointers to places that no cache holds, one after the other. A loop that only looks
does not wait for one before it asks for the next: the memory answers them together, and the decisions find everything
near. Nothing is changed here, and nothing that is decided depends on it.
"""

import numpy as np
import numpy.typing as npt

from authz.arrays.compiled import Integer, compiled, prefetch
from authz.arrays.hash_index import find_row, first_slot, scrambled
from authz.kernel.accounts.message_context import is_message
from authz.kernel.accounts.trace_index import class_of, own_key
from authz.kernel.measures.used import COUNTRY, MERCHANT, seen_key
from authz.state.row_layouts import ACCOUNT
from authz.state.rows import found
from authz.state.tables import State
from authz.vocabulary.commands import Records
from authz.vocabulary.layouts import MESSAGE

LINE_BYTES = 64
"""A cache line of the processor. A row lies on several lines, each of which is prefetched."""

_LAST_OF_ACCOUNT = ACCOUNT.itemsize - 1

Rows = npt.NDArray[np.int64]


@compiled
def look_ahead(state: State, commands: Records, start: Integer, end: Integer, rows: Rows) -> None:
    """Ask for what the commands from start to end will need, in the order in which one place leads to the next.

    rows: int64[RUN, 2], room for what is found on the way.
    """
    for i in range(start, end):
        rows[i - start, 0] = place = first_slot(state.token_slots, commands[i]["token_pan"])
        prefetch(state.token_slots, place, 0)
        if is_message(np.int64(commands[i]["kind"])):
            message = commands.view(MESSAGE)[i]
            key = own_key(message, np.uint64(message["token_id"]), class_of(np.int64(message["kind"])))
            prefetch(state.trace_slots, first_slot(state.trace_slots, key), 0)
    for i in range(start, end):
        row = np.int64(state.token_slots[rows[i - start, 0]]) - 1
        if found(row):
            prefetch(state.tokens, row, 0)
            prefetch(state.tokens, row, LINE_BYTES)
    for i in range(start, end):
        token_row = find_row(state.token_slots, state.tokens["token_pan"], commands[i]["token_pan"])
        rows[i - start, 0] = token_row
        if not found(token_row):
            continue
        token = state.tokens[token_row]
        account_row = np.int64(token["account_row"])
        prefetch(state.accounts, account_row, 0)
        prefetch(state.accounts, account_row, _LAST_OF_ACCOUNT)
        prefetch(state.cards, np.int64(token["card_row"]), 0)
        prefetch(state.cells, np.int64(token["cells"]), 0)
        if not is_message(np.int64(commands[i]["kind"])):
            continue
        message = commands.view(MESSAGE)[i]
        merchant = seen_key(account_row, MERCHANT, np.int64(message["merchant_key"]))
        country = seen_key(account_row, COUNTRY, np.int64(message["country"]))
        prefetch(state.seen, scrambled(merchant) & (len(state.seen) - 1), 0)
        prefetch(state.seen, scrambled(country) & (len(state.seen) - 1), 0)
    for i in range(start, end):
        if not found(rows[i - start, 0]):
            continue
        account_row = np.int64(state.tokens[rows[i - start, 0]]["account_row"])
        rows[i - start, 1] = np.int64(state.accounts[account_row]["activity"]) - 1
        if rows[i - start, 1] >= 0:
            prefetch(state.activities, rows[i - start, 1], 0)
    for i in range(start, end):
        if rows[i - start, 0] < 0 or rows[i - start, 1] < 0:
            continue
        activity = state.activities[rows[i - start, 1]]
        prefetch(state.cells, np.int64(activity["cells"]), 0)
        prefetch(state.cells, np.int64(activity["cells"]) + 2, 0)
        if activity["last"] > 0:
            last = np.int64(activity["last"]) - 1
            prefetch(state.transactions, last, 0)
            prefetch(state.transactions, last, LINE_BYTES - 1)
