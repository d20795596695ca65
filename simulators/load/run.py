"""A run: measures the generator, starts several generators, reports progress, and sums up."""

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from simulators.load.chunks import Schedule, Traffic
from simulators.load.generator import Load, Orders, generate
from simulators.load.tally import Tally, summed
from simulators.process.server_process import listening

Progress = Callable[[float, int], None]
"""Called once a second with the seconds since the start and how many answers have come."""

_POLL_SECONDS = 0.05
_ECHO_SECONDS = 2.0


class GeneratorFailed(Exception):
    """A generator ended early; the text says why."""


def run_load(
    address: tuple[str, int],
    traffic: list[Traffic],
    load: Load,
    progress: Progress = lambda *_: None,
    on_start: Callable[[], None] = lambda: None,
) -> Tally:
    """Send a load, each traffic on a line of its own. Raises: GeneratorFailed.

    on_start: called when all requests are ready, before the first is sent.
    """
    schedule = Schedule(load.shape, load.per_second / len(traffic), load.seconds)
    context = multiprocessing.get_context("spawn")
    start, generators = context.Event(), []
    for number in range(min(load.processes, len(traffic))):
        orders = Orders(address, traffic[number :: load.processes], schedule, load.seed + 1000 * number, load)
        ours, theirs = context.Pipe()
        process = context.Process(target=generate, args=(orders, theirs, start))
        process.start()
        theirs.close()
        generators.append((process, ours))
    try:
        for _, pipe in generators:
            _heard(pipe)
        on_start()
        start.set()
        return summed(_tallies([pipe for _, pipe in generators], progress))
    finally:
        for process, _ in generators:
            if process.is_alive() and sys.exc_info()[0] is not None:
                process.kill()
            process.join()


def _heard(pipe: Any) -> Any:
    try:
        return pipe.recv()
    except EOFError:
        raise GeneratorFailed("a load generator ended before its time; what it said is above") from None


def _tallies(pipes: list[Any], progress: Progress) -> list[Tally]:
    """Read from the generators until each has sent its tally."""
    answered, tallies, waiting = dict.fromkeys(range(len(pipes)), 0), {}, set(range(len(pipes)))
    seconds = 0.0
    while waiting:
        heard = False
        for number in tuple(waiting):
            while number in waiting and pipes[number].poll():
                heard = True
                word = _heard(pipes[number])
                if isinstance(word, Tally):
                    tallies[number] = word
                    waiting.discard(number)
                else:
                    seconds, answered[number] = word
        if heard:
            progress(seconds, sum(answered.values()))
        else:
            time.sleep(_POLL_SECONDS)
    return [tallies[number] for number in sorted(tallies)]


@contextmanager
def echo_host() -> Iterator[tuple[str, int]]:
    """The address of an echo host in a process of its own."""
    with listening("simulators.load.echo_host") as (_, address):
        yield address


@dataclass(frozen=True)
class Ceiling:
    """What the generator can do by itself, against a host that only echoes: how much, and how late it is."""

    per_second: float
    at_this_rate: Tally | None


def measured_ceiling(traffic: list[Traffic], load: Load) -> Ceiling:
    """Send to an echo host: as fast as it goes with the load's connections, and in an open loop at the load's rate."""
    with echo_host() as address:
        quick = replace(load, made_ahead=True, seconds=_ECHO_SECONDS, warm_up_seconds=0.0)
        fast = run_load(address, traffic, replace(quick, window=load.window or 256, per_second=100_000))
        if load.window is not None:
            return Ceiling(fast.per_second, None)
        same = run_load(address, traffic, replace(quick, seconds=2 * _ECHO_SECONDS, warm_up_seconds=_ECHO_SECONDS))
        return Ceiling(fast.per_second, same)
