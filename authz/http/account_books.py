"""The books of an account as the API shows them."""

from datetime import date
from typing import Self

from pydantic import BaseModel, Field

from authz.program.agreement_terms import ReliefInterest, relief_interest
from authz.state.account_books import AccountBooks

DUE_DAY_DESCRIBED = (
    "The day by which both are to be paid: that of the last statement, also where nothing of it is left to pay. Null "
    "before the first statement; and once the days of courtesy are over, when what was not paid is past due, until the "
    "next statement."
)


class AccountBooksView(BaseModel):
    """What an account with a product owes, by what becomes of it, and what is to be paid by when.

    All amounts are in minor units of the account's currency. The first seven add up to the posted balance.
    """

    new: int = Field(
        description="Purchases since the last statement; negative for a credit, which the next statement spends.",
        examples=[4200],
    )
    billed: int = Field(
        description="On the last statement; bears no interest if that is paid in full by its due day.",
        examples=[300000],
    )
    carried: int = Field(description="Of earlier statements that were not paid in full; bears interest.", examples=[0])
    cash: int = Field(description="Cash; bears interest from the first night.", examples=[0])
    interest: int = Field(description="Interest that was charged and is not paid.", examples=[0])
    fees: int = Field(description="Fees that were charged and are not paid.", examples=[0])
    planned: int = Field(description="Instalments that are not billed yet.", examples=[0])
    minimum_due: int = Field(description="What is left of the last statement's minimum.", examples=[30000])
    statement_due: int = Field(
        description="What is left of the last statement's closing balance, which no interest is charged on if it is "
        "paid.",
        examples=[300000],
    )
    due_day: date | None = Field(description=DUE_DAY_DESCRIBED, examples=["2027-01-25"])
    missed: int = Field(description="How many minimums in a row were not paid in time.", examples=[0])
    next_statement_day: date | None = Field(
        description="The day at whose end the next statement is cut, null before the first posting.",
        examples=["2027-02-05"],
    )
    pending_day: date | None = Field(
        description="A day that is over, and whose end is not in the books yet: interest, a late fee or a statement of "
        "that day follow when it is closed, or before the account's next posting. Null where none is.",
        examples=[None],
    )
    relief_until: date | None = Field(
        description="While what was due is put off: the day by which something is due again, which then is `due_day`. "
        "Null where nothing is put off.",
        examples=[None],
    )
    relief_interest: ReliefInterest | None = Field(
        description="Whether the nights until then bear interest; null where nothing is put off.", examples=[None]
    )

    @classmethod
    def of(cls, books: AccountBooks | None) -> Self | None:
        """Show an account's books; None for an account without a product."""
        if books is None:
            return None
        return cls(
            **{bucket.name.lower(): amount for bucket, amount in books.buckets.items()},
            minimum_due=books.due_minor,
            statement_due=books.to_pay_minor,
            due_day=books.due_day,
            missed=books.missed,
            next_statement_day=books.next_cut,
            pending_day=books.pending_day,
            relief_until=books.relief_until,
            relief_interest=None if books.relief_until is None else relief_interest(books.relief_is_waived),
        )
