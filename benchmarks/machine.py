"""What a figure was measured on, and where its processes ran."""

import os
import platform
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_CORES = sorted(os.sched_getaffinity(0))
"""As they were before any process was pinned: who is pinned passes his own core on to all whom he begins."""


def describe() -> str:
    """Processor, cores, memory and interpreter in one line."""
    information = Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*:\s*(.+)", information)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processor = name[1] if name else platform.machine()
    return f"{processor}, {len(cores())} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def cores() -> list[int]:
    """The cores that this program was given, by number."""
    return _CORES


def pin(process_id: int, core: int) -> None:
    """Keep a process (0: this one) on one core, where the machine has several."""
    if len(_CORES) > 1:
        for thread in Path(f"/proc/{process_id or os.getpid()}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {_CORES[core % len(_CORES)]})


def cpu_seconds(process_id: int) -> float:
    """CPU time that a process has used so far, all its threads."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fdatasync_microseconds(directory: Path, count: int = 200, percent: float = 50.0) -> float:
    """Time of an append of 4 KiB and its fdatasync on this disk: the median, or another percentile."""
    times = []
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        for _ in range(count):
            started = time.perf_counter()
            os.write(file.fileno(), bytes(4096))
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - started)
    return float(np.percentile(times, percent)) * 1e6


def resident_bytes(process_id: int = 0) -> int:
    """Memory that a process (0: this one) holds now."""
    status = Path(f"/proc/{process_id or os.getpid()}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def spread(values: Sequence[float]) -> str:
    """Median and range of some figures."""
    return f"{statistics.median(values):,.0f} (from {min(values):,.0f} to {max(values):,.0f})"
