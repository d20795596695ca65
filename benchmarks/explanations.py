"""How long an explanation takes: of the newest decisions of a large bank, of all at once, and by replaying everything.

    python -m benchmarks.explanations

A journal of 100,000 accounts and their decisions under 20 live rules and two limits. Explanations are asked for in
random order, each once, so that none is known from before; then two hundred at once, which are answered or told to
come again.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from authz.history.account_replay import AccountReplay
from authz.history.explanation import explained
from authz.history.explanations import Explanations
from authz.history.past import WholeReplay
from authz.journal.data_directory import history_in
from authz.journal.journal_files import SegmentReader
from authz.journal.replay import History
from authz.vocabulary.errors import ExplanationsBusy
from benchmarks import machine
from benchmarks.recovery import make_journal
from tokenvault.vocabulary.identifiers import Prefix, to_text

_AT_ONCE = 200
_WHOLE = 3


def single_milliseconds(past: AccountReplay | WholeReplay, sequences: list[int]) -> list[float]:
    """How long each takes, one after the other."""
    waited = []
    for sequence in sequences:
        started = time.perf_counter()
        told = explained(past, sequence)
        waited.append((time.perf_counter() - started) * 1e3)
        assert told is not None
    return waited


async def at_once(history: History, sequences: list[int]) -> tuple[int, float, float]:
    """Of many that are asked for at once: how many were answered, the longest wait of those, and of the others, ms."""
    explanations = Explanations(history)
    await explanations.explain(to_text(Prefix.AUTHORIZATION, sequences[-1]))
    answered, refused = [0.0], [0.0]

    async def ask(sequence: int) -> None:
        started = time.perf_counter()
        try:
            await explanations.explain(to_text(Prefix.AUTHORIZATION, sequence))
            answered.append((time.perf_counter() - started) * 1e3)
        except ExplanationsBusy:
            refused.append((time.perf_counter() - started) * 1e3)

    await asyncio.gather(*(ask(sequence) for sequence in sequences[:_AT_ONCE]))
    explanations.close()
    return len(answered) - 1, max(answered), max(refused)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=100_000, help="accounts (100000)")
    parser.add_argument(
        "--decisions", type=int, default=100_000, help="decisions, all of which may be asked for (100000)"
    )
    parser.add_argument("--asked", type=int, default=2_000, help="how many are asked for (2000)")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    print(machine.describe())
    with tempfile.TemporaryDirectory(prefix="tapwright-bench-") as scratch:
        directory = Path(scratch)
        make_journal(directory, options.accounts, options.decisions, 256)
        history = history_in(directory)
        assert isinstance(history.journal, SegmentReader)
        last = 3 * options.accounts + 1 + options.decisions
        random = np.random.default_rng(3)
        asked = (last - random.choice(options.decisions, options.asked, replace=False)).tolist()
        by_account = AccountReplay(history.journal)
        started = time.perf_counter()
        by_account.read_on()
        read_on = (time.perf_counter() - started) * 1e3
        explained(by_account, asked[0])  # compiles, where nobody has
        before = machine.resident_bytes()
        waited = single_milliseconds(by_account, asked)
        grown = (machine.resident_bytes() - before) / 2**20
        answered, longest, refused = asyncio.run(at_once(history, asked))
        whole = single_milliseconds(WholeReplay(history), asked[:_WHOLE])
    p50, p99 = np.percentile(waited, [50, 99])
    print(f"reading {last:,} commands once, at the first: {read_on:,.0f} ms")
    print(f"one explanation of {options.asked:,}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {max(waited):.1f} ms")
    print(f"memory that these took: {grown:.0f} MiB")
    print(
        f"{_AT_ONCE} at once: {answered} answered within {longest:.0f} ms, the others refused within {refused:.0f} ms"
    )
    print(f"by replaying everything: {statistics.median(whole):,.0f} ms")
    if options.json:
        figures = {"explanation ms": waited, "first ms": [read_on], "whole replay ms": whole}
        options.json.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
