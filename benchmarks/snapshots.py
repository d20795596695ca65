"""How long a test waits for a network that was prepared: put back to a snapshot, or prepared anew.

    python -m benchmarks.snapshots [--phones 5 50 500]

The network has so many cards with a phone each, and five payments of each phone. In every round a phone pays, then the
network is put back; beside it, in the same run, a fresh network is started and prepared in the same way.
"""

import argparse
import statistics
import time
from collections.abc import Callable

from benchmarks.machine import describe
from simulators.process.logging_setup import configure_logging
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit

_PAYMENTS = 5


def prepare(kit: TestKit, phones: int) -> None:
    """Accounts, cards, phones with tokens, payments."""
    till = kit.terminal()
    for _ in range(phones):
        phone = kit.phone()
        for _ in range(_PAYMENTS):
            assert till.pay(phone, 100).approved


def milliseconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def anew(phones: int) -> None:
    """A fresh network, prepared."""
    with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as kit:
        prepare(kit, phones)


def measure(phones: int, rounds: int) -> str:
    """One line of the result."""
    with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as kit:
        prepare(kit, phones)
        began = time.perf_counter()
        saved = kit.save()
        save = (time.perf_counter() - began) * 1e3
        back, fresh = [], []
        for _ in range(rounds):
            assert kit.own_terminals[0].pay(kit.own_phones[0], 100).approved
            back.append(milliseconds(saved.put_back))
            fresh.append(milliseconds(lambda: anew(phones)))
        ratios = [each / other for each, other in zip(back, fresh, strict=True)]
    return (
        f"{phones:,} phones: saved in {save:,.0f} ms; put back in {statistics.median(back):,.0f} ms "
        f"({min(back):,.0f} to {max(back):,.0f}); prepared anew in {statistics.median(fresh):,.0f} ms; "
        f"ratio {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phones", type=int, nargs="+", default=[5, 50, 500], help="phones of the network (5 50 500)")
    parser.add_argument("--rounds", type=int, default=5, help="how often it is put back and prepared (5)")
    options = parser.parse_args()
    configure_logging("error", "console")
    print(describe())
    with scratch_sandbox():
        pass  # the first in a process loads what takes its time
    for phones in options.phones:
        print(measure(phones, options.rounds))


if __name__ == "__main__":
    main()
