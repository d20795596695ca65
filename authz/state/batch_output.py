"""What the commands of a batch bring about beside their results: postings, expiries and statements."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from authz.arrays.by_reference import by_reference
from authz.arrays.memory import zeros
from authz.vocabulary.commands import Records
from authz.vocabulary.expiries import EXPIRY
from authz.vocabulary.posting_kinds import POSTING
from authz.vocabulary.statements import STATEMENT

POSTINGS_OF_AN_ACCOUNT = 4_400
"""The most postings, and statements, that one account makes with one command: two for each month."""

POSTINGS_OF_A_COMMAND = 64_000
"""The most postings that all accounts make with one command: their parts, from `PARTS_OF_DAYS` on, have two bytes."""


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


def most_made(commands: int, day_closes: int = 0) -> int:
    """The most postings, and statements, that so many commands make. day_closes: how many of them close a day."""
    return POSTINGS_OF_AN_ACCOUNT * commands + POSTINGS_OF_A_COMMAND * (1 + day_closes)


def room_for_postings(count: int) -> Postings:
    """Room for so many postings."""
    return Postings(zeros(count, POSTING), np.zeros(1, np.int64))


def room_for_statements(count: int) -> Statements:
    """Room for so many statements."""
    return Statements(zeros(count, STATEMENT), np.zeros(1, np.int64))


def room_for_expiries(count: int) -> Expiries:
    """Room for so many expiries."""
    return Expiries(zeros(count, EXPIRY), np.zeros(1, np.int64))
