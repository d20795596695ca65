"""How cost grows: with accounts and tokens, rules, the length of a history, and connections.

    python -m benchmarks.growth --plot growth.png

Each curve is a cost by a size, and the slope of the line through them on two logarithmic axes: 0 for a cost that does
not grow, 1 for one that grows as its size does. What is asked about the last hour must not cost more for an account
that has paid a hundred thousand times.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from authz.kernel.application import apply
from authz.kernel.checks.findings import new_findings
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, with_offsets
from authz.state.tables import with_program, with_room
from authz.vocabulary.commands import COMMAND, new_results
from benchmarks import machine
from benchmarks.kernel import BATCH, batches_per_second, loaded
from benchmarks.portfolio import NOW_US, program, taps
from benchmarks.under_load import closed_load, fresh_lines, measured, server

Curve = dict[int, float]


def by_accounts(batches: int) -> Curve:
    """Nanoseconds a decision by accounts, each with a card and a token, under 20 rules and 2 limits."""
    curve = {}
    for accounts in (1_000, 10_000, 100_000, 1_000_000, 4_000_000):
        state = with_program(loaded(accounts, batches * BATCH), compiled_program(program(20), 1))
        curve[accounts] = 1e9 / float(np.median(batches_per_second(state, accounts, batches)))
    return curve


def by_rules(batches: int) -> Curve:
    """The same by rules, each of two comparisons, with 100,000 accounts."""
    curve = {}
    for rules in (1, 8, 32, 128, 512):
        state = with_program(loaded(100_000, batches * BATCH), compiled_program(many_rules(rules), 1))
        curve[rules] = 1e9 / float(np.median(batches_per_second(state, 100_000, batches)))
    return curve


def many_rules(count: int) -> ProgramDocument:
    """So many rules, none of which the benchmark's taps match."""
    rules = [
        {
            "id": f"rule-{number:03d}",
            "state": "live",
            "action": "decline",
            "when": {
                "all": [
                    {"attribute": "amount", "operator": ">", "value": 100 + number},
                    {"attribute": "merchant_category", "operator": "=", "value": f"{2000 + number}"},
                ]
            },
        }
        for number in range(count)
    ]
    return with_offsets(ProgramDocument.model_validate({"rules": rules}))


def by_history(longest: int) -> Curve:
    """The same by how often two accounts have paid before, under 20 rules and 2 limits of an hour and a day."""
    curve, paid = {}, 0
    state = with_program(loaded(16, longest + 64 * BATCH), compiled_program(program(20), 1))
    counters, findings = np.zeros(2, np.uint16), new_findings()
    random = np.random.default_rng(3)
    for wanted in (1_000, 4_000, 16_000, 64_000):
        figures = []
        while paid < min(wanted, longest):
            commands = taps(random, counters, 500, paid + 1, NOW_US + paid * 1_000_000)
            commands["time_us"] = NOW_US + np.arange(paid, paid + 500) * 100_000
            results = new_results(500)
            state = with_room(state, 500)
            started = time.perf_counter()
            apply(state, commands.view(COMMAND), results, findings)
            figures.append((time.perf_counter() - started) / 500 * 1e9)
            paid += 500
        curve[paid] = float(np.median(figures[-8:]))
    return curve


def by_connections() -> Curve:
    """Microseconds of the server's CPU a message by connections, 256 requests in flight in all."""
    curve = {}
    with tempfile.TemporaryDirectory(prefix="tapwright-bench-") as scratch, server(Path(scratch)) as running:
        for connections in (1, 4, 16, 64):
            lines = fresh_lines(running, 20_000, connections)
            one = measured(running.pid, running.iso_address, lines, closed_load(20_000, 256 // connections))
            curve[connections] = 1e6 / one.tally.per_second
    return curve


def slope(curve: Curve) -> float:
    """The slope of a curve on two logarithmic axes."""
    sizes, costs = np.log(list(curve)), np.log(list(curve.values()))
    return float(np.polyfit(sizes, costs, 1)[0])


def plot(path: Path, curves: dict[str, Curve]) -> None:
    """All curves side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), layout="constrained")
    for axes, (name, curve) in zip(figure.subplots(2, 2).flat, curves.items(), strict=False):
        axes.plot(list(curve), list(curve.values()), marker="o", color="#1f4e79")
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.set_title(name, fontsize=10)
        axes.grid(visible=True, alpha=0.3)
    figure.savefig(path)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=30, help="of 4,096 decisions for each point (30)")
    parser.add_argument("--plot", type=Path, help="draw the curves")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    print(machine.describe())
    curves = {
        "ns a decision by accounts and tokens": by_accounts(options.batches),
        "ns a decision by rules": by_rules(options.batches),
        "ns a decision by payments before": by_history(64_000),
        "us a message by connections": by_connections(),
    }
    for name, curve in curves.items():
        points = ", ".join(f"{size:,}: {cost:,.0f}" for size, cost in curve.items())
        print(f"  {name:<40} {points}; slope {slope(curve):.2f}", flush=True)
    if options.plot:
        plot(options.plot, curves)
    if options.json:
        options.json.write_text(
            json.dumps({f"{name}, {size}": [cost] for name, curve in curves.items() for size, cost in curve.items()})
        )


if __name__ == "__main__":
    main()
