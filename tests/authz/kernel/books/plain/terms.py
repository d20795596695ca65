"""The terms of a product in plain Python, and the buckets that they speak of."""

import operator
from dataclasses import dataclass

BUCKETS = ("new", "billed", "carried", "cash", "interest", "fees", "planned")
BEARING = ("new", "billed", "carried", "cash")
CHARGED = ("interest", "fees")
PAY_ORDER = ("fees", "interest", "carried", "cash", "billed", "new")
PPM = 1_000_000
_COMPARED = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge
}  # fmt: skip


def half_up(numerator: int, denominator: int) -> int:
    """A quotient of numbers that are not negative, rounded to the nearest whole number, halves upward."""
    return (2 * numerator + denominator) // (2 * denominator)


@dataclass(frozen=True)
class PlainRelief:
    """Relief that comes by itself, with a statement: when an attribute of the account stands so to a value."""

    attribute: str
    operator: str
    value: int
    months: int

    def holds(self, attributes: dict[str, int]) -> bool:
        """Whether it comes, by what is known of the account."""
        return bool(_COMPARED[self.operator](attributes[self.attribute], self.value))


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
    relief_interest: str = "waived"
    automatic_relief: PlainRelief | None = None

    def cash_fee(self, amount: int) -> int:
        """The fee for so much cash."""
        return max(half_up(amount * self.cash_fee_ppm, PPM), self.cash_fee_min)

    def late_fee(self, due: int) -> int:
        """The fee where so much of a minimum was not paid."""
        return max(half_up(due * self.late_fee_ppm, PPM), self.late_fee_min)
