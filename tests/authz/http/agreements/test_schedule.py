"""Instalments to come: how they are divided, and which statements bill them."""

from datetime import date
from itertools import islice

import pytest

from authz.http.agreements.schedule import fee_of_each, to_come
from authz.program.tables import Bucket
from authz.program.terms import Terms
from authz.state.account_books import AccountBooks
from authz.state.account_plans import AccountPlan

TERMS = Terms(grace_days=20, courtesy_days=3)


def plan(principal=1_000, left=None, months=3, billed=0, fee_ppm=6_000):
    """A plan of a statement."""
    left = principal if left is None else left
    return AccountPlan(7, 9, None, principal, left, months, billed, fee_ppm, date(2026, 12, 10), None)


def books(next_cut=date(2027, 1, 5), cut_day=5, relief_until=None):
    """Books of its account."""
    return AccountBooks(
        product=1,
        cut_day=cut_day,
        buckets=dict.fromkeys(Bucket, 0),
        due_minor=0,
        to_pay_minor=0,
        due_day=relief_until,
        missed=0,
        last_cut=date(2026, 12, 5),
        next_cut=next_cut,
        pending_day=None,
        relief_until=relief_until,
    )


@pytest.mark.parametrize(
    ("of", "amounts"),
    [
        (plan(), [333, 333, 334]),
        (plan(left=334, billed=2), [334]),
        (plan(left=600), [333, 267]),  # a refund has shortened it from its end
        (plan(left=100, billed=1), [100]),
        (plan(principal=2), [0, 0, 2]),
        (plan(months=1), [1_000]),
        (plan(left=0, billed=3), []),
    ],
    ids=str,
)
def test_amounts(of, amounts):
    """The last takes what is left; they are numbered behind those that were billed."""
    coming = to_come(of, books(), TERMS)
    assert [each.amount_minor for each in coming] == amounts
    assert [each.number for each in coming] == [of.billed + 1 + place for place in range(len(amounts))]


@pytest.mark.parametrize(
    ("principal", "ppm", "fee"), [(120_000, 6_000, 720), (1, 500_000, 1), (1, 499_999, 0), (250, 6_000, 2), (99, 0, 0)]
)
def test_the_fee_of_each_is_rounded_half_up(principal, ppm, fee):
    """Of the principal, also where a part of it was given back."""
    of = plan(principal=principal, left=1, fee_ppm=ppm)
    assert fee_of_each(of) == fee
    assert {each.fee_minor for each in to_come(of, books(), TERMS)} == {fee}


@pytest.mark.parametrize(
    ("of_books", "days"),
    [
        (books(), ["2027-01-05", "2027-02-05", "2027-03-05"]),
        (books(next_cut=date(2027, 12, 28), cut_day=28), ["2027-12-28", "2028-01-28", "2028-02-28"]),
        # The due of 01-05 passes on 01-28; from then on the account's new day is in force.
        (books(cut_day=28), ["2027-01-05", "2027-01-28", "2027-02-28"]),
        (books(cut_day=27), ["2027-01-05", "2027-02-27", "2027-03-27"]),
        # The statement of 03-05 is the first that asks for something, due on 03-25.
        (books(relief_until=date(2027, 3, 25)), ["2027-03-05", "2027-04-05", "2027-05-05"]),
        (books(cut_day=20, relief_until=date(2027, 2, 25)), ["2027-02-05", "2027-03-20", "2027-04-20"]),
    ],
    ids=str,
)
def test_days(of_books, days):
    """Those of statements that ask for something."""
    coming = to_come(plan(), of_books, TERMS)
    assert [each.day.isoformat() for each in islice(coming, 3)] == days
