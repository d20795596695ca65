"""Requests prepared and signed in advance by a separate process, in files, so that sending is cheap."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from simulators.load.arrivals import HOURS, Shape, arrivals, hour_of
from simulators.load.traffic import Chunk

_CHUNK_SECONDS = 0.25
_POLL_SECONDS = 0.002
_ALIGNED = 8
_LOW_PRIORITY = 19

Dated = tuple[Chunk, npt.NDArray[np.float64]]
"""Requests, and when each is due, in seconds from the run's beginning."""


class Traffic(Protocol):
    """Makes requests."""

    def chunk(self, count: int, hour: int, now: float) -> Chunk:
        """So many requests of an hour of the day. now: Unix seconds."""


@dataclass(frozen=True)
class Schedule:
    """When requests are due. per_second: on one line.  seconds: of the whole run."""

    shape: Shape
    per_second: float
    seconds: float

    @property
    def parts(self) -> list[tuple[float, float]]:
        """The run in short pieces: beginning and end of each."""
        count = max(len(HOURS), int(np.ceil(self.seconds / _CHUNK_SECONDS)))
        edges = np.linspace(0.0, self.seconds, count + 1).tolist()
        return list(pairwise(edges))


def make_chunks(folders: list[Path], schedule: Schedule, traffic: list[Traffic], seed: int, ahead: int | None) -> None:
    """Write the requests of a whole run, at most so many pieces ahead of who takes and deletes them.

    folders: one for each line's traffic.
    """
    if ahead is not None:
        os.nice(_LOW_PRIORITY)
    randoms, begun = [np.random.default_rng([seed, number]) for number in range(len(traffic))], time.time()
    for place, (begin, end) in enumerate(schedule.parts):
        hour = hour_of(begin, schedule.seconds)
        for folder, line, random in zip(folders, traffic, randoms, strict=True):
            while ahead is not None and place >= ahead and _path(folder, place - ahead).exists():
                time.sleep(_POLL_SECONDS)
            due = arrivals(schedule.shape, schedule.per_second, begin, end, schedule.seconds, random)
            # DE 7 moves with the run, not with the hurry of who writes it ahead.
            _write(_path(folder, place), line.chunk(len(due), hour, begun + begin), due)


def taken_chunks(folder: Path, schedule: Schedule, started: float) -> Iterator[Dated]:
    """The pieces one after the other, waiting for each; due from a moment on. A file is gone when the next is taken."""
    for place in range(len(schedule.parts)):
        path = _path(folder, place)
        while not path.exists():
            time.sleep(_POLL_SECONDS)
        chunk, due = _read(path)
        yield chunk, due + started
        path.unlink()


def _path(folder: Path, place: int) -> Path:
    return folder / f"{place:08d}.chunk"


def _write(path: Path, chunk: Chunk, due: npt.NDArray[np.float64]) -> None:
    head = np.array([len(due), chunk.first_stan], np.int64)
    octets = [head.tobytes(), chunk.starts.tobytes(), due.tobytes(), chunk.sorts.tobytes()]
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        file.write(b"".join(octets))
        file.write(bytes(-len(due) % _ALIGNED))
        file.write(memoryview(chunk.frames))  # type: ignore[arg-type]
    unfinished.rename(path)


def _read(path: Path) -> Dated:
    octets = np.memmap(path, np.uint8, "r")
    count, first_stan = octets[:16].view(np.int64).tolist()
    place = 16
    starts = octets[place : place + 8 * (count + 1)].view(np.int64)
    place += 8 * (count + 1)
    due = octets[place : place + 8 * count].view(np.float64)
    place += 8 * count
    sorts = octets[place : place + count]
    place += count + -count % _ALIGNED
    return Chunk(octets[place:], starts, first_stan, sorts), due
