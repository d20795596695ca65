"""Cases: questions that a decision leaves to a person, the queues in which they wait, and their answers."""

from enum import IntEnum, unique


@unique
class Queue(IntEnum):
    """Whose desk a case waits at: who serves the customers of the account's segment."""

    ONE_TO_ONE = 0
    ONE_TO_MANY = 1
    MASS = 2
    CIRCLE = 3


@unique
class CaseStatus(IntEnum):
    """What has become of a case."""

    OPEN = 0
    ANSWERED = 1
    EXPIRED = 2


@unique
class CaseDecision(IntEnum):
    """What a person has answered."""

    APPROVE = 1
    DECLINE = 2


@unique
class CaseReason(IntEnum):
    """Why, as the person says. A code and no text of their own: what is journaled is kept for good."""

    OTHER = 0
    CUSTOMER_CONFIRMED = 1
    CUSTOMER_KNOWN = 2
    CUSTOMER_DENIES = 3
    CUSTOMER_NOT_REACHED = 4
    SUSPECTED_FRAUD = 5
    BEYOND_MANDATE = 6


VALID_SECONDS = 1_800
"""How long a pass is good for unless the answer says otherwise: half an hour."""

VALID_SECONDS_MAX = 86_400

FIRST_IN_QUEUE = 16
"""Beside the queue of a case that is opened: its account is in relief, and goes before those that are not."""
