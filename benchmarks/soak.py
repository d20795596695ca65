"""Half an hour of traffic with checkpoints: does latency stay flat, and does memory grow by more than what is kept?

    python -m benchmarks.soak --minutes 30 --rate 15000 --plot soak.png

An open loop of the whole mix; requests are made while it runs. Memory of the server is sampled every five seconds and
held against what its transactions take.
"""

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from authz.journal.checkpoint import checkpoints
from authz.journal.data_directory import checkpoints_in
from benchmarks import machine
from benchmarks.under_load import fresh_lines, measured, open_load, server
from simulators.load.report import draw_over_time
from simulators.load.tally import Tally
from simulators.load.traffic import Mix

_SAMPLE_SECONDS = 5.0
_INTERVAL_SECONDS = 10.0
_WARM_UP_SECONDS = 20.0


class Sampler:
    """Samples a server's memory in a thread, and counts its checkpoints."""

    def __init__(self, process_id: int, data: Path) -> None:
        self.samples: list[tuple[float, int]] = []
        self.checkpoints: set[int] = set()
        self._process_id, self._data = process_id, data
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._started = time.perf_counter()
        self._thread.start()

    def _sample(self) -> None:
        while not self._stopped.wait(_SAMPLE_SECONDS):
            moment = time.perf_counter() - self._started
            self.samples.append((moment, machine.resident_bytes(self._process_id)))
            self.checkpoints.update(checkpoints(checkpoints_in(self._data)))

    def stop(self) -> None:
        """Stop sampling."""
        self._stopped.set()
        self._thread.join()


def plot(path: Path, tally: Tally, sampler: Sampler) -> None:
    """Latency and memory over time."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    intervals = tally.by_interval()
    at = [(each["at"] + _WARM_UP_SECONDS) / 60 for each in intervals]
    draw_over_time(above, at, intervals, ("p50", "p99", "p99.9", "max"))
    above.set_title(f"{tally.per_second:,.0f} authorizations a second, {len(sampler.checkpoints)} checkpoints")
    moments, resident = zip(*sampler.samples, strict=True)
    below.plot([moment / 60 for moment in moments], [each / 2**30 for each in resident], color="#1f4e79")
    below.set_ylabel("resident memory of the server, GiB")
    below.set_xlabel("minutes")
    below.set_ylim(bottom=0)
    below.grid(visible=True, alpha=0.3)
    figure.savefig(path)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30, help="how long (30)")
    parser.add_argument("--rate", type=float, default=15_000, help="requests a second (15000)")
    parser.add_argument("--plot", type=Path, help="draw latency and memory over time")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    print(machine.describe())
    seconds = options.minutes * 60
    with tempfile.TemporaryDirectory(prefix="tapwright-bench-") as scratch:
        directory = Path(scratch)
        with server(directory) as running:
            lines = fresh_lines(running, options.rate * seconds, mix=Mix())
            sampler = Sampler(running.pid, directory / "data")
            # Not busy: who makes the requests meanwhile runs on the same core, at the lowest priority.
            load = open_load(
                options.rate,
                seconds,
                busy=False,
                warm_up_seconds=_WARM_UP_SECONDS,
                made_ahead=False,
                interval=_INTERVAL_SECONDS,
            )
            tally = measured(running.pid, running.iso_address, lines, load, _say).tally
            sampler.stop()
    moments, resident = (np.array(values) for values in zip(*sampler.samples, strict=True))
    settled = moments > _WARM_UP_SECONDS
    slope = np.polyfit(moments[settled], resident[settled], 1)[0]
    halves = np.array_split(np.array([each["p99"] for each in tally.by_interval()]), 2)
    print(f"{tally.answered:,} answers, {tally.per_second:,.0f} a second; {len(sampler.checkpoints)} checkpoints")
    print("latency, us: " + ", ".join(f"{name} {value:,}" for name, value in tally.latency.percentiles().items()))
    first, second = (np.median(half) for half in halves)
    print("sent late, us: " + ", ".join(f"{name} {value:,}" for name, value in tally.lag.percentiles().items()))
    print(f"p99 by interval, median of the first half {first:,.0f} us, of the second {second:,.0f} us")
    print(f"memory grows by {slope / tally.per_second:,.0f} bytes a request, to {resident.max() / 2**30:.2f} GiB")
    if options.plot:
        plot(options.plot, tally, sampler)
    if options.json:
        figures = {name: [float(value)] for name, value in tally.latency.percentiles().items()}
        options.json.write_text(json.dumps(figures | {"bytes a request": [slope / tally.per_second]}))


def _say(seconds: float, answered: int) -> None:
    if int(seconds) % 60 == 0:
        print(f"{seconds / 60:5.0f} min  {answered:12,} answers", flush=True)


if __name__ == "__main__":
    main()
