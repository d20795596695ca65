"""Checks of what can be used only once: a message, its transaction counter, payments of a limited-use key."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.kernel.accounts.message_context import MessageContext
from authz.kernel.checks.findings import Finding
from authz.state.rows import found
from authz.state.tables import State
from authz.vocabulary.reasons import Reason

ATC_WINDOW = 64
"""How many transaction counters back from the highest are remembered one by one."""

ATC_JUMP_MAX = 1_000
"""How far a transaction counter may be above the highest seen: taps that never reached the network count too."""

_ONE = np.uint64(1)
_SECOND = 1_000_000


@inlined
def check_duplicate(state: State, command: Any, context: MessageContext) -> Finding:
    """The token must not have a message with the same acquirer, terminal, STAN, RRN and transmission time."""
    seen = np.int64(state.transactions[context.same_row]["sequence"]) if found(context.same_row) else 0
    reason = Reason.DUPLICATE_TRANSMISSION if found(context.same_row) else Reason.APPROVED
    return np.int64(command["stan"]), seen, reason


@inlined
def check_early_reversal(state: State, command: Any, context: MessageContext) -> Finding:
    """The transaction must not have been reversed before it arrived."""
    seen = np.int64(state.transactions[context.early_row]["sequence"]) if found(context.early_row) else 0
    reason = Reason.ALREADY_REVERSED if found(context.early_row) else Reason.APPROVED
    return np.int64(command["stan"]), seen, reason


@inlined
def check_transaction_counter(state: State, command: Any, context: MessageContext) -> Finding:
    """The transaction counter must be unused, and neither far above the highest seen nor below the window under it.

    Taps may arrive out of order, so a lower counter alone proves nothing. A counter that leaps comes from a card that
    was made to sign in advance.
    """
    token = state.tokens[context.token_row]
    atc, highest = np.int64(command["atc"]), np.int64(token["atc_highest"])
    behind = highest - atc
    reason = Reason.APPROVED
    if behind >= ATC_WINDOW or (behind >= 0 and np.uint64(token["atc_window"]) >> np.uint64(behind) & _ONE):
        reason = Reason.REPLAYED_CRYPTOGRAM
    elif -behind > ATC_JUMP_MAX:
        reason = Reason.TRANSACTION_COUNTER_JUMP
    return atc, highest, reason


@inlined
def use_transaction_counter(state: State, command: Any, context: MessageContext) -> None:
    """Mark a counter as used. A valid cryptogram is spent whatever the later checks find."""
    token = state.tokens[context.token_row]
    atc, highest = np.int64(command["atc"]), np.int64(token["atc_highest"])
    window = np.uint64(token["atc_window"])
    ahead = atc - highest
    if ahead > 0:
        window = window << np.uint64(ahead) if ahead < ATC_WINDOW else np.uint64(0)
        token["atc_highest"] = atc
        token["atc_window"] = window | _ONE
    else:
        token["atc_window"] = window | _ONE << np.uint64(-ahead)


@inlined
def check_limited_use_key(state: State, command: Any, context: MessageContext) -> Finding:
    """A limited-use key must be one of the phone's last two, not expired and not used up."""
    token = state.tokens[context.token_row]
    signed_by = np.int64(command["limited_use_key"])
    if token["limited_use_key"] == 0:
        return 0, 0, Reason.APPROVED
    until: Integer = 0
    uses: Integer = 0
    if signed_by == np.int64(token["limited_use_key"]):
        until, uses = np.int64(token["key_until"]), np.int64(token["key_uses"])
    elif signed_by == np.int64(token["earlier_key"]):
        until, uses = np.int64(token["earlier_key_until"]), np.int64(token["earlier_key_uses"])
    reason = Reason.APPROVED
    if np.int64(command["time_us"]) >= until * _SECOND:
        reason = Reason.LIMITED_USE_KEY_EXPIRED
    elif uses == 0:
        reason = Reason.LIMITED_USE_KEY_USED_UP
    return signed_by, uses, reason


@inlined
def use_limited_use_key(state: State, command: Any, context: MessageContext) -> None:
    """Count a tap of the key that signed; where the phone holds the card key there is nothing to count."""
    token = state.tokens[context.token_row]
    if token["limited_use_key"] == 0:
        return
    if np.int64(command["limited_use_key"]) == np.int64(token["limited_use_key"]):
        token["key_uses"] -= 1
    else:
        token["earlier_key_uses"] -= 1
