"""The context of a message, looked up once before the checks, and predicates on it."""

from typing import Any, NamedTuple

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.state.rows import found
from authz.vocabulary.commands import CryptogramOutcome, Flag, Kind, Operation


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
def is_message(kind: Integer) -> Any:
    """Whether commands of a kind come as messages about a token, see `commands.MESSAGES`."""
    return Kind.AUTHORIZATION_REQUEST <= kind <= Kind.REVERSAL_ADVICE


@inlined
def has(flags: Any, flag: Integer) -> Any:
    """Whether a flag is among these."""
    return np.int64(flags) & flag != 0


@inlined
def is_reversal(command: Any) -> Any:
    """Whether a message takes another back."""
    kind = np.int64(command["kind"])
    return kind == Kind.REVERSAL_REQUEST or kind == Kind.REVERSAL_ADVICE


@inlined
def is_refund(command: Any) -> Any:
    """Whether a message gives money back."""
    return np.int64(command["operation"]) == Operation.REFUND


@inlined
def is_no_refund(command: Any) -> Any:
    """Whether the message is not a refund."""
    return not is_refund(command)


@inlined
def follows_another(command: Any) -> Any:
    """Whether the message follows an earlier one: it names it, refunds it, or reverses it."""
    return has(command["flags"], Flag.HAS_ORIGINAL) or is_refund(command) or is_reversal(command)


@inlined
def card_takes_part(command: Any) -> Any:
    """Whether card data is required: not for a message that refers to an earlier one, nor for a refund.

    Balances are told to nobody without it, whatever the inquiry refers to.
    """
    if np.int64(command["operation"]) == Operation.BALANCE_INQUIRY:
        return True
    refers = has(command["flags"], Flag.HAS_ORIGINAL) or is_refund(command)
    return not refers or np.int64(command["cryptogram_outcome"]) != CryptogramOutcome.ABSENT


@inlined
def is_new_spending(command: Any, context: MessageContext) -> Any:
    """Whether the message is neither a completion nor a refund."""
    is_completion = found(context.original_row) and np.int64(command["kind"]) == Kind.FINANCIAL_REQUEST
    return not is_completion and not is_refund(command)


@inlined
def is_refund_advice(command: Any) -> Any:
    """Whether the message is a refund advice."""
    return is_refund(command) and np.int64(command["kind"]) == Kind.FINANCIAL_ADVICE
