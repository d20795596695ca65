"""A server on one core and a load generator on the other, for the programs that measure over the wire."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from authz.program.document import ProgramDocument
from benchmarks import machine
from simulators.load.customers import fresh_traffic, phones_for
from simulators.load.generator import Load
from simulators.load.run import Progress, run_load
from simulators.load.tally import Tally
from simulators.load.traffic import TAPS_ONLY, LineTraffic, Mix
from simulators.parties import sandbox_constants
from simulators.process.server_process import ServerProcess, listening

SERVER_CORE, CLIENT_CORE = 0, 1


@dataclass(frozen=True)
class Measured:
    """A run, and what the server's process spent on it. server_us: CPU time a message, microseconds."""

    tally: Tally
    server_us: float

    @property
    def client_busy(self) -> float:
        """How much of its core the generator used while it sent."""
        return self.tally.cpu_seconds / max(self.tally.seconds, 1e-9)


@contextmanager
def server(directory: Path, python: Path | None = None) -> Iterator[ServerProcess]:
    """A server with a data directory of its own, on the server's core. python: see `ServerProcess`."""
    running = ServerProcess(directory / "data", "--log-level", "warning", python=python)
    try:
        machine.pin(running.pid, SERVER_CORE)
        yield running
    finally:
        running.stop()


@contextmanager
def plain_server(directory: Path, *, durable: bool) -> Iterator[tuple[int, tuple[str, int]]]:
    """The plain `pyiso8583` and asyncio server on the server's core: its process id and address."""
    arguments = ["--durable", str(directory / "plain.journal")] if durable else []
    with listening("benchmarks.plain_server", *arguments) as (process_id, address):
        machine.pin(process_id, SERVER_CORE)
        yield process_id, address


def switch_program(url: str, document: ProgramDocument) -> None:
    """Switch a server to another program, while it runs."""
    body = document.model_copy(update={"utc_offsets": []}).model_dump_json(exclude_defaults=True, by_alias=True)
    headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}", "Content-Type": "application/json"}
    httpx.put(f"{url}/v1/program", content=body, headers=headers).raise_for_status()


def fresh_lines(
    running: ServerProcess, requests: float, connections: int = 1, mix: Mix = TAPS_ONLY, seed: int = 1
) -> list[LineTraffic]:
    """What so many connections send: taps of phones that have never paid, enough for so many requests."""
    merchants = 1 if mix is TAPS_ONLY else 3  # one, whose amounts no rule of the benchmarks' program declines
    return fresh_traffic(
        running.http_url,
        running.iso_address,
        phones_for(requests),
        connections,
        mix,
        merchants=merchants,
        seed=seed,
    )


def closed_load(requests: float, window: int) -> Load:
    """A closed loop that keeps the client's core to itself: so many requests, so many unanswered on a connection."""
    return Load(requests, 1.0, window=window, warm_up_seconds=0.0, busy=True, cores=(_client_core(),))


def open_load(per_second: float, seconds: float, *, busy: bool = True, **more: object) -> Load:
    """An open loop on the client's core, which it keeps to itself where it is busy."""
    return Load(per_second, seconds, busy=busy, cores=(_client_core(),), **more)  # type: ignore[arg-type]


def _client_core() -> int:
    cores = machine.cores()
    return cores[CLIENT_CORE % len(cores)]


def measured(
    process_id: int,
    address: tuple[str, int],
    lines: list[LineTraffic],
    load: Load,
    progress: Progress = lambda *_: None,
) -> Measured:
    """Send a load to a server's process. One answer that is lost, or not as it was meant to be, ends the program."""
    before: list[float] = []
    tally = run_load(address, list(lines), load, progress, lambda: before.append(machine.cpu_seconds(process_id)))
    spent = machine.cpu_seconds(process_id) - before[0]
    if tally.lost or tally.unexpected:
        raise SystemExit(f"{tally.lost} lost and {tally.unexpected} unexpected answers: the figure would mean nothing")
    return Measured(tally, spent / max(tally.sent, 1) * 1e6)
