"""Results of a run: a table, JSON, and a plot."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from simulators.load.latency import LatencyHistogram
from simulators.load.run import Ceiling
from simulators.load.tally import Tally

_MILLISECOND_US = 1000
_COLOURS = {"p50": "#1f4e79", "p99": "#c55a11", "p99.9": "#7f6000", "max": "#999999"}
_PLOTTED = (0, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99)


class NoPlots(Exception):
    """The library that plots are drawn with is not installed."""


def _milliseconds(microseconds: float) -> str:
    return f"{microseconds / _MILLISECOND_US:,.2f} ms"


def show(tally: Tally, ceiling: Ceiling | None, console: Console) -> None:
    """Print a run, with the generator's own figures beside it."""
    table = Table(title=f"{tally.answered:,} answers in {tally.seconds:.1f} s")
    table.add_column("")
    table.add_column("measured", justify="right")
    table.add_column("the generator by itself", justify="right")
    same = ceiling.at_this_rate if ceiling is not None else None
    table.add_row("answers a second", f"{tally.per_second:,.0f}", f"{ceiling.per_second:,.0f}" if ceiling else "")
    own = same.latency.percentiles() if same is not None else {}
    for name, value in tally.latency.percentiles().items():
        table.add_row(f"latency {name}", _milliseconds(value), _milliseconds(own[name]) if own else "")
    table.add_row("longest", _milliseconds(tally.latency.highest), _milliseconds(same.latency.highest) if same else "")
    for name, value in tally.lag.percentiles((50.0, 99.9)).items():
        table.add_row(f"sent late {name}", _milliseconds(value), "")
    console.print(table)
    answers = Table(title="by what was sent")
    for column in ("sort", "approved", "not approved"):
        answers.add_column(column, justify="left" if column == "sort" else "right")
    for name, counts in tally.by_sort().items():
        answers.add_row(name.replace("_", " "), f"{counts['approved']:,}", f"{counts['other']:,}")
    console.print(answers)
    if tally.lost:
        console.print(f"[bold red]{tally.lost:,} requests were never answered[/]")
    if tally.unexpected:
        console.print(f"[bold red]{tally.unexpected:,} answers were not what their request was meant to get[/]")


def as_json(tally: Tally, ceiling: Ceiling | None, settings: Mapping[str, object]) -> dict[str, Any]:
    """A run with its settings and what the generator can do by itself. Times in microseconds."""
    by_itself = None
    if ceiling is not None:
        same = ceiling.at_this_rate
        by_itself = {"per_second": ceiling.per_second, "latency_us": same.latency.percentiles() if same else None}
    return {"settings": dict(settings), "generator_by_itself": by_itself, **tally.as_json()}


def write_json(path: Path, run: Mapping[str, Any]) -> None:
    """Write a run to a file."""
    path.write_text(json.dumps(run, indent=1) + "\n")


def plot(path: Path, run: Mapping[str, Any]) -> None:
    """Draw a run (from `as_json`): latencies by percentile, and second by second. The suffix says how: .png, .svg.

    Raises: NoPlots.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise NoPlots("plots need matplotlib: pip install 'tapwright[plots]'") from None
    figure = Figure(figsize=(9, 7), layout="constrained")
    above, below = figure.subplots(2, 1)
    histogram = LatencyHistogram.from_json(run["histogram"])
    above.plot(
        [1 / (1 - percent / 100) for percent in _PLOTTED],
        [max(histogram.percentile(percent), 1) / _MILLISECOND_US for percent in _PLOTTED],
        marker="o",
        color="#1f4e79",
    )
    above.set_xscale("log")
    above.set_yscale("log")
    above.set_xticks([1 / (1 - percent / 100) for percent in (50, 90, 99, 99.9, 99.99)])
    above.set_xticklabels(["50 %", "90 %", "99 %", "99.9 %", "99.99 %"])
    above.set_ylabel("latency, ms")
    above.set_title(f"{run['per_second']:,.0f} answers a second; latency from the moment each request was due")
    above.grid(visible=True, which="both", alpha=0.3)
    intervals = run["intervals"]
    draw_over_time(below, [each["at"] for each in intervals], intervals, ("p50", "p99", "max"))
    below.set_xlabel("seconds")
    figure.savefig(path)


def draw_over_time(
    axes: Any, at: Sequence[float], intervals: Sequence[Mapping[str, float]], names: Sequence[str]
) -> None:
    """Draw latencies of intervals (from `Tally.by_interval`) by name, at moments, on axes of matplotlib."""
    for name in names:
        values = [max(each[name], 1) / _MILLISECOND_US for each in intervals]
        axes.plot(at, values, label=name, color=_COLOURS[name], linewidth=1)
    if intervals:
        axes.set_yscale("log")
    axes.set_ylabel("latency, ms")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend(loc="upper right", ncols=len(names))
