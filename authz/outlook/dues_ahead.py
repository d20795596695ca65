"""The dues of the months ahead: the kernel's own closing of days, on a copy of an account."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import islice

import numpy as np

from authz.journal.replay import apply_batch
from authz.program.parts import AMOUNT_MAX
from authz.program.tables import Bucket
from authz.state.account_books import AccountBooks, account_books
from authz.state.billing import LAST_DAY, Sum
from authz.state.tables import Counter, State, postings_made, statements_made
from authz.vocabulary.commands import Kind, Records
from authz.vocabulary.labels import date_of
from authz.vocabulary.layouts import new_command
from authz.vocabulary.posting_kinds import posting_kind

_NEVER_US = np.iinfo(np.int64).max


class Paid(StrEnum):
    """What is paid of each statement on its due day."""

    NOTHING = "nothing"
    MINIMUM = "minimum"
    ALL = "all"


_LEFT_OF = {Paid.MINIMUM: Sum.DUE, Paid.ALL: Sum.TO_PAY}
"""What is left to pay, by what is paid."""


@dataclass(frozen=True)
class DueAhead:
    """What a statement to come asks for, amounts in minor units.

    instalments_minor: billed with it.  fees_minor: charged from the statement before, or from today, up to it.
    interest_minor: charged with it.  past_due_minor: what of the minimum earlier statements asked for.
    """

    day: date
    due_day: date
    closing_minor: int
    minimum_minor: int
    instalments_minor: int
    fees_minor: int
    interest_minor: int
    past_due_minor: int


@dataclass(frozen=True)
class Outlook:
    """What is due of an account as its books stand, with all days closed that are over, and of statements to come."""

    today: date
    books: AccountBooks
    dues: list[DueAhead]


def outlook_of(copy: State, now_us: int, months: int, paid: Paid = Paid.NOTHING) -> Outlook | None:
    """Close the days of an account until so many statements are cut; None for an account without a product.

    copy: of the account alone, see `account_copy`; it is used up.  now_us: Unix microseconds.
    paid: beside that nothing is bought or paid.
    """
    future = _Future(copy, now_us, paid)
    for _ in future.until_today():
        pass
    account_id = int(copy.accounts[0]["account_id"])
    books = account_books(future.state, account_id)
    if books is None:
        return None
    today = date_of(future.today)
    return Outlook(today, books, list(islice(future.statements(), months)))


class _Future:
    """The account on the days ahead."""

    def __init__(self, copy: State, now_us: int, paid: Paid) -> None:
        self.state = copy
        self._paid = paid
        self._instalments = self._fees = 0  # since the last statement
        copy.counters[Counter.TIME_US] = max(int(copy.counters[Counter.TIME_US]), now_us)
        self._apply(new_command(Kind.PASS_TIME))
        # What day it is follows from here on from `_go_to` alone, not from the time of commands.
        self.state.counters[Counter.DAY_ENDS_US] = _NEVER_US

    @property
    def today(self) -> int:
        """Days since 1970-01-01."""
        return int(self.state.counters[Counter.DAY])

    @property
    def _next_event(self) -> int:
        """The next day at whose end more happens than nights are counted, 0 where there is none."""
        return int(self.state.accounts[0]["next_event"])

    def until_today(self) -> Iterator[DueAhead]:
        """Close the days that are over; what was charged with them is charged, and no news."""
        today = self.today
        while 0 < self._next_event < today:
            yield from self._close(self._next_event)
        self._instalments = self._fees = 0

    def statements(self) -> Iterator[DueAhead]:
        """The statements to come, one after the other."""
        while 0 < self._next_event < LAST_DAY:
            event, pays_on = self._next_event, self._pays_on()
            if pays_on is not None and pays_on <= event:
                self._pay(pays_on)
            else:
                yield from self._close(event)

    def _pays_on(self) -> int | None:
        """The day on which something is paid next, today at the earliest."""
        billing = self.state.billing[0]
        if self._paid is Paid.NOTHING or not billing["due_passes"]:
            return None
        return max(int(billing["due_day"]), self.today) if self._left > 0 else None

    @property
    def _left(self) -> int:
        """What is left to pay, minor units."""
        return int(self.state.books[0, _LEFT_OF[self._paid]])

    def _pay(self, day: int) -> None:
        self._go_to(day)
        amount = min(self._left, AMOUNT_MAX)
        account_id = int(self.state.accounts[0]["account_id"])
        self._apply(new_command(Kind.PAYMENT, account_id=account_id, amount_minor=amount))

    def _close(self, day: int) -> Iterator[DueAhead]:
        """Close a day; the statement, if one was cut."""
        self._go_to(day + 1)
        planned = int(self.state.books[0, Bucket.PLANNED])
        self._apply(new_command(Kind.CLOSE_DAY, day=day, first_row=0, rows=1))
        self._instalments += planned - int(self.state.books[0, Bucket.PLANNED])
        self._fees += sum(
            int(posting["amount_minor"])
            for posting in postings_made(self.state)
            if posting_kind(int(posting["kind"])).code.endswith("_fee")
        )
        for statement in statements_made(self.state):
            yield self._due(statement)
            self._instalments = self._fees = 0

    def _due(self, statement: np.void) -> DueAhead:
        return DueAhead(
            day=date_of(int(statement["day"])),
            due_day=date_of(int(statement["due_day"])),
            closing_minor=int(statement["closing_minor"]),
            minimum_minor=int(statement["minimum_minor"]),
            instalments_minor=self._instalments,
            fees_minor=self._fees,
            interest_minor=int(statement["interest_minor"]),
            past_due_minor=int(statement["past_due_minor"]),
        )

    def _go_to(self, day: int) -> None:
        """Begin a day, unless it is later already."""
        self.state.counters[Counter.DAY] = max(self.today, day)

    def _apply(self, command: Records) -> None:
        command["time_us"] = self.state.counters[Counter.TIME_US]
        self.state, results, _ = apply_batch(self.state, command)
        assert results["reason"][0] == 0, "what the closing of days needs is not refused"
