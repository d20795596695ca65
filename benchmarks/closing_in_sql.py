"""The end of a day as set-based SQL on SQLite, in memory, for comparison: the same books by statements over all rows.

Accounts whose statement is cut and those whose due passes are found by an index each. Nights are counted for every row
each night, as such jobs do it, or only for the rows in which something ends, as the kernel does it.
"""

import sqlite3
import time
from collections.abc import Sequence

import numpy as np

from authz.program.tables import TERMS, Bucket
from authz.state.billing import BEARING, NIGHTS, Sum
from authz.state.tables import State
from authz.vocabulary.labels import date_of

_PPM = 1_000_000
_PLACES = [*(place.name.lower() for place in Bucket), *(place.name.lower() for place in Sum)]
_DAYS = ["closed_until", "due_passes", "last_cut", "lost_until", "missed", "cut_day"]
_NIGHTS = [name.lower() for name in ("new_nights", "billed_nights", "carried_nights", "cash_nights")]
_PAID = ["fees", "interest", "carried", "cash", "billed"]

_COUNT_NIGHTS = "UPDATE billing SET {}, closed_until = :day WHERE {{}}".format(
    ", ".join(
        f"{nights} = {nights} + (:day - closed_until) * max({bucket.name.lower()}, 0)"
        for nights, bucket in zip(_NIGHTS, list(Bucket)[:BEARING], strict=True)
    )
)
_ENDS = "(due_passes = :day OR cut_day = :day_of_month)"
_IS_CUT = "cut_day = :day_of_month"


def _share(amount: str, ppm: str) -> str:
    """Parts per million of an amount, rounded half up."""
    return f"(({amount}) * {ppm} + {_PPM // 2}) / {_PPM}"


_LATE_FEE = f"max({_share('due', ':late_fee_ppm')}, :late_fee_min)"
_INTEREST = _share("carried_nights + cash_nights", ":rate_ppm")
_CLOSING = "new + billed + carried + cash + interest + fees"
_WHOLE = "due + max(interest + fees - in_a_minimum, 0)"
_MINIMUM = (
    f"CASE WHEN {_CLOSING} <= 0 THEN 0 ELSE "
    f"min({_CLOSING}, {_WHOLE} + {_share(f'max({_CLOSING} - ({_WHOLE}), 0)', ':minimum_ppm')}) END"
)

_END_OF_DAY = [
    # The due passes.
    f"INSERT INTO posting SELECT account_id, 'late_fee', {_LATE_FEE}, :day FROM billing "
    "WHERE due_passes = :day AND due > :tolerance",
    f"""UPDATE billing SET
        carried = carried + (to_pay > :tolerance) * (billed + interest),
        carried_nights = carried_nights + (to_pay > :tolerance) * billed_nights,
        in_a_minimum = CASE WHEN to_pay > :tolerance THEN max(in_a_minimum - interest, 0) ELSE in_a_minimum END,
        billed = (to_pay <= :tolerance) * billed, interest = (to_pay <= :tolerance) * interest, billed_nights = 0,
        lost_until = CASE WHEN to_pay > :tolerance THEN last_cut ELSE lost_until END,
        fees = fees + (due > :tolerance) * {_LATE_FEE}, missed = (due > :tolerance) * (missed + 1),
        due = (due > :tolerance) * due, due_passes = 0
        WHERE due_passes = :day""",
    # The cut.
    f"INSERT INTO posting SELECT account_id, 'interest', {_INTEREST}, :day FROM billing "
    f"WHERE {_IS_CUT} AND {_INTEREST} > 0",
    f"""UPDATE billing SET interest = interest + {_INTEREST}, carried_nights = 0, cash_nights = 0,
        billed = billed + max(new, 0), new = min(new, 0), billed_nights = billed_nights + new_nights, new_nights = 0
        WHERE {_IS_CUT}""",
    *(
        f"UPDATE billing SET {bucket} = {bucket} - min({bucket}, -new), new = new + min({bucket}, -new) "
        f"WHERE {_IS_CUT} AND new < 0"
        for bucket in _PAID
    ),
    f"""INSERT INTO statement SELECT account_id, :day, last_cut, {_CLOSING}, {_MINIMUM}, due, missed
        FROM billing WHERE {_IS_CUT}""",
    f"""UPDATE billing SET due = {_MINIMUM}, to_pay = max({_CLOSING}, 0), in_a_minimum = interest + fees,
        last_cut = :day, due_passes = :day + :days_to_pass WHERE {_IS_CUT}""",
]


