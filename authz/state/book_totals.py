"""What all accounts with a product owe, and the general counters that stand on the other side; read only."""

from dataclasses import dataclass

from authz.program.tables import Bucket
from authz.state.billing import BUCKETS, General
from authz.state.tables import Counter, State


@dataclass(frozen=True)
class BookTotals:
    """Sums in minor units, over accounts of all currencies.

    accounts: how many have a product.  owed_minor: the sum of what they owe.  buckets: the same by bucket.
    general: what came in by each general counter, negative.
    """

    accounts: int
    owed_minor: int
    buckets: dict[Bucket, int]
    general: dict[General, int]

    @property
    def out_of_balance_minor(self) -> int:
        """What each posting keeps at 0: it adds to an account what it takes from a general counter."""
        return self.owed_minor + sum(self.general.values())


def book_totals(state: State) -> BookTotals:
    """Add everything up. It reads each account, so it takes a second for some ten million."""
    accounts = state.accounts[: state.counters[Counter.ACCOUNTS]]
    has_product = accounts["product"] != 0
    by_bucket = state.books[: state.counters[Counter.BILLINGS], :BUCKETS].sum(axis=0)
    return BookTotals(
        accounts=int(has_product.sum()),
        owed_minor=int(accounts["posted_minor"][has_product].sum()),
        buckets={bucket: int(by_bucket[bucket]) for bucket in Bucket},
        general={counter: int(state.general[counter]) for counter in General},
    )
