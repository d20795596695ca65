"""Checks of the token, its card and their account: existence, domain, state, expiry and standing."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.kernel.accounts.message_context import MessageContext
from authz.kernel.books.relief import missed_dues
from authz.kernel.checks.findings import Finding
from authz.kernel.ledger.terms import terms_on
from authz.kernel.measures.calendar import month_of
from authz.state.rows import found
from authz.state.tables import Counter, State
from authz.vocabulary.commands import COUNTRIES_MAX, COUNTRY_BITS
from authz.vocabulary.reasons import Reason
from authz.vocabulary.states import CardState, TokenState

# By state. No other is ever in a table: `undefined_values` refuses what would put it there.
_TOKEN_REASONS = np.array([state.reason for state in TokenState], np.int64)
_CARD_REASONS = np.array([state.reason for state in CardState], np.int64)


@inlined
def check_token(state: State, command: Any, context: MessageContext) -> Finding:
    """The token must be known."""
    reason = Reason.APPROVED if found(context.token_row) else Reason.TOKEN_NOT_FOUND
    return 1 if found(context.token_row) else 0, 1, reason


@inlined
def check_channel(state: State, command: Any, context: MessageContext) -> Finding:
    """The channel must be in the token's domain (EMVCo token domain restriction controls)."""
    allowed = np.int64(state.tokens[context.token_row]["channels"])
    channel = np.int64(command["channel"])
    reason = Reason.APPROVED if allowed >> channel & 1 else Reason.CHANNEL_NOT_ALLOWED
    return channel, allowed, reason


@inlined
def check_merchant(state: State, command: Any, context: MessageContext) -> Finding:
    """The merchant must be the one in the token's domain, if the token is restricted to a merchant."""
    token = state.tokens[context.token_row]
    wanted: Any = np.uint64(0)
    if token["is_restricted"] != 0:
        wanted = np.uint64(token["merchant_key"])
    is_right = wanted == 0 or np.uint64(command["merchant_key"]) == wanted
    reason = Reason.APPROVED if is_right else Reason.MERCHANT_NOT_ALLOWED
    return 1 if is_right else 0, 1 if wanted != 0 else 0, reason


@inlined
def check_country(state: State, command: Any, context: MessageContext) -> Finding:
    """The country must be in the token's domain, if the token is restricted to countries."""
    token = state.tokens[context.token_row]
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
    return country, countries, reason


@inlined
def check_token_state(state: State, command: Any, context: MessageContext) -> Finding:
    """The token must be active."""
    token_state = np.int64(state.tokens[context.token_row]["state"])
    return token_state, TokenState.ACTIVE, _TOKEN_REASONS[token_state]


@inlined
def check_token_expiry(state: State, command: Any, context: MessageContext) -> Finding:
    """The token must not have expired; it is valid until the end of its expiry month."""
    month, expiry = month_of(np.int64(command["time_us"])), np.int64(state.tokens[context.token_row]["expiry"])
    reason = Reason.APPROVED if month <= expiry else Reason.TOKEN_EXPIRED
    return month, expiry, reason


@inlined
def check_expiration_date(state: State, command: Any, context: MessageContext) -> Finding:
    """The expiry date in the message must be the token's."""
    sent, expiry = np.int64(command["expiry"]), np.int64(state.tokens[context.token_row]["expiry"])
    reason = Reason.APPROVED if sent == expiry else Reason.EXPIRATION_MISMATCH
    return sent, expiry, reason


@inlined
def check_card_state(state: State, command: Any, context: MessageContext) -> Finding:
    """The card behind the token must be neither frozen nor closed."""
    card_state = np.int64(state.cards[state.tokens[context.token_row]["card_row"]]["state"])
    return card_state, CardState.ACTIVE, _CARD_REASONS[card_state]


@inlined
def check_account_standing(state: State, command: Any, context: MessageContext) -> Finding:
    """The account must not have missed so many dues in a row that its product's terms block it."""
    account = state.accounts[context.account_row]
    missed: Integer = 0
    bound: Integer = 0
    if account["billing"] != 0:
        missed = missed_dues(state.billing[np.int64(account["billing"]) - 1])
        terms_row = terms_on(state, context.account_row, state.counters[Counter.DAY])
        bound = np.int64(state.terms[terms_row]["blocks_after_missed"])
    reason = Reason.PAYMENT_OVERDUE if 0 < bound <= missed else Reason.APPROVED
    return missed, bound, reason
