"""Relief for many accounts: seconds of engine time until what is due of all of them is put off.

    python -m benchmarks.reliefs [--accounts 2330000]

Accounts with books are written straight into a state, and each is relieved for six months: once with commands about
ranges of 16,384 accounts, and once, from the same books, with a command for each account, a thousand to a batch.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from authz.arrays.hash_index import rebuilt
from authz.journal.replay import apply_batch
from authz.state.tables import Counter, State, with_room
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import ANY_SEGMENT, new_command
from benchmarks import machine
from benchmarks.billed_accounts import PRODUCT, billed_state
from benchmarks.close_of_day import FIRST_DAY
from simulators.sandbox.clocks.local_days import end_of_day
from simulators.sandbox.feeds.bank_day import ROWS_TOGETHER

_BATCH = 1_000
_MONTHS = 6


def relieved_by_ranges(state: State) -> tuple[State, float, int]:
    """Relieve all accounts that owe something, a range after the other: seconds, and how many were relieved."""
    state, row, relieved = with_room(state, 1, 1), 0, 0
    seconds, time_us = 0.0, _morning(state)
    while row < state.counters[Counter.ACCOUNTS]:
        command = new_command(
            Kind.RELIEVE_RANGE,
            first_row=row,
            rows=ROWS_TOGETHER,
            product=PRODUCT,
            of_segment=ANY_SEGMENT,
            months=_MONTHS,
            is_waived=1,
            time_us=time_us,
        )
        began = time.perf_counter()
        state, results, _ = apply_batch(state, command)
        seconds += time.perf_counter() - began
        assert not results["reason"].any()
        row += int(results["rows_closed"][0])
        relieved += int(results["rows_relieved"][0])
    return state, seconds, relieved


def relieved_one_by_one(state: State) -> tuple[State, float, int]:
    """Relieve all accounts, each with a command of its own: seconds, and how many were relieved."""
    accounts = int(state.counters[Counter.ACCOUNTS])
    state = with_room(state, _BATCH)._replace(
        account_slots=rebuilt(state.accounts["account_id"], accounts, 2 * accounts)
    )
    command = new_command(Kind.RELIEVE, months=_MONTHS, is_waived=1, time_us=_morning(state))
    seconds, relieved = 0.0, 0
    for first in range(0, accounts, _BATCH):
        ids = state.accounts["account_id"][first : min(first + _BATCH, accounts)]
        commands = np.repeat(command, len(ids))
        commands["account_id"] = ids
        began = time.perf_counter()
        state, results, _ = apply_batch(state, commands)
        seconds += time.perf_counter() - began
        assert not results["reason"].any()
        relieved += int(results["changes"].sum())
    return state, seconds, relieved


def _morning(state: State) -> int:
    """When the first day begins, Unix microseconds."""
    return end_of_day(state.program, FIRST_DAY - 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=2_330_000, help="accounts (2330000)")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    print(machine.describe())
    machine.pin(0, 0)
    figures = {}
    for name, relieve in (("ranges", relieved_by_ranges), ("single commands", relieved_one_by_one)):
        relieve(billed_state(1, FIRST_DAY))  # so that machine code is loaded
        state = billed_state(options.accounts, FIRST_DAY)
        owed = state.accounts["posted_minor"].copy()
        state, seconds, relieved = relieve(state)
        assert (state.accounts["posted_minor"][: len(owed)] == owed).all(), (
            "relief moves what is due, never what is owed"
        )
        each = seconds / options.accounts * 1e9
        print(f"{relieved:,} reliefs by {name}: {seconds:.2f} s of engine time, {each:,.0f} ns an account", flush=True)
        figures[f"{name}, s"] = [seconds]
    if options.json:
        options.json.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
