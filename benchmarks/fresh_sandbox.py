"""How long a test waits for a network of its own: what the pytest plugin's fixture `sandbox` does, over and over.

    python -m benchmarks.fresh_sandbox

Beside it, in the same run, the same network as a process of its own, which is what a test without the plugin starts.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.machine import describe
from simulators.process.logging_setup import configure_logging
from simulators.process.server_process import ServerProcess
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit


def in_process() -> tuple[float, float]:
    """Milliseconds until the first call was answered, and until all of it was gone again."""
    started = time.perf_counter()
    with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address):
        ready = time.perf_counter()
    return (ready - started) * 1e3, (time.perf_counter() - ready) * 1e3


def as_a_process() -> tuple[float, float]:
    """The same with ``tapwright serve``."""
    with tempfile.TemporaryDirectory() as scratch:
        started = time.perf_counter()
        server = ServerProcess(Path(scratch) / "data", "--log-level", "error")
        with TestKit(server.http_url, server.iso_address):
            ready = time.perf_counter()
        server.stop()
    return (ready - started) * 1e3, (time.perf_counter() - ready) * 1e3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=100, help="fresh networks in this process (100)")
    parser.add_argument("--processes", type=int, default=5, help="fresh networks as processes (5)")
    options = parser.parse_args()
    configure_logging("error", "console")
    print(describe())
    first, _ = in_process()
    print(f"the first in a process: {first:,.0f} ms")
    rows = {
        "each after it": [in_process() for _ in range(options.times)],
        "as a process": [as_a_process() for _ in range(options.processes)],
    }
    for name, figures in rows.items():
        starts, stops = ([figure[part] for figure in figures] for part in (0, 1))
        ordered = sorted(starts)
        most = ordered[len(ordered) * 19 // 20 - 1]
        print(
            f"{name}: {statistics.median(starts):,.1f} ms until it answers (from {ordered[0]:,.1f} to "
            f"{ordered[-1]:,.1f}, 19 of 20 within {most:,.1f}), {statistics.median(stops):,.1f} ms to end"
        )


if __name__ == "__main__":
    main()
