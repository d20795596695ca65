"""The close of a day: seconds of engine time for all accounts of a bank, and what taps beside it notice.

    python -m benchmarks.close_of_day

Accounts with books are written straight into a state and nothing else. Days are closed as the sandbox does it, with
commands of 16,384 accounts: a typical day, on which a statement is cut for one account in 28; 28 days, with the
statements written to a file a day; and the worst day, on which the statement of every account is cut. Then the same
days as set-based SQL on SQLite in memory, whose books must be the same, in turn with ours. The same 28 days, too, of
accounts of which every tenth pays a purchase in instalments, in turn with those of the same accounts without. Last,
taps arrive at a steady rate while nothing is closed, and while days are closed between their batches, with a tenth of
the time.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from authz.journal.replay import apply_batch
from authz.kernel.application import apply
from authz.kernel.checks.findings import Findings, new_findings
from authz.kernel.measures.calendar import keep_day
from authz.program.compilation import compiled_program
from authz.program.tables import Bucket
from authz.state.billing import Sum
from authz.state.tables import Counter, State, new_state, with_program, with_room, with_rows
from authz.vocabulary.commands import COMMAND, Kind, Records, new_results
from authz.vocabulary.labels import day_of
from authz.vocabulary.layouts import new_command
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.statements import STATEMENT
from benchmarks import machine
from benchmarks.accounts_with_plans import with_plans
from benchmarks.billed_accounts import PRODUCT, billed_state, terms_program, write_books
from benchmarks.closing_in_sql import BankInSql, totals_of
from benchmarks.portfolio import notices, taps
from simulators.sandbox.clocks.local_days import end_of_day
from simulators.sandbox.feeds.bank_day import ROWS_TOGETHER

FIRST_DAY = day_of(date(2026, 11, 24))
_MONTH = 28
_SQL_DAYS = 3
_CHUNK = 50_000
_REST = 9
"""After a command, nine times as long is left to taps, as the sandbox does it under load."""
Figures = dict[str, list[float]]


@dataclass
class Close:
    """One day that was closed: seconds in the kernel by command, and what it brought about."""

    seconds: list[float] = field(default_factory=list)
    postings: int = 0
    posted_minor: int = 0
    plan_fees: int = 0
    statements: int = 0
    closing_minor: int = 0
    minimum_minor: int = 0

    @property
    def total(self) -> float:
        """Seconds of engine time."""
        return sum(self.seconds)


class Closer:
    """Closes days of a state, a command at a time."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._findings: Findings = new_findings()
        self._results = new_results(1)

    def commands(self, day: int, into: Close) -> Iterator[Records]:
        """One command after the other, each applied when it is asked for; yields the statements that were cut."""
        state, row = self.state, 0
        time_us = end_of_day(state.program, day)
        keep_day(state.program, self._findings.today, time_us)
        while row < state.counters[Counter.ACCOUNTS]:
            command = new_command(
                Kind.CLOSE_DAY, day=day, first_row=row, rows=ROWS_TOGETHER, time_us=max(time_us, self._time_us)
            ).view(COMMAND)
            started = time.perf_counter()
            apply(state, command, self._results, self._findings)
            into.seconds.append(time.perf_counter() - started)
            result = self._results[0]
            assert result["reason"] == 0, "the day is over"
            row += int(result["rows_closed"])
            statements = state.statements.rows[: state.statements.used[0]]
            postings = state.postings.rows[: state.postings.used[0]]
            into.postings += len(postings)
            into.posted_minor += int(postings["amount_minor"].sum())
            into.plan_fees += int(np.count_nonzero(postings["kind"] == PostingKind.PLAN_FEE))
            into.statements += len(statements)
            into.closing_minor += int(statements["closing_minor"].sum())
            into.minimum_minor += int(statements["minimum_minor"].sum())
            yield statements

    @property
    def _time_us(self) -> int:
        return int(self.state.counters[Counter.TIME_US])

    def close(self, day: int, file: Path | None = None) -> Close:
        """Close a day; its statements go to a file, which is on disk then, where one is named."""
        made = Close()
        if file is None:
            for _ in self.commands(day, made):
                pass
            return made
        with file.open("wb") as written:
            for statements in self.commands(day, made):
                statements.tofile(written)
            os.fsync(written.fileno())
        return made


