"""Durable ISO 8583 authorizations a second: ARQC verified, ARPC returned, the journal synced before each answer.

    python -m benchmarks.wire

Server on one core, client on the other. Beside it, in the same run, the plain `pyiso8583` + asyncio server, once
durable like ours and once keeping nothing.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from authz.program.document import ProgramDocument
from authz.warm_up import compile_everything
from benchmarks import machine
from benchmarks.closed_loop import Outcome, send_all
from benchmarks.portfolio import program
from benchmarks.traffic import make_traffic, provision_phones
from simulators import test_values
from simulators.server_process import ServerProcess

_SERVER_CORE, _CLIENT_CORE = 0, 1


def _measure(
    name: str, process_id: int, address: tuple[str, int], rounds: list[list[bytes]], window: int
) -> list[float]:
    """Send each round; print and return approved authorizations a second."""
    machine.pin(process_id, _SERVER_CORE)
    figures = []
    for number, requests in enumerate(rounds):
        before = machine.cpu_seconds(process_id)
        outcome = send_all(address, requests, window)
        server_us = (machine.cpu_seconds(process_id) - before) / len(requests) * 1e6
        _print_round(name, number, outcome, server_us)
        if outcome.declined:
            raise SystemExit(
                f"{name}: {outcome.declined} of {len(requests)} were declined; the figure would mean nothing"
            )
        figures.append(outcome.per_second)
    return figures


def _print_round(name: str, number: int, outcome: Outcome, server_us: float) -> None:
    client = outcome.client_seconds / outcome.seconds
    print(
        f"  {name} round {number + 1}: {outcome.per_second:9,.0f} a second; server {server_us:5.1f} us CPU a message, "
        f"client core {client:.0%} busy"
    )


def _rounds(traffic: list[bytes], count: int) -> list[list[bytes]]:
    size = len(traffic) // count
    return [traffic[start : start + size] for start in range(0, size * count, size)]


def _plain(directory: Path, traffic: list[bytes], rounds: int, window: int, *, durable: bool) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.plain_server"]
    if durable:
        command += ["--durable", str(directory / "plain.journal")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        address = ("127.0.0.1", int(process.stdout.readline()))
        name = "plain, durable " if durable else "plain, volatile"
        return _measure(name, process.pid, address, _rounds(traffic, rounds), window)
    finally:
        process.kill()
        process.wait()


def switch_program(url: str, document: ProgramDocument) -> None:
    """Switch the server to another program, while it runs."""
    body = document.model_copy(update={"utc_offsets": []}).model_dump_json(exclude_defaults=True, by_alias=True)
    headers = {"Authorization": f"Bearer {test_values.ISSUER_API_KEY}", "Content-Type": "application/json"}
    httpx.put(f"{url}/v1/program", content=body, headers=headers).raise_for_status()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=800_000, help="authorizations sent to Tapwright (800000)")
    parser.add_argument(
        "--plain-messages", type=int, default=20_000, help="authorizations sent to a plain server (20000)"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="parts that they are sent in; to Tapwright as many with rules (5)"
    )
    parser.add_argument("--phones", type=int, default=64, help="tokens that tap in turn (64)")
    parser.add_argument("--window", type=int, default=1024, help="requests in flight (1024)")
    parser.add_argument("--directory", type=Path, help="where the journals live (a temporary directory)")
    options = parser.parse_args()

    print(machine.describe())
    machine.pin(0, _CLIENT_CORE)
    compile_everything()  # the client counts answers with the same scan
    with tempfile.TemporaryDirectory(prefix="tapwright-bench-", dir=options.directory) as scratch:
        directory = Path(scratch)
        print(f"fdatasync of 4 KiB: {machine.fdatasync_microseconds(directory):.0f} us (median)")
        server = ServerProcess(directory / "data", "--log-level", "warning")
        try:
            phones = provision_phones(server.http_url, options.phones)
            traffic = make_traffic(server.iso_address, phones, options.messages)
            print(f"{len(traffic):,} signed requests of {len(traffic[0])} bytes made; {options.window} in flight")
            figures, ruled = [], []
            for number, requests in enumerate(_rounds(traffic, 2 * options.rounds)):
                with_rules = number % 2 == 1
                switch_program(server.http_url, program(20) if with_rules else ProgramDocument())
                name = "tapwright, rules" if with_rules else "tapwright"
                one = _measure(name, server.pid, server.iso_address, [requests], options.window)
                (ruled if with_rules else figures).extend(one)
        finally:
            server.stop()
        few = traffic[: options.plain_messages]
        durable = _plain(directory, few, options.rounds, options.window, durable=True)
        volatile = _plain(directory, few, options.rounds, options.window, durable=False)
    print(f"\nTapwright, durable:  {machine.spread(figures)} authorizations a second")
    loss = 1 - statistics.median(ruled) / statistics.median(figures)
    print(f"with 20 live rules and 2 velocity limits: {machine.spread(ruled)}; {loss:.0%} less")
    for name, plain in (("durable", durable), ("volatile", volatile)):
        ratio = statistics.median(figures) / statistics.median(plain)
        print(f"plain, {name:<9}    {machine.spread(plain)}; Tapwright is {ratio:.1f} times as fast")


if __name__ == "__main__":
    main()
