"""How long a tap waits while another line floods the same server: the 50th and 99th percentile, with and without.

    python -m benchmarks.fairness

The server has one core; a till that pays a hundred times a second and the line that floods share the other. The till's
latency counts from when each tap was due. Each kind of flood is repeated as fast as the server takes it.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import numpy as np

from authz.iso8583.dialects.fields import BINARY_LENGTH, built_in
from authz.iso8583.encoding import codec
from benchmarks import machine
from benchmarks.under_load import CLIENT_CORE, fresh_lines, server
from simulators.process.server_process import ServerProcess

_TAPS_A_SECOND = 100
_FLOOD_MESSAGES = 100_000
_JUNK_BYTES = 4 * 1024 * 1024
_NICE = 10
"""The flood must not keep its own core from the till, whose waiting would be blamed on the server."""
_SETTLING_SECONDS = 0.5


def floods(tap: codec.Message) -> dict[str, bytes]:
    """What a line floods with, framed, one after the other. tap: one of a phone that the till does not use."""
    plain = {number: value for number, value in tap.items() if number not in (23, 55)}
    named = "0100" + "999999" + tap[7] + "0".zfill(11) * 2
    reversal = plain | {0: "0400", 90: named[:20] + tap[32].zfill(11) + "0" * 11}
    with_pin = tap | {52: "0123456789ABCDEF", 48: "6220FFFF9876543210E00001"}
    echo = {0: "0800", 7: tap[7], 11: "000001", 70: "301"}
    return {
        "nothing": b"",
        "echo tests (0800)": _framed(echo | {11: f"{number % 10**6:06d}"} for number in range(_FLOOD_MESSAGES)),
        "types that nobody serves (0600)": _framed([echo | {0: "0600"}]) * _FLOOD_MESSAGES,
        "reversals of unknown originals": _framed(
            reversal | {11: f"{number:06d}"} for number in range(1, _FLOOD_MESSAGES // 2)
        ),
        "equal traces": _framed(reversal | {37: f"{number:012d}"} for number in range(_FLOOD_MESSAGES // 2)),
        "PINs": _framed(
            with_pin | {11: f"{number:06d}", 55: _forged(tap[55], number)} for number in range(_FLOOD_MESSAGES // 4)
        ),
        "malformed requests": BINARY_LENGTH.framed(b"0100" + bytes(30)) * _FLOOD_MESSAGES,
        "junk of one byte": BINARY_LENGTH.framed(b"x") * (_JUNK_BYTES // 3),
        "messages that are too long": BINARY_LENGTH.framed(b"0100" + b"x" * 5_000) * (_JUNK_BYTES // 5_000),
        "the same tap again": _framed([tap]) * (_FLOOD_MESSAGES // 4),
    }


def _framed(messages: "Iterator[codec.Message] | list[codec.Message]") -> bytes:
    return b"".join(BINARY_LENGTH.framed(codec.encode(message, built_in())) for message in messages)


def _forged(chip_data: str, number: int) -> str:
    """DE 55 with another cryptogram (tag 9F26)."""
    start = chip_data.index("9F2608") + 6
    return f"{chip_data[:start]}{number:016X}{chip_data[start + 16 :]}"


def flood(address: tuple[str, int], payload: bytes, *, reads: bool) -> None:
    """Send a payload again and again until this process or its parent is ended. reads: also the answers."""
    os.nice(_NICE)
    parent = multiprocessing.parent_process()
    while parent is None or parent.is_alive():
        with suppress(OSError), socket.create_connection(address) as line:
            if reads:
                threading.Thread(target=_drain, args=(line,), daemon=True).start()
            while True:
                line.sendall(payload)


def _drain(line: socket.socket) -> None:
    with suppress(OSError):
        while line.recv(1 << 18):
            pass


@contextmanager
def flooding(address: tuple[str, int], payload: bytes, *, reads: bool) -> Iterator[None]:
    """Another line's flood, while the block runs."""
    if not payload:
        yield
        return
    process = multiprocessing.get_context("spawn").Process(
        target=flood, args=(address, payload), kwargs={"reads": reads}, daemon=True
    )
    process.start()
    assert process.pid is not None
    machine.pin(process.pid, CLIENT_CORE)
    time.sleep(_SETTLING_SECONDS)
    try:
        yield
    finally:
        process.terminate()
        process.join()