def days(accounts: int, scratch: Path) -> Figures:
    """A typical day, 28 days with their statements on disk, and the worst day."""
    closer = Closer(billed_state(accounts, FIRST_DAY))
    _prove(closer.state)
    per_account, commands, began = [], [], time.perf_counter()
    statements = engine = 0.0
    for day in range(FIRST_DAY, FIRST_DAY + _MONTH):
        made = closer.close(day, scratch / f"{day}.statements")
        per_account.append(made.total / accounts * 1e9)
        commands += made.seconds
        statements += made.statements
        engine += made.total
    taken = time.perf_counter() - began
    _prove(closer.state)
    size = sum(file.stat().st_size for file in scratch.glob("*.statements"))
    assert size == statements * STATEMENT.itemsize, "every statement is on disk"
    typical, resident = float(np.median(per_account)), machine.resident_bytes()
    del closer
    closer = Closer(billed_state(accounts, FIRST_DAY, cut_day=24))
    worst = closer.close(FIRST_DAY)
    assert worst.statements == accounts
    _prove(closer.state)
    print(f"{accounts:,} accounts with books; {resident / 1e9:.2f} GB resident, the interpreter's too")
    print(f"a day: {machine.spread(per_account)} ns an account, {typical * accounts / 1e9:.2f} s of engine time")
    print(f"a command of {ROWS_TOGETHER:,} accounts: median {np.median(commands) * 1e3:.2f} ms, {_most(commands)}")
    print(f"{_MONTH} days: {engine:.1f} s of engine time; {taken:.1f} s with {statements:,.0f} statements on disk")
    print(f"the worst day, a statement for all: {worst.total / accounts * 1e9:.0f} ns an account, {worst.total:.2f} s")
    print(f"    a command: median {np.median(worst.seconds) * 1e3:.2f} ms, {_most(worst.seconds)}", flush=True)
    return {
        "a day, ns an account": per_account,
        "a command, median ms": [float(np.median(commands)) * 1e3],
        "28 days with statements on disk s": [taken],
        "28 days, engine s": [engine],
        "worst day, ns an account": [worst.total / accounts * 1e9],
        "resident bytes": [float(resident)],
    }


def _most(seconds: list[float]) -> str:
    return f"the longest {max(seconds) * 1e3:.2f} ms"


def _prove(state: State) -> None:
    """Accounts and general counters sum to zero, and each account's buckets to what it owes."""
    owed = state.accounts["posted_minor"]
    assert int(owed.sum()) + int(state.general.sum()) == 0
    assert (state.books[:, : int(Sum.NEW_NIGHTS)].sum(axis=1) == owed).all()


