"""Relief for many accounts at once: seconds of engine time to put off what 2,330,000 accounts have due.

    python -m benchmarks.reliefs

Accounts with books, which all owe something, are written straight into a state and nothing else. All of them are
relieved for six months: with commands about 16,384 rows each, as `POST /v1/relief` sends them, and with a command for
each account, in another order than that of their rows. Both with interest waived and with interest that accrues, each
from the same books, in turn. After each turn it is proved that all of them are in relief, and that they owe what they
owed, where interest is waived bucket by bucket; and after both ways that they have led to the same books.
"""

import argparse
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from authz.kernel.application import apply
from authz.kernel.checks.findings import new_findings
from authz.kernel.measures.calendar import keep_day
from authz.program.tables import Bucket
from authz.state.billing import BUCKETS, General, Sum
from authz.state.tables import Counter, State, changes_made, with_room
from authz.vocabulary.account_changes import ChangeKind
from authz.vocabulary.commands import COMMAND, Kind, Records, new_commands, new_results
from authz.vocabulary.layouts import ANY_SEGMENT, RELIEF, new_command
from benchmarks import machine
from benchmarks.billed_accounts import PRODUCT, billed_state
from benchmarks.close_of_day import FIRST_DAY, Figures
from simulators.sandbox.clocks.local_days import end_of_day

MONTHS = 6
ROWS_TOGETHER = 16_384
"""So many rows with one command, as over HTTP."""

COMMANDS_TOGETHER = 1_024
"""So many commands about one account each are applied in one call."""

_CHARGED = 1_000
"""What those owe that would otherwise owe nothing, minor units."""

_GOAL_SECONDS = 10


@dataclass
class Relief:
    """What relieving all accounts took and brought about. seconds: in the kernel, by call; moved: minor units."""

    seconds: list[float] = field(default_factory=list)
    relieved: int = 0
    moved_minor: int = 0

    @property
    def total(self) -> float:
        """Seconds of engine time."""
        return sum(self.seconds)


class Reliever:
    """Relieves the accounts of a state, a call of the kernel at a time."""

    def __init__(self, state: State, *, is_waived: bool) -> None:
        # An engine has room from its start; here it also makes the index that finds an account by its number.
        self.state = with_room(state, COMMANDS_TOGETHER, of_ranges=1)
        self._is_waived = is_waived
        self._time_us = end_of_day(state.program, FIRST_DAY - 1)
        self._findings = new_findings()

    def by_ranges(self) -> Relief:
        """With commands about ranges of rows, one in each call."""
        made, row = Relief(), 0
        while row < self.state.counters[Counter.ACCOUNTS]:
            command = new_command(
                Kind.RELIEVE_RANGE,
                first_row=row,
                rows=ROWS_TOGETHER,
                product=PRODUCT,
                of_segment=ANY_SEGMENT,
                months=MONTHS,
                is_waived=self._is_waived,
            )
            result = self._applied(command, made)[0]
            assert result["rows_relieved"] == result["changes"]
            row += int(result["rows_closed"])
            made.relieved += int(result["rows_relieved"])
        return made

    def one_by_one(self, seed: int = 1) -> Relief:
        """With a command for each account, in an order that follows from the seed."""
        made = Relief()
        count = int(self.state.counters[Counter.ACCOUNTS])
        numbers = np.random.default_rng(seed).permutation(self.state.accounts["account_id"][:count])
        for first in range(0, count, COMMANDS_TOGETHER):
            some = numbers[first : first + COMMANDS_TOGETHER]
            commands = new_commands(len(some)).view(RELIEF)
            commands["kind"], commands["account_id"] = Kind.RELIEVE, some
            commands["months"], commands["is_waived"] = MONTHS, self._is_waived
            results = self._applied(commands, made)
            made.relieved += int(np.count_nonzero(results["changes"] == 1))
        return made

    def _applied(self, commands: Records, into: Relief) -> Records:
        """Apply commands in one call, which alone is timed; returns their results."""
        commands["time_us"] = self._time_us
        results = new_results(len(commands))
        keep_day(self.state.program, self._findings.today, self._time_us)
        started = time.perf_counter()
        apply(self.state, commands.view(COMMAND), results, self._findings)
        into.seconds.append(time.perf_counter() - started)
        assert not results["reason"].any(), "no command is refused"
        changes = changes_made(self.state)
        assert (changes["kind"] == ChangeKind.RELIEF_GRANTED).all()
        into.moved_minor += int(changes["amount_minor"].sum())
        return results