class BankInSql:
    """The books of a state in a database. each_night: whether nights are counted for all rows each night."""

    def __init__(self, state: State, *, each_night: bool) -> None:
        self._each_night = each_night
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        columns = ", ".join(f"{name} INTEGER NOT NULL" for name in [*_PLACES, *_DAYS])
        self._database.execute(f"CREATE TABLE billing (account_id INTEGER PRIMARY KEY, {columns})")
        self._database.execute("CREATE TABLE posting (account_id, kind, amount, day)")
        self._database.execute("CREATE TABLE statement (account_id, day, since, closing, minimum, past_due, missed)")
        rows = [state.accounts["account_id"].tolist()]
        rows += [state.books[:, place].tolist() for place in range(len(_PLACES))]
        rows += [state.billing[name].tolist() for name in _DAYS]
        self._database.execute("BEGIN")
        marks = ", ".join("?" * len(rows))
        self._database.executemany(f"INSERT INTO billing VALUES ({marks})", zip(*rows, strict=True))
        self._database.execute("COMMIT")
        for name in ("cut_day", "due_passes"):
            self._database.execute(f"CREATE INDEX by_{name} ON billing ({name})")
        self._database.execute("ANALYZE")
        self._terms = {name: int(state.terms[0][name]) for name in TERMS.names or ()}
        self._terms["days_to_pass"] = self._terms["grace_days"] + self._terms["courtesy_days"]

    def close_day(self, day: int) -> float:
        """End a local day for all accounts in one transaction; returns how many seconds that took."""
        values = self._terms | {"day": day, "day_of_month": date_of(day).day}
        started = time.perf_counter()
        self._database.execute("BEGIN")
        self._database.execute(_COUNT_NIGHTS.format("1" if self._each_night else _ENDS), values)
        for statement in _END_OF_DAY:
            self._database.execute(statement, values)
        self._database.execute("COMMIT")
        return time.perf_counter() - started

    def totals(self, day: int) -> list[int]:
        """What the books come to when nights are counted up to a day: each place, plain and weighted by account."""
        self._database.execute(_COUNT_NIGHTS.format("1"), {"day": day})
        sums = [f"sum({name}), sum({name} * (account_id % 1009))" for name in [*_PLACES, *_DAYS]]
        found: Sequence[int] = self._database.execute(f"SELECT {', '.join(sums)} FROM billing").fetchone()
        statements: Sequence[int] = self._database.execute(
            "SELECT count(*), sum(closing), sum(minimum) FROM statement"
        ).fetchone()
        postings: Sequence[int] = self._database.execute("SELECT count(*), sum(amount) FROM posting").fetchone()
        return [int(each or 0) for each in (*found, *statements, *postings)]


def totals_of(state: State, day: int, statements: Sequence[int], postings: Sequence[int]) -> list[int]:
    """The same of a state. statements: how many, their closing balances and minimums.  postings: how many, amounts."""
    books, closed = state.books.copy(), state.billing["closed_until"].astype(np.int64)
    for bucket in range(BEARING):
        books[:, NIGHTS + bucket] += (day - closed) * np.maximum(books[:, bucket], 0)
    columns = [books[:, place] for place in range(len(_PLACES))]
    columns += [state.billing[name].astype(np.int64) for name in _DAYS]
    columns[len(_PLACES)] = np.full(len(closed), day)
    weights = (state.accounts["account_id"] % np.uint64(1009)).astype(np.int64)
    sums = [int(each) for column in columns for each in (column.sum(), (column * weights).sum())]
    return [*sums, *statements, *postings]
