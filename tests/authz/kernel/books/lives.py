"""Random lives of accounts: seeded, each in a bank with others, under programs and time zones that change."""

import random
from datetime import date, timedelta

from authz.vocabulary.commands import Kind, Operation
from tests.authz.commands import command
from tests.authz.kernel.books.outcome import day_number
from tests.authz.kernel.books.plain.segments import PlainSegment
from tests.authz.kernel.books.plain.terms import PAY_ORDER, PlainRelief, PlainTerms
from tests.authz.kernel.books.twin import ALL_ROWS, DAY_US, Twin

ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland")
_FIRST_DAY, _LAST_FIRST_DAY = date(2026, 12, 1), date(2028, 6, 1)
_HOLD_DAYS = 6


class Lives:
    """A bank with so many accounts, for so many days. After that, `bank` knows all its commands."""

    def __init__(self, seed, accounts=4, days=400, *, with_segments=False):
        self.random = random.Random(seed)
        start = self.random.randrange(day_number(_FIRST_DAY), day_number(_LAST_FIRST_DAY))
        self.terms = {number: self._terms() for number in ((1, 2, 3) if with_segments else (1, 2))}
        products = [self.random.choice([1, 1, 1, 2, 3, 0]) for _ in range(accounts)]
        cut_days = [self.random.randint(1, 28) for _ in range(accounts)]
        zone, segments = self.random.choice(ZONES), self._segments() if with_segments else []
        self.bank = Twin(products, cut_days, self.terms, start * DAY_US + DAY_US // 2, zone, segments)
        self.bought, self.paid, self.refunds, self.held = ([[] for _ in range(accounts)] for _ in range(4))
        self.mood = [self.random.choice([0.02, 0.1, 0.3]) for _ in range(accounts)]
        for day in range(start + 1, start + days):
            self._live(day)
        self.bank.clock_us = (start + days + 3) * DAY_US
        self.bank.pass_time()

    def _terms(self):
        choose = self.random.choice
        grace = choose([20, 20, 1, 14, 25])
        return PlainTerms(
            grace_days=grace,
            courtesy_days=choose([3, 0, 28 - grace]),
            tolerance=choose([1_000, 0, 50_000]),
            rate_ppm=choose([500, 500, 0, 1, 333, 20_000]),
            interest_on=choose(["full", "full", "unpaid"]),
            minimum_ppm=choose([100_000, 100_000, 0, 33_333, 1_000_000]),
            late_fee_ppm=choose([50_000, 0, 77_777]),
            late_fee_min=choose([1_000, 0]),
            cash_fee_ppm=choose([10_000, 0]),
            cash_fee_min=choose([1_000, 0]),
            blocks_after_missed=0,
            pay_order=choose([PAY_ORDER, PAY_ORDER, tuple(self.random.sample(PAY_ORDER, len(PAY_ORDER)))]),
            cash_share_ppm=1_000_000,
            relief_interest=choose(["waived", "accrues"]),
            automatic_relief=choose([None, None, self._relief()]),
        )

    def _segments(self):
        """Some segments, in any order: by what is bought, by age, and by how an account stands."""
        window = self.random.choice(["month", 7, 30])
        conditions = [
            ("count", ">=", 1, "month"),
            ("amount", ">=", 300_000, window),
            ("amount", "<", 1, 30),
            ("account_age", "<", 60, ""),
            ("missed_dues", ">=", 2, ""),
            ("owed_ppm", ">=", 1, ""),
            ("product", "=", 2, ""),
        ]
        choose = self.random.choice
        return [
            PlainSegment(
                number,
                *condition,
                terms={"rate_ppm": choose([0, 700, 9_000]), "tolerance": choose([0, 5_000])} if number % 3 else {},
            )
            for number, condition in enumerate(self.random.sample(conditions, 5), 1)
        ]

    def _relief(self):
        """By itself, where an account is behind or owes much."""
        choose = self.random.choice
        attribute, operator, value = choose(
            [
                ("missed_dues", ">=", 2),
                ("missed_dues", "=", 1),
                ("missed_dues", "!=", 0),
                ("owed", ">", 1_000_000),
                ("owed", "<=", 5_000),
                ("owed_ppm", ">=", 2),
                ("owed_ppm", "<", 1),
            ]
        )
        return PlainRelief(attribute, operator, value, months=choose([1, 2, 6]))

    def _live(self, day):
        moments = [(day * DAY_US + self.random.randrange(DAY_US), None) for _ in range(self.random.choice([0, 0, 1]))]
        for account, often in enumerate(self.mood):
            if self.random.random() < often:
                moments += [
                    (day * DAY_US + self.random.randrange(DAY_US), account)
                    for _ in range(self.random.choice([1, 1, 2, 4]))
                ]
        self.bank.clock_us = day * DAY_US
        self.bank.pass_time()
        if self.random.random() < 0.01:
            self._switch()
        if self.random.random() < 0.003:
            self._relieve_many()
        for moment, account in sorted(moments, key=lambda each: each[0]):
            self.bank.clock_us = moment
            if account is None:
                self.bank.pass_time()
            else:
                self._act(account)

    def _switch(self):
        """Another program: terms change or are new, and perhaps the time zone does."""
        for number in self.random.sample([1, 2, 3], self.random.randint(0, 3)):
            self.terms[number] = self._terms()
        if self.bank.segments:
            self.bank.close(self.bank.calendar.day_at(self.bank.clock_us) - timedelta(days=1))
        self.bank.activate(self.terms, self.random.choice(ZONES))

    def _relieve_many(self):
        """Some rows of accounts, perhaps only those with a product."""
        first_row, rows = self.random.choice([(0, ALL_ROWS), (1, 2), (0, 1)])
        named = {"first_row": first_row, "rows": rows, "product": self.random.choice([0, 1, 2])}
        self.bank.relieve_range(self.random.choice([1, 3, 7]), waives=self.random.random() < 0.5, **named)

    def _amount(self):
        return self.random.choice([1, 99, 5_000, 12_345, 300_000, self.random.randint(1, 2_000_000)])

    def _act(self, account):
        books = self.bank.books[account]
        acts = [(self._buy, 6)]
        acts += [(self._pin, 0.5), (self._cash_back, 2)] if self.bank.segments else []
        if not self.bank.is_blocked(account):
            acts += [(self._hold, 2), (self._cash, 1), (self._cash_back, 0.5)]
        if books.product:
            acts += [(self._pay, 5), (self._return, 1), (self._correct, 1), (self._give_back, 4), (self._waive, 1)]
            acts += [(self._split, 2), (self._end_plan, 0.5), (self._relieve, 0.3)]
        acts += [(self._change, 0.5), (self._write_off, 0.1)]
        (act,) = self.random.choices([act for act, _ in acts], [weight for _, weight in acts])
        act(account)

    def _buy(self, account):
        bought = self.bank.buy(account, self._amount())
        self.bought[account] += [bought] if bought else []

    def _cash_back(self, account):
        goods = self.random.choice([0, 700])
        self.bought[account].append(self.bank.buy_with_cash_back(account, goods, self._amount()))

    def _hold(self, account):
        """An authorization, or the completion of one."""
        open_since = self.bank.clock_us - _HOLD_DAYS * DAY_US
        held = [each for each in self.held[account] if each["time_us"][0] > open_since]
        self.held[account] = held
        if held and self.random.random() < 0.6:
            message = held.pop(self.random.randrange(len(held)))
            amount = self.random.randint(1, int(message["amount_minor"][0]))
            self.bought[account].append(self.bank.complete(account, message, amount))
        else:
            operation = self.random.choice([Operation.PURCHASE, Operation.PURCHASE, Operation.CASH])
            held.append(self.bank.authorize(account, self._amount(), operation))

    def _cash(self, account):
        self.bought[account].append(self.bank.draw(account, self._amount()))

    def _pay(self, account):
        books = self.bank.books[account]
        owed = max(1, books.owed)
        wanted = [books.due, books.due, books.to_pay, books.to_pay - 500, owed, owed // 2, owed + 7_000, self._amount()]
        self.paid[account].append(self.bank.pay(account, max(1, self.random.choice(wanted))))

    def _return(self, account):
        if self.paid[account]:
            place = self.random.randrange(len(self.paid[account]))
            self.bank.return_payment(account, self.paid[account].pop(place))

    def _correct(self, account):
        self.bank.adjust(account, self.random.choice([-1, 1]) * self._amount())

    def _waive(self, account):
        books = self.bank.books[account]
        with_fee = [each for each in self.bought[account] if each.fee]
        if with_fee and self.random.random() < 0.7:
            self.bank.waive_cash_fee(self.random.choice(with_fee))
        else:
            bucket = self.random.choice(["interest", "fees"])
            self.bank.waive(account, bucket, max(1, self.random.choice([books.balance(bucket), 1_000])))

    def _split(self, account):
        """A purchase or the last statement, in whole or in part; more than there is is refused."""
        choose = self.random.choice
        months, fee_ppm = choose([1, 2, 3, 6, 12, 60]), choose([6_000, 0, 333, 1_000_000])
        amount = choose([0, 0, 1, 700, 50_000])
        bought = choose(self.bought[account][-4:]) if self.bought[account] and self.random.random() < 0.7 else None
        self.bank.start_plan(account, months, fee_ppm, amount, bought)

    def _end_plan(self, account):
        if plans := self.bank.books[account].plans[-3:]:
            self.bank.end_plan(
                account, self.random.choice(plans), *self.random.choice([(30_000, 1_000), (0, 0), (1, 7)])
            )

    def _relieve(self, account):
        self.bank.relieve(account, self.random.choice([1, 1, 2, 6]), waives=self.random.random() < 0.5)

    def _write_off(self, account):
        if self.bank.books[account].product:
            self.bank.write_off(account)

    def _pin(self, account):
        self.bank.pin(account, self.random.choice([None, None, 0, 1, 2, 200]))

    def _change(self, account):
        product = self.random.choice([self.bank.books[account].product, 1, 2, 3]) or 1
        self.bank.set_account(account, product, self.random.randint(1, 28))

    def _give_back(self, account):
        if self.random.random() < 0.1:
            self.bank.refund_without_purchase(account, self._amount())
        elif self.refunds[account] and self.random.random() < 0.2:
            place = self.random.randrange(len(self.refunds[account]))
            self.bank.take_refund_back(*self.refunds[account].pop(place))
        elif left := [each for each in self.bought[account] if each.left or each.disputed]:
            self._give_back_of(account, self.random.choice(left))

    def _give_back_of(self, account, bought):
        way = self.random.choice(["refund", "reversal", "reversal", "chargeback", "representment"])
        if way == "representment" and bought.disputed:
            self.bank.represent(bought, self.random.randint(1, bought.disputed))
        elif way == "chargeback" and bought.left:
            self.bank.charge_back(bought, self.random.randint(1, bought.left))
        elif way == "refund" and bought.left:
            amount = self.random.choice([bought.left, self.random.randint(1, bought.left)])
            names = bought.authorization is not None and self.random.random() < 0.4
            self.refunds[account].append((bought, self.bank.refund(bought, amount, names_authorization=names)))
        elif way == "reversal" and bought.left == bought.current:
            self.bank.reverse(bought, self.random.choice([0, self.random.randrange(bought.current)]))


def closed(bank, seed, how):
    """The commands of a life, with days closed at the places that were left for it: never, daily, or at random.

    At random: some of the rows, up to some day, now and then. At the end all days are closed in any case.
    """
    rng, commands = random.Random(seed), list(bank.commands)
    for place, day in bank.slots:
        first_row, rows, until = 0, ALL_ROWS, day - 1
        if place == len(commands) - 1 or how == "daily":
            pass
        elif how == "at_random" and rng.random() < 0.4:
            first_row, rows = rng.randrange(len(bank.books)), rng.choice([1, 2, ALL_ROWS])
            until -= rng.choice([0, 0, 1, 20, 50])
        else:
            continue
        named = {"day": until, "first_row": first_row, "rows": rows}
        commands[place] = command(Kind.CLOSE_DAY, time_us=commands[place]["time_us"][0], **named)
    return commands
