"""``/v1/books``: what all accounts with a product owe, and the general counters that stand on the other side."""

import asyncio
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from authz.http.surroundings import EngineDependency
from authz.program.tables import Bucket
from authz.state.billing import General
from authz.state.book_totals import BookTotals, book_totals

router = APIRouter(prefix="/v1/books", tags=["books"])
SCOPES = ("sandbox",)
STATUSES = ()


class BooksView(BaseModel):
    """The sums of all books, in minor units; amounts of accounts in different currencies are added up as they are."""

    accounts: int = Field(description="How many accounts have a product.", examples=[2])
    owed: int = Field(description="What they owe in all.", examples=[300000])
    buckets: dict[str, int] = Field(
        description="The same by what becomes of it, see the books of an account.",
        examples=[dict.fromkeys((bucket.name.lower() for bucket in Bucket), 0) | {"new": 300000}],
    )
    general: dict[str, int] = Field(
        description="What came from where: purchases and cash less refunds from `network`, then `payments`, "
        "`interest`, `fees`, `waivers`, `rewards`, `merchant_funded`, `losses` (written off), `adjustments`, and "
        "`opening`: what accounts owed when they got their product. Each posting takes from one of them what it adds "
        "to its account, so what accounts owe stands here with the opposite sign.",
        examples=[dict.fromkeys((counter.name.lower() for counter in General), 0) | {"network": -300000}],
    )
    sum: int = Field(description="`owed` and all of `general` together: 0, or the books are wrong.", examples=[0])
    is_balanced: bool = Field(description="Whether `sum` is 0, and the buckets add up to `owed`.", examples=[True])

    @classmethod
    def of(cls, totals: BookTotals) -> Self:
        """Show sums."""
        difference = totals.out_of_balance_minor
        return cls(
            accounts=totals.accounts,
            owed=totals.owed_minor,
            buckets={bucket.name.lower(): amount for bucket, amount in totals.buckets.items()},
            general={counter.name.lower(): amount for counter, amount in totals.general.items()},
            sum=difference,
            is_balanced=difference == 0 and sum(totals.buckets.values()) == totals.owed_minor,
        )


@router.get("")
async def read_books(engine: EngineDependency) -> BooksView:
    """Add up all books, and prove that they are in balance. Payments wait meanwhile. Scope: sandbox."""
    async with engine.standing_still():
        return BooksView.of(await asyncio.to_thread(book_totals, engine.state))
