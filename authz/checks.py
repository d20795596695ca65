"""The checks of an authorization, one function each.

Every check has the same signature: it notes in its finding what it saw and the bound that it held it against, and
returns the reason to decline or `APPROVED`. What a check needs is found once, by the kernel, and given as a `Case`.

Arithmetic widens to int64 at load, so that compiled and interpreted code agree.
"""

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from authz.commands import CardState, CryptogramOutcome, Records, TokenState, record
from authz.compiled import Integer, compiled
from authz.reasons import Reason
from authz.tables import State

FINDING = record([("seen", "i8"), ("bound", "i8"), ("reached", "u4"), ("reason", "u4")])
"""What one check saw of one command."""

ATC_WINDOW = 64
"""How many transaction counters back from the highest are remembered one by one."""

_SECONDS_PER_DAY = 86400
_ONE = np.uint64(1)


class Check(IntEnum):
    """The checks in the order in which they run; an index into findings."""

    TOKEN = 0
    CHANNEL = 1
    CRYPTOGRAM = 2
    SIGNED_AMOUNT = 3
    SIGNED_CURRENCY = 4
    TRANSACTION_COUNTER = 5
    TOKEN_STATE = 6
    TOKEN_EXPIRY = 7
    EXPIRATION_DATE = 8
    CARD_STATE = 9
    DUPLICATE = 10
    CURRENCY = 11
    AMOUNT = 12
    TRANSACTION_LIMIT = 13
    AVAILABLE_CREDIT = 14
    ORIGINAL = 15
    ORIGINAL_AMOUNT = 16


class Case(NamedTuple):
    """One command and the rows it concerns; -1 for a row that was not found."""

    token_row: Integer
    hold_row: Integer


def new_findings() -> Records:
    """Room for one command's findings."""
    return np.zeros(len(Check), FINDING)


@compiled
def note(findings: Records, check: Integer, seen: Integer, bound: Integer, reason: Integer) -> Integer:
    """Write down one finding and return its reason."""
    findings[check]["seen"] = seen
    findings[check]["bound"] = bound
    findings[check]["reached"] = 1
    findings[check]["reason"] = reason
    return reason


@compiled
def month_of(time_us: Integer) -> Integer:
    """The month of a Unix time as YYMM, in the proleptic Gregorian calendar (UTC)."""
    days = time_us // 1_000_000 // _SECONDS_PER_DAY + 719468
    era = days // 146097
    day_of_era = days - era * 146097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march_month = (5 * day_of_year + 2) // 153
    month = march_month + 3 if march_month < 10 else march_month - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    return year % 100 * 100 + month


