"""The books of one account, day by day, in plain Python: to hold those of the kernel against.

Of another shape: a list of entries for each bucket, a list of nights, a list of charges, and a loop over days. Nothing
is computed in closed form, and nothing is kept as a total that can be summed up instead.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from tests.authz.kernel.books.plain.buckets import Charge, PlainBuckets
from tests.authz.kernel.books.plain.plans import PLANS_OPEN_MAX, PlainChange, PlainPlan, PlainPurchase
from tests.authz.kernel.books.plain.terms import BEARING, BUCKETS, PPM, PlainTerms, half_up

_DAY = timedelta(days=1)
_DAYS_TO_PAY_MAX = timedelta(days=28)
_OWED_PPM_MAX = 10**12


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
    segment: int
    planned: int
    """What is in instalments that are not billed: no part of the closing balance."""


@dataclass(frozen=True)
class PlainPayment:
    """What was paid, and how much of that has counted toward the minimum and toward the closing balance."""

    amount: int
    due: int
    to_pay: int


@dataclass
class PlainBooks(PlainBuckets):
    """One account. terms_on: the terms of a product on a day.  today: the day that is open; what is done is done on it.
    terms_in: what a segment changes in the terms.  segment_of: the segment of the account when a day ends.

    An account without a product (0) has no books: what it owes is new when it joins one.
    """

    terms_on: Callable[[int, date], PlainTerms] = lambda product, day: PlainTerms()
    today: date = date.min
    product: int = 1
    cut_day: int = 5
    credit_limit: int = 0
    cut_day_in_force: int | None = None
    """None until the books are opened, by the first posting under a product."""
    postings: list[tuple[str, int, date]] = field(default_factory=list)
    statements: list[PlainStatement] = field(default_factory=list)
    plans: list[PlainPlan] = field(default_factory=list)
    changes: list[PlainChange] = field(default_factory=list)
    due_day: date | None = None
    """None where no due is open. In relief it is the day to which the due has moved."""
    passes: date | None = None
    relief_cuts: int = 0
    """How many statements are to come up to the one that asks for something again, with that; 0 without relief."""
    relief_waives: bool = False
    """Whether nights before the day that is due next bear no interest."""
    missed: int = 0
    last_cut: date = date.min
    lost_until: date = date.min
    segment: int = 0
    pinned: int | None = None
    terms_in: dict[int, dict[str, int]] = field(default_factory=dict)
    segment_of: Callable[["PlainBooks"], int] | None = None
    """The cut up to which what was billed has lost its grace."""

    @property
    def terms(self) -> PlainTerms:
        """Those of today."""
        return replace(self.terms_on(self.product, self.today), **self.terms_in.get(self.segment, {}))

    @property
    def owed(self) -> int:
        """All that was posted."""
        return sum(amount for _, amount, _ in self.postings)

    @property
    def open_plans(self) -> list[PlainPlan]:
        """Those that have not come to an end."""
        return [plan for plan in self.plans if plan.end is None]

    def _post(self, kind: str, amount: int) -> bool:
        """Post an amount; returns whether it has to be entered in books."""
        self.postings.append((kind, amount, self.today))
        self.open()
        return self.product != 0

    def open(self) -> None:
        """Open the books, unless they are open or there is no product."""
        if self.product != 0 and self.cut_day_in_force is None:
            self.cut_day_in_force = self.cut_day

    def _charge(self, kind: str, bucket: str, amount: int, against: str) -> None:
        """Interest or a fee."""
        if amount:
            self._post(kind, amount)
            self.enter(bucket, amount, against)
            self.charges.append(Charge(amount))

    # What happens on a day

    def join(self, product: int, cut_day: int) -> None:
        """Another product, or the first: then what is owed is new. Another day of the statement waits for the due."""
        had_none, self.product, self.cut_day = self.product == 0, product, cut_day
        if had_none and self.owed:
            self.open()
            self.enter("new", self.owed, "opening")
        elif self.cut_day_in_force is not None and self.due_day is None:
            self.cut_day_in_force = cut_day

    def pin(self, segment: int | None) -> None:
        """Another segment, whatever is known of the account; None to be classified again."""
        self.pinned = segment
        if segment is not None or self.cut_day_in_force is None:
            self.segment = segment or 0

    def _move_to(self, segment: int) -> None:
        if segment != self.segment:
            self.changes.append(PlainChange("segment_changed", self.today, 0, 0, self.segment, detail=str(segment)))
            self.segment = segment

    def share_owed(self) -> int:
        """What is owed in parts per million of the credit limit."""
        return min(max(0, self.owed) * PPM // self.credit_limit, _OWED_PPM_MAX)

    def buy(self, amount: int, kind: str = "purchase") -> None:
        """A purchase; what is presented again, or a refund that is taken back."""
        if self._post(kind, amount):
            self.enter("new", amount, "network")

    def draw(self, amount: int, kind: str = "cash") -> int:
        """Cash, with its fee; returns the fee."""
        if not self._post(kind, amount):
            return 0
        self.enter("cash", amount, "network")
        fee = self.terms.cash_fee(amount)
        self._charge("cash_fee", "fees", fee, "fees")
        return fee

    def pay(self, amount: int) -> PlainPayment:
        """A payment: what no bucket needs is a credit."""
        self._post("payment", -amount)
        self.take(self.terms, amount, "payments")
        return PlainPayment(amount, *self.count(amount))

    def return_payment(self, payment: PlainPayment) -> None:
        """A payment comes back: it is owed without grace, and what it has counted for is open again."""
        self._post("payment_returned", payment.amount)
        self.enter("carried", payment.amount, "payments")
        self._count_no_longer(payment, payment.amount)

    def _count_no_longer(self, given: PlainPayment | PlainPlan, amount: int) -> None:
        """So much of it has counted for nothing. In relief nothing is due."""
        self.due += 0 if self.relief_cuts else min(amount, given.due)
        self.to_pay += min(amount, given.to_pay)

    def give_back(self, kind: str, bought: PlainPurchase, amount: int) -> PlainPayment:
        """A refund, reversal or chargeback: off the purchase's plan, then where it is now, then as a payment."""
        if not self._post(kind, -amount):
            return PlainPayment(amount, 0, 0)
        rest = amount - sum(self._shorten(plan, amount) for plan in self.open_plans if plan.of == bought.name)
        rest -= sum(self._take_unasked(plan, rest) for plan in self.plans if plan.of == bought.name)
        own = (self.bucket_of(bought.day),) * bought.has_goods + ("cash",) * bought.has_cash
        billed = self.take(self.terms, rest, "network", *own, was_billed=bought.day <= self.last_cut)
        return PlainPayment(amount, *self.count(billed))

    def take_refund_back(self, amount: int, refund: PlainPayment) -> None:
        """A refund is reversed: it is owed anew, and what it has counted for is open again."""
        self.buy(amount, "reversal")
        self._count_no_longer(refund, amount)

    def bucket_of(self, bought: date) -> str:
        """Where a purchase of a day is now."""
        if bought > self.last_cut:
            return "new"
        return "billed" if bought > self.lost_until else "carried"

    def waive(self, bucket: str, amount: int) -> None:
        """A fee or interest is given back."""
        self._post("waiver", -amount)
        self.count(self.take(self.terms, amount, "waivers", bucket, was_billed=True))

    def adjust(self, amount: int) -> None:
        """A correction: a charge is new, a credit counts for what was billed."""
        self._post("adjustment", amount)
        if amount > 0:
            self.enter("new", amount, "adjustments")
        else:
            self.count(self.take(self.terms, -amount, "adjustments"))

    def write_off(self) -> None:
        """The issuer gives up all that is owed."""
        self._post("write_off", -self.owed)
        for plan in self.open_plans:
            plan.ended_with = plan.left
            self._end(plan, "written_off", plan.left)
        for bucket in BUCKETS:
            self.enter(bucket, -self.balance(bucket), "losses")
        for nights in self.nights.values():
            nights.clear()
        self.charges.clear()
        self.due = self.to_pay = 0

    # Instalments

    def splittable(self, bought: PlainPurchase | None, left: int) -> int:
        """How much of a purchase (or of the last statement, None) can be split. left: what is not given back of it."""
        bucket = self.bucket_of(bought.day) if bought else "billed"
        unasked = sum(plan.unasked for plan in self.plans) if bucket == "billed" else 0
        return 0 if bucket == "carried" else min(left, max(0, self.balance(bucket) - unasked))

    def no_plan_because(self, amount: int, bought: PlainPurchase | None, left: int) -> str | None:
        """Why a plan is refused, by the name of the reason. amount: 0 for all."""
        if len(self.open_plans) >= PLANS_OPEN_MAX:
            return "too_many_plans"
        is_split = bought and any(plan.of == bought.name for plan in self.plans)
        if bought and (bought.has_cash or is_split or self.bucket_of(bought.day) == "carried"):
            return "not_splittable"
        there = self.splittable(bought, left)
        if there == 0:
            return "nothing_owed"
        return "exceeds_remainder" if amount > there else None

    def start_plan(self, name: int, months: int, fee_ppm: int, amount: int, bought: PlainPurchase | None) -> PlainPlan:
        """Put an amount of a purchase, or of the last statement, off into instalments. It is not due any more."""
        bucket = self.bucket_of(bought.day) if bought else "billed"
        self.take_nights(self.terms, bucket, amount)
        self.move(bucket, "planned", amount)
        plan = PlainPlan(name, bought.name if bought else None, amount, months, fee_ppm, self.today)
        if bucket == "billed":
            plan.is_of_a_statement = True
            plan.due, plan.to_pay = self.count(amount)
        self.plans.append(plan)
        self.changes.append(PlainChange("plan_started", self.today, amount, months, name))
        return plan

    def _shorten(self, plan: PlainPlan, amount: int) -> int:
        """What is given back of a purchase takes the last instalments first; returns how much it takes of the plan."""
        left = plan.left
        taken = min(amount, left)
        self.enter("planned", -taken, "network")
        plan.given_back += taken
        if taken == left:
            self._end(plan, "given_back", left)
        return taken

    def _take_unasked(self, plan: PlainPlan, amount: int) -> int:
        """What is given back of a purchase whose plan has ended early: of what no statement asked for it counts not."""
        taken, wanted = 0, min(amount, plan.unasked)
        for bucket in ("billed", "carried") if self.lost_until == self.last_cut else ("billed",):
            part = min(wanted - taken, self.balance(bucket))
            self.take_nights(self.terms, bucket, part)
            self.enter(bucket, -part, "network")
            taken += part
        plan.unasked -= taken
        return taken

    def end_plan(self, plan: PlainPlan, fee_ppm: int, fee_min: int) -> None:
        """What is left is billed at once, for a fee. What the plan has put off is due again, if no cut came since."""
        left = plan.left
        self.move("planned", "billed", left)
        if plan.is_of_a_statement and not any(statement.day >= plan.started for statement in self.statements):
            self._count_no_longer(plan, left)
        else:
            plan.unasked = left
        plan.ended_with = left
        self._end(plan, "early", left)
        self._charge("plan_fee", "fees", max(half_up(left * fee_ppm, PPM), fee_min), "fees")

    def _end(self, plan: PlainPlan, how: str, not_billed: int) -> None:
        plan.end = how
        self.changes.append(PlainChange("plan_ended", self.today, not_billed, plan.months, plan.name, detail=how))

    def _bill_instalments(self) -> int:
        """One of each plan, with its fee; returns how much that is without fees."""
        billed = 0
        for plan in self.open_plans:
            part = plan.bill()
            self.move("planned", "billed", part)
            self._charge("plan_fee", "fees", plan.fee, "fees")
            if plan.left == 0:
                self._end(plan, "billed", 0)
            billed += part
        return billed

    # Relief

    def _due_after(self, months: int, since: date) -> date:
        """The day by which the n-th of the statements that are cut from a day on is due."""
        day = since
        while months > (day.day == self.cut_day_in_force):
            months -= day.day == self.cut_day_in_force
            day += _DAY
        return day + timedelta(days=self.terms.grace_days)

    def relieve(self, months: int, *, waives: bool, since: date | None = None) -> bool:
        """What is due moves; what is owed does not. since: the first day whose statement counts, today if not given.

        Returns whether it has: not where a later day was promised before.
        """
        self.open()
        until = self._due_after(months, since or self.today)
        if self.due_day is not None and self.due_day >= until:
            return False
        detail = "waived" if waives else "accrues"
        self.changes.append(PlainChange("relief_granted", self.today, self.due, months, until=until, detail=detail))
        self.due, self.due_day, self.relief_cuts, self.relief_waives = 0, until, months, waives
        self.passes = until + timedelta(days=self.terms.courtesy_days)
        if not waives:
            self.give_up_grace()
            self.lost_until = self.last_cut
        return True

    def _relieve_by_itself(self) -> None:
        relief = self.terms.automatic_relief
        if relief is None:
            return
        if relief.holds({"missed_dues": self.missed, "owed": self.owed, "owed_ppm": self.share_owed()}):
            self.relieve(relief.months, waives=self.terms.relief_interest == "waived", since=self.today + _DAY)

    # The end of a day

    def close(self, until: date) -> None:
        """Close days up to one, with that."""
        while self.today <= until:
            if self.cut_day_in_force is not None:
                self._close_today()
            self.today += _DAY

    def _close_today(self) -> None:
        is_free = self.relief_waives and self.due_day is not None and self.today < self.due_day
        for bucket in BEARING if not is_free else ():
            self.nights[bucket].append(max(0, self.balance(bucket)))
        if self.today == self.passes:
            self._pass_due()
            self.cut_day_in_force = self.cut_day
        if self.today.day == self.cut_day_in_force:
            self._cut()
            if self.segment_of is not None and self.pinned is None:
                self._move_to(self.segment_of(self))

    def _pass_due(self) -> None:
        terms = self.terms
        if self.to_pay > terms.tolerance:
            self.give_up_grace()
            self.settle(self.balance("interest"))
            self.move("interest", "carried", self.balance("interest"))
            self.lost_until = self.last_cut
        self.nights["billed"] = []
        if self.due > terms.tolerance:
            self._charge("late_fee", "fees", terms.late_fee(self.due), "fees")
            self.missed += 1
        else:
            self.due, self.missed = 0, 0
        self.due_day = self.passes = None
        self.relief_waives = False

    def _cut(self) -> None:
        terms = self.terms
        interest = half_up(sum(self.nights["carried"] + self.nights["cash"]) * terms.rate_ppm, PPM)
        self._charge("interest", "interest", interest, "interest")
        self.nights |= {"carried": [], "cash": []}
        was_in_relief, self.relief_cuts = self.relief_cuts > 0, max(0, self.relief_cuts - 1)
        if not was_in_relief:
            self._relieve_by_itself()
        self.move("new", "billed", max(0, self.balance("new")))
        self.nights |= {"billed": self.nights["billed"] + self.nights["new"], "new": []}
        instalments = 0 if self.relief_cuts else self._bill_instalments()
        self.spend_credit(terms)
        closing, past_due, minimum = self.closing, self.due, 0
        if not self.relief_cuts:
            whole = past_due + sum(charge.left for charge in self.charges if not charge.is_asked) + instalments
            share = half_up(max(closing - whole, 0) * terms.minimum_ppm, PPM)
            minimum = min(closing, whole + share) if closing > 0 else 0
            self._ask(minimum, promised=self.due_day if was_in_relief else None)
        for plan in self.plans:
            plan.unasked = 0
        since = self.last_cut if self.last_cut > date.min else None
        self.due, self.to_pay, self.last_cut = minimum, max(0, closing), self.today
        figures = (closing, minimum, interest, min(past_due, minimum))
        whose = (self.product, self.segment)
        self.statements.append(
            PlainStatement(self.today, since, self.due_day, *figures, self.missed, *whose, self.balance("planned"))
        )

    def _ask(self, minimum: int, promised: date | None) -> None:
        """A statement asks for a minimum. promised: where it ends a relief, the day that was named then; no sooner."""
        for charge in self.charges:
            charge.is_asked = True
        own = self.today + timedelta(days=self.terms.grace_days)
        self.due_day = max(own, promised) if promised else own
        courtesy = timedelta(days=self.terms.courtesy_days)
        self.passes = min(self.due_day + courtesy, self.today + _DAYS_TO_PAY_MAX)
        if promised:
            detail = "waived" if self.relief_waives else "accrues"
            self.changes.append(PlainChange("relief_ended", self.today, minimum, 0, until=self.due_day, detail=detail))
