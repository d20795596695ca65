"""The checks of a message, one function each.

Every check has the same signature: it notes in its finding what it saw and the bound that it held it against, and
returns the reason to decline or `APPROVED`. What a check needs is found once and given as a `Case`.
"""

from enum import IntEnum, unique
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from authz.arrays.compiled import Integer, inlined
from authz.kernel.accounts.calendar import Today, month_of, new_today
from authz.kernel.accounts.conversion import NO_RATE, converted
from authz.kernel.accounts.holds import available_credit
from authz.program.tables import LIMITS_MAX, RULES_MAX
from authz.state.rows import found
from authz.state.tables import State
from authz.vocabulary.attributes import ATTRIBUTES_MAX
from authz.vocabulary.commands import (
    COUNTRIES_MAX,
    COUNTRY_BITS,
    NO_LIMIT,
    CardState,
    Channel,
    CryptogramOutcome,
    Flag,
    Kind,
    Operation,
    Records,
    TokenState,
    record,
)
from authz.vocabulary.reasons import Reason

FINDING = record([("seen", "i8"), ("bound", "i8"), ("reached", "u4"), ("reason", "u4")])
"""What one check saw of one command."""

ATC_WINDOW = 64
"""How many transaction counters back from the highest are remembered one by one."""

ATC_JUMP_MAX = 1_000
"""How far a transaction counter may be above the highest seen: taps that never reached the network count too."""

_ONE = np.uint64(1)
_SECOND = 1_000_000
CIRCUMSTANCES = int(
    Flag.SIGNED_FOR_OTHER_CASH | Flag.SIGNED_ON_ANOTHER_DAY | Flag.SIGNED_IN_ANOTHER_COUNTRY | Flag.SENT_AT_ANOTHER_TIME
)
"""The flags of what may differ between what was signed, what the message says and the network's clock."""
_SIGNED_FOR = int(Flag.SIGNED_FOR_REMOTE | Flag.SIGNED_FOR_QR_CODE)


RUN = 128
"""How many commands `prefetching` looks at together: what they need fits the processor's second cache."""


@unique
class Check(IntEnum):
    """The checks in the order in which they run; an index into findings."""

    TOKEN = 0
    OPERATION = 1
    CHANNEL = 2
    MERCHANT = 3
    COUNTRY = 4
    CRYPTOGRAM = 5
    ENTRY_MODE = 6
    SIGNED_OPERATION = 7
    SIGNED_AMOUNT = 8
    SIGNED_CURRENCY = 9
    SIGNED_CIRCUMSTANCES = 10
    DUPLICATE = 11
    TRANSACTION_COUNTER = 12
    LIMITED_USE_KEY = 13
    SIMULATION = 14
    TOKEN_STATE = 15
    TOKEN_EXPIRY = 16
    EXPIRATION_DATE = 17
    CARD_STATE = 18
    PIN = 19
    CARDHOLDER_VERIFICATION = 20
    EARLY_REVERSAL = 21
    ORIGINAL = 22
    SHARED_FIELDS = 23
    CURRENCY = 24
    AMOUNT = 25
    ORIGINAL_AMOUNT = 26
    TOKEN_LIMIT = 27
    TRANSACTION_LIMIT = 28
    AVAILABLE_CREDIT = 29
    STAND_IN = 30


class Case(NamedTuple):
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


class Findings(NamedTuple):
    """What was found of one command: the checks, the limits, the rules, and the values that the rules saw.

    checks: FINDING[len(Check)].  limits: FINDING[LIMITS_MAX].  rules: uint8[RULES_MAX], see `rules`.
    values: int64[ATTRIBUTES_MAX].

    Nothing found, but kept from one decision to the next: ahead: int64[RUN, 2], see `prefetching`.  today: see
    `calendar`.
    """

    checks: Records
    limits: Records
    rules: npt.NDArray[np.uint8]
    values: npt.NDArray[np.int64]
    ahead: npt.NDArray[np.int64]
    today: Today


def new_findings() -> Findings:
    """Room for one command's findings."""
    return Findings(
        np.zeros(len(Check), FINDING),
        np.zeros(LIMITS_MAX, FINDING),
        np.zeros(RULES_MAX, np.uint8),
        np.zeros(ATTRIBUTES_MAX, np.int64),
        np.zeros((RUN, 2), np.int64),
        new_today(),
    )


@inlined
def note(findings: Records, check: Integer, seen: Integer, bound: Integer, reason: Integer) -> Integer:
    """Write down one finding and return its reason."""
    findings[check]["seen"] = seen
    findings[check]["bound"] = bound
    findings[check]["reached"] = 1
    findings[check]["reason"] = reason
    return reason


