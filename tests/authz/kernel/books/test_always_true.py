"""What is true of the books after every command, whatever has happened and whenever days were closed."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from authz.program.tables import Bucket
from authz.state.billing import BUCKETS
from authz.state.stored import rows_in_use, stored_arrays, with_stored_arrays
from authz.state.tables import Counter
from authz.vocabulary.account_changes import PlanEnd
from authz.vocabulary.commands import Kind, Operation
from authz.vocabulary.reasons import Reason
from tests.authz.commands import command
from tests.authz.kernel.books.outcome import Outcome, agree, day_number, told_by_kernel
from tests.authz.kernel.books.plain.terms import BUCKETS as NAMES_OF_BUCKETS
from tests.authz.kernel.books.plain.terms import PAY_ORDER, PlainRelief, PlainTerms
from tests.authz.kernel.books.twin import ALL_ROWS, DAY_US, Twin

USUAL = PlainTerms(blocks_after_missed=0, cash_share_ppm=1_000_000)
TERMS = [
    USUAL,
    replace(USUAL, interest_on="unpaid", rate_ppm=20_000, grace_days=25),
    replace(USUAL, tolerance=0, courtesy_days=0, grace_days=1, late_fee_min=0, pay_order=PAY_ORDER[::-1]),
    replace(USUAL, minimum_ppm=1_000_000, tolerance=50_000, cash_fee_min=0, late_fee_ppm=1_000_000),
    replace(USUAL, automatic_relief=PlainRelief("missed_dues", ">=", 1, 2)),
    replace(USUAL, automatic_relief=PlainRelief("owed", ">", 200_000, 1), relief_interest="accrues"),
]
ZONES = ["UTC", "Asia/Shanghai", "America/Los_Angeles"]
BEGINS = day_number(date(2026, 12, 10)) * DAY_US + DAY_US // 2
ACCOUNTS = st.sampled_from([0, 0, 1, 2])
AMOUNTS = st.sampled_from([1, 999, 50_000, 123_456, 300_000])
LAST = st.integers(0, 5)
MONTHS = st.sampled_from([1, 2, 3, 12])


class BooksAreAlwaysTrue(RuleBasedStateMachine):
    """Two accounts with products and one that may get one: kernel and plain ledger must never differ."""

    def __init__(self):
        super().__init__()
        self.terms = {1: TERMS[0], 2: TERMS[1]}
        self.bank = Twin([1, 2, 0], [5, 28, 14], self.terms, BEGINS)
        self.bought, self.paid, self.refunds, self.plans = [], [], [], []

    @rule(days=st.sampled_from([0, 1, 1, 3, 20, 31, 70]), hours=st.integers(0, 23))
    def time_passes(self, days, hours):
        """Hours or months."""
        self.bank.clock_us += days * DAY_US + hours * DAY_US // 24
        self.bank.pass_time()

    @rule(first_row=st.integers(0, 3), rows=st.sampled_from([1, 2, ALL_ROWS]), ago=st.sampled_from([0, 1, 1, 2, 40]))
    def days_are_closed(self, first_row, rows, ago):
        """Of some accounts, up to some day; today is not over."""
        self.bank.close(self.bank.today - timedelta(days=ago), first_row, rows)

    @rule(account=ACCOUNTS, amount=AMOUNTS)
    def something_is_bought(self, account, amount):
        """And charged at once, unless too many dues were missed."""
        bought = self.bank.buy(account, amount)
        self.bought += [bought] if bought else []

    @rule(account=ACCOUNTS, amount=AMOUNTS, operation=st.sampled_from([Operation.PURCHASE, Operation.CASH]))
    def something_is_held(self, account, amount, operation):
        """And in some cases completed."""
        if self.bank.is_blocked(account):
            return
        message = self.bank.authorize(account, amount, operation)
        if amount % 3 == 0:
            self.bought.append(self.bank.complete(account, message, amount // 2 + 1))

    @rule(account=ACCOUNTS, amount=AMOUNTS, goods=st.sampled_from([None, None, 0, 4_000]))
    def cash_is_drawn(self, account, amount, goods):
        """At a fee: from a machine, or with a purchase."""
        if not self.bank.is_blocked(account):
            with_goods = () if goods is None else (goods,)
            draw = self.bank.buy_with_cash_back if with_goods else self.bank.draw
            self.bought.append(draw(account, *with_goods, amount))

    def _payable(self, account):
        return self.bank.books[account].product != 0

    @rule(account=ACCOUNTS, share=st.sampled_from(["due", "to_pay", "owed", "more", "little"]))
    def a_bill_is_paid(self, account, share):
        """The minimum, the statement, all, too much or a little."""
        self.bank.begin_day()
        books = self.bank.books[account]
        amounts = {
            "due": books.due,
            "to_pay": books.to_pay,
            "owed": books.owed,
            "more": books.owed + 777,
            "little": 900,
        }
        paid = self.bank.pay(account, max(1, amounts[share]))
        self.paid += [(account, paid)] if paid else []

    @precondition(lambda self: self.paid)
    @rule(which=LAST)
    def a_payment_comes_back(self, which):
        """However long ago it was made."""
        self.bank.return_payment(*self.paid.pop(which % len(self.paid)))

    @precondition(lambda self: self.bought)
    @rule(which=LAST, way=st.sampled_from(["refund", "reversal", "part", "chargeback", "representment"]))
    def money_is_given_back(self, which, way):
        """Of an earlier purchase, in whole or in part."""
        bought = self.bought[-1 - which % len(self.bought)]
        if bought.account == 2 and not self._payable(2):
            return  # bounded by what it owes, which is told elsewhere
        if way == "representment" and bought.disputed:
            self.bank.represent(bought, bought.disputed)
        elif way == "chargeback" and bought.left:
            self.bank.charge_back(bought, (bought.left + 1) // 2)
        elif way == "refund" and bought.left:
            self.refunds.append((bought, self.bank.refund(bought, (bought.left + 1) // 2)))
        elif way in ("reversal", "part") and bought.left == bought.current > 0:
            self.bank.reverse(bought, bought.current // 2 if way == "part" else 0)

    @precondition(lambda self: self.refunds)
    @rule()
    def a_refund_is_taken_back(self):
        """The last one."""
        self.bank.take_refund_back(*self.refunds.pop())

    @rule(account=ACCOUNTS, which=st.integers(-1, 3), amount=st.sampled_from([0, 0, 1, 4_000]), months=MONTHS)
    def something_is_split(self, account, which, amount, months):
        """An earlier purchase of the account, or its last statement, unless that is refused."""
        bought = [each for each in self.bought if each.account == account]
        if self._payable(account):
            named = bought[-1 - which % len(bought)] if bought and which >= 0 else None
            plan = self.bank.start_plan(account, months, 6_000, amount, named)
            self.plans += [(account, plan)] if plan else []

    @precondition(lambda self: self.plans)
    @rule(which=LAST, fee_min=st.sampled_from([0, 1_000]))
    def a_plan_ends_early(self, which, fee_min):
        """Or is refused, for it has ended."""
        account, plan = self.plans[-1 - which % len(self.plans)]
        self.bank.end_plan(account, plan, 30_000, fee_min)

    @rule(account=ACCOUNTS, months=st.sampled_from([1, 2, 5]), waives=st.booleans())
    def a_due_is_put_off(self, account, months, waives):
        """What is owed stays the same: where interest is waived each bucket, else their sum."""
        if not self._payable(account):
            return
        self.bank.begin_day()
        before = {bucket: self.bank.books[account].balance(bucket) for bucket in NAMES_OF_BUCKETS}
        self.bank.relieve(account, months, waives=waives)
        self.bank.apply()
        after = told_by_kernel(self.bank.outcome.state, account)["buckets"]
        assert sum(after.values()) == sum(before.values())
        assert after == before or not waives

    @rule(first_row=st.integers(0, 3), product=st.sampled_from([0, 1, 2]), waives=st.booleans())
    def dues_of_many_are_put_off(self, first_row, product, waives):
        """Of those that owe something."""
        self.bank.relieve_range(2, waives=waives, first_row=first_row, product=product)

    @rule(account=ACCOUNTS, amount=AMOUNTS, sign=st.sampled_from([1, -1]))
    def the_issuer_corrects(self, account, amount, sign):
        """Up or down."""
        if self._payable(account):
            self.bank.adjust(account, sign * amount)

    @rule(account=ACCOUNTS, amount=AMOUNTS, bucket=st.sampled_from(["interest", "fees"]))
    def the_issuer_waives(self, account, amount, bucket):
        """Interest or fees, or more than there is of them."""
        if self._payable(account):
            self.bank.waive(account, bucket, amount)

    @rule(account=ACCOUNTS)
    def a_debt_is_given_up(self, account):
        """Where there is one."""
        if self._payable(account):
            self.bank.begin_day()
            self.bank.write_off(account)

    @rule(account=ACCOUNTS, product=st.sampled_from([1, 2, 3]), cut_day=st.sampled_from([1, 5, 14, 28]))
    def an_account_changes(self, account, product, cut_day):
        """It gets another product, or its first, or another day of its statement."""
        self.bank.set_account(account, product, cut_day)

    @rule(product=st.sampled_from([1, 2]), terms=st.sampled_from(TERMS), zone=st.sampled_from(ZONES))
    def a_program_comes(self, product, terms, zone):
        """With other terms and perhaps another time zone."""
        self.terms[product] = terms
        self.bank.activate(self.terms, zone)

    @invariant()
    def what_is_owed_is_in_buckets_and_comes_from_somewhere(self):
        """The buckets of an account are what was posted, and all accounts and general counters together are nothing."""
        self.bank.apply()
        state = self.bank.outcome.state
        in_books = 0
        for account in state.accounts[: len(self.bank.books)]:
            if account["product"] != 0:
                row = int(account["billing"]) - 1
                owed = int(state.books[row, :BUCKETS].sum()) if row >= 0 else 0
                assert owed == account["posted_minor"]
                in_books += owed
        assert in_books + int(state.general.sum()) == 0

    @invariant()
    def a_statement_is_the_one_before_and_what_was_posted_since(self):
        """So that each posting is on one statement, and what is in instalments on the statements to come."""
        self.bank.apply()
        outcome = self.bank.outcome
        for account, statements in outcome.statements.items():
            since, postings = 0, outcome.postings.get(account, [])
            for statement, plain in zip(statements, self.bank.books[account].statements, strict=False):
                day = int(statement["day"])
                assert int(statement["since"]) == since < day
                posted = sum(int(row["amount_minor"]) for row in postings if int(row["day"]) <= day)
                assert int(statement["closing_minor"]) + plain.planned == posted
                since = day

    @invariant()
    def a_plan_is_billed_or_given_back_but_for_what_is_left(self):
        """And what is left of all of an account's is what it has planned."""
        self.bank.apply()
        state = self.bank.outcome.state
        for plan in state.plans[: state.counters[Counter.PLANS]]:
            assert 0 <= plan["left_minor"] <= plan["principal_minor"]
            assert (
                plan["left_minor"] > 0 if plan["end"] == 0 else plan["left_minor"] == 0 or plan["end"] == PlanEnd.EARLY
            )
        for account, row in enumerate(state.accounts["billing"][: len(self.bank.books)].tolist()):
            made = state.plans[: state.counters[Counter.PLANS]]
            left = made["left_minor"][(made["account_id"] == account + 1) & (made["end"] == 0)].sum()
            assert left == (state.books[row - 1, Bucket.PLANNED] if row else 0)
        for books in self.bank.books:
            for plan in books.plans:
                assert plan.principal == sum(plan.instalments) + plan.given_back + plan.ended_with + plan.left

    def _closed(self):
        """The same bank with all its days closed."""
        outcome = self.bank.outcome
        arrays = {name: array.copy() for name, array in stored_arrays(outcome.state).items()}
        kept = [
            {account: list(rows) for account, rows in each.items()}
            for each in (outcome.postings, outcome.statements, outcome.changes)
        ]
        copied = Outcome(with_stored_arrays(arrays, outcome.state.program), 0, *kept, set(outcome.names))
        day = day_number(self.bank.today) - 1
        closing = command(Kind.CLOSE_DAY, time_us=self.bank.clock_us, day=day, rows=ALL_ROWS)
        copied.take([closing], {}, [Reason.APPROVED])
        return copied

    @invariant()
    def the_books_are_those_of_the_ledger(self):
        """Which closes each day as it ends. No bucket but new is below 0; a credit leaves nothing owed at a cut."""
        self.bank.apply()
        self.bank.begin_day()
        closed = self._closed()
        agree(closed, self.bank.books)
        today = day_number(self.bank.today)
        for account, books in enumerate(closed.state.accounts["billing"][: len(self.bank.books)].tolist()):
            buckets = closed.state.books[books - 1, :BUCKETS] if books else np.zeros(BUCKETS, np.int64)
            assert (np.delete(buckets, Bucket.NEW) >= 0).all()
            was_cut = books and int(closed.state.billing[books - 1]["last_cut"]) == today - 1
            is_as_cut = was_cut and all(int(row["day"]) < today for row in closed.postings.get(account, []))
            if is_as_cut and buckets[Bucket.NEW] < 0:
                assert not np.delete(buckets, [Bucket.NEW, Bucket.PLANNED]).any()

    def teardown(self):
        """Replayed in one batch, and without that any day was closed before the end, it leaves the same bytes."""
        self.bank.clock_us += 40 * DAY_US
        self.bank.begin_day()
        self.bank.close(self.bank.today - timedelta(days=1))
        self.bank.apply()
        stored = rows_in_use(self.bank.outcome.state)
        for closes in (True, False):
            again = Outcome()
            again.take(self._with(closes), self.bank.attachments, self._answers(closes), batch=8_192)
            assert rows_in_use(again.state) == stored

    def _with(self, closes):
        """All commands; without those that close days but for the last, if wanted."""
        last = len(self.bank.commands) - 1
        return [
            each
            if closes or place == last or each["kind"][0] != Kind.CLOSE_DAY
            else command(Kind.PASS_TIME, time_us=each["time_us"][0])
            for place, each in enumerate(self.bank.commands)
        ]

    def _answers(self, closes):
        of_closing = {Reason.DAY_NOT_OVER: Reason.APPROVED}
        return [reason if closes else of_closing.get(reason, reason) for reason in self.bank.expected]


TestBooksAreAlwaysTrue = BooksAreAlwaysTrue.TestCase
TestBooksAreAlwaysTrue.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
