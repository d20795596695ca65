"""Instalments that are still to come: with which statement each is billed, and how much it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from authz.program.terms import DAYS_TO_PAY_MAX, Terms
from authz.state.account_books import AccountBooks, first_on
from authz.state.account_plans import AccountPlan

_PPM = 1_000_000


@dataclass(frozen=True)
class Instalment:
    """One instalment of a plan, from 1, in minor units. day: that of the statement which bills it."""

    number: int
    day: date
    amount_minor: int
    fee_minor: int


def fee_of_each(plan: AccountPlan) -> int:
    """The fee that is charged with each instalment, minor units: a share of the principal, rounded half up."""
    return (plan.principal_minor * plan.fee_ppm + _PPM // 2) // _PPM


def to_come(plan: AccountPlan, books: AccountBooks, terms: Terms) -> list[Instalment]:
    """The instalments that are not billed yet, by the books and terms as they are now. books: of the plan's account."""
    left, number, coming = plan.left_minor, plan.billed, []
    days = _cuts_that_ask(books, terms)
    while left > 0:
        number += 1
        part = left if number >= plan.months else min(left, plan.principal_minor // plan.months)
        left -= part
        coming.append(Instalment(number, next(days), part, fee_of_each(plan)))
    return coming


def _cuts_that_ask(books: AccountBooks, terms: Terms) -> Iterator[date]:
    """The days of statements to come that bill instalments: those in relief bill none."""
    assert books.next_cut is not None, "an account with a plan has books"
    cut, courtesy = books.next_cut, timedelta(min(terms.grace_days + terms.courtesy_days, DAYS_TO_PAY_MAX))
    put_off_until = books.relief_until or date.min
    while True:
        in_relief = (put_off_until - cut).days > DAYS_TO_PAY_MAX
        if not in_relief:
            yield cut
        if in_relief or cut.day == books.cut_day:
            cut = first_on(cut.day, cut + timedelta(1))
        else:  # the account's own day is in force once what this statement asks for has passed
            cut = first_on(books.cut_day, cut + courtesy)
