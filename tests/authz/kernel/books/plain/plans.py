"""Instalments and relief in plain Python: what a plan bills, and what has changed for an account."""

from dataclasses import dataclass
from datetime import date

from tests.authz.kernel.books.plain.terms import PPM, half_up

PLANS_OPEN_MAX = 24


@dataclass
class PlainPlan:
    """What is billed in instalments. name: of the command that started it.  of: the purchase's name, None for a
    statement.  due, to_pay: what it has counted toward when it was started, if a statement had asked for it.
    """

    name: int
    of: int | None
    principal: int
    months: int
    fee_ppm: int
    started: date
    is_of_a_statement: bool = False
    """Whether a statement had asked for it before."""
    due: int = 0
    to_pay: int = 0
    given_back: int = 0
    ended_with: int = 0
    """What was billed at once, or given up, when it ended early."""
    instalments: tuple[int, ...] = ()
    """What was billed, statement by statement."""
    end: str | None = None
    unasked: int = 0
    """What was billed at once, and no statement has asked for yet."""

    @property
    def left(self) -> int:
        """What is neither billed nor given back, as long as the plan is open."""
        return 0 if self.end else self.principal - self.given_back - sum(self.instalments)

    @property
    def fee(self) -> int:
        """With each instalment."""
        return half_up(self.principal * self.fee_ppm, PPM)

    def bill(self) -> int:
        """Bill the next instalment: equal parts of the principal, and with the last month what is left."""
        is_last = len(self.instalments) + 1 == self.months
        part = self.left if is_last else min(self.left, self.principal // self.months)
        self.instalments += (part,)
        return part


@dataclass(frozen=True)
class PlainChange:
    """A change of an account that is no posting, told by its kind's name in the kernel's vocabulary.

    about: the plan's name, 0 for relief.  until: of relief, the day by which something is due again.
    """

    kind: str
    day: date
    amount: int
    months: int
    about: int = 0
    until: date | None = None
    detail: str = ""


@dataclass(frozen=True)
class PlainPurchase:
    """What was charged on a day, by its name: the sequence of the command that posted it; 0 where nobody knows."""

    name: int
    day: date
    has_goods: bool = True
    has_cash: bool = False
