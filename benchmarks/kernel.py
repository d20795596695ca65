"""The kernel alone: decisions a second on one core, in batches and one a call, beside the same source interpreted.

    python -m benchmarks.kernel

Random access over a million accounts, each with a card and a token. Every decision is an approved contactless tap that
passes every check, every rule and every limit, and is entered, held and remembered. Rules of two kinds: those about the
transaction, token and account alone, and those that also look at velocity and habits.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import numpy as np

from authz.commands import new_results
from authz.kernel.application import apply
from authz.kernel.checks import new_findings
from authz.program.compilation import compiled_program
from authz.replay import apply_batch
from authz.tables import State, new_state, with_program, with_room
from benchmarks import machine
from benchmarks.portfolio import NOW_US, notices, program, taps

BATCH = 4096
_CHUNK = 50_000


def loaded(accounts: int, decisions: int) -> State:
    """So many accounts, with room for so many decisions, every page of it touched."""
    state = new_state(1 << (2 * accounts + decisions).bit_length())
    for first in range(0, accounts, _CHUNK):
        state, _, _ = apply_batch(state, notices(first, min(_CHUNK, accounts - first)))
    for array in state[:-1]:
        array.view(np.uint8).reshape(-1)[::4096] |= 0
    return state


def batches_per_second(state: State, accounts: int, count: int) -> list[float]:
    """Decisions a second of each of so many batches."""
    random, counters = np.random.default_rng(1), np.zeros(accounts, np.uint16)
    findings, results, figures = new_findings(), new_results(BATCH), []
    for number in range(count):
        commands = taps(random, counters, BATCH, number * BATCH + 1, NOW_US + number * 10_000)
        state = with_room(state, BATCH)
        started = time.perf_counter()
        apply(state, commands, results, findings)
        figures.append(BATCH / (time.perf_counter() - started))
        assert not results["reason"].any(), "every tap is approved, or the figure would mean something else"
    return figures


def single_call_microseconds(state: State, accounts: int, count: int) -> list[float]:
    """Time of each of so many calls with one command."""
    random, counters = np.random.default_rng(2), np.full(accounts, 30_000, np.uint16)
    commands = taps(random, counters, count, 50_000_000, NOW_US + 10**9)
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
    commands = taps(np.random.default_rng(1), np.zeros(accounts, np.uint16), decisions)
    started = time.perf_counter()
    apply(with_room(state, decisions), commands, new_results(decisions), new_findings())
    print(json.dumps((time.perf_counter() - started) / decisions * 1e6))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1_000_000, help="accounts (1000000)")
    parser.add_argument("--batches", type=int, default=60, help="batches of 4,096 decisions (60)")
    parser.add_argument("--interpreted", type=int, nargs=2, metavar=("ACCOUNTS", "DECISIONS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.interpreted:
        _interpreted_here(*options.interpreted)
        return
    print(machine.describe())
    machine.pin(0, 0)
    print(f"{options.accounts:,} accounts, random access; decisions a second on one core, in batches of {BATCH:,}:")
    medians = {}
    for name, document in (
        ("no rules, no limits", program(0, with_limits=False)),
        ("20 rules about the transaction, token and account", program(20, with_limits=False, with_history=False)),
        ("20 rules, 5 of them about velocity and habits, and 2 velocity limits", program(20)),
    ):
        state = with_program(loaded(options.accounts, options.batches * BATCH), compiled_program(document, 1))
        figures = batches_per_second(state, options.accounts, options.batches)
        medians[name] = float(np.median(figures))
        print(f"  {name:<70} {machine.spread(figures)}")
    times = single_call_microseconds(state, options.accounts, 20_000)
    print(
        f"one command a call from Python, the last program: {np.median(times):.2f} us "
        f"(p99 {np.percentile(times, 99):.2f})"
    )
    plain = interpreted(1_000, 300)
    ratio = plain / (1e6 / medians[name])
    print(
        f"the same source interpreted, the last program: {plain:,.0f} us a decision; "
        f"compiled is {ratio:,.0f} times as fast"
    )


if __name__ == "__main__":
    main()
