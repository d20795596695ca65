"""The books of one account, day by day, in plain Python: to hold those of the kernel against.

Of another shape: a list of entries for each bucket, a list of nights, a list of charges, and a loop over days. Nothing
is computed in closed form, and nothing is kept as a total that can be summed up instead.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

BUCKETS = ("new", "billed", "carried", "cash", "interest", "fees", "planned")
BEARING = ("new", "billed", "carried", "cash")
CHARGED = ("interest", "fees")
PAY_ORDER = ("fees", "interest", "carried", "cash", "billed", "new")
_DAY = timedelta(days=1)


def half_up(numerator: int, denominator: int) -> int:
    """A quotient of numbers that are not negative, rounded to the nearest whole number, halves upward."""
    return (2 * numerator + denominator) // (2 * denominator)


@dataclass(frozen=True)
class PlainTerms:
    """The terms of a product: amounts in minor units, shares in parts per million."""

    grace_days: int = 20
    courtesy_days: int = 3
    tolerance: int = 1_000
    rate_ppm: int = 500
    interest_on: str = "full"
    minimum_ppm: int = 100_000
    late_fee_ppm: int = 50_000
    late_fee_min: int = 1_000
    cash_fee_ppm: int = 10_000
    cash_fee_min: int = 1_000
    blocks_after_missed: int = 2
    pay_order: tuple[str, ...] = PAY_ORDER
    cash_share_ppm: int = 500_000

    def cash_fee(self, amount: int) -> int:
        """The fee for so much cash."""
        return max(half_up(amount * self.cash_fee_ppm, 1_000_000), self.cash_fee_min)

    def late_fee(self, due: int) -> int:
        """The fee where so much of a minimum was not paid."""
        return max(half_up(due * self.late_fee_ppm, 1_000_000), self.late_fee_min)


@dataclass(frozen=True)
class Entry:
    """An amount that came into a bucket. against: the general counter that it came from, None for another bucket."""

    amount: int
    against: str | None


@dataclass
class Charge:
    """Interest or a fee: how much of it is not paid, and whether a minimum has asked for it."""

    left: int
    is_asked: bool = False


@dataclass(frozen=True)
class PlainStatement:
    """What was cut on a day. since: the day of the one before."""

    day: date
    since: date | None
    due_day: date
    closing: int
    minimum: int
    interest: int
    past_due: int
    missed: int
    product: int


@dataclass(frozen=True)
class PlainPayment:
    """What was paid, and how much of that has counted toward the minimum and toward the closing balance."""

    amount: int
    due: int
    to_pay: int


@dataclass
class PlainBooks:
    """One account. terms_on: the terms of a product on a day.  today: the day that is open; what is done is done on it.

    An account without a product (0) has no books: what it owes is new when it joins one.
    """

    terms_on: Callable[[int, date], PlainTerms]
    today: date
    product: int = 1
    cut_day: int = 5
    cut_day_in_force: int | None = None
    """None until the books are opened, by the first posting under a product."""
    entries: dict[str, list[Entry]] = field(default_factory=lambda: {bucket: [] for bucket in BUCKETS})
    postings: list[tuple[str, int, date]] = field(default_factory=list)
    statements: list[PlainStatement] = field(default_factory=list)
    nights: dict[str, list[int]] = field(default_factory=lambda: {bucket: [] for bucket in BEARING})
    charges: list[Charge] = field(default_factory=list)
    """In the order in which they were charged: what is paid pays the oldest first."""
    due: int = 0
    to_pay: int = 0
    due_day: date | None = None
    """None where no due is open."""
    passes: date | None = None
    missed: int = 0
    last_cut: date = date.min
    lost_until: date = date.min
    """The cut up to which what was billed has lost its grace."""

    @property
    def terms(self) -> PlainTerms:
        """Those of today."""
        return self.terms_on(self.product, self.today)

    def balance(self, bucket: str) -> int:
        """What is in a bucket."""
        return sum(entry.amount for entry in self.entries[bucket])

    @property
    def owed(self) -> int:
        """All that was posted."""
        return sum(amount for _, amount, _ in self.postings)

    @property
    def in_a_minimum(self) -> int:
        """Interest and fees that a minimum has asked for, and that are not paid."""
        return sum(charge.left for charge in self.charges if charge.is_asked)

    def general(self) -> dict[str, int]:
        """What the general counters stand at: the other side of every entry."""
        found: dict[str, int] = {}
        for entry in (entry for entries in self.entries.values() for entry in entries):
            if entry.against is not None:
                found[entry.against] = found.get(entry.against, 0) - entry.amount
        return found

    def _post(self, kind: str, amount: int) -> bool:
        """Post an amount; returns whether it has to be entered in books."""
        self.postings.append((kind, amount, self.today))
        self.open()
        return self.product != 0

    def open(self) -> None:
        """Open the books, unless they are open or there is no product."""
        if self.product != 0 and self.cut_day_in_force is None:
            self.cut_day_in_force = self.cut_day

    def _enter(self, bucket: str, amount: int, against: str | None) -> None:
        if amount:
            self.entries[bucket].append(Entry(amount, against))

    def _move(self, origin: str, target: str, amount: int) -> None:
        self._enter(origin, -amount, None)
        self._enter(target, amount, None)

    def _charge(self, kind: str, bucket: str, amount: int, against: str) -> None:
        """Interest or a fee."""
        if amount:
            self._post(kind, amount)
            self._enter(bucket, amount, against)
            self.charges.append(Charge(amount))

    # What happens on a day

    def join(self, product: int, cut_day: int) -> None:
        """Another product, or the first: then what is owed is new. Another day of the statement waits for the due."""
        had_none, self.product, self.cut_day = self.product == 0, product, cut_day
        if had_none and self.owed:
            self.open()
            self._enter("new", self.owed, "opening")
        elif self.cut_day_in_force is not None and self.due_day is None:
            self.cut_day_in_force = cut_day

    def buy(self, amount: int, kind: str = "purchase") -> None:
        """A purchase; what is presented again, or a refund that is taken back."""
        if self._post(kind, amount):
            self._enter("new", amount, "network")

    def draw(self, amount: int, kind: str = "cash") -> int:
        """Cash, with its fee; returns the fee."""
        if not self._post(kind, amount):
            return 0
        self._enter("cash", amount, "network")
        fee = self.terms.cash_fee(amount)
        self._charge("cash_fee", "fees", fee, "fees")
        return fee

    def pay(self, amount: int) -> PlainPayment:
        """A payment: what no bucket needs is a credit."""
        self._post("payment", -amount)
        self._take(amount, "payments")
        return PlainPayment(amount, *self._count(amount))

    def return_payment(self, payment: PlainPayment) -> None:
        """A payment comes back: it is owed without grace, and what it has counted for is open again."""
        self._post("payment_returned", payment.amount)
        self._enter("carried", payment.amount, "payments")
        self.due += payment.due
        self.to_pay += payment.to_pay

    def give_back(
        self, kind: str, bought: date, amount: int, *, has_goods: bool = True, has_cash: bool = False
    ) -> PlainPayment:
        """A refund, reversal or chargeback: first where its own purchase is now, then as a payment is taken."""
        if not self._post(kind, -amount):
            return PlainPayment(amount, 0, 0)
        own = (self.bucket_of(bought),) * has_goods + ("cash",) * has_cash
        return PlainPayment(
            amount, *self._count(self._take(amount, "network", *own, was_billed=bought <= self.last_cut))
        )

    def take_refund_back(self, amount: int, refund: PlainPayment) -> None:
        """A refund is reversed: it is owed anew, and what it has counted for is open again."""
        self.buy(amount, "reversal")
        self.due += min(amount, refund.due)
        self.to_pay += min(amount, refund.to_pay)

    def bucket_of(self, bought: date) -> str:
        """Where a purchase of a day is now."""
        if bought > self.last_cut:
            return "new"
        return "billed" if bought > self.lost_until else "carried"

    def waive(self, bucket: str, amount: int) -> None:
        """A fee or interest is given back."""
        self._post("waiver", -amount)
        self._count(self._take(amount, "waivers", bucket, was_billed=True))

    def adjust(self, amount: int) -> None:
        """A correction: a charge is new, a credit counts for what was billed."""
        self._post("adjustment", amount)
        if amount > 0:
            self._enter("new", amount, "adjustments")
        else:
            self._count(self._take(-amount, "adjustments"))

    def write_off(self) -> None:
        """The issuer gives up all that is owed."""
        self._post("write_off", -self.owed)
        for bucket in BUCKETS:
            self._enter(bucket, -self.balance(bucket), "losses")
        for nights in self.nights.values():
            nights.clear()
        self.charges.clear()
        self.due = self.to_pay = 0

    def _count(self, amount: int) -> tuple[int, int]:
        """It counts toward what is due; returns for how much of the minimum, and of the closing balance."""
        due, to_pay = min(amount, self.due), min(amount, self.to_pay)
        self.due -= due
        self.to_pay -= to_pay
        return due, to_pay

    def _take(self, amount: int, against: str, *own: str, was_billed: bool = False) -> int:
        """Returns how much of it was on a statement; was_billed: whether what is taken from its own buckets was."""
        billed = 0
        others = tuple(bucket for bucket in self.terms.pay_order if bucket not in own)
        for bucket in (*own, *others):
            there = max(0, self.balance(bucket))
            taken = min(there, amount)
            if taken and bucket in BEARING and self.terms.interest_on == "unpaid":
                self.nights[bucket].append(-(sum(self.nights[bucket]) * taken // there))
            if bucket in CHARGED:
                billed += self._settle(taken)
            elif was_billed if bucket in own else bucket != "new":
                billed += taken
            self._enter(bucket, -taken, against)
            amount -= taken
        self._enter("new", -amount, against)
        return billed

    def _settle(self, amount: int) -> int:
        """Interest and fees are paid, or are carried from now on; returns for how much of it a minimum had asked."""
        asked = 0
        for charge in self.charges:
            paid = min(charge.left, amount)
            charge.left -= paid
            amount -= paid
            asked += paid if charge.is_asked else 0
        self.charges = [charge for charge in self.charges if charge.left]
        return asked

    # The end of a day

    def close(self, until: date) -> None:
        """Close days up to one, with that."""
        while self.today <= until:
            if self.cut_day_in_force is not None:
                self._close_today()
            self.today += _DAY

    def _close_today(self) -> None:
        for bucket in BEARING:
            self.nights[bucket].append(max(0, self.balance(bucket)))
        if self.today == self.passes:
            self._pass_due()
            self.cut_day_in_force = self.cut_day
        if self.today.day == self.cut_day_in_force:
            self._cut()

    def _pass_due(self) -> None:
        terms = self.terms
        if self.to_pay > terms.tolerance:
            self._settle(self.balance("interest"))
            for bucket in ("billed", "interest"):
                self._move(bucket, "carried", self.balance(bucket))
            self.nights["carried"] += self.nights["billed"]
            self.lost_until = self.last_cut
        self.nights["billed"] = []
        if self.due > terms.tolerance:
            self._charge("late_fee", "fees", terms.late_fee(self.due), "fees")
            self.missed += 1
        else:
            self.due, self.missed = 0, 0
        self.due_day = self.passes = None

    def _cut(self) -> None:
        terms = self.terms
        interest = half_up(sum(self.nights["carried"] + self.nights["cash"]) * terms.rate_ppm, 1_000_000)
        self._charge("interest", "interest", interest, "interest")
        self._move("new", "billed", max(0, self.balance("new")))
        self.nights |= {"billed": self.nights["billed"] + self.nights["new"], "new": [], "carried": [], "cash": []}
        self._spend_credit()
        closing = sum(self.balance(bucket) for bucket in BUCKETS if bucket != "planned")
        past_due = self.due
        whole = past_due + sum(charge.left for charge in self.charges if not charge.is_asked)
        share = half_up(max(closing - whole, 0) * terms.minimum_ppm, 1_000_000)
        minimum = min(closing, whole + share) if closing > 0 else 0
        for charge in self.charges:
            charge.is_asked = True
        since = self.last_cut if self.last_cut > date.min else None
        self.due, self.to_pay, self.last_cut = minimum, max(0, closing), self.today
        self.due_day = self.today + timedelta(days=terms.grace_days)
        self.passes = self.due_day + timedelta(days=terms.courtesy_days)
        figures = (closing, minimum, interest, min(past_due, minimum))
        self.statements.append(
            PlainStatement(self.today, since, self.due_day, *figures, missed=self.missed, product=self.product)
        )

    def _spend_credit(self) -> None:
        for bucket in self.terms.pay_order:
            spent = min(max(0, self.balance(bucket)), max(0, -self.balance("new")))
            if bucket in CHARGED:
                self._settle(spent)
            self._move(bucket, "new", spent)
