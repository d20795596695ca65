"""The habits of an account: its usual amount, its last position, known merchants and countries."""

import math
from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.measures.meters import activity_of
from authz.kernel.measures.used import COUNTRY, MERCHANT, note_use
from authz.state.tables import State
from authz.vocabulary.commands import NO_POSITION, CardholderVerification, Channel, Flag, Kind


@inlined
def is_card_present(command: Any) -> Any:
    """Whether the card, or the phone, was at the terminal."""
    channel = np.int64(command["channel"])
    return channel == Channel.CONTACTLESS or channel == Channel.CONTACT_CHIP or channel == Channel.MAGNETIC_STRIPE


@inlined
def is_first_hand(command: Any) -> Any:
    """Whether the network itself has seen that the transaction counter is new; a terminal's advice only claims it."""
    kind = np.int64(command["kind"])
    is_advice = kind == Kind.AUTHORIZATION_ADVICE or kind == Kind.FINANCIAL_ADVICE
    return not is_advice or np.int64(command["flags"]) & Flag.FORWARDED != 0


@inlined
def learn(state: State, command: Any, row: Integer, billing: Integer, first_hand: Any) -> None:
    """Learn from an approved purchase. command: MESSAGE or ISSUER_DECISION.  row: its transaction.

    billing: more than zero.  first_hand: see `is_first_hand`; what waited for the issuer is.
    """
    account_row = np.int64(state.transactions[row]["account_row"])
    activity = state.activities[activity_of(state, account_row)]
    activity["consecutive_declines"] = 0
    activity["last_us"] = command["time_us"]
    # Welford's running mean and sum of squares.
    count = np.int64(activity["count"]) + 1
    difference = np.float64(billing) - np.float64(activity["mean"])
    mean = np.float64(activity["mean"]) + difference / np.float64(count)
    activity["count"] = count
    activity["mean"] = mean
    activity["squares"] = np.float64(activity["squares"]) + difference * (np.float64(billing) - mean)
    note_use(state, account_row, MERCHANT, np.int64(command["merchant_key"]))
    note_use(state, account_row, COUNTRY, np.int64(command["country"]))
    if is_card_present(command):
        activity["present_us"] = command["time_us"]
        activity["latitude"], activity["longitude"] = command["latitude"], command["longitude"]
    if np.int64(command["cardholder_verification"]) != CardholderVerification.NONE and first_hand:
        state.tokens[state.transactions[row]["token_row"]]["verified"] = row + 1


@compiled
def note_decline(state: State, token_row: Integer) -> None:
    """One more decline in a row."""
    state.activities[activity_of(state, np.int64(state.tokens[token_row]["account_row"]))]["consecutive_declines"] += 1


@inlined
def standard_deviation(activity: Any) -> float:
    """The spread of an account's amounts (of the sample), 0 for fewer than two."""
    count = np.int64(activity["count"])
    return math.sqrt(np.float64(activity["squares"]) / (count - 1)) if count > 1 else 0.0


@inlined
def has_position(activity: Any) -> Any:
    """Whether the last card-present use is known with its place."""
    return activity["present_us"] != 0 and np.int64(activity["latitude"]) != NO_POSITION