def owing_state(accounts: int) -> State:
    """So many accounts with books, all of which owe something, as a day begins."""
    state = billed_state(accounts, FIRST_DAY)
    free = state.accounts["posted_minor"] == 0
    state.books[free, Bucket.NEW] += _CHARGED
    state.accounts["posted_minor"][free] += _CHARGED
    state.general[General.OPENING] -= _CHARGED * int(np.count_nonzero(free))
    return state


def turn(accounts: int, *, is_waived: bool) -> tuple[Relief, Relief]:
    """Relieve as many accounts both ways, from the same books and to the same books: by ranges, and one by one.

    Raises: AssertionError where not all were relieved, or what they owe has changed.
    """
    ranges, ended = _proved(accounts, "by_ranges", is_waived=is_waived)
    single, ended_too = _proved(accounts, "one_by_one", is_waived=is_waived)
    assert (ended == ended_too).all(), "both ways lead to the same books"
    return ranges, single


def _proved(accounts: int, way: str, *, is_waived: bool) -> tuple[Relief, np.ndarray]:
    """Relieve accounts in one way; returns what came of it, and their books: int64[n, 16]."""
    reliever = Reliever(owing_state(accounts), is_waived=is_waived)
    before = reliever.state.books[:accounts].copy()
    made: Relief = getattr(reliever, way)()
    state, after = reliever.state, reliever.state.books[:accounts]
    assert made.relieved == accounts, "all accounts are relieved"
    assert made.moved_minor == before[:, Sum.DUE].sum(), "all that was due has moved"
    assert not after[:, Sum.DUE].any()
    due_days = state.billing["due_day"][:accounts].astype(np.int64)
    assert (due_days > FIRST_DAY + 28 * (MONTHS - 1)).all(), "and is due months later"
    assert (after[:, Sum.TO_PAY] == before[:, Sum.TO_PAY]).all()
    if is_waived:
        assert (after[:, :BUCKETS] == before[:, :BUCKETS]).all(), "each bucket is as it was"
    else:
        assert not after[:, Bucket.BILLED].any(), "grace is given up"
    assert (after[:, :BUCKETS].sum(axis=1) == before[:, :BUCKETS].sum(axis=1)).all(), "they owe what they owed"
    assert (after[:, :BUCKETS].sum(axis=1) == state.accounts["posted_minor"][:accounts]).all()
    assert int(state.accounts["posted_minor"].sum()) + int(state.general.sum()) == 0
    return made, after.copy()


def measured(accounts: int, rounds: int) -> Figures:
    """So many turns of both ways, with interest waived and with interest that accrues."""
    figures: Figures = {}
    for _ in range(rounds):
        for is_waived in (True, False):
            for name, made in zip(("ranges", "single"), turn(accounts, is_waived=is_waived), strict=True):
                interest = "waived" if is_waived else "accrues"
                figures.setdefault(f"{name}, interest {interest}, engine s", []).append(made.total)
                figures.setdefault(f"{name}, interest {interest}, longest call ms", []).append(max(made.seconds) * 1e3)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=2_330_000, help="that are relieved (2330000)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each way (5)")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    print(machine.describe())
    machine.pin(0, 0)
    turn(1, is_waived=True)  # so that machine code is loaded
    figures = measured(options.accounts, options.rounds)
    print(
        f"{options.accounts:,} accounts relieved for {MONTHS} months, {options.rounds} turns; "
        f"{machine.resident_bytes() / 1e9:.2f} GB resident, the interpreter's too"
    )
    for name, values in figures.items():
        print(f"    {name}: median {np.median(values):.2f} (from {min(values):.2f} to {max(values):.2f})")
    print(f"goal: at most {_GOAL_SECONDS} s of engine time", flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
