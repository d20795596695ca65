"""The HTTP API: provisioning flows, token status and list pages a second, on SQLite and PostgreSQL.

    python -m benchmarks.http [--database postgresql://...]

Eight callers at once in threads of this process, over real HTTP to a server in a process of its own. Pages are of 20
tokens and of 20 authorizations, from the newest to the oldest.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx

from benchmarks import machine
from benchmarks.callers import seconds_at_once
from benchmarks.provisioning import measure_flows, own_database
from simulators.load.customers import customers, provision_phones
from simulators.load.generator import Load
from simulators.load.run import run_load
from simulators.load.traffic import TAPS_ONLY, LineTraffic
from simulators.parties import sandbox_constants
from simulators.process.server_process import ServerProcess

_CALLERS, _CALLS, _PAYMENTS = 8, 40, 2_000


def calls_per_second(base_url: str, path_of: Callable[[int], str]) -> float:
    """GETs a second by so many callers at once; each must be answered with 200."""
    headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}

    def work(first: int) -> None:
        with httpx.Client(base_url=base_url, headers=headers, timeout=30) as client:
            for number in range(first, first + _CALLS):
                client.get(path_of(number)).raise_for_status()

    return _CALLERS * _CALLS / seconds_at_once(work, range(0, _CALLERS * _CALLS, _CALLS))


def measure(name: str, folder: Path, arguments: list[str], rounds: int) -> dict[str, list[float]]:
    """All figures of one database."""
    server = ServerProcess(folder / name, "--log-level", "warning", *arguments)
    try:
        phones = provision_phones(server.http_url, 16)
        tokens = [str(phone.token_id) for phone in phones]
        line = LineTraffic(list(customers(server.iso_address, phones)), TAPS_ONLY, 1)
        run_load(server.iso_address, [line], Load(_PAYMENTS, 1.0, window=64, warm_up_seconds=0.0))
        paths = {
            "token status": lambda number: f"/v1/tokens/{tokens[number % len(tokens)]}",
            "page of 20 tokens": lambda number: "/v1/tokens?limit=20",
            "page of 20 authorizations": lambda number: "/v1/authorizations?limit=20",
        }
        figures: dict[str, list[float]] = {f"{name}, {each}": [] for each in ("provisioning flows", *paths)}
        for _ in range(rounds):
            figures[f"{name}, provisioning flows"].append(measure_flows(server.http_url))
            for each, path_of in paths.items():
                figures[f"{name}, {each}"].append(calls_per_second(server.http_url, path_of))
    finally:
        server.stop()
    for each, values in figures.items():
        print(f"  {each:<44} {machine.spread(values)} a second", flush=True)
    return figures


def main() -> None:
    """Measure what can be measured here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", help="a PostgreSQL server on which databases may be made")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of everything (5)")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    print(machine.describe())
    with tempfile.TemporaryDirectory(prefix="tapwright-bench-") as scratch:
        figures = measure("SQLite", Path(scratch), [], options.rounds)
        if options.database:
            arguments = ["--database", own_database(options.database)]
            figures |= measure("PostgreSQL", Path(scratch), arguments, options.rounds)
    if options.json:
        options.json.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
