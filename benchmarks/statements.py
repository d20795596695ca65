"""How long it takes to read a statement over HTTP, as JSON: any account's, of any month.

    python -m benchmarks.statements [--accounts 50] [--months 24]

A sandbox whose accounts are each charged once, and whose days are closed for so many months, so that each account has a
statement of each month with interest and fees on it. Then statements are read one after the other over one connection:
each of an account and a month by chance.
"""

import argparse
import random
import time
from datetime import date

import httpx
import numpy as np

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


def prepare(kit: TestKit, client: httpx.Client, accounts: int, months: int) -> list[str]:
    """Accounts that were charged once and have not paid, with a statement of each month; their identifiers."""
    client.put("/v1/program", json=_PROGRAM).raise_for_status()
    client.post("/v1/simulations/clock", json={"set_to": f"{_BEGIN}T12:00:00Z"}).raise_for_status()
    made = []
    for _ in range(accounts):
        account = kit.account(product=1, cut_day=_CUT_DAY)
        charged = client.post(f"/v1/accounts/{account}/adjustments", json={"amount": 10_000})
        charged.raise_for_status()
        made.append(account)
    until = first_of_month(months).isoformat()
    closed = client.post("/v1/simulations/days", json={"until": until}, timeout=_SECONDS_TO_CLOSE)
    assert closed.raise_for_status().json()["statements"] == accounts * months
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=50, help="accounts (50)")
    parser.add_argument("--months", type=int, default=24, help="statements of each (24)")
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
        accounts = prepare(kit, client, options.accounts, options.months)
        draw, taken = random.Random(1), []
        for _ in range(options.reads):
            day = first_of_month(draw.randrange(options.months)).replace(day=_CUT_DAY)
            address = f"/v1/accounts/{draw.choice(accounts)}/statements/{day}"
            began = time.perf_counter()
            answer = client.get(address)
            taken.append(time.perf_counter() - began)
            assert answer.raise_for_status().json()["day"] == day.isoformat()
    half, most = np.percentile(np.array(taken) * 1e3, [50, 99])
    print(
        f"{len(accounts) * options.months:,} statements, {options.reads:,} read as JSON: median {half:.1f} ms, "
        f"p99 {most:.1f} ms, most {max(taken) * 1e3:.1f} ms"
    )


if __name__ == "__main__":
    main()
