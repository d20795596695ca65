"""Limits: upper bounds of meters, including the current transaction."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.kernel.accounts.message_context import MessageContext
from authz.kernel.measures.filters import is_about, passes
from authz.kernel.measures.meters import Subjects, read_meter
from authz.program.periods import Today
from authz.program.tables import NUMBER_LIMITS
from authz.state.rows import found
from authz.state.tables import State
from authz.vocabulary.commands import Records
from authz.vocabulary.reasons import Reason

NOT_REACHED, COUNT, AMOUNT = 0, 1, 2
"""What a limit's finding is about: in its field reached."""


@inlined
def exceeded_limit(
    state: State, command: Any, context: MessageContext, subjects: Subjects, findings: Records, today: Today
) -> Integer:
    """The reason of the first limit that does not allow the transaction, or `APPROVED`. findings: FINDING[LIMITS_MAX].

    An increment counts with its amount only: its authorization was counted when it came.
    """
    currency = np.int64(state.accounts[context.account_row]["currency"])
    more = 0 if found(context.original_row) else 1
    for number in range(state.program.numbers[NUMBER_LIMITS]):
        limit = state.program.limits[number]
        selected = np.int64(limit["filter"])
        if not is_about(state.program, selected, subjects.segment):
            continue
        if not passes(state.program, selected, command, currency):
            continue
        count: Integer = more
        amount = context.billing_minor
        if limit["meter"] >= 0:
            counted, summed = read_meter(state, np.int64(limit["meter"]), subjects, np.int64(command["time_us"]), today)
            count += counted
            amount += summed
        finding = findings[number]
        if limit["count_max"] >= 0:
            finding["seen"], finding["bound"], finding["reached"] = count, limit["count_max"], COUNT
            finding["reason"] = Reason.APPROVED
            if count > limit["count_max"]:
                finding["reason"] = limit["reason"]
                return np.int64(limit["reason"])
        if limit["amount_max"] >= 0:
            finding["seen"], finding["bound"], finding["reached"] = amount, limit["amount_max"], AMOUNT
            finding["reason"] = Reason.APPROVED
            if amount > limit["amount_max"]:
                finding["reason"] = limit["reason"]
                return np.int64(limit["reason"])
    return Reason.APPROVED
