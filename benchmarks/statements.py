"""How long it takes to read a statement over HTTP, as JSON and as PDF: any account's, of any month.

    python -m benchmarks.statements [--accounts 50] [--months 24] [--lines 100]

A sandbox whose accounts are each charged once, and whose days are closed for so many months, so that each account has a
statement of each month with interest and fees on it. Then statements are read one after the other over one connection:
each of an account and a month by chance. One more account has a statement with many lines, which is read as PDF too.
"""

import argparse
import random
import time
from collections.abc import Iterable, Iterator
from datetime import date

import httpx
import numpy as np
import numpy.typing as npt

from authz.http.media_types import JSON, PDF
from benchmarks.machine import describe
from simulators.parties import sandbox_constants
from simulators.process.logging_setup import configure_logging
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit

_BEGIN = date(2027, 1, 1)
_PROGRAM = {"products": [{"number": 1, "id": "card", "terms": {"blocks_after_missed": 0}}]}
_CUT_DAY = 5
_SECONDS_TO_CLOSE = 600


def first_of_month(after: int) -> date:
    """The first day of a month, so many after the beginning."""
    months = _BEGIN.month - 1 + after
    return date(_BEGIN.year + months // 12, months % 12 + 1, 1)


def prepare(kit: TestKit, client: httpx.Client, accounts: int, months: int, lines: int) -> list[str]:
    """Accounts that were charged once and have not paid, with a statement of each month; their identifiers.

    The last has been charged so often that the first of its statements has so many lines.
    """
    client.put("/v1/program", json=_PROGRAM).raise_for_status()
    client.post("/v1/simulations/clock", json={"set_to": f"{_BEGIN}T12:00:00Z"}).raise_for_status()
    made = []
    for charges in (*[1] * accounts, lines):
        account = kit.account(product=1, cut_day=_CUT_DAY)
        for _ in range(charges):
            client.post(f"/v1/accounts/{account}/adjustments", json={"amount": 10_000}).raise_for_status()
        made.append(account)
    until = first_of_month(months).isoformat()
    closed = client.post("/v1/simulations/days", json={"until": until}, timeout=_SECONDS_TO_CLOSE)
    assert closed.raise_for_status().json()["statements"] == len(made) * months
    return made


def milliseconds(client: httpx.Client, addresses: Iterable[str], media_type: str) -> npt.NDArray[np.float64]:
    """How long it takes to read each of these statements in one form."""
    taken = []
    for address in addresses:
        began = time.perf_counter()
        answer = client.get(address, headers={"Accept": media_type})
        taken.append(time.perf_counter() - began)
        assert answer.raise_for_status().headers["content-type"] == media_type
    return np.array(taken) * 1e3


def told(what: str, taken: npt.NDArray[np.float64]) -> str:
    """One line about what was read."""
    half, most = np.percentile(taken, [50, 99])
    return f"{what}: median {half:.1f} ms, p99 {most:.1f} ms, most {taken.max():.1f} ms"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=50, help="accounts (50)")
    parser.add_argument("--months", type=int, default=24, help="statements of each (24)")
    parser.add_argument("--lines", type=int, default=100, help="lines of a long one (100)")
    parser.add_argument("--reads", type=int, default=2_000, help="statements that are read (2000)")
    options = parser.parse_args()
    configure_logging("error", "console")
    print(describe())
    headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
    with (
        scratch_sandbox() as sandbox,
        TestKit(sandbox.http_url, sandbox.iso_address) as kit,
        httpx.Client(base_url=sandbox.http_url, headers=headers) as client,
    ):
        *accounts, long = prepare(kit, client, options.accounts, options.months, options.lines)
        draw = random.Random(1)

        def addresses(number: int) -> Iterator[str]:
            for _ in range(number):
                day = first_of_month(draw.randrange(options.months)).replace(day=_CUT_DAY)
                yield f"/v1/accounts/{draw.choice(accounts)}/statements/{day}"

        print(f"{len(accounts) * options.months:,} statements")
        print(told(f"{options.reads:,} read as JSON", milliseconds(client, addresses(options.reads), JSON)))
        printed = max(1, options.reads // 10)
        print(told(f"{printed:,} read as PDF", milliseconds(client, addresses(printed), PDF)))
        first = f"/v1/accounts/{long}/statements/{_BEGIN.replace(day=_CUT_DAY)}"
        assert len(client.get(first).raise_for_status().json()["lines"]) == options.lines
        print(told(f"one of {options.lines} lines as PDF", milliseconds(client, [first] * printed, PDF)))


if __name__ == "__main__":
    main()
