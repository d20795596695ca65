"""Windows of meters: the named periods, one row of a table each, and rolling durations.

A period that is added to `Period` is known to the program document, the meters, the API and the documents: none of them
tells periods apart by anything but their rows. `docs.generated` writes the table that people read.
"""

import re
from enum import IntEnum, unique

import numpy as np
import numpy.typing as npt

from authz.program.tables import Scope

TRAILING_DAYS_MAX = 30
_SECONDS_OF = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TRAILING = re.compile(r"^([1-9][0-9]{0,6})([smhd])$")
_DAY_US = 86_400_000_000

MONDAY = -3
"""The first one before 1970-01-01, in days from there (ISO 8601: weeks begin on Mondays)."""


class Begins(IntEnum):
    """How the beginning of a period is found."""

    BACK_FROM_NOW = 0  # so many days ago, to the microsecond; without a number of days the document gives the length
    EVERY_DAYS = 1  # with a local day, every so many days
    EVERY_MONTHS = 2  # with the first day of a local month, every so many months
    NEVER = 3  # before the first transaction
    AT_VERIFICATION = 4  # behind the transaction with which the token's cardholder was last verified


@unique
class Period(IntEnum):
    """What a meter counts over, by number: how it begins, every how many days or months, and what it is, for people.

    since: a day that one of them begins with, counted from 1970-01-01, or a month, counted from January of the year 0.
    scope: whose transactions alone can be counted over it, where not everybody's can.
    """

    begins: Begins
    every: int
    text: str
    since: int
    scope: Scope | None

    def __new__(
        cls, number: int, begins: Begins, every: int, text: str, since: int = 0, scope: Scope | None = None
    ) -> "Period":
        """A row. Raises: AssertionError for one that nothing can be counted over."""
        assert (every > 0) == (begins in (Begins.EVERY_DAYS, Begins.EVERY_MONTHS)) or begins is Begins.BACK_FROM_NOW
        assert begins is not Begins.AT_VERIFICATION or scope is Scope.TOKEN, "cards and accounts are not verified"
        period = int.__new__(cls, number)
        period._value_ = number
        period.begins, period.every, period.text, period.since, period.scope = begins, every, text, since, scope
        return period

    TRAILING = 0, Begins.BACK_FROM_NOW, 0, "up to 30 days back from now: `90s`, `15m`, `24h`, `30d`"
    DAY = 1, Begins.EVERY_DAYS, 1, "since midnight"
    WEEK = 2, Begins.EVERY_DAYS, 7, "since Monday", MONDAY
    MONTH = 3, Begins.EVERY_MONTHS, 1, "since the first of the month"
    YEAR = 4, Begins.EVERY_MONTHS, 12, "since the first of January"
    LIFETIME = 5, Begins.NEVER, 0, "all transactions of the account, card, token or segment"
    SINCE_VERIFICATION = 6, Begins.AT_VERIFICATION, 0, "since the token's cardholder was last verified", 0, Scope.TOKEN


assert [*Period] == [*range(len(Period))], "a period's number is its place among the rows"

PERIODS = {period.name.lower(): period for period in Period if period is not Period.TRAILING}
"""The windows that have a name."""


def trailing_seconds(window: str) -> int | None:
    """The length of a trailing window such as ``90s``, ``15m``, ``24h`` or ``30d``; None for any other window.

    Raises: ValueError if it is longer than 30 days.
    """
    found = _TRAILING.match(window)
    if found is None:
        return None
    seconds = int(found[1]) * _SECONDS_OF[found[2]]
    if seconds > TRAILING_DAYS_MAX * 86400:
        raise ValueError(f"{window} is longer than {TRAILING_DAYS_MAX} days")
    return seconds


def check_window(window: str, *others: str) -> str:
    """A window that there is. Raises: ValueError."""
    if trailing_seconds(window) is None and window not in (*PERIODS, *others):
        raise ValueError(
            f"{window!r} is not one of {', '.join((*PERIODS, *others))} and is not a length such as 90s, 15m, 24h, 30d"
        )
    return window


def check_subject(window: str, scope: str) -> None:
    """A window that this scope can have. Raises: ValueError."""
    only = PERIODS[window].scope if window in PERIODS else None
    if only is not None and scope != only.name.lower():
        name = only.name.lower()
        raise ValueError(f"{window} is about a {name}: its scope is {name}, not {scope}")


def period_of(window: str) -> tuple[Period, int]:
    """The period of a checked window, and how far it goes back from now, microseconds; 0 where it begins otherwise."""
    seconds = trailing_seconds(window)
    if seconds is not None:
        return Period.TRAILING, seconds * 1_000_000
    period = PERIODS[window]
    return period, period.every * _DAY_US if period.begins is Begins.BACK_FROM_NOW else 0


@unique
class Day(IntEnum):
    """What is kept of a local day, until it is over or its offset changes: places in an array.

    Behind them stands, in the order of `Period`, when each began.
    """

    PROGRAM_VERSION = 0
    FROM_US = 1
    UNTIL_US = 2
    OFFSET_US = 3


Today = npt.NDArray[np.int64]
"""int64[len(Day) + len(Period)]: what follows from the time alone, worked out once a day. No part of the state."""


def new_today() -> Today:
    """Room for what is kept of a day."""
    return np.zeros(len(Day) + len(Period), np.int64)
