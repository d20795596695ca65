"""The kernel alone: decisions a second on one core, by number of accounts, rules and limits.

    python -m benchmarks.kernel

Random access over accounts, each with a card and a token. Every decision is an approved contactless tap that passes
every check, every rule and every limit, and is entered, held and remembered. Beside it, in the same run and in turn,
the same decisions by a C program over the same tables (gcc -O2), whose results must be the same; one command a call;
and the same source interpreted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from authz.journal.replay import apply_batch
from authz.kernel.application import apply
from authz.kernel.checks.findings import new_findings
from authz.kernel.measures.calendar import keep_day
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument
from authz.state.stored import stored_arrays
from authz.state.tables import State, new_state, with_program, with_room
from authz.vocabulary.commands import COMMAND, new_results
from benchmarks import machine
from benchmarks.in_c import DecidedInC
from benchmarks.portfolio import NOW_US, notices, program, taps

BATCH = 4096
MONTH = 2611
Rates = list[float]
_CHUNK = 50_000


def loaded(accounts: int, decisions: int) -> State:
    """So many accounts, with room for so many decisions, every page of it touched."""
    state = new_state(accounts + 2 * decisions + 4 * _CHUNK)
    for first in range(0, accounts, _CHUNK):
        state, _, _ = apply_batch(state, notices(first, min(_CHUNK, accounts - first)))
    for array in (each for each in state if isinstance(each, np.ndarray)):
        array.view(np.uint8).reshape(-1)[::4096] |= 0
    return state


def batches_per_second(state: State, accounts: int, count: int, by: DecidedInC | None = None) -> list[float]:
    """Decisions a second of each of so many batches, by the kernel or by the C program."""
    random, counters = np.random.default_rng(1), np.zeros(accounts, np.uint16)
    findings, results, figures = new_findings(), new_results(BATCH), []
    keep_day(state.program, findings.today, NOW_US)
    for number in range(count):
        commands = taps(random, counters, BATCH, number * BATCH + 1, NOW_US + number * 10_000)
        state = with_room(state, BATCH)
        started = time.perf_counter()
        if by is None:
            apply(state, commands.view(COMMAND), results, findings)
        else:
            by(state, findings.today, MONTH, commands, results)
        figures.append(BATCH / (time.perf_counter() - started))
        assert not results["reason"].any(), "every tap is approved, or the figure would mean something else"
    return figures


def side_by_side(accounts: int, document: ProgramDocument, batches: int, in_c: DecidedInC) -> tuple[Rates, Rates]:
    """Decisions a second by the kernel and by the C program, from equal states, which must be equal afterwards."""
    compiled = compiled_program(document, 1)
    ours = with_program(loaded(accounts, batches * BATCH), compiled)
    by_kernel = batches_per_second(ours, accounts, batches)
    left = {name: array.copy() for name, array in compared(ours).items()}
    del ours
    theirs = with_program(loaded(accounts, batches * BATCH), compiled)
    by_c = batches_per_second(theirs, accounts, batches, in_c)
    for name, array in compared(theirs).items():
        assert array.tobytes() == left[name].tobytes(), f"{name} differ between the kernel and the C program"
    return by_kernel, by_c


def compared(state: State) -> dict[str, np.ndarray]:
    """What both must leave behind alike."""
    stored = stored_arrays(state)
    return {name: stored[name] for name in ("accounts", "tokens", "transactions", "activities", "cells", "matches")}


def single_call_microseconds(state: State, accounts: int, count: int) -> list[float]:
    """Time of each of so many calls with one command."""
    random, counters = np.random.default_rng(2), np.full(accounts, 900, np.uint16)
    commands = taps(random, counters, count, 50_000_000, NOW_US + 10**9).view(COMMAND)
    from benchmarks.single_calls import SingleDecisions  # not where everything is interpreted

    decide, times = SingleDecisions(with_room(state, count)), []
    for place in range(count):
        decide.commands[0] = commands[place]
        started = time.perf_counter()
        decide()
        times.append((time.perf_counter() - started) * 1e6)
        assert decide.results["reason"][0] == 0
    return times


def interpreted(accounts: int, decisions: int) -> float:
    """Microseconds a decision of the same source as ordinary Python, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kernel", "--interpreted", str(accounts), str(decisions)],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(json.loads(done.stdout))


def _interpreted_here(accounts: int, decisions: int) -> None:
    state = with_program(loaded(accounts, decisions), compiled_program(program(20), 1))
    commands = taps(np.random.default_rng(1), np.zeros(accounts, np.uint16), decisions).view(COMMAND)
    started = time.perf_counter()
    apply(with_room(state, decisions), commands, new_results(decisions), new_findings())
    print(json.dumps((time.perf_counter() - started) / decisions * 1e6))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--accounts",
        type=int,
        nargs="+",
        default=[1_000, 1_000_000],
        help="how many, in turn (1000 1000000)",
    )
    parser.add_argument("--json", type=Path, help="write the figures")
    parser.add_argument("--batches", type=int, default=60, help="batches of 4,096 decisions (60)")
    parser.add_argument("--interpreted", type=int, nargs=2, metavar=("ACCOUNTS", "DECISIONS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.interpreted:
        _interpreted_here(*options.interpreted)
        return
    print(machine.describe())
    machine.pin(0, 0)
    figures: dict[str, Rates] = {}
    print(f"decisions a second on one core, in batches of {BATCH:,}; the kernel, and C over the same tables")
    with tempfile.TemporaryDirectory() as scratch:
        in_c = DecidedInC(Path(scratch))
        for accounts in options.accounts:
            for name, document in PROGRAMS.items():
                kernel, c = side_by_side(accounts, document, options.batches, in_c)
                ratio = float(np.median(c) / np.median(kernel))
                print(f"  {accounts:>10,} accounts, {name}", flush=True)
                print(f"      kernel {machine.spread(kernel)}; C {machine.spread(c)}; C is {ratio:.2f} times as fast")
                figures[f"{accounts} accounts, {name}"] = kernel
                figures[f"{accounts} accounts, {name}, C"] = c
        most = options.accounts[-1]
        for rules in (1, 5, 10):
            kernel, c = side_by_side(most, program(rules, with_limits=False), options.batches, in_c)
            print(f"  {most:>10,} accounts, {rules} rules: {machine.spread(kernel)}; C {machine.spread(c)}", flush=True)
            figures[f"{rules} rules"] = kernel
    state = with_program(loaded(options.accounts[-1], options.batches * BATCH), compiled_program(program(20), 1))
    times = single_call_microseconds(state, options.accounts[-1], 20_000)
    print(
        f"one command a call from Python, the last program: {np.median(times):.2f} us "
        f"(p99 {np.percentile(times, 99):.2f})"
    )
    plain = interpreted(1_000, 300)
    last = figures[f"{options.accounts[-1]} accounts, {list(PROGRAMS)[-1]}"]
    ratio = plain / (1e6 / float(np.median(last)))
    print(f"interpreted, the last program: {plain:,.0f} us a decision; compiled is {ratio:,.0f} times as fast")
    if options.json:
        options.json.write_text(json.dumps(figures | {"single call us": [float(np.median(times))]}))


PROGRAMS = {
    "no rules, no limits": program(0, with_limits=False),
    "20 rules about the transaction, token and account": program(20, with_limits=False, with_history=False),
    "20 rules, 5 of them about velocity and habits, and 2 velocity limits": program(20),
}


if __name__ == "__main__":
    main()
