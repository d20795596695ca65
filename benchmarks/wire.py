"""Durable ISO 8583 authorizations a second: ARQC verified, ARPC returned, the journal synced before each answer.

    python -m benchmarks.wire

Server on one core, generator on the other, in a closed loop: with and without 20 live rules, by window and by number
of connections. Beside it, in the same run, the plain `pyiso8583` + asyncio server, once durable like ours and once
keeping nothing; and what finding the fields of one message takes, compiled and by `pyiso8583`.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import iso8583
import numpy as np

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding.scan import FRAME_HEADER_BYTES, new_places, scan_message, scan_table
from authz.program.document import ProgramDocument
from benchmarks import machine
from benchmarks.plain_server import pyiso8583_spec
from benchmarks.portfolio import program
from benchmarks.under_load import Measured, closed_load, fresh_lines, measured, plain_server, server, switch_program
from simulators.load.run import measured_ceiling
from simulators.process.server_process import ServerProcess

_WINDOWS = (1, 4, 16, 64, 256)
_CONNECTIONS = (1, 4, 16, 64)


def _print(name: str, one: Measured) -> float:
    tally = one.tally
    print(
        f"  {name:<34} {tally.per_second:9,.0f} a second; p50 {tally.latency.percentile(50):7,} us, "
        f"p99 {tally.latency.percentile(99):7,} us; server {one.server_us:6.1f} us CPU a message, "
        f"client core {one.client_busy:.0%} busy",
        flush=True,
    )
    return tally.per_second


def rounds(running: ServerProcess, options: argparse.Namespace) -> tuple[list[float], list[float], list[float]]:
    """Authorizations a second without and with rules in turn, and the server's CPU time of each, microseconds."""
    without, ruled, spent = [], [], []
    for number in range(2 * options.rounds):
        with_rules = number % 2 == 1
        switch_program(running.http_url, program(20) if with_rules else ProgramDocument())
        lines = fresh_lines(running, options.messages)
        one = measured(running.pid, running.iso_address, lines, closed_load(options.messages, options.window))
        name = f"{'20 rules, 2 limits' if with_rules else 'no rules'}, round {number // 2 + 1}"
        (ruled if with_rules else without).append(_print(name, one))
        spent.append(one.server_us)
    return without, ruled, spent


def scan_nanoseconds(running: ServerProcess) -> tuple[float, float]:
    """Time to find the fields of one message: by the compiled scan (one call for each), and by `pyiso8583`."""
    chunk = fresh_lines(running, 1)[0].chunk(2_000, 12, time.time())
    messages = [request[FRAME_HEADER_BYTES:] for request in chunk.requests()]
    table, places, spec = scan_table(built_in()), new_places(), pyiso8583_spec()
    buffers = [np.frombuffer(message, np.uint8) for message in messages]
    scan_message(buffers[0], 0, len(buffers[0]), table, places)
    started = time.perf_counter()
    for buffer in buffers:
        scan_message(buffer, 0, len(buffer), table, places)
    scanned = time.perf_counter()
    for message in messages:
        iso8583.decode(message, spec)
    decoded = time.perf_counter()
    return (scanned - started) / len(messages) * 1e9, (decoded - scanned) / len(messages) * 1e9


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=160_000, help="authorizations in each round (160000)")
    parser.add_argument("--plain-messages", type=int, default=5_000, help="the same for the plain server (5000)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, as many with rules (5)")
    parser.add_argument("--window", type=int, default=1024, help="requests in flight (1024)")
    parser.add_argument("--directory", type=Path, help="where the journals live (a temporary directory)")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()

    print(machine.describe())
    with tempfile.TemporaryDirectory(prefix="tapwright-bench-", dir=options.directory) as scratch:
        directory = Path(scratch)
        print(f"fdatasync of 4 KiB: {machine.fdatasync_microseconds(directory):.0f} us (median)")
        with server(directory) as running:
            lines = fresh_lines(running, 1)
            ceiling = measured_ceiling(list(lines), closed_load(50_000, options.window))
            print(f"the generator against an echo: {ceiling.per_second:,.0f} a second")
            without, ruled, spent = rounds(running, options)
            switch_program(running.http_url, ProgramDocument())
            by_window, by_connections = {}, {}
            for window in _WINDOWS:
                count = min(options.messages // 4, 8_000 * max(1, window // 4))
                lines = fresh_lines(running, count)
                one = measured(running.pid, running.iso_address, lines, closed_load(count, window))
                by_window[window] = _print(f"1 connection, window {window}", one)
            for connections in _CONNECTIONS:
                count = options.messages // 4
                lines = fresh_lines(running, count, connections)
                window = max(1, 256 // connections)
                one = measured(running.pid, running.iso_address, lines, closed_load(count, window))
                by_connections[connections] = _print(f"{connections} connections, window {window} each", one)
            scanned, decoded = scan_nanoseconds(running)
            plain = {}
            for name, durable in (("durable", True), ("volatile", False)):
                figures = []
                for number in range(options.rounds):
                    lines = fresh_lines(running, 1)
                    with plain_server(directory, durable=durable) as (process_id, address):
                        one = measured(process_id, address, lines, closed_load(options.plain_messages, options.window))
                    figures.append(_print(f"plain, {name}, round {number + 1}", one))
                plain[name] = figures
    print(f"\nTapwright, durable:  {machine.spread(without)} authorizations a second")
    print(
        f"server's CPU time, us a message: {statistics.median(spent):.1f} (from {min(spent):.1f} to {max(spent):.1f})"
    )
    loss = 1 - statistics.median(ruled) / statistics.median(without)
    print(f"with 20 live rules and 2 velocity limits: {machine.spread(ruled)}; {loss:.0%} less")
    for name, figures in plain.items():
        ratio = statistics.median(without) / statistics.median(figures)
        print(f"plain, {name:<9}    {machine.spread(figures)}; Tapwright is {ratio:.1f} times as fast")
    times = decoded / scanned
    print(f"fields of one message: compiled {scanned:,.0f} ns, pyiso8583 {decoded:,.0f} ns; {times:.0f} times")
    if options.json:
        figures_by_name = {
            "durable": without,
            "durable, 20 rules": ruled,
            "plain, durable": plain["durable"],
            "plain, volatile": plain["volatile"],
            "server CPU us a message": spent,
            **{f"window {window}": [figure] for window, figure in by_window.items()},
            **{f"{count} connections": [figure] for count, figure in by_connections.items()},
            "scan ns": [scanned],
            "pyiso8583 ns": [decoded],
        }
        options.json.write_text(json.dumps(figures_by_name))


if __name__ == "__main__":
    main()
