"""Accounts with books, written straight into a state: what a bank's accounts may look like on some day.

Of ten, six have paid their last bill in full, three carry a balance and have paid the minimum, and one has paid
nothing. Everything follows from the seed. Books and general counters sum to zero.
"""

from datetime import timedelta

import numpy as np

from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, with_offsets
from authz.program.tables import Bucket
from authz.state.billing import BILLING, General, Sum, books_of
from authz.state.row_layouts import ACCOUNT
from authz.state.tables import Counter, State, new_state, with_program
from authz.vocabulary.commands import Records
from authz.vocabulary.labels import date_of
from benchmarks.portfolio import EUR, LIMIT_MINOR

PRODUCT, CUT_DAYS = 1, 28
DAYS_TO_PASS = 23
"""Twenty days of grace and three of courtesy, as terms have them where they say nothing else."""

_CHUNK = 1_000_000
_PAID_IN_FULL, _PAID_THE_MINIMUM = 0.6, 0.9
_OWED_MAX, _NEW_MAX, _FEE = 2_000_000, 500_000, 1_000
_MINIMUM = 10
"""A tenth is the minimum."""


def terms_program() -> ProgramDocument:
    """A program with one product: its terms are the defaults, but that nobody's taps are declined for missed dues."""
    product = {"number": PRODUCT, "id": "phone_card", "terms": {"blocks_after_missed": 0}}
    document = {"time_zone": "Asia/Shanghai", "products": [product]}
    return with_offsets(ProgramDocument.model_validate(document))


def billed_state(accounts: int, today: int, *, seed: int = 1, cut_day: int | None = None) -> State:
    """So many accounts with books and nothing else, as a day begins. 184 bytes for each.

    today: days since 1970-01-01.  cut_day: of all of them; spread over the month if left out.
    """
    state = with_program(new_state(16), compiled_program(terms_program(), 1))
    billing = np.zeros(accounts, BILLING)
    state = state._replace(accounts=np.zeros(accounts, ACCOUNT), billing=billing, books=books_of(billing))
    state.counters[Counter.ACCOUNTS] = accounts
    for first in range(0, accounts, _CHUNK):
        made = state.accounts[first : first + _CHUNK]
        numbers = np.arange(first + 1, first + len(made) + 1)
        made["account_id"], made["currency"], made["product"] = numbers, EUR, PRODUCT
        made["limit_minor"] = made["transaction_limit_minor"] = LIMIT_MINOR
        made["cut_day"] = numbers % CUT_DAYS + 1 if cut_day is None else cut_day
    write_books(state, today, seed)
    return state


def write_books(state: State, today: int, seed: int) -> None:
    """Write the books of all accounts of a state with room for them, as a day begins."""
    accounts = int(state.counters[Counter.ACCOUNTS])
    state.counters[Counter.BILLINGS], state.counters[Counter.DAY] = accounts, today
    for first in range(0, accounts, _CHUNK):
        rows = slice(first, min(first + _CHUNK, accounts))
        _write_some(state.accounts[rows], state.billing[rows], first, today, np.random.default_rng((seed, first)))
        state.general[General.OPENING] -= int(state.accounts[rows]["posted_minor"].sum())


def _write_some(accounts: Records, billing: Records, first: int, today: int, random: np.random.Generator) -> None:
    count, books = len(accounts), books_of(billing)
    last, upcoming = _cuts_around(today)
    cut_day = accounts["cut_day"].astype(np.int64)
    last_cut = last[cut_day]
    nights, passes = today - 1 - last_cut, last_cut + DAYS_TO_PASS
    is_open, kind = passes >= today, random.random(count)
    carries, missed = kind >= _PAID_IN_FULL, kind >= _PAID_THE_MINIMUM
    books[:, Bucket.NEW] = random.integers(0, _NEW_MAX, count)
    books[:, Bucket.CARRIED] = np.where(carries, random.integers(_FEE, _OWED_MAX, count), 0)
    books[:, Bucket.BILLED] = np.where(carries & is_open, random.integers(0, _NEW_MAX, count), 0)
    books[:, Bucket.INTEREST] = np.where(carries, books[:, Bucket.CARRIED] // 70, 0)
    books[:, Bucket.FEES] = np.where(missed, _FEE, 0)
    owed = books[:, Bucket.CARRIED] + books[:, Bucket.BILLED] + books[:, Bucket.INTEREST] + books[:, Bucket.FEES]
    for bucket, sums in (
        (Bucket.NEW, Sum.NEW_NIGHTS),
        (Bucket.BILLED, Sum.BILLED_NIGHTS),
        (Bucket.CARRIED, Sum.CARRIED_NIGHTS),
    ):
        books[:, sums] = books[:, bucket] * nights
    books[:, Sum.DUE] = np.where(missed, owed // _MINIMUM, 0)
    books[:, Sum.TO_PAY] = np.where(carries, owed, 0)
    books[:, Sum.IN_A_MINIMUM] = books[:, Bucket.INTEREST] + books[:, Bucket.FEES]
    billing["closed_until"], billing["last_cut"], billing["cut_day"] = today - 1, last_cut, cut_day
    billing["due_passes"] = np.where(is_open, passes, 0)
    billing["lost_until"], billing["missed"] = np.where(carries, last_cut, 0), missed
    accounts["posted_minor"] = books[:, Bucket.NEW] + owed
    accounts["billing"] = np.arange(first + 1, first + count + 1)
    cut = upcoming[cut_day]
    accounts["next_event"] = np.where(is_open, np.minimum(passes, cut), cut)


def _cuts_around(today: int) -> tuple[np.ndarray, np.ndarray]:
    """By the day of the month: the last cut before a day, and the first from it on."""
    last, upcoming = np.zeros(CUT_DAYS + 1, np.int64), np.zeros(CUT_DAYS + 1, np.int64)
    for ahead in range(-31, 31):
        each = date_of(today) + timedelta(days=ahead)
        if each.day <= CUT_DAYS and ahead < 0:
            last[each.day] = today + ahead
        elif each.day <= CUT_DAYS and upcoming[each.day] == 0:
            upcoming[each.day] = today + ahead
    return last, upcoming
