"""Posting kinds: every change of an account's posted balance is a posting, and its kind is the reason for it.

To add a kind, add one row to `PostingKind` and call `postings.post` with it where the kernel makes the posting. The
engine's results, the history, the HTTP API, its OpenAPI document and `docs/authorization.md` follow from the row.
"""

from enum import IntEnum
from typing import Self

from authz.vocabulary.commands import record


class Sign(IntEnum):
    """How postings of a kind change what an account owes."""

    GIVES_BACK = -1  # it owes less
    EITHER = 0
    CHARGES = 1  # it owes more

    def allows(self, amount_minor: int) -> bool:
        """Whether a posting may have this amount. Nothing is posted for zero."""
        return amount_minor != 0 and (self is Sign.EITHER or (amount_minor > 0) == (self is Sign.CHARGES))


class PostingKind(IntEnum):
    """Why an account's posted balance changed. A row: its number, its sign, whether the posting is a charge that can be
    disputed (charged back and presented again), and what it is.

    A number keeps its meaning once it is in use. 1 to 31 are for what card messages and disputes post; those from 32 on
    for what an issuer posts by itself, see `is_issuers`.
    """

    PURCHASE = 1, Sign.CHARGES, True, "Goods and services: a purchase, or the completion of an authorization."
    CASH = 2, Sign.CHARGES, True, "Cash: a withdrawal, or the cash part of a purchase with cash-back."
    REFUND = 3, Sign.GIVES_BACK, False, "Money that a merchant gives back."
    REVERSAL = 4, Sign.EITHER, False, "A reversal, in whole or in part: a charge is given back, a refund charged again."
    CHARGEBACK = 5, Sign.GIVES_BACK, False, "A disputed charge that the issuer gives back."
    REPRESENTMENT = 6, Sign.CHARGES, False, "A charge that was charged back, and that the acquirer presented again."
    FORCE_POST = (
        7,
        Sign.CHARGES,
        True,
        "Goods and services, charged by an advice for which no authorization held an amount: none was found, or it was "
        "declined, reversed, expired or completed before.",
    )
    FORCE_POST_CASH = 8, Sign.CHARGES, True, "Cash, charged by an advice for which no authorization held an amount."
    PAYMENT = 32, Sign.GIVES_BACK, False, "The account is paid."
    PAYMENT_RETURNED = 33, Sign.CHARGES, False, "A payment came back: the bank that it came from did not honour it."
    INTEREST = 34, Sign.CHARGES, False, "Interest, charged with a statement."
    LATE_FEE = 35, Sign.CHARGES, False, "A fee for a minimum that was not paid in time."
    CASH_FEE = 36, Sign.CHARGES, False, "A fee for cash."
    WAIVER = 37, Sign.GIVES_BACK, False, "A fee or interest that the issuer gives back."
    ADJUSTMENT = 38, Sign.EITHER, False, "A correction by the issuer."
    WRITE_OFF = 39, Sign.GIVES_BACK, False, "A debt that the issuer gives up."
    PLAN_FEE = 40, Sign.CHARGES, False, "A fee for instalments, charged with each of them, or for ending them early."
    REWARD = 41, Sign.GIVES_BACK, False, "What an offer gives back of a purchase, or money for units such as points."
    REWARD_CLAWBACK = (
        42,
        Sign.CHARGES,
        False,
        "What an offer gave back of a purchase that came to less, or the price of units that are taken back after they "
        "were spent.",
    )

    sign: Sign
    is_disputable: bool
    description: str

    def __new__(cls, number: int, sign: Sign, is_disputable: bool, description: str) -> Self:
        """A member that is its number, and carries the rest of its row."""
        member = int.__new__(cls, number)
        member._value_ = number
        member.sign, member.is_disputable, member.description = sign, is_disputable, description
        return member

    @property
    def code(self) -> str:
        """The name in the API: snake_case."""
        return self.name.lower()

    @property
    def is_issuers(self) -> bool:
        """Whether an issuer posts this by itself: no merchant and no token takes part."""
        return self >= PostingKind.PAYMENT


WAIVABLE = frozenset({PostingKind.INTEREST, PostingKind.LATE_FEE, PostingKind.CASH_FEE, PostingKind.PLAN_FEE})
"""What an issuer can give back of what it has charged."""

_KINDS = {kind.value: kind for kind in PostingKind}


def posting_kind(number: int) -> PostingKind:
    """The kind with a number. Raises: KeyError, for a number without a row."""
    return _KINDS[number]


PARTS_OF_DAYS = 1_000
"""With a command that comes first after the end of a day, what that end has posted is told as well. The command's own
postings keep the names that they would have without: no decision has so many.
"""

POSTING = record(
    [
        ("sequence", "i8"),  # the decision that it belongs to; with `part`, what names a posting
        ("account_id", "u8"),
        ("amount_minor", "i8"),  # in the account's currency; negative for money given back, never 0
        ("posted_minor", "i8"),  # what the account owes afterwards
        # 0 for the first posting of a decision; from `PARTS_OF_DAYS` on for what the end of days before it has posted.
        ("part", "u2"),
        ("kind", "u2"),  # PostingKind
        ("currency", "u2"),  # the account's, ISO 4217 numeric
        ("day", "u2"),  # the local day that it belongs to, days since 1970-01-01
    ]
)
"""One posting, as the kernel hands it over beside a command's result."""