def tap_milliseconds(address: tuple[str, int], requests: Iterator[bytes], seconds: float) -> list[float]:
    """How long each tap of a till waits that pays by a schedule, one after the other."""
    waited = []
    with socket.create_connection(address, 60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun = time.perf_counter()
        for place in range(int(seconds * _TAPS_A_SECOND)):
            due = begun + place / _TAPS_A_SECOND
            time.sleep(max(0.0, due - time.perf_counter()))
            line.sendall(next(requests))
            length = int.from_bytes(line.recv(2, socket.MSG_WAITALL), "big")
            line.recv(length, socket.MSG_WAITALL)
            waited.append((time.perf_counter() - due) * 1e3)
    return waited


def health_milliseconds(url: str) -> float:
    """How long ``/healthz`` takes now."""
    started = time.perf_counter()
    httpx.get(f"{url}/healthz", timeout=60).raise_for_status()
    return (time.perf_counter() - started) * 1e3


def rounds(running: ServerProcess, options: argparse.Namespace) -> dict[str, list[tuple[float, float, float]]]:
    """For each kind of flood and round: p50 and p99 of the till's taps, and the health check, in milliseconds."""
    per_run = int(options.seconds * _TAPS_A_SECOND)
    line, other = fresh_lines(running, per_run * options.rounds * 12, 2)
    requests = itertools.chain.from_iterable(line.chunk(per_run, 12, time.time()).requests() for _ in itertools.count())
    payloads = floods(codec.decode(other.chunk(1, 12, time.time()).requests()[0][2:], built_in()))
    cases = {name: (payload, True) for name, payload in payloads.items()}
    cases["echo tests, and reads no answer"] = payloads["echo tests (0800)"], False
    tap_milliseconds(running.iso_address, requests, 0.5)
    figures: dict[str, list[tuple[float, float, float]]] = {name: [] for name in cases}
    for _ in range(options.rounds):
        for name, (payload, reads) in cases.items():
            if options.only and options.only not in name:
                continue
            with flooding(running.iso_address, payload, reads=reads):
                waited = tap_milliseconds(running.iso_address, requests, options.seconds)
                health = health_milliseconds(running.http_url)
            p50, p99 = np.percentile(waited, [50, 99])
            figures[name].append((float(p50), float(p99), health))
            print(f"  {name:<34} p50 {p50:7.2f} ms, p99 {p99:7.2f} ms, /healthz {health:7.2f} ms", flush=True)
    return {name: rows for name, rows in figures.items() if rows}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10, help="of each flood (10)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of all floods (3)")
    parser.add_argument("--only", help="a part of the name of the only flood that is wanted")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    print(machine.describe())
    with tempfile.TemporaryDirectory(prefix="tapwright-bench-") as scratch:
        directory = Path(scratch)
        print(f"fdatasync of 4 KiB: {machine.fdatasync_microseconds(directory):.0f} us (median)")
        machine.pin(0, CLIENT_CORE)
        with server(directory) as running:
            figures = rounds(running, options)
    print(f"\n{'median of the rounds (from, to), ms':<36}{'p50':>10}{'p99':>26}{'/healthz':>12}")
    for name, rows in figures.items():
        p50, p99, health = zip(*rows, strict=True)
        span = f"{statistics.median(p99):.1f} ({min(p99):.1f} to {max(p99):.1f})"
        print(f"  {name:<34}{statistics.median(p50):>10.2f}{span:>26}{statistics.median(health):>12.1f}")
    if options.json:
        options.json.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
