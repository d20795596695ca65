"""The dues of the months ahead are what closing the days then does: compared with a bank that closes each of them."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz.outlook.account_copy import account_copy
from authz.outlook.dues_ahead import DueAhead, Paid, outlook_of
from authz.program.tables import Bucket
from authz.state.account_books import account_books
from authz.state.billing import LAST_DAY
from authz.state.stored import rows_in_use
from authz.state.tables import Counter, postings_made, statements_made
from authz.vocabulary.commands import Kind
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import NOW_US, command, set_account, set_card, set_token, tap

ACCOUNT, OTHER = 7, 8
MUCH = 10**11
EPOCH = date(1970, 1, 1)
PRODUCTS = [{"number": 1, "id": "usual"}, {"number": 2, "id": "strict", "terms": {"rate_ppm": 900, "courtesy_days": 0}}]
TWELVE = {"plan_months": 12, "fee_ppm": 6_000}


class Life:
    """Account 7, beside one with a plan of its own, from noon of a day on; each step is a command about it."""

    def __init__(self, begins=date(2026, 12, 10), cut_day=5, product=1, products=PRODUCTS, **document):
        self.bank, self.day, self.atc = Bank(products=products, **document), begins, 0
        self.purchases = []
        for sequence, account in ((4, ACCOUNT), (5, OTHER)):
            values = {"limit_minor": MUCH, "transaction_limit_minor": MUCH, "product": product, "cut_day": cut_day}
            self.bank.send(set_account(sequence, account=account, **values))
        self.bank.send(set_card(6, card=80, account=OTHER))
        self.bank.send(set_token(7, pan=800, card=80, account=OTHER))
        self.buy(70_000, pan=800)
        splitting = {"decision": int(self.bank.result["sequence"]), "plan_months": 30}
        its = command(Kind.START_PLAN, account_id=OTHER, time_us=self.noon(), **splitting)
        assert self.bank.send(its) is Reason.APPROVED

    def noon(self):
        """Unix microseconds, in UTC."""
        return int(datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=UTC).timestamp() * 1e6)

    def ask(self, kind, **values):
        """A command about the account; whether it was carried out."""
        return self.bank.send(command(kind, time_us=self.noon(), account_id=ACCOUNT, **values)) is Reason.APPROVED

    def buy(self, amount, pan=700):
        """A purchase that is posted at once."""
        self.atc += 1
        sale = tap(self.atc, amount, pan, kind=Kind.FINANCIAL_REQUEST, time_us=self.noon())
        sale["transmitted"] = int(self.day.strftime("%m%d")) * 1_000_000 + 120_000
        if self.bank.send(sale) is Reason.APPROVED and pan == 700:
            self.purchases.append(int(self.bank.result["sequence"]))

    def split(self, purchase=True, **terms):
        """The last purchase, or all of the last statement, is paid in instalments; whether that can be."""
        decision = self.purchases[-1] if purchase and self.purchases else 0
        return self.ask(Kind.START_PLAN, decision=decision, **terms)

    def close(self):
        """Close the day, with the first command of the next; returns the statements of the account."""
        day, self.day = (self.day - EPOCH).days, self.day + timedelta(days=1)
        closing = command(Kind.CLOSE_DAY, day=day, first_row=0, rows=10, time_us=self.noon())
        assert self.bank.send(closing) is Reason.APPROVED
        return [row for row in statements_made(self.bank.state) if row["account_id"] == ACCOUNT]

    @property
    def books(self):
        """As they stand."""
        return account_books(self.bank.state, ACCOUNT)

    def ahead(self, months, paid=Paid.NOTHING):
        """What is foreseen."""
        return outlook_of(account_copy(self.bank.state, ACCOUNT), self.noon(), months, paid)

    def lived(self, months, paid=Paid.NOTHING):
        """What comes of it, day by day: the statement of each of so many months."""
        dues, fees, paid_for = [], 0, None
        while len(dues) < months:
            books = self.books
            left = books.due_minor if paid is Paid.MINIMUM else books.to_pay_minor
            is_due = books.due_day is not None and books.due_day <= self.day and books.due_day != paid_for
            if paid is not Paid.NOTHING and is_due and left > 0:
                assert self.ask(Kind.PAYMENT, amount_minor=left)
                paid_for = books.due_day
            planned = self._left_of_plans()
            statements = self.close()
            fees += self._fees_charged()
            for row in statements:
                dues.append(self._due(row, planned - self._left_of_plans(), fees))
                fees = 0
        return dues

    def _left_of_plans(self):
        count = self.bank.state.counters[Counter.PLANS]
        plans = self.bank.state.plans[:count]
        return int(plans["left_minor"][plans["account_id"] == ACCOUNT].sum())

    def _fees_charged(self):
        """With the last command."""
        rows = postings_made(self.bank.state)
        fees = np.isin(rows["kind"], [PostingKind.LATE_FEE, PostingKind.PLAN_FEE, PostingKind.CASH_FEE])
        return int(rows["amount_minor"][fees & (rows["account_id"] == ACCOUNT)].sum())

    @staticmethod
    def _due(row, instalments, fees):
        return DueAhead(
            EPOCH + timedelta(days=int(row["day"])),
            EPOCH + timedelta(days=int(row["due_day"])),
            *(int(row[f"{name}_minor"]) for name in ("closing", "minimum")),
            instalments,
            fees,
            *(int(row[f"{name}_minor"]) for name in ("interest", "past_due")),
        )


ACTS = ("buy", "buy", "buy", "split", "split_statement", "relieve", "pay", "adjust", "charge", "none")
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 3_000_000), st.integers(0, 40)), max_size=14)
"""What is done, a number that says how, and for how many days nothing is done afterwards."""


def live(life, steps):
    """Take steps, with days between them that are closed, or are left to be closed with the next command."""
    for name, number, days in steps:
        if name == "buy":
            life.buy(number)
        elif name == "split":
            life.split(plan_months=number % 24 + 1, fee_ppm=number % 20_000)
        elif name == "split_statement":
            life.split(purchase=False, amount_minor=number % 3 * 1_000, plan_months=number % 9 + 1, fee_ppm=6_000)
        elif name == "relieve":
            life.ask(Kind.RELIEVE, months=number % 24 + 1, is_waived=number % 2)
        elif name in ("pay", "charge", "adjust"):
            kind, sign = (Kind.PAYMENT, 1) if name == "pay" else (Kind.ADJUST, 1 if name == "charge" else -1)
            life.ask(kind, amount_minor=sign * number)
        for _ in range(days):
            life.close()
        if number % 5 == 0:
            life.day += timedelta(days=number % 50)


@settings(max_examples=25, deadline=None)
@given(
    steps=STEPS,
    months=st.integers(1, 24),
    paid=st.sampled_from(Paid),
    product=st.sampled_from([1, 2]),
    cut_day=st.integers(1, 28),
)
def test_what_is_foreseen_is_what_comes(steps, months, paid, product, cut_day):
    """To the cent and to the day, whatever the account has lived through; looking ahead changes nothing."""
    life = Life(cut_day=cut_day, product=product)
    life.buy(1_000)
    live(life, steps)
    before = rows_in_use(life.bank.state)
    foreseen = life.ahead(months, paid)
    assert rows_in_use(life.bank.state) == before
    assert foreseen.today == life.day
    life.ask(Kind.ADJUST, amount_minor=0)  # which is refused, once the days before it are closed
    assert (foreseen.books, len(foreseen.dues)) == (life.books, months)
    assert life.lived(months, paid) == foreseen.dues


def test_twelve_instalments_are_foreseen():
    """1,200.00 in twelve: each statement asks for 107.20 and nothing is left of the plan after a year."""
    life = Life()
    life.buy(120_000)
    assert life.split(**TWELVE)
    dues = life.ahead(14, Paid.ALL).dues
    assert [(due.minimum_minor, due.instalments_minor, due.fees_minor) for due in dues] == [
        *[(10_720, 10_000, 720)] * 12,
        (0, 0, 0),
        (0, 0, 0),
    ]
    assert [due.day for due in dues[:2]] == [date(2027, 1, 5), date(2027, 2, 5)]


def test_nothing_paid_is_foreseen_as_the_days_close():
    """3,000.00: the numbers of the story that is told of it."""
    life = Life()
    life.buy(300_000)
    first, second, third = life.ahead(3).dues
    assert (first.closing_minor, first.minimum_minor, first.due_day) == (300_000, 30_000, date(2027, 1, 25))
    assert (second.closing_minor, second.minimum_minor, second.fees_minor) == (310_200, 67_200, 1_500)
    assert (third.closing_minor, third.minimum_minor, third.past_due_minor) == (317_782, 99_082, 67_200)


def test_a_relief_asks_for_nothing_until_it_ends():
    """15,064.38, put off by six months at no interest: 1,506.44 in July."""
    life = Life(date(2027, 1, 5))
    life.buy(1_506_438)
    while life.day < date(2027, 1, 20):
        life.close()
    assert life.ask(Kind.RELIEVE, months=6, is_waived=1)
    dues = life.ahead(6).dues
    assert [due.minimum_minor for due in dues] == [0] * 5 + [150_644]
    assert {due.due_day for due in dues} == {date(2027, 7, 25)}
    assert [due.closing_minor for due in dues] == [1_506_438] * 6


def test_days_that_wait_are_closed_first():
    """What they charge is due today and no news; a due that is past is paid today, as long as that is in time."""
    life = Life()
    life.buy(300_000)
    life.day = date(2027, 1, 27)  # which no command has told the bank
    outlook = life.ahead(1, Paid.ALL)
    assert (outlook.books.due_minor, outlook.books.due_day) == (30_000, date(2027, 1, 25))
    (due,) = outlook.dues
    assert (due.day, due.closing_minor, due.fees_minor) == (date(2027, 2, 5), 0, 0)
    (due,) = life.ahead(1).dues
    assert (due.fees_minor, due.interest_minor) == (1_500, 8_700)


def test_terms_that_change_at_midnight_hold_in_the_months_ahead():
    """Those in force now for today, and the new ones from tomorrow on."""
    life = Life()
    life.buy(300_000)
    life.bank.use(products=[PRODUCTS[0] | {"terms": {"rate_ppm": 1_000, "grace_days": 10}}])
    dues = life.ahead(2).dues
    assert dues[0].due_day == date(2027, 1, 15)
    assert dues[1].interest_minor == 17_400
    assert life.lived(2) == dues


@pytest.mark.parametrize("paid", Paid)
def test_an_account_of_which_nothing_is_known(paid):
    """Without a posting nothing is ahead; without a product there are no dues; without an account there is nothing."""
    bank = Bank(products=PRODUCTS)
    assert outlook_of(account_copy(bank.state, ACCOUNT), NOW_US, 3, paid) is None
    assert account_copy(bank.state, 999) is None
    bank.send(set_account(4, product=1, cut_day=5))
    outlook = outlook_of(account_copy(bank.state, ACCOUNT), NOW_US, 3, paid)
    assert (outlook.dues, outlook.books.due_day, outlook.books.buckets[Bucket.NEW]) == ([], None, 0)


def test_books_have_a_last_day():
    """Nothing is foreseen behind it."""
    life = Life()
    life.buy(300_000)
    copy = account_copy(life.bank.state, ACCOUNT)
    copy.counters[Counter.DAY] = LAST_DAY - 40
    assert len(outlook_of(copy, 0, 24).dues) <= 2


def test_a_copy_has_nothing_of_other_accounts():
    """One row of each table, and plans that have not ended in their order."""
    life = Life()
    for amount in (120_000, 60_000, 30_000):
        life.buy(amount)
        assert life.split(plan_months=amount // 30_000, fee_ppm=0)
    for _ in range(30):
        life.close()
    copy = account_copy(life.bank.state, ACCOUNT)
    counts = {name: int(copy.counters[counter]) for name, counter in Counter.__members__.items()}
    assert {name: counts[name] for name in ("ACCOUNTS", "BILLINGS", "PLANS", "TRANSACTIONS", "CARDS")} == {
        "ACCOUNTS": 1,
        "BILLINGS": 1,
        "PLANS": 2,
        "TRANSACTIONS": 0,
        "CARDS": 0,
    }
    assert copy.plans["principal_minor"][:2].tolist() == [120_000, 60_000]
    assert copy.plans["next"][:2].tolist() == [2, 0]
    assert np.array_equal(copy.billing[:1], life.bank.state.billing[life.bank.state.accounts[0]["billing"] - 1 :][:1])


def test_it_foresees_into_which_segments_the_account_comes():
    """By what it has bought, which is copied: it is in the first segment for two statements, and then in the other."""
    bought = {"attribute": "amount_30d", "operator": ">=", "value": 40_000}
    older = {"attribute": "account_age", "operator": ">=", "value": 80}
    segments = [
        {"number": 4, "id": "buys", "when": bought, "terms": {"rate_ppm": 50_000}},
        {"number": 9, "id": "older", "when": older, "terms": {"rate_ppm": 7}},
    ]
    life = Life(segments=segments)
    life.buy(30_000)
    life.buy(30_000)
    foreseen = life.ahead(5).dues
    happened = [statement for _ in range(170) for statement in life.close()][:5]
    assert [int(row["segment"]) for row in happened] == [0, 4, 0, 9, 9]
    assert [each.interest_minor for each in foreseen] == [int(row["interest_minor"]) for row in happened]
