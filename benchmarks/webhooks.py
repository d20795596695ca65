"""What webhooks of payments cost the ISO 8583 side: the wire's throughput with an endpoint, and without, in turn.

    python -m benchmarks.webhooks [--before OTHER/.venv/bin/python]

Server on one core, generator and receiver on the other. Rounds of as many authorizations alternate: without an
endpoint, and with one that wants every event. Deliveries lag under load: how far is printed, and the endpoint is
removed after its round, with what is still on its way. With `--before`, the server of another installation takes a
round of each turn: what the feed costs where nobody listens.
"""

import argparse
import contextlib
import json
import statistics
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from benchmarks import machine
from benchmarks.under_load import closed_load, fresh_lines, measured, server
from simulators.parties import sandbox_constants
from simulators.process.server_process import ServerProcess

_HEADERS = {"Authorization": f"Bearer {sandbox_constants.ISSUER_API_KEY}"}
_WITH, _WITHOUT, _BEFORE = "with an endpoint", "without", "before"
_DELIVERING_SECONDS = 3.0
"""How long deliveries are watched after a round, before the endpoint is removed."""
_POLL_SECONDS = 0.5


class Receiver:
    """Answers every webhook, and counts them."""

    def __init__(self) -> None:
        self.count = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                receiver.count += 1
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


def added(running: ServerProcess, url: str) -> str:
    """Add an endpoint that wants everything; its address."""
    made = httpx.post(f"{running.http_url}/v1/webhook_endpoints", json={"url": url}, headers=_HEADERS)
    return f"/v1/webhook_endpoints/{made.raise_for_status().json()['id']}"


def lag_of(running: ServerProcess) -> dict[str, float]:
    """By how much the endpoint is behind."""
    listed = httpx.get(f"{running.http_url}/v1/webhook_endpoints", headers=_HEADERS).raise_for_status().json()["data"]
    lag: dict[str, float] = listed[0]["payments_lag"]
    return lag


def one_round(
    name: str, running: ServerProcess, options: argparse.Namespace, receiver: Receiver | None = None
) -> float:
    """Authorizations a second, with an endpoint where there is a receiver."""
    endpoint = added(running, receiver.url) if receiver is not None else None
    before = receiver.count if receiver is not None else 0
    lines = fresh_lines(running, options.messages)
    one = measured(running.pid, running.iso_address, lines, closed_load(options.messages, options.window))
    told = ""
    if receiver is not None and endpoint is not None:
        lag = lag_of(running)
        told = f"; {receiver.count - before} delivered meanwhile, behind by {lag['commands']:,} commands"
        time.sleep(_DELIVERING_SECONDS)
        told += f"; {receiver.count - before} a few seconds later"
        httpx.delete(f"{running.http_url}{endpoint}", headers=_HEADERS).raise_for_status()
    figure = one.tally.per_second
    print(f"  {name:<16} {figure:9,.0f} a second; server {one.server_us:.1f} us a message{told}", flush=True)
    wait_for_history(running)
    return figure


def wait_for_history(running: ServerProcess) -> None:
    """Wait until a server has nothing left to do, for the next one works on the same core."""
    while True:
        history = httpx.get(f"{running.http_url}/readyz").raise_for_status().json()["history"]
        time.sleep(_POLL_SECONDS)
        if history["sequence"] == history["durable_sequence"]:
            return


def folder_in(scratch: str, name: str) -> Path:
    """A new folder for one of the servers."""
    made = Path(scratch) / name
    made.mkdir()
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=120_000, help="authorizations in each round (120000)")
    parser.add_argument("--pairs", type=int, default=10, help="pairs of rounds (10)")
    parser.add_argument("--window", type=int, default=1024, help="requests in flight (1024)")
    parser.add_argument("--directory", type=Path, help="where the journals live (a temporary directory)")
    parser.add_argument("--before", type=Path, help="the Python of another installation, to compare with")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    print(machine.describe())
    receiver, figures = Receiver(), {name: [] for name in (_WITH, _WITHOUT, _BEFORE)}
    with contextlib.ExitStack() as servers:
        scratch = servers.enter_context(tempfile.TemporaryDirectory(prefix="tapwright-bench-", dir=options.directory))
        running = servers.enter_context(server(folder_in(scratch, "now")))
        rounds = {_WITHOUT: (running, None), _WITH: (running, receiver)}
        if options.before is not None:
            rounds[_BEFORE] = (servers.enter_context(server(folder_in(scratch, "before"), options.before)), None)
        for name, (measured_server, _) in rounds.items():
            one_round(f"warm, {name}", measured_server, options)
        for number in range(options.pairs):
            names = list(rounds)
            for name in names if number % 2 else reversed(names):
                figures[name].append(one_round(name, rounds[name][0], options, rounds[name][1]))
    print()
    for name in rounds:
        print(f"{name:<16} {machine.spread(figures[name])} authorizations a second")
    compared = [(_WITH, _WITHOUT)] + ([(_WITHOUT, _BEFORE)] if options.before is not None else [])
    for name, other in compared:
        ratios = [mine / its for mine, its in zip(figures[name], figures[other], strict=True)]
        print(
            f"{name} / {other}: median of the pairs {statistics.median(ratios):.3f} "
            f"(from {min(ratios):.3f} to {max(ratios):.3f})"
        )
    if options.json:
        options.json.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