def beside_plans(accounts: int) -> Figures:
    """28 days of accounts without plans, and with one on every tenth, in turn: which is first alternates."""
    without = Closer(billed_state(accounts, FIRST_DAY))
    planned = Closer(with_plans(billed_state(accounts, FIRST_DAY), FIRST_DAY))
    plans = planned.state.plans
    billed_before, owners = plans["billed"].copy(), plans["account_id"].astype(np.int64) - 1
    cut_before = planned.state.billing["last_cut"][owners]
    seconds: dict[Closer, list[float]] = {without: [], planned: []}
    plan_fees = dict.fromkeys(seconds, 0)
    for day in range(FIRST_DAY, FIRST_DAY + _MONTH):
        made = {each: each.close(day) for each in ((without, planned) if day % 2 else (planned, without))}
        assert made[without].statements == made[planned].statements
        for each, close in made.items():
            seconds[each].append(close.total)
            plan_fees[each] += close.plan_fees
    for each in seconds:
        _prove(each.state)
    assert (planned.state.books[owners, Bucket.PLANNED] == plans["left_minor"]).all()
    was_cut = planned.state.billing["last_cut"][owners] != cut_before
    assert (plans["billed"] - billed_before == was_cut).all(), "an instalment with each statement"
    assert list(plan_fees.values()) == [0, np.count_nonzero(was_cut)], "and a fee with each instalment"
    by_day = [much / little for much, little in zip(seconds[planned], seconds[without], strict=True)]
    ratio = sum(seconds[planned]) / sum(seconds[without])
    told = [machine.spread([each / accounts * 1e9 for each in days]) for days in seconds.values()]
    print(
        f"{accounts:,} accounts, {_MONTH} days in turn, {len(plans):,} plans, {plan_fees[planned]:,} instalments billed"
    )
    print(f"    a day: {told[0]} ns an account without plans, {told[1]} ns with a plan on every tenth")
    print(
        f"    {_MONTH} days: {ratio:.3f} times as long with plans; by day {_ratios(by_day)}; goal at most 1.2",
        flush=True,
    )
    return {
        "a day without plans, ns an account": [each / accounts * 1e9 for each in seconds[without]],
        "a day with plans, ns an account": [each / accounts * 1e9 for each in seconds[planned]],
        "28 days with plans / without": [ratio],
        "instalments billed": [float(plan_fees[planned])],
    }


def _ratios(values: list[float]) -> str:
    return f"{np.median(values):.3f} (from {min(values):.3f} to {max(values):.3f})"


def beside_sql(accounts: int) -> Figures:
    """The same days by the kernel and by SQL, in turn, from the same books and to the same books."""
    figures: Figures = {"kernel, ns an account": []}
    state = billed_state(accounts, FIRST_DAY)
    in_sql = {f"SQLite, {_nights(each)}": BankInSql(state, each_night=each) for each in (True, False)}
    closer, made = Closer(state), []
    for day in range(FIRST_DAY, FIRST_DAY + _SQL_DAYS):
        made.append(closer.close(day))
        figures["kernel, ns an account"].append(made[-1].total / accounts * 1e9)
        for name, bank in in_sql.items():
            figures.setdefault(f"{name}, ns an account", []).append(bank.close_day(day) / accounts * 1e9)
    statements = [
        sum(getattr(each, name) for each in made) for name in ("statements", "closing_minor", "minimum_minor")
    ]
    postings = [sum(getattr(each, name) for each in made) for name in ("postings", "posted_minor")]
    last = FIRST_DAY + _SQL_DAYS - 1
    expected = totals_of(state, last, statements, postings)
    for name, bank in in_sql.items():
        assert bank.totals(last) == expected, f"{name} has other books than the kernel"
    ours = float(np.median(figures["kernel, ns an account"]))
    print(f"{accounts:,} accounts, {_SQL_DAYS} days in turn, equal books: kernel {ours:,.0f} ns an account")
    for name in in_sql:
        theirs = float(np.median(figures[f"{name}, ns an account"]))
        print(f"    {name}: {theirs:,.0f} ns an account; the kernel is {theirs / ours:.1f} times as fast", flush=True)
    return figures


def _nights(each_night: bool) -> str:
    return "nights of all rows each night" if each_night else "nights of those rows in which something ends"


