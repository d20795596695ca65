"""What the commands of a batch bring about beside their results: postings, expiries, statements and changes."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from authz.arrays.by_reference import by_reference
from authz.arrays.memory import zeros
from authz.vocabulary.account_changes import ACCOUNT_CHANGE
from authz.vocabulary.commands import Records
from authz.vocabulary.expiries import EXPIRY
from authz.vocabulary.posting_kinds import POSTING
from authz.vocabulary.statements import STATEMENT

PLANS_OPEN_MAX = 24
"""How many instalment plans of one account can be open at the same time."""

POSTINGS_OF_AN_ACCOUNT = 6_000
"""The most postings, statements or changes that one account makes with one command: two for each month, and one for
each instalment of the plans that are open.
"""

POSTINGS_OF_A_COMMAND = 64_000
"""The most postings, or changes, that all accounts make with one command: the parts of postings, from `PARTS_OF_DAYS`
on, have two bytes.
"""


@by_reference
class Postings(NamedTuple):
    """The postings of the batch at hand, in the order in which they were made. No part of what is stored.

    rows: POSTING, with room for those of a batch: addresses, not memory.  used: int64[1], how many of them there are.
    """

    rows: Records
    used: npt.NDArray[np.int64]


class Expiries(NamedTuple):
    """The expiries of the batch at hand, in the order in which they came about. No part of what is stored.

    rows: EXPIRY, with room for as many as there is for transactions: addresses, not memory. A hold ends once, so no
    batch makes more.  used: int64[1], how many of them there are.
    """

    rows: Records
    used: npt.NDArray[np.int64]


class Statements(NamedTuple):
    """The statements of the batch at hand, in the order in which they were cut. No part of what is stored.

    rows: STATEMENT, with room for those of a batch: addresses, not memory.  used: int64[1], how many of them there are.
    """

    rows: Records
    used: npt.NDArray[np.int64]


class Changes(NamedTuple):
    """The changes of accounts of the batch at hand, in the order in which they came about. No part of what is stored.

    rows: ACCOUNT_CHANGE, with room for those of a batch: addresses, not memory.  used: int64[1], how many there are.
    """

    rows: Records
    used: npt.NDArray[np.int64]


def most_made(commands: int, of_ranges: int = 0) -> int:
    """The most postings, statements or changes that so many commands make.

    of_ranges: how many of them are about ranges of accounts.
    """
    return POSTINGS_OF_AN_ACCOUNT * commands + POSTINGS_OF_A_COMMAND * (1 + of_ranges)


def room_for_postings(count: int) -> Postings:
    """Room for so many postings."""
    return Postings(zeros(count, POSTING), np.zeros(1, np.int64))


def room_for_statements(count: int) -> Statements:
    """Room for so many statements."""
    return Statements(zeros(count, STATEMENT), np.zeros(1, np.int64))


def room_for_changes(count: int) -> Changes:
    """Room for so many changes of accounts."""
    return Changes(zeros(count, ACCOUNT_CHANGE), np.zeros(1, np.int64))


def room_for_expiries(count: int) -> Expiries:
    """Room for so many expiries."""
    return Expiries(zeros(count, EXPIRY), np.zeros(1, np.int64))