@inlined
def has(flags: Any, flag: Integer) -> Any:
    """Whether a flag is among these."""
    return np.int64(flags) & flag != 0


@inlined
def check_token(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The token must be known."""
    reason = Reason.APPROVED if found(case.token_row) else Reason.TOKEN_NOT_FOUND
    return note(findings, Check.TOKEN, 1 if found(case.token_row) else 0, 1, reason)


@inlined
def check_operation(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The network must serve this kind of transaction."""
    operation = np.int64(command["operation"])
    served = (
        operation == Operation.PURCHASE
        or operation == Operation.CASH
        or operation == Operation.PURCHASE_WITH_CASH_BACK
        or operation == Operation.REFUND
        or operation == Operation.BALANCE_INQUIRY
    )
    reason = Reason.APPROVED if served else Reason.OPERATION_NOT_SUPPORTED
    return note(findings, Check.OPERATION, operation, 0, reason)


@inlined
def check_channel(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The channel must be in the token's domain (EMVCo token domain restriction controls)."""
    allowed = np.int64(state.tokens[case.token_row]["channels"])
    channel = np.int64(command["channel"])
    reason = Reason.APPROVED if allowed >> channel & 1 else Reason.CHANNEL_NOT_ALLOWED
    return note(findings, Check.CHANNEL, channel, allowed, reason)


@inlined
def check_merchant(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The merchant must be the token's, where it is good for one only."""
    token = state.tokens[case.token_row]
    wanted: Any = np.uint64(0)
    if token["is_restricted"] != 0:
        wanted = np.uint64(token["merchant_key"])
    is_right = wanted == 0 or np.uint64(command["merchant_key"]) == wanted
    reason = Reason.APPROVED if is_right else Reason.MERCHANT_NOT_ALLOWED
    return note(findings, Check.MERCHANT, 1 if is_right else 0, 1 if wanted != 0 else 0, reason)


@inlined
def check_country(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The country must be one of the token's, where it has any."""
    token = state.tokens[case.token_row]
    country = np.int64(command["country"])
    countries: Integer = 0
    if token["is_restricted"] != 0:
        countries = np.int64(token["countries"])
    reason = Reason.APPROVED
    if countries != 0:
        reason = Reason.COUNTRY_NOT_ALLOWED
        for place in range(COUNTRIES_MAX):
            if country != 0 and countries >> COUNTRY_BITS * place & 0xFFFF == country:
                reason = Reason.APPROVED
    return note(findings, Check.COUNTRY, country, countries, reason)


@inlined
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


@inlined
def check_entry_mode(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """What the phone signed for (a tap, an app, a QR code) must be how its data reached the terminal."""
    channel = np.int64(command["channel"])
    signed_for = np.int64(command["flags"]) & _SIGNED_FOR
    fitting: Integer = 0
    if channel == Channel.E_COMMERCE:
        fitting = Flag.SIGNED_FOR_REMOTE
    elif channel == Channel.QR_CODE:
        fitting = Flag.SIGNED_FOR_QR_CODE
    reason = Reason.APPROVED if signed_for == fitting else Reason.WRONG_ENTRY_MODE
    return note(findings, Check.ENTRY_MODE, channel, signed_for, reason)


@inlined
def is_left_open(command: Any) -> Any:
    """Whether the phone signed without amount and currency, as it does for a QR code that it shows."""
    nothing = np.int64(command["signed_amount_minor"]) == 0 and np.int64(command["signed_currency"]) == 0
    return nothing and has(command["flags"], Flag.SIGNED_FOR_QR_CODE)


@inlined
def check_signed_operation(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """What DE 3 asks for must be what the phone signed in tag 9C, unless it signed for goods and services (`00`)."""
    signed_another = has(command["flags"], Flag.SIGNED_FOR_ANOTHER_OPERATION)
    reason = Reason.CRYPTOGRAM_DATA_MISMATCH if signed_another else Reason.APPROVED
    return note(findings, Check.SIGNED_OPERATION, np.int64(command["operation"]), int(signed_another), reason)


@inlined
def check_signed_amount(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The amount asked for must be the amount the phone signed, unless it signed a QR code without one."""
    asked, signed = np.int64(command["amount_minor"]), np.int64(command["signed_amount_minor"])
    reason = Reason.APPROVED if asked == signed or is_left_open(command) else Reason.CRYPTOGRAM_DATA_MISMATCH
    return note(findings, Check.SIGNED_AMOUNT, asked, signed, reason)


@inlined
def check_signed_currency(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The currency asked for must be the currency the phone signed, unless it signed a QR code without one."""
    asked, signed = np.int64(command["currency"]), np.int64(command["signed_currency"])
    reason = Reason.APPROVED if asked == signed or is_left_open(command) else Reason.CRYPTOGRAM_DATA_MISMATCH
    return note(findings, Check.SIGNED_CURRENCY, asked, signed, reason)


@inlined
def check_signed_circumstances(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """Cash-back, day and country must be what the phone signed, and DE 7 near the network's clock.

    They are held against each other, with their tolerances, where the message is read: `iso8583.signed_data`.
    """
    differing = np.int64(command["flags"]) & CIRCUMSTANCES
    reason = Reason.APPROVED
    if differing & Flag.SIGNED_FOR_OTHER_CASH:
        reason = Reason.SIGNED_CASH_MISMATCH
    elif differing & Flag.SIGNED_ON_ANOTHER_DAY:
        reason = Reason.SIGNED_DATE_MISMATCH
    elif differing & Flag.SIGNED_IN_ANOTHER_COUNTRY:
        reason = Reason.SIGNED_COUNTRY_MISMATCH
    elif differing & Flag.SENT_AT_ANOTHER_TIME:
        reason = Reason.TRANSMISSION_TIME_MISMATCH
    return note(findings, Check.SIGNED_CIRCUMSTANCES, differing, 0, reason)


@inlined
def check_duplicate(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The same acquirer, terminal, STAN, RRN and transmission time must not have come before for this token."""
    seen = np.int64(state.transactions[case.same_row]["sequence"]) if found(case.same_row) else 0
    reason = Reason.DUPLICATE_TRANSMISSION if found(case.same_row) else Reason.APPROVED
    return note(findings, Check.DUPLICATE, np.int64(command["stan"]), seen, reason)


@inlined
def check_transaction_counter(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The transaction counter must be new: not far above the highest seen, or in the window below it and not used yet.

    Taps may arrive out of order, so a lower counter alone proves nothing. A counter that leaps comes from a card that
    was made to sign in advance.
    """
    token = state.tokens[case.token_row]
    atc, highest = np.int64(command["atc"]), np.int64(token["atc_highest"])
    behind = highest - atc
    reason = Reason.APPROVED
    if behind >= ATC_WINDOW or (behind >= 0 and np.uint64(token["atc_window"]) >> np.uint64(behind) & _ONE):
        reason = Reason.REPLAYED_CRYPTOGRAM
    elif -behind > ATC_JUMP_MAX:
        reason = Reason.TRANSACTION_COUNTER_JUMP
    return note(findings, Check.TRANSACTION_COUNTER, atc, highest, reason)


@inlined
def check_limited_use_key(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """A limited-use key must be one of the phone's last two, in its time, and not used up."""
    token = state.tokens[case.token_row]
    signed_by = np.int64(command["limited_use_key"])
    if token["limited_use_key"] == 0:
        return note(findings, Check.LIMITED_USE_KEY, 0, 0, Reason.APPROVED)
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
    return note(findings, Check.LIMITED_USE_KEY, signed_by, uses, reason)


@inlined
def use_limited_use_key(state: State, command: Any, case: Case) -> None:
    """Count a tap of the key that signed; where the phone holds the card key there is nothing to count."""
    token = state.tokens[case.token_row]
    if token["limited_use_key"] == 0:
        return
    if np.int64(command["limited_use_key"]) == np.int64(token["limited_use_key"]):
        token["key_uses"] -= 1
    else:
        token["earlier_key_uses"] -= 1


@inlined
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


@inlined
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


@inlined
def check_token_expiry(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The token must not have expired; it is valid to the end of its expiry month."""
    month, expiry = month_of(np.int64(command["time_us"])), np.int64(state.tokens[case.token_row]["expiry"])
    reason = Reason.APPROVED if month <= expiry else Reason.TOKEN_EXPIRED
    return note(findings, Check.TOKEN_EXPIRY, month, expiry, reason)


@inlined
def check_expiration_date(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The expiry date on the wire must be the token's."""
    sent, expiry = np.int64(command["expiry"]), np.int64(state.tokens[case.token_row]["expiry"])
    reason = Reason.APPROVED if sent == expiry else Reason.EXPIRATION_MISMATCH
    return note(findings, Check.EXPIRATION_DATE, sent, expiry, reason)


@inlined
def check_card_state(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The card behind the token must be neither frozen nor closed."""
    card_state = np.int64(state.cards[state.tokens[case.token_row]["card_row"]]["state"])
    reason = Reason.APPROVED
    if card_state == CardState.CLOSED:
        reason = Reason.CARD_CLOSED
    elif card_state != CardState.ACTIVE:
        reason = Reason.CARD_FROZEN
    return note(findings, Check.CARD_STATE, card_state, CardState.ACTIVE, reason)


@inlined
def check_early_reversal(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """Its reversal must not have come before it."""
    seen = np.int64(state.transactions[case.early_row]["sequence"]) if found(case.early_row) else 0
    reason = Reason.ALREADY_REVERSED if found(case.early_row) else Reason.APPROVED
    return note(findings, Check.EARLY_REVERSAL, np.int64(command["stan"]), seen, reason)


@inlined
def check_currency(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The transaction must be in the account's currency, or in one that the program has a rate for."""
    kept = np.int64(state.accounts[case.account_row]["currency"])
    reason = Reason.CURRENCY_NOT_SUPPORTED if case.rate == NO_RATE else Reason.APPROVED
    return note(findings, Check.CURRENCY, np.int64(command["currency"]), kept, reason)


@inlined
def check_amount(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The amount must fit the kind of transaction: nothing for a balance, cash-back within it, else more than zero.

    A purchase of zero is an account verification. One with cash in it is a purchase with cash-back, and must say so:
    cash asks for a verified cardholder.
    """
    amount, cash = np.int64(command["amount_minor"]), np.int64(command["cash_minor"])
    operation = np.int64(command["operation"])
    fits: Any = amount > 0
    if operation == Operation.PURCHASE:
        fits = cash == 0 and (amount > 0 or not has(command["flags"], Flag.HAS_ORIGINAL))
    elif operation == Operation.BALANCE_INQUIRY:
        fits = amount == 0
    elif operation == Operation.PURCHASE_WITH_CASH_BACK:
        fits = 0 < cash <= amount
    return note(findings, Check.AMOUNT, amount, cash, Reason.APPROVED if fits else Reason.INVALID_AMOUNT)


@inlined
def check_advised_amount(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """An advice of a balance inquiry must have no amount: it would move money that nobody was paid."""
    amount = np.int64(command["amount_minor"])
    fits = np.int64(command["operation"]) != Operation.BALANCE_INQUIRY or amount == 0
    reason = Reason.APPROVED if fits else Reason.INVALID_AMOUNT
    return note(findings, Check.AMOUNT, amount, np.int64(command["cash_minor"]), reason)


@inlined
def check_token_limit(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The amount must be within the token's own limit for a single transaction, where it has one."""
    token = state.tokens[case.token_row]
    limit: Integer = 0
    if token["is_restricted"] != 0:
        limit = np.int64(token["amount_max_minor"])
    reason = Reason.EXCEEDS_LIMIT if limit != 0 and case.billing_minor > limit else Reason.APPROVED
    return note(findings, Check.TOKEN_LIMIT, case.billing_minor, limit, reason)


@inlined
def check_transaction_limit(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The amount, with what it adds to, must be within the account's limit for one transaction, where it has one."""
    amount = case.billing_minor
    if found(case.original_row) and np.int64(command["kind"]) == Kind.AUTHORIZATION_REQUEST:
        amount += np.int64(state.transactions[case.original_row]["billing_minor"])
    limit = np.int64(state.accounts[case.account_row]["transaction_limit_minor"])
    reason = Reason.EXCEEDS_LIMIT if limit != NO_LIMIT and amount > limit else Reason.APPROVED
    return note(findings, Check.TRANSACTION_LIMIT, amount, limit, reason)


@inlined
def smallest_part(state: State, command: Any, case: Case) -> Integer:
    """What one minor unit of the message's currency is worth in the account's, and at least one of those."""
    source = np.int64(command["currency"])
    target = np.int64(state.accounts[case.account_row]["currency"])
    return max(converted(state.program, np.int64(1), case.rate, source, target), np.int64(1))


@inlined
def check_available_credit(state: State, command: Any, case: Case, findings: Records) -> Integer:
    """The available credit must cover the amount, or a part of it where the terminal can take a part."""
    amount = case.billing_minor
    if found(case.original_row) and np.int64(command["kind"]) == Kind.FINANCIAL_REQUEST:
        amount -= min(amount, np.int64(state.transactions[case.original_row]["held_minor"]))
    available = available_credit(state, case.account_row)
    reason = Reason.APPROVED
    if amount > available and amount > 0:
        takes_part = has(command["flags"], Flag.PARTIAL_APPROVAL) and not found(case.original_row)
        takes_part = takes_part and available >= smallest_part(state, command, case)
        is_purchase = np.int64(command["operation"]) == Operation.PURCHASE
        reason = Reason.PARTIALLY_APPROVED if takes_part and is_purchase else Reason.INSUFFICIENT_FUNDS
    return note(findings, Check.AVAILABLE_CREDIT, amount, available, reason)