class Load:
    """Taps that arrive at a steady rate; what is due is applied together, and each is timed from when it was due."""

    def __init__(self, accounts: int, rate: int) -> None:
        state = with_rows(new_state(16), dict.fromkeys(("accounts", "cards", "tokens", "billing"), accounts))
        state = with_program(state, compiled_program(terms_program(), 1))
        for first in range(0, accounts, _CHUNK):
            state, _, _ = apply_batch(state, notices(first, min(_CHUNK, accounts - first), product=PRODUCT))
        write_books(state, FIRST_DAY, 1)
        self._rate = rate
        self._random, self._counters = np.random.default_rng(3), np.zeros(accounts, np.uint16)
        self._stan = 1
        self._findings = new_findings()
        self.closer = Closer(state)

    def milliseconds(self, count: int, pause: Callable[[], bool] = lambda: False) -> np.ndarray:
        """How long each of so many taps took. pause: what is done when no tap is due; whether it did anything."""
        made = taps(self._random, self._counters, count, self._stan).view(COMMAND)
        self._stan += count
        self.closer.state = state = with_room(self.closer.state, count)
        answered, taken = np.empty(count), 0
        results = new_results(count)
        began = time.perf_counter()
        due = began + np.arange(count) / self._rate
        while taken < count:
            until = min(int((time.perf_counter() - began) * self._rate) + 1, count)
            if until > taken:
                batch = made[taken:until]
                batch["time_us"] = int(state.counters[Counter.TIME_US])
                keep_day(state.program, self._findings.today, int(state.counters[Counter.TIME_US]))
                apply(state, batch, results[taken:until], self._findings)
                answered[taken:until] = time.perf_counter()
                taken = until
            pause()
        assert not results["reason"].any(), "every tap is approved"
        return (answered - due) * 1e3


def beside_taps(accounts: int, rate: int, seconds: float) -> Figures:
    """The percentiles of taps without a close beside them, and with days that are closed one after the other."""
    load = Load(accounts, rate)
    count = int(rate * seconds)
    load.milliseconds(count // 10)
    alone = load.milliseconds(count)
    made, closing = Close(), Turns(load.closer)
    beside = load.milliseconds(count, lambda: closing.take(made))
    figures = {}
    for name, times in (("alone", alone), ("beside a close", beside)):
        p50, p99, p999 = np.percentile(times, (50, 99, 99.9))
        print(f"{rate:,} taps a second {name}: p50 {p50:.2f} ms, p99 {p99:.2f} ms, p99.9 {p999:.2f} ms")
        figures |= {f"taps {name}, p99 ms": [float(p99)]}
    print(
        f"    meanwhile {len(made.seconds):,} commands closed {closing.days} days of {accounts:,} accounts", flush=True
    )
    return figures


class Turns:
    """Days that are closed one after the other, a command at a time, with rests between them."""

    def __init__(self, closer: Closer) -> None:
        self._closer = closer
        self._day = FIRST_DAY - 1
        self._steps: Iterator[Records] = iter(())
        self._resting_until = 0.0
        self.days = 0

    def take(self, made: Close) -> bool:
        """One command, unless it is time to rest; returns whether there was one."""
        if time.perf_counter() < self._resting_until:
            return False
        if next(self._steps, None) is None:
            self._day += 1
            self.days += 1
            self._steps = self._closer.commands(self._day, made)
            next(self._steps)
        self._resting_until = time.perf_counter() + _REST * made.seconds[-1]
        return True


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=10_000_000, help="184 bytes each (10000000)")
    parser.add_argument("--plan-accounts", type=int, default=10_000_000, help="with and without plans (10000000)")
    parser.add_argument("--sql-accounts", type=int, default=1_000_000, help="beside SQLite (1000000)")
    parser.add_argument("--tap-accounts", type=int, default=1_000_000, help="with cards and tokens, for taps (1000000)")
    parser.add_argument("--rate", type=int, default=10_000, help="taps a second (10000)")
    parser.add_argument("--seconds", type=float, default=10, help="of taps, with and without a close (10)")
    parser.add_argument("--directory", type=Path, help="where statements are written (a temporary directory)")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    print(machine.describe())
    machine.pin(0, 0)
    Closer(billed_state(1, FIRST_DAY)).close(FIRST_DAY)  # so that machine code is loaded
    with tempfile.TemporaryDirectory(prefix="tapwright-bench-", dir=options.directory) as scratch:
        figures = days(options.accounts, Path(scratch))
    figures |= beside_plans(min(options.plan_accounts, options.accounts))
    figures |= beside_sql(min(options.sql_accounts, options.accounts))
    figures |= beside_taps(options.tap_accounts, options.rate, options.seconds)
    if options.json:
        options.json.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
