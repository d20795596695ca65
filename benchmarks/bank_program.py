"""What a bank's program costs: decisions a second, and the close of days, with `whole_bank` and without its rights.

    python -m benchmarks.bank_program

Three banks with the same accounts, each with a card, a token and a product. One has a program with that product and
nothing else; one the included program `whole_bank` without segments, units, offers and memberships, but with its
scenes, limits and rules; and one all of it. They take the same taps, half of them authorizations and half purchases
that are posted at once, batch by batch in turn; which is first alternates. Then they close the same 56 days in turn,
which classifies each account twice. All taps are approved, and the books of each bank sum to zero. Decisions
are timed by the processor's time, so that what else runs on the machine disturbs less.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from authz.journal.replay import apply_batch
from authz.kernel.application import apply
from authz.kernel.checks.findings import new_findings
from authz.kernel.measures.calendar import keep_day
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, read_document, with_offsets
from authz.program.shipped.programs import shipped_text
from authz.state.tables import State, new_state, with_program, with_room
from authz.vocabulary.commands import COMMAND, Kind, Records, new_results
from authz.vocabulary.layouts import ACCOUNT
from benchmarks import machine
from benchmarks.billed_accounts import PRODUCT, terms_program
from benchmarks.close_of_day import FIRST_DAY, Closer, Figures
from benchmarks.portfolio import NOW_US, notices, taps

BATCH = 4_096
PLAIN, WITHOUT, WHOLE = "one product and nothing else", "whole_bank without rights of customers", "whole_bank"
_CNY = 156
_CHUNK = 50_000
_MONTH, _MONTHS = 28, 2
_UNTIMED = 2
"""Batches that only warm up."""

_SPENT_AT = (5411, 5812, 5814, 5541, 5311, 5912, 4111, 4511, 7011, 7832)
"""Merchant categories, each in a scene; the included rules decline none."""


_ABOUT_CUSTOMERS = ("segments", "units", "offers", "memberships")
"""The sections of a program whose cost is measured."""


def programs() -> dict[str, ProgramDocument]:
    """The programs that are compared, by their names in the report."""
    whole = with_offsets(read_document(shipped_text("whole_bank")))
    without = whole.model_copy(update={name: [] for name in _ABOUT_CUSTOMERS if name in ProgramDocument.model_fields})
    return {PLAIN: terms_program(), WITHOUT: without, WHOLE: whole}


class Bank:
    """A bank with a program: it decides batches of taps, closes days, and remembers how long each took."""

    def __init__(self, accounts: int, decisions: int, document: ProgramDocument) -> None:
        state = with_program(new_state(accounts + 2 * decisions + 4 * _CHUNK), compiled_program(document, 1))
        for first in range(0, accounts, _CHUNK):
            told = notices(first, min(_CHUNK, accounts - first), product=PRODUCT)
            opened = told[0::3].view(ACCOUNT)
            opened["currency"], opened["segment"] = _CNY, 0
            state, _, _ = apply_batch(state, told)
        self.state: State = state
        self.rates: list[float] = []
        self.days: list[float] = []
        self._findings, self._results = new_findings(), new_results(BATCH)
        keep_day(self.state.program, self._findings.today, NOW_US)

    def decide(self, commands: Records) -> None:
        """Decide a batch; all of it is approved."""
        self.state = with_room(self.state, BATCH)
        started = time.thread_time()
        apply(self.state, commands.view(COMMAND), self._results, self._findings)
        self.rates.append(BATCH / (time.thread_time() - started))
        assert not self._results["reason"].any(), "every tap is approved, or the figure would mean something else"

    def close(self, closer: Closer, day: int) -> None:
        """Close a day."""
        self.days.append(closer.close(day).total)

    def prove(self) -> None:
        """Check that something is owed, and that accounts and general counters sum to zero."""
        owed = int(self.state.accounts["posted_minor"].sum())
        assert owed > 0
        assert owed + int(self.state.general.sum()) == 0


def purchases(random: np.random.Generator, counters: np.ndarray, number: int) -> Records:
    """A batch of taps, of which every second is posted at once. counters: as `taps` takes them."""
    commands = taps(random, counters, BATCH, number * BATCH + 1, NOW_US + number * 10_000)
    commands["currency"] = commands["signed_currency"] = _CNY
    commands["kind"][1::2] = Kind.FINANCIAL_REQUEST
    categories = np.array(_SPENT_AT)
    commands["merchant_category"] = categories[commands["merchant_category"] % len(categories)]
    return commands


def beside_each_other(accounts: int, batches: int) -> Figures:
    """Decisions and closes of days of all banks, in turn."""
    decisions = (batches + _UNTIMED) * BATCH
    banks = {name: Bank(accounts, decisions, document) for name, document in programs().items()}
    in_turn = list(banks.values())
    random, counters = np.random.default_rng(1), np.zeros(accounts, np.uint16)
    for number in range(batches + _UNTIMED):
        commands = purchases(random, counters, number)
        for bank in in_turn if number % 2 else reversed(in_turn):
            bank.decide(commands)
    for bank in in_turn:
        del bank.rates[:_UNTIMED]
        bank.prove()
    closers = [(bank, Closer(bank.state)) for bank in in_turn]
    for day in range(FIRST_DAY, FIRST_DAY + _MONTHS * _MONTH):
        for bank, closer in closers if day % 2 else reversed(closers):
            bank.close(closer, day)
    for bank in in_turn:
        bank.prove()
    print(f"{accounts:,} accounts, {batches} batches of {BATCH:,} taps in turn, every second posted at once")
    for name, bank in banks.items():
        print(f"    {name}: {machine.spread(bank.rates)} decisions a second")
        months = ", ".join(f"{month.sum() / accounts * 1e9:,.0f}" for month in _by_month(bank.days))
        print(f"        {_MONTH} days, twice: {months} ns an account")
    longer = np.array(banks[WITHOUT].rates) / banks[WHOLE].rates
    closes = (_by_month(banks[WHOLE].days).sum(axis=1) / _by_month(banks[WITHOUT].days).sum(axis=1)).tolist()
    print(f"    decisions with whole_bank take {100 * (np.median(longer) - 1):.1f} % longer than without, by batch")
    print(f"    {_MONTH} days take {' and then '.join(f'{each:.2f}' for each in closes)} times as long to close")
    in_one = np.count_nonzero(banks[WHOLE].state.accounts["segment"][:accounts])
    print(f"    {in_one:,} accounts are in a segment afterwards")
    return {f"{name}, decisions a second": bank.rates for name, bank in banks.items()} | {
        "decisions, times as long": longer.tolist(),
        "close of days, times as long": closes,
    }


def _by_month(days: list[float]) -> np.ndarray:
    """Seconds that days took: float64[months, days]."""
    return np.array(days).reshape(_MONTHS, _MONTH)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=200_000, help="of each bank (200000)")
    parser.add_argument("--batches", type=int, default=100, help="of 4,096 taps (100)")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    print(machine.describe())
    machine.pin(0, 0)
    figures = beside_each_other(options.accounts, options.batches)
    if options.json:
        options.json.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
