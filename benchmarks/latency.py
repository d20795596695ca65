"""Latency by load: an open loop at 10, 50, 80 and 95 % of what the same server can do, each request timed from when it
was due.

    python -m benchmarks.latency

Capacity is measured first, in a closed loop; the disk's own fdatasync before and after, so that what the disk takes can
be told from what we take; the generator against an echo at the same rates.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from benchmarks import machine
from benchmarks.under_load import closed_load, fresh_lines, measured, open_load, server
from simulators.load.latency import PERCENTILES
from simulators.load.run import echo_host, run_load
from simulators.load.traffic import Mix

_LEVELS = (0.10, 0.50, 0.80, 0.95)
_SYNCS = 3_000


def _row(name: str, values: dict[str, int]) -> str:
    return f"  {name:<30}" + "".join(f"{value / 1000:10.2f}" for value in values.values())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15, help="of each level, 3 of them warm-up (15)")
    parser.add_argument("--connections", type=int, default=1, help="TCP connections (1)")
    parser.add_argument("--window", type=int, default=1024, help="in flight while capacity is measured (1024)")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    print(machine.describe())
    figures: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="tapwright-bench-") as scratch:
        directory = Path(scratch)
        syncs = [machine.fdatasync_microseconds(directory, _SYNCS, percent) for percent in (50, 99.9)]
        with server(directory) as running:
            rates = []
            for _ in range(3):
                lines = fresh_lines(running, 80_000, options.connections)
                one = measured(running.pid, running.iso_address, lines, closed_load(80_000, options.window))
                rates.append(one.tally.per_second)
            capacity = statistics.median(rates)
            print(f"capacity, closed loop: {machine.spread(rates)} a second")
            print(f"{'':<32}" + "".join(f"{f'p{percent:g}':>10}" for percent in PERCENTILES) + "   in ms")
            for level in _LEVELS:
                rate = capacity * level
                lines = fresh_lines(running, rate * options.seconds, options.connections, Mix())
                load = open_load(rate, options.seconds, warm_up_seconds=3.0)
                one = measured(running.pid, running.iso_address, lines, load)
                values = one.tally.latency.percentiles()
                print(_row(f"{level:.0%}: {rate:,.0f} a second", values), flush=True)
                with echo_host() as address:
                    own = run_load(address, list(lines), open_load(rate, 6.0, warm_up_seconds=2.0))
                print(_row("   the generator by itself", own.latency.percentiles()), flush=True)
                figures |= {f"{level:.0%} {name} us": [float(value)] for name, value in values.items()}
        syncs += [machine.fdatasync_microseconds(directory, _SYNCS, percent) for percent in (50, 99.9)]
    print(f"fdatasync of 4 KiB: p50 {syncs[0]:.0f} and {syncs[2]:.0f} us, p99.9 {syncs[1]:.0f} and {syncs[3]:.0f} us")
    if options.json:
        options.json.write_text(json.dumps({"capacity": rates, "fdatasync p99.9 us": [syncs[1], syncs[3]], **figures}))


if __name__ == "__main__":
    main()
