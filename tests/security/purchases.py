"""What giving back comes to, from its principle alone: no purchase gives back more than was paid for it.

Nothing here is kept as the kernel keeps it: a purchase is a list of amounts that came and went.
"""

from dataclasses import dataclass, field


@dataclass
class Purchase:
    """All that was charged for one purchase, and all that was given back of it, each as it was posted."""

    changes: list[int] = field(default_factory=list)

    @property
    def left(self) -> int:
        """What may still be given back."""
        return sum(self.changes)


@dataclass
class Charge:
    """One posting of a purchase: a sale of its own, or one of several completions.

    changes: what was posted under its name.  standing: what its reversals have left of it, as their sender sees it.
    """

    purchase: Purchase
    standing: int
    changes: list[int] = field(default_factory=list)
    disputed: int = 0
    is_reversed: bool = False

    def post(self, change: int) -> None:
        """Something was charged or given back in its name."""
        self.changes.append(change)
        self.purchase.changes.append(change)

    @property
    def left(self) -> int:
        """No more than it has charged itself, and no more than the purchase has left."""
        return min(sum(self.changes), self.purchase.left)


@dataclass
class Hold:
    """An authorization: what names it means the whole purchase."""

    purchase: Purchase
    is_reversed: bool = False

    def post(self, change: int) -> None:
        """Something was given back in its name."""
        self.purchase.changes.append(change)

    @property
    def left(self) -> int:
        """All that was completed and not given back."""
        return self.purchase.left


@dataclass
class Refund:
    """Money that was given back, and may be taken back. of: None where nobody knows what was bought."""

    of: "Charge | Hold | None"
    standing: int
    given: int

    def post(self, change: int) -> None:
        """It was taken back, in whole or in part."""
        self.given -= change
        if self.of is not None:
            self.of.post(change)
