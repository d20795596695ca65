"""The row of an account's books, and the general counters that stand on their other side."""

from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from authz.program.tables import Bucket
from authz.vocabulary.commands import Records, record


class Sum(IntEnum):
    """Places in the books of an account behind its buckets, see `Bucket`: each an amount in minor units."""

    NEW_NIGHTS = 7  # what stood in a bucket at the end of each day, summed up
    BILLED_NIGHTS = 8
    CARRIED_NIGHTS = 9
    CASH_NIGHTS = 10
    DUE = 11  # what is left of the minimum
    TO_PAY = 12  # what is left of the last closing balance
    IN_A_MINIMUM = 13  # interest and fees that a minimum has asked for, and that are not paid


BUCKETS = len(Bucket)
BEARING = 4
"""So many buckets, the first, bear interest."""
NIGHTS = Sum.NEW_NIGHTS
"""Where their nights begin."""


class General(IntEnum):
    """The general counters: what comes into a bucket leaves one of them."""

    NETWORK = 0
    PAYMENTS = 1
    INTEREST = 2
    FEES = 3
    WAIVERS = 4
    REWARDS = 5
    MERCHANT_FUNDED = 6
    LOSSES = 7
    ADJUSTMENTS = 8
    OPENING = 9  # what accounts owed when they joined a product


GENERAL_MAX = 32
"""Room for so many general counters."""

BILLING = record(
    [
        *((place.name.lower(), "i8") for place in (*Bucket, *Sum)),
        ("closed_until", "u2"),  # the day up to which nights are counted, as all days here: days since 1970-01-01
        ("due_passes", "u2"),  # the day at whose end the due passes, 0 where none is open
        ("last_cut", "u2"),  # 0 before the first
        ("lost_until", "u2"),  # the cut up to which what was billed has lost its grace
        ("missed", "u1"),  # dues in a row, up to 127; and `RELIEF_WAIVES`
        ("cut_day", "u1"),  # that is in force; the account's own holds when the due has passed
        ("due_day", "u2"),  # of the last statement
        ("cash_held", "u4"),  # how much of what is held is cash, minor units, at most what the field can hold
    ]
)
"""128 bytes, sixteen numbers of eight, of which the first are `Bucket` and then `Sum`. Made with the first posting or
hold of cash of an account that has a product.
"""

RELIEF_WAIVES = 128
"""Beside the number of missed dues: nights before the day that is due next bear no interest."""

MISSED_MAX = RELIEF_WAIVES - 1

PLACES = BILLING.itemsize // 8

LAST_DAY = 65_000
"""2147-12-19, the last local day of books, which never ends: days have two bytes, and a due is weeks ahead."""

DUE_DAY_MAX = 65_500
"""A relief that begins in the last years puts off no further: with its courtesy days the due fits in two bytes."""

PAYMENT = record(
    [
        ("sequence", "i8"),
        ("amount_minor", "i8"),
        ("due_minor", "i8"),  # how much of it has counted toward the minimum, and toward the closing balance
        ("to_pay_minor", "i8"),
        ("account_row", "i4"),
        ("is_returned", "u2"),
        ("is_refund", "u2"),  # or instalments: nothing that can be returned
    ]
)
"""A payment that an account has received, or a refund or instalments that have counted toward a due, in order of
sequence.
"""


PLAN = record(
    [
        ("account_id", "u8"),
        ("sequence", "i8"),  # of the command that started it
        ("of", "i8"),  # the sequence of the purchase, or of the authorization that it has completed; 0 for a statement
        ("charge", "i8"),  # the sequence of the purchase's posting; 0 for a statement
        ("principal_minor", "i8"),
        (
            "left_minor",
            "i8",
        ),  # what is neither billed nor given back; of one that ended early: what no statement asks for
        ("next", "i4"),  # row + 1 of the account's next plan
        ("fee_ppm", "u4"),  # of the principal, with each instalment
        ("months", "u1"),
        ("billed", "u1"),  # instalments so far
        ("started_day", "u2"),  # days since 1970-01-01
        ("end", "u1"),  # PlanEnd, 0 for one that is open
        ("spare", "u1"),
        ("ended_day", "u2"),  # of one that ended early
    ]
)
"""Instalments of a purchase or a statement. 64 bytes; amounts in minor units."""


HOLDING = record(
    [
        ("amount", "i8"),  # 0 for a row that its account can use again; below 0 for units that it owes
        ("next", "i4"),  # row + 1 of the account's next holding
        ("unit", "u2"),
        ("until", "u2"),  # the last day on which they can be spent, days since 1970-01-01; 0 for no end
    ]
)
"""So many units of an account that expire on the same day. 16 bytes."""

HOLDINGS_MAX = 1_000
"""How many kinds and last days of units an account can hold at the same time."""

GRANT = record(
    [
        ("purchase", "u8"),  # its sequence, or that of the authorization that was completed
        ("net_minor", "i8"),  # what was posted for the purchase, less what was given back
        ("granted_minor", "i8"),  # what is granted for that
        ("due_minor", "i8"),  # how much of it has counted toward the minimum, and toward the closing balance
        ("to_pay_minor", "i8"),
        ("at_most", "i8"),  # as the offer said when it was first granted, as is the rest
        ("back_ppm", "u4"),
        ("offer", "u2"),  # its number
        ("is_merchants", "u2"),
    ]
)
"""What an offer has given for a purchase. The grants of a purchase are rows one behind the other. Amounts in minor
units of the account's currency.
"""

GRANTS_OF_A_PURCHASE = 8
"""So many offers give something for one purchase at most: the first that are about it."""


def books_of(billing: Records) -> npt.NDArray[np.int64]:
    """The same memory as numbers, int64[n, 16]: compiled code finds a bucket by its number there."""
    books: npt.NDArray[Any] = billing.view(np.int64).reshape(-1, PLACES)
    return books
