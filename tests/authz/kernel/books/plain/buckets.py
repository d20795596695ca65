"""The buckets of one account in plain Python: lists of entries, of nights and of charges, and what is taken of them.

Nothing is kept as a total that can be summed up instead.
"""

from dataclasses import dataclass, field

from tests.authz.kernel.books.plain.terms import BEARING, BUCKETS, CHARGED, PlainTerms


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


@dataclass
class PlainBuckets:
    """What an account owes, bucket by bucket, and what of it is due."""

    entries: dict[str, list[Entry]] = field(default_factory=lambda: {bucket: [] for bucket in BUCKETS})
    nights: dict[str, list[int]] = field(default_factory=lambda: {bucket: [] for bucket in BEARING})
    charges: list[Charge] = field(default_factory=list)
    """In the order in which they were charged: what is paid pays the oldest first."""
    due: int = 0
    to_pay: int = 0

    def balance(self, bucket: str) -> int:
        """What is in a bucket."""
        return sum(entry.amount for entry in self.entries[bucket])

    @property
    def closing(self) -> int:
        """All that is owed but for instalments that are not billed."""
        return sum(self.balance(bucket) for bucket in BUCKETS if bucket != "planned")

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

    def enter(self, bucket: str, amount: int, against: str | None) -> None:
        """Put an amount into a bucket; a negative one is taken off it."""
        if amount:
            self.entries[bucket].append(Entry(amount, against))

    def move(self, origin: str, target: str, amount: int) -> None:
        """From one bucket to another."""
        self.enter(origin, -amount, None)
        self.enter(target, amount, None)

    def give_up_grace(self) -> None:
        """What was billed is carried, with its nights."""
        self.move("billed", "carried", self.balance("billed"))
        self.nights["carried"] += self.nights["billed"]
        self.nights["billed"] = []

    def count(self, amount: int) -> tuple[int, int]:
        """It counts toward what is due; returns for how much of the minimum, and of the closing balance."""
        due, to_pay = min(amount, self.due), min(amount, self.to_pay)
        self.due -= due
        self.to_pay -= to_pay
        return due, to_pay

    def take_nights(self, terms: PlainTerms, bucket: str, share: int) -> None:
        """So much leaves a bucket, before it does: with interest on what stays unpaid its nights go along."""
        if share and bucket in BEARING and terms.interest_on == "unpaid":
            self.nights[bucket].append(-(sum(self.nights[bucket]) * share // self.balance(bucket)))

    def take(self, terms: PlainTerms, amount: int, against: str, *own: str, was_billed: bool = False) -> int:
        """Returns how much of it was on a statement; was_billed: whether what is taken from its own buckets was."""
        billed = 0
        others = tuple(bucket for bucket in terms.pay_order if bucket not in own)
        for bucket in (*own, *others):
            taken = min(max(0, self.balance(bucket)), amount)
            self.take_nights(terms, bucket, taken)
            if bucket in CHARGED:
                billed += self.settle(taken)
            elif was_billed if bucket in own else bucket != "new":
                billed += taken
            self.enter(bucket, -taken, against)
            amount -= taken
        self.enter("new", -amount, against)
        return billed

    def settle(self, amount: int) -> int:
        """Interest and fees are paid, or are carried from now on; returns for how much of it a minimum had asked."""
        asked = 0
        for charge in self.charges:
            paid = min(charge.left, amount)
            charge.left -= paid
            amount -= paid
            asked += paid if charge.is_asked else 0
        self.charges = [charge for charge in self.charges if charge.left]
        return asked

    def spend_credit(self, terms: PlainTerms) -> None:
        """A credit pays what is owed, in the order of payments."""
        for bucket in terms.pay_order:
            spent = min(max(0, self.balance(bucket)), max(0, -self.balance("new")))
            if bucket in CHARGED:
                self.settle(spent)
            self.move(bucket, "new", spent)
