"""The compiled program: arrays of numbers for the kernel."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from authz.arrays.by_reference import by_reference
from authz.vocabulary.cases import Queue
from authz.vocabulary.commands import Records, record

METERS_MAX = 256
LIMITS_MAX = 256
RULES_MAX = 512
SEGMENT_MEASURES_MAX = 64
"""How many different counts and sums the segments of a program can compare."""


class Scope(IntEnum):
    """Whose transactions a meter counts, and whom a rule applies to."""

    PROGRAM = 0
    SEGMENT = 1
    ACCOUNT = 2
    CARD = 3
    TOKEN = 4


class Outcome(IntEnum):
    """Which transactions a meter counts."""

    APPROVED = 0
    DECLINED = 1


class Action(IntEnum):
    """What a rule does where its condition holds."""

    ALLOW = 0  # no later rule is asked
    FLAG = 1  # go on, and mark the decision for review
    DECLINE = 2
    STEP_UP = 3
    REFER = 4
    ASK = 5  # continue, and let the issuer's webhook make the final decision on an approval


class CashVerification(IntEnum):
    """How the cardholder must be verified before cash is paid out."""

    NONE = 0
    ANY = 1  # by an online PIN or by the device itself
    PIN = 2


class Operator(IntEnum):
    """How an instruction compares an attribute. What is not known compares as false, but for IS_UNKNOWN."""

    EQUAL = 0
    LESS = 1
    LESS_OR_EQUAL = 2
    ONE_OF = 3
    IS_UNKNOWN = 4


class Bucket(IntEnum):
    """What an account with a product owes, by what becomes of it."""

    NEW = 0  # purchases since the last statement; negative for a credit
    BILLED = 1  # on the last statement, which can still be paid without interest
    CARRIED = 2  # of earlier statements
    CASH = 3
    INTEREST = 4
    FEES = 5
    PLANNED = 6  # instalments that are not billed yet; nothing pays them before


class ReliefAttribute(IntEnum):
    """What of an account is compared, when its statement is cut, to see whether relief comes by itself."""

    NEVER = 0
    MISSED_DUES = 1
    OWED = 2  # the posted balance, minor units
    OWED_PPM = 3  # of the credit limit; without one it is greater than any value


class ReliefOperator(IntEnum):
    """How that is compared."""

    EQUAL = 0
    NOT_EQUAL = 1
    LESS = 2
    LESS_OR_EQUAL = 3
    GREATER = 4
    GREATER_OR_EQUAL = 5


CATEGORY = record(
    [("hold_hours", "u2"), ("tolerance_permille", "u2"), ("group", "u2"), ("scene", "u1"), ("need", "u1")]
)
"""How a merchant category is treated, and the numbers of its group, its scene and the need served there; 0 for none."""

CURRENCY = record([("position", "i2"), ("exponent", "i2")])
"""position: row and column in the rates, -1 where there are none."""

RATE = record([("mantissa", "u4"), ("decimals", "u4")])
"""rate = mantissa / 10 ** decimals; mantissa has seven digits, 0 where there is no rate."""

OFFSET = record([("from_us", "i8"), ("seconds", "i8")])
"""How far local time is ahead of UTC from a moment on."""

FILTER = record(
    [
        ("groups", "u8"),  # bit by category group
        ("channels", "u4"),  # bit by Channel
        ("operations", "u4"),  # bit by Operation, those above 31 as their last five bits
        ("verifications", "u4"),  # bit by CardholderVerification
        ("categories", "i4"),  # a set, -1 for all
        ("countries", "i4"),
        ("merchants", "i4"),
        ("segments", "i4"),  # the account's
        ("currency", "u2"),  # the account's, 0 for all
        ("is_open", "u2"),  # lets every transaction of the accounts through that it is about
    ]
)
"""Which transactions something is about, and of which accounts."""

METER = record([("length_us", "i8"), ("scope", "u2"), ("period", "u2"), ("outcome", "u2"), ("filter", "u2")])
"""A count and a sum over a window. period: see `periods`.  length_us: how far back from now, 0 for other windows."""

LIMIT = record(
    [("count_max", "i8"), ("amount_max", "i8"), ("meter", "i4"), ("filter", "u2"), ("reason", "u2")],
)
"""A bound on what a meter may show with this transaction, -1 for none. meter: -1 for this transaction alone."""

RULE = record(
    [
        ("applies_to", "u8"),  # the identifier, or the segment
        ("scope", "u2"),
        ("action", "u2"),
        ("reason", "u2"),
        ("is_live", "u2"),
        ("first", "i4"),  # instruction
        ("spare", "u4"),
    ]
)

INSTRUCTION = record(
    [
        ("value", "i8"),  # what to compare with, or the number of a set
        ("attribute", "u2"),
        ("operator", "u2"),
        ("if_true", "i2"),  # where to go on: an instruction, MATCH or NO_MATCH
        ("if_false", "i2"),
    ]
)
MATCH, NO_MATCH = -1, -2

SEGMENT = record([("first", "i4"), ("number", "u4")])
"""A segment into which accounts are put. first: the instruction that its condition begins with."""

OFFER = record(
    [
        ("at_most", "i8"),  # minor units of the account's currency
        ("supply", "i8"),  # to how many purchases it is given, -1 for any number
        ("back_ppm", "u4"),  # of the purchase
        ("filter", "u4"),
        ("number", "u2"),  # 0 in the row of a program without offers
        ("is_merchants", "u2"),  # 1 where the merchant bears it
        ("spare", "u4"),
    ]
)

TERMS = record(
    [
        ("tolerance", "i8"),  # minor units, as are the fees
        ("late_fee_min", "i8"),
        ("cash_fee_min", "i8"),
        ("rate_ppm", "u4"),  # of each night
        ("minimum_ppm", "u4"),
        ("late_fee_ppm", "u4"),
        ("cash_fee_ppm", "u4"),
        ("cash_share_ppm", "u4"),  # of the credit limit
        ("pay_order", "u4"),  # six times four bits, each a Bucket; the lowest are what is paid first
        ("grace_days", "u1"),
        ("courtesy_days", "u1"),
        ("keeps_paid_nights", "u1"),  # interest is on all that was owed, also on what is paid meanwhile
        ("blocks_after_missed", "u1"),  # 0 for never
        ("earlier", "i4"),  # the state's own, 0 in a program
        ("from_day", "u4"),  # likewise
        ("product", "u1"),
        ("spare", "u1"),
        ("segment", "u2"),  # ANY_SEGMENT
        ("relief_value", "i8"),  # what of relief that comes by itself is compared with
        ("relief_attribute", "u1"),  # ReliefAttribute
        ("relief_operator", "u1"),  # ReliefOperator
        ("relief_months", "u1"),
        ("relief_waives", "u1"),  # 1 where the nights of such relief bear no interest
        ("spare_2", "u4"),
    ]
)
"""The terms of a product in a segment of customers. Shares are in parts per million."""


class Shortfall(IntEnum):
    """What becomes of units that are to be taken back, and that are not there any more."""

    DEBT = 0  # the account owes units: what is given later pays them first
    CHARGED = 1  # it is charged their price


UNIT = record(
    [
        ("price", "i8"),  # minor units for one of it; 0 where it cannot be redeemed
        ("expires_days", "u2"),  # how many days after the day on which they were given; 0 for never
        ("is_there", "u1"),  # 0 where the program has no unit of this number
        ("shortfall", "u1"),  # Shortfall
        ("waives", "u2"),  # the PostingKind of the fees that one of it waives; 0 for none
        ("pays_where", "u2"),  # the filter of the purchases that one of it pays for
        ("pays_at_most", "i8"),  # minor units; 0 where it pays for none
    ]
)
"""A unit, at the place of its number."""

NUMBER_VERSION = 0
NUMBER_LIMITS = 1
NUMBER_RULES = 2
NUMBER_METERS = 3
NUMBER_NEEDED = 4  # bit by fixed attribute: those that rules look at
NUMBER_TEST_AMOUNTS = 5  # 1 where amounts can ask for a decline
NUMBER_STAND_IN_AMOUNT = 6
NUMBER_STAND_IN_COUNT = 7
NUMBER_STAND_IN_TOTAL = 8
NUMBER_CASH = 9  # CashVerification of a withdrawal
NUMBER_CASH_BACK = 10  # and of a purchase with cash-back
NUMBER_SEGMENTS = 11  # those with a condition
NUMBER_DESK = 12  # seconds until a case expires: of each `Queue`, from here on
NUMBERS = NUMBER_DESK + len(Queue)
"""What stands where in `Program.numbers`, and how many there are."""


@by_reference
class Program(NamedTuple):
    """Everything that decides and is data.

    categories: CATEGORY[10000], by merchant category.  currencies: CURRENCY[1000], by number.  rates: RATE[n, n],
    from row to column.  offsets: OFFSET[n], in order, the first from the beginning of time.  cell_of: int32[METERS],
    a meter's place among those of its scope.  cells_of_scope: int32[5], how many there are of each.  set_starts:
    int32[sets + 1], where each set begins in set_values.  derived: int32[n, 2], an attribute and the meter it shows,
    negative (-1 - meter) for the meter's sum instead of its count: those that rules look at.  measured: the same
    of those that segments look at, which are counted when an account is classified and at no other time.  measured_at:
    uint64[10000], by merchant category, bit by place in measured: which of them it can count for.  segments:
    SEGMENT[n], in the order in which they are asked.  terms: TERMS[n], in order of product; one row of
    product 0 where there are no products.  units: UNIT[256], by number.  offers: OFFER[n], in the
    order of the document; one row of number 0 where there are none.  queues: uint8[SEGMENTS], the `Queue` of each
    segment's desk.  numbers: single settings.
    """

    categories: Records
    currencies: Records
    rates: npt.NDArray[np.void]
    offsets: Records
    filters: Records
    meters: Records
    cell_of: npt.NDArray[np.int32]
    cells_of_scope: npt.NDArray[np.int32]
    limits: Records
    rules: Records
    instructions: Records
    set_starts: npt.NDArray[np.int32]
    set_values: npt.NDArray[np.int64]
    derived: npt.NDArray[np.int32]
    measured: npt.NDArray[np.int32]
    measured_at: npt.NDArray[np.uint64]
    segments: Records
    terms: Records
    units: Records
    offers: Records
    queues: npt.NDArray[np.uint8]
    numbers: npt.NDArray[np.int64]
