"""What is found once of a message before anything is checked, and small questions about it."""

from typing import Any, NamedTuple

import numpy as np

from authz.arrays.compiled import Integer, inlined


class MessageContext(NamedTuple):
    """One message, the rows it concerns (NO_ROW for one that was not found) and its amount in the account's currency.

    trace_key: of its trace and class.  first_row: the first transaction with those.  same_row: the same message sent
    before.  early_row: a reversal of it that came first.  original_row: what DE 90 names, or for a completion without
    it the authorization with the same trace.  rate: see `conversion`.
    """

    token_row: Integer
    account_row: Integer
    trace_key: Integer
    first_row: Integer
    same_row: Integer
    early_row: Integer
    original_row: Integer
    rate: Integer
    billing_minor: Integer


@inlined
def has(flags: Any, flag: Integer) -> Any:
    """Whether a flag is among these."""
    return np.int64(flags) & flag != 0
