"""One generator process: several connections, driven by an event loop that never waits for answers."""

import multiprocessing
import os
import selectors
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from simulators.load.arrivals import Shape
from simulators.load.chunks import Dated, Schedule, Traffic, make_chunks, taken_chunks
from simulators.load.line import Line
from simulators.load.tally import Tally
from simulators.load.traffic import Chunk
from simulators.process.compilation_notice import compilation_announced

_NAP_SECONDS = 50e-6
_GRACE_SECONDS = 5.0
_STARTING_SECONDS = 0.2
_CHUNKS_AHEAD = 40


@dataclass(frozen=True)
class Load:
    """What is sent.

    per_second: by all lines together.  window: the most unanswered requests on a line; None: an open loop, by the
    schedule.  processes: generators, which share the lines.  made_ahead: all requests are made before the first is
    sent; otherwise a process of low priority makes them meanwhile.  busy: the loop never sleeps, which needs a core of
    its own.  cores: where generators run, () for anywhere.  interval: seconds of each part of the tally.
    """

    per_second: float
    seconds: float
    shape: Shape = Shape.POISSON
    window: int | None = None
    warm_up_seconds: float = 2.0
    processes: int = 1
    seed: int = 1
    made_ahead: bool = True
    busy: bool = False
    cores: tuple[int, ...] = ()
    interval: float = 1.0


@dataclass(frozen=True)
class Orders:
    """What one generator is to do: its lines' traffic, and the schedule of each of them."""

    address: tuple[str, int]
    traffic: list[Traffic] = field(repr=False)
    schedule: Schedule
    seed: int
    load: Load


def generate(orders: Orders, told: Any, start: Any) -> None:
    """Carry out orders in this process.

    told: a pipe, gets "ready", then (seconds, answered so far) once a second, then the `Tally`.
    start: an event; nothing is sent before it.
    """
    if orders.load.cores:
        os.sched_setaffinity(0, orders.load.cores)
    with compilation_announced(), TemporaryDirectory(prefix="tapwright-load-", dir=_memory_folder()) as scratch:
        folders = [Path(scratch) / f"line-{number}" for number in range(len(orders.traffic))]
        for folder in folders:
            folder.mkdir()
        ahead = None if orders.load.made_ahead else _CHUNKS_AHEAD
        maker = multiprocessing.get_context("spawn").Process(
            target=make_chunks, args=(folders, orders.schedule, orders.traffic, orders.seed, ahead), daemon=True
        )
        maker.start()
        if orders.load.made_ahead:
            maker.join()
        else:
            _wait_for_chunks(folders[-1], orders.schedule)
        told.send("ready")
        start.wait()
        told.send(_drive(orders, folders, lambda *progress: told.send(progress)))
        maker.kill()
        maker.join()


def _memory_folder() -> str | None:
    """A file system in memory, where there is one: requests on disk would compete with the server's journal."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


def _wait_for_chunks(folder: Path, schedule: Schedule) -> None:
    wanted = min(_CHUNKS_AHEAD, len(schedule.parts)) // 2
    while len(list(folder.glob("*.chunk"))) < wanted:
        time.sleep(_STARTING_SECONDS)


def _without_due(chunks: Iterator[Dated]) -> Iterator[tuple[Chunk, None]]:
    for chunk, _ in chunks:
        yield chunk, None


def _drive(orders: Orders, folders: list[Path], tell: Callable[[float, int], None]) -> Tally:
    started = time.perf_counter() + _STARTING_SECONDS
    is_closed, planned = orders.load.window is not None, started + orders.schedule.seconds
    tally = Tally(started + orders.load.warm_up_seconds, orders.load.interval)
    moment = 0.0

    def take(due: npt.NDArray[np.float64], sorts: npt.NDArray[np.uint8], approved: npt.NDArray[np.bool_]) -> None:
        tally.take(moment, due, sorts, approved)

    lines = []
    for folder in folders:
        dated = taken_chunks(folder, orders.schedule, started)
        chunks: Any = _without_due(dated) if is_closed else dated
        line = Line(orders.address, chunks, orders.load.window, take, tally.note_lag)
        lines.append(line)
    readable = selectors.DefaultSelector()
    for line in lines:
        readable.register(line.socket, selectors.EVENT_READ, line)
    cpu, next_told, end = time.process_time(), started + 1.0, float("inf") if is_closed else planned + _GRACE_SECONDS
    while (moment := time.perf_counter()) < started:
        time.sleep(_NAP_SECONDS)
    open_lines = list(lines)
    while moment < end and (open_lines or any(line.unanswered for line in lines)):
        for line in open_lines:
            if line.next_due <= moment:
                line.send(moment)
        open_lines = [line for line in open_lines if not line.is_done]
        ready = readable.select(0)
        moment = time.perf_counter()
        for key, _ in ready:
            key.data.receive()
        if moment >= next_told:
            tell(moment - started, sum(line.answered for line in lines))
            next_told += 1.0
        if not ready and not orders.load.busy:
            time.sleep(_NAP_SECONDS)
        moment = time.perf_counter()
    tally.cpu_seconds = time.process_time() - cpu
    tally.seconds = (moment if is_closed else planned) - tally.began
    tally.sent = sum(line.sent for line in lines)
    tally.lost = sum(line.unanswered + line.unsent for line in lines)
    readable.close()
    for line in lines:
        line.close()
    return tally
