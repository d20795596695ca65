"""Changes of accounts that are no postings: of instalments, relief, the segment of customers, units, and cases."""

from enum import IntEnum, unique

from authz.vocabulary.commands import record


@unique
class ChangeKind(IntEnum):
    """What has changed."""

    PLAN_STARTED = 1
    PLAN_ENDED = 2
    RELIEF_GRANTED = 3
    RELIEF_ENDED = 4
    SEGMENT_CHANGED = 5
    UNITS_GIVEN = 6
    UNITS_SPENT = 7
    UNITS_EXPIRED = 8
    UNITS_TAKEN_BACK = 9
    CASE_OPENED = 13
    CASE_ANSWERED = 14
    CASE_EXPIRED = 15


@unique
class PlanEnd(IntEnum):
    """How instalments came to their end."""

    BILLED = 1  # all of them were
    GIVEN_BACK = 2  # the purchase was refunded, reversed or charged back
    EARLY = 3  # what was left was billed at once
    WRITTEN_OFF = 4  # with all that the account owed


ACCOUNT_CHANGE = record(
    [
        ("sequence", "i8"),  # the command with which it came about
        ("account_id", "u8"),
        # Of instalments: the sequence of the command that started them. Of a segment: the one before. Of units: how
        # many there are afterwards. Of a case: the sequence that names it. Else 0.
        ("about", "i8"),
        # Instalments: their principal, at the end what of it was not billed by then. Relief: the due that has moved, at
        # the end the minimum that is asked for again. A case: what was referred. Minor units of the account's currency.
        # Units: how many, above 0.
        ("amount_minor", "i8"),
        ("day", "u2"),  # the local day to which it belongs, days since 1970-01-01
        # Of relief: the day by which something is due again. Of units that are given: their last day, 0 for none.
        ("until", "u2"),
        ("currency", "u2"),  # the account's, ISO 4217 numeric
        ("kind", "u1"),  # ChangeKind
        # PlanEnd; of relief 1 where interest is waived; the segment that it is in now; the number of units. Of a case
        # that is opened: its Queue and `FIRST_IN_QUEUE`; of one that is answered: CaseDecision.
        ("detail", "u1"),
        ("part", "u4"),  # which of the changes it is that came about with the same command, from 0
        ("months", "u1"),  # how many instalments, or statements that ask for nothing and the one that asks again
        ("spare", "u1"),
        ("spare_2", "u2"),
    ]
)
"""One change, as the kernel hands it over beside a command's result. 48 bytes."""