@compiled
def check_token(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The token must be known."""
    reason = Reason.TOKEN_NOT_FOUND if case.token_row < 0 else Reason.APPROVED
    return note(findings, Check.TOKEN, 0 if case.token_row < 0 else 1, 1, reason)


@compiled
def check_channel(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The channel must be in the token's domain (EMVCo token domain restriction controls)."""
    allowed = np.int64(state.tokens[case.token_row]["channels"])
    channel = np.int64(command["channel"])
    reason = Reason.APPROVED if allowed >> channel & 1 else Reason.CHANNEL_NOT_ALLOWED
    return note(findings, Check.CHANNEL, channel, allowed, reason)


@compiled
def check_cryptogram(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """There must be a cryptogram, of the token's own version, and the network must have found it right."""
    token = state.tokens[case.token_row]
    outcome = np.int64(command["cryptogram_outcome"])
    same_version = command["cryptogram_version"] == token["cryptogram_version"]
    same_key = command["key_index"] == token["key_index"]
    reason = Reason.APPROVED
    if outcome == CryptogramOutcome.ABSENT:
        reason = Reason.MISSING_CRYPTOGRAM
    elif not (outcome == CryptogramOutcome.VALID and same_version and same_key):
        reason = Reason.INVALID_CRYPTOGRAM
    return note(findings, Check.CRYPTOGRAM, outcome, CryptogramOutcome.VALID, reason)


@compiled
def check_signed_amount(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The amount asked for must be the amount the phone signed."""
    asked, signed = np.int64(command["amount_minor"]), np.int64(command["signed_amount_minor"])
    reason = Reason.APPROVED if asked == signed else Reason.CRYPTOGRAM_DATA_MISMATCH
    return note(findings, Check.SIGNED_AMOUNT, asked, signed, reason)


@compiled
def check_signed_currency(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The currency asked for must be the currency the phone signed."""
    asked, signed = np.int64(command["currency"]), np.int64(command["signed_currency"])
    reason = Reason.APPROVED if asked == signed else Reason.CRYPTOGRAM_DATA_MISMATCH
    return note(findings, Check.SIGNED_CURRENCY, asked, signed, reason)


@compiled
def check_transaction_counter(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The transaction counter must be new: above the highest seen, or in the window below it and not used yet.

    Taps may arrive out of order, so a lower counter alone proves nothing.
    """
    token = state.tokens[case.token_row]
    atc, highest = np.int64(command["atc"]), np.int64(token["atc_highest"])
    behind = highest - atc
    reason = Reason.APPROVED
    if behind >= ATC_WINDOW or (behind >= 0 and np.uint64(token["atc_window"]) >> np.uint64(behind) & _ONE):
        reason = Reason.REPLAYED_CRYPTOGRAM
    return note(findings, Check.TRANSACTION_COUNTER, atc, highest, reason)


@compiled
def use_transaction_counter(state: State, command: Any, case: Case) -> None:
    """Mark a counter as used. A valid cryptogram is spent whatever the later checks say."""
    token = state.tokens[case.token_row]
    atc, highest = np.int64(command["atc"]), np.int64(token["atc_highest"])
    window = np.uint64(token["atc_window"])
    ahead = atc - highest
    if ahead > 0:
        window = window << np.uint64(ahead) if ahead < ATC_WINDOW else np.uint64(0)
        token["atc_highest"] = atc
        token["atc_window"] = window | _ONE
    else:
        token["atc_window"] = window | _ONE << np.uint64(-ahead)


@compiled
def check_token_state(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The token must be active."""
    token_state = np.int64(state.tokens[case.token_row]["state"])
    reason = Reason.APPROVED
    if token_state == TokenState.SUSPENDED:
        reason = Reason.TOKEN_SUSPENDED
    elif token_state == TokenState.DEACTIVATED:
        reason = Reason.TOKEN_DEACTIVATED
    elif token_state != TokenState.ACTIVE:
        reason = Reason.TOKEN_INACTIVE
    return note(findings, Check.TOKEN_STATE, token_state, TokenState.ACTIVE, reason)


@compiled
def check_token_expiry(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The token must not have expired; it is valid to the end of its expiry month."""
    month, expiry = month_of(np.int64(command["time_us"])), np.int64(state.tokens[case.token_row]["expiry"])
    reason = Reason.APPROVED if month <= expiry else Reason.TOKEN_EXPIRED
    return note(findings, Check.TOKEN_EXPIRY, month, expiry, reason)


@compiled
def check_expiration_date(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The expiry date on the wire must be the token's."""
    sent, expiry = np.int64(command["expiry"]), np.int64(state.tokens[case.token_row]["expiry"])
    reason = Reason.APPROVED if sent == expiry else Reason.EXPIRATION_MISMATCH
    return note(findings, Check.EXPIRATION_DATE, sent, expiry, reason)


@compiled
def check_card_state(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The card behind the token must not be frozen."""
    card_state = np.int64(state.cards[state.tokens[case.token_row]["card_row"]]["state"])
    reason = Reason.APPROVED if card_state == CardState.ACTIVE else Reason.CARD_FROZEN
    return note(findings, Check.CARD_STATE, card_state, CardState.ACTIVE, reason)


@compiled
def check_duplicate(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """An acquirer must not have used this STAN at this transmission time for this token before."""
    reason = Reason.APPROVED if case.hold_row < 0 else Reason.DUPLICATE_TRANSMISSION
    return note(findings, Check.DUPLICATE, np.int64(command["stan"]), 0 if case.hold_row < 0 else 1, reason)


@compiled
def check_currency(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The transaction must be in the account's currency."""
    asked = np.int64(command["currency"])
    kept = np.int64(state.accounts[state.tokens[case.token_row]["account_row"]]["currency"])
    reason = Reason.APPROVED if asked == kept else Reason.CURRENCY_NOT_SUPPORTED
    return note(findings, Check.CURRENCY, asked, kept, reason)


@compiled
def check_amount(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The amount must be positive."""
    amount = np.int64(command["amount_minor"])
    return note(findings, Check.AMOUNT, amount, 0, Reason.APPROVED if amount > 0 else Reason.INVALID_AMOUNT)


@compiled
def check_transaction_limit(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The amount must be within the account's limit for a single transaction."""
    amount = np.int64(command["amount_minor"])
    limit = np.int64(state.accounts[state.tokens[case.token_row]["account_row"]]["transaction_limit_minor"])
    reason = Reason.APPROVED if amount <= limit else Reason.EXCEEDS_LIMIT
    return note(findings, Check.TRANSACTION_LIMIT, amount, limit, reason)


@compiled
def available_credit(account: Any) -> Integer:
    """Limit - posted - held."""
    return np.int64(account["limit_minor"]) - np.int64(account["posted_minor"]) - np.int64(account["held_minor"])


@compiled
def check_available_credit(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The available credit must cover the amount."""
    amount = np.int64(command["amount_minor"])
    available = available_credit(state.accounts[state.tokens[case.token_row]["account_row"]])
    reason = Reason.APPROVED if amount <= available else Reason.INSUFFICIENT_FUNDS
    return note(findings, Check.AVAILABLE_CREDIT, amount, available, reason)


@compiled
def check_original(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """A reversal must find the authorization it reverses."""
    found = 0 if case.hold_row < 0 else np.int64(state.holds[case.hold_row]["sequence"])
    reason = Reason.APPROVED if found else Reason.MISSING_ORIGINAL_AUTHORIZATION
    return note(findings, Check.ORIGINAL, np.int64(command["original_stan"]), found, reason)


@compiled
def check_original_amount(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """A full reversal must name the original's amount."""
    amount, original = np.int64(command["amount_minor"]), np.int64(state.holds[case.hold_row]["amount_minor"])
    reason = Reason.APPROVED if amount == original else Reason.ORIGINAL_AMOUNT_MISMATCH
    return note(findings, Check.ORIGINAL_AMOUNT, amount, original, reason)
