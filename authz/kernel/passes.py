"""The ordered passes over a message, one for each asker: every check in its order, and what it uses up.

Written by `python -m authz.kernel.generation` from `checks/order.py`; not to be changed by hand.
"""

from typing import Any

from authz.arrays.compiled import Integer, inlined
from authz.kernel.accounts.message_context import (
    MessageContext,
    card_takes_part,
    follows_another,
    is_new_spending,
    is_no_refund,
    is_refund_advice,
)
from authz.kernel.checks.amounts import (
    check_advised_amount,
    check_amount,
    check_available_credit,
    check_cash_limit,
    check_currency,
    check_operation,
    check_token_limit,
    check_transaction_limit,
)
from authz.kernel.checks.card_and_token import (
    check_account_standing,
    check_card_state,
    check_channel,
    check_country,
    check_expiration_date,
    check_merchant,
    check_token,
    check_token_expiry,
    check_token_state,
)
from authz.kernel.checks.cardholder import check_cardholder_verification, check_pin
from authz.kernel.checks.cryptogram import (
    check_cryptogram,
    check_entry_mode,
    check_signed_amount,
    check_signed_circumstances,
    check_signed_currency,
    check_signed_operation,
)
from authz.kernel.checks.findings import Findings, note
from authz.kernel.checks.forcing import check_simulation, use_forced_reason
from authz.kernel.checks.numbers import Check
from authz.kernel.checks.originals import (
    can_be_compared,
    check_advised_fields,
    check_advised_refund,
    check_original,
    check_original_amount,
    check_shared_fields,
    original_is_open,
)
from authz.kernel.checks.rules import check_limits_and_rules
from authz.kernel.checks.single_use import (
    check_duplicate,
    check_early_reversal,
    check_limited_use_key,
    check_transaction_counter,
    use_limited_use_key,
    use_transaction_counter,
)
from authz.kernel.checks.stand_in_limits import check_stand_in, use_stand_in
from authz.state.tables import State
from authz.vocabulary.reasons import Reason


@inlined
def identify_for_issuer(state: State, command: Any, context: MessageContext, findings: Findings) -> Integer:
    """Who is asking: the checks for `Asker.ISSUER`."""
    checks = findings.checks
    reason = note(checks, Check.TOKEN, check_token(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.OPERATION, check_operation(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    if card_takes_part(command):
        reason = note(checks, Check.CHANNEL, check_channel(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.MERCHANT, check_merchant(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.COUNTRY, check_country(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.CRYPTOGRAM, check_cryptogram(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.ENTRY_MODE, check_entry_mode(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.SIGNED_OPERATION, check_signed_operation(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.SIGNED_AMOUNT, check_signed_amount(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.SIGNED_CURRENCY, check_signed_currency(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.SIGNED_CIRCUMSTANCES, check_signed_circumstances(state, command, context))
        if reason != Reason.APPROVED:
            return reason
    return Reason.APPROVED


identify_for_stand_in = identify_for_issuer


@inlined
def identify_for_advice(state: State, command: Any, context: MessageContext, findings: Findings) -> Integer:
    """Who is asking: the checks for `Asker.ADVICE`."""
    checks = findings.checks
    reason = note(checks, Check.TOKEN, check_token(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.OPERATION, check_operation(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    return Reason.APPROVED


identify_for_reversal = identify_for_advice


identify_for_stored_advice = identify_for_advice


identify_for_stored_reversal = identify_for_advice


identify_for_pin_verification = identify_for_issuer


@inlined
def decide_for_issuer(state: State, command: Any, context: MessageContext, findings: Findings, result: Any) -> Integer:
    """Whether it may be done: the checks for `Asker.ISSUER`."""
    checks = findings.checks
    reason = note(checks, Check.DUPLICATE, check_duplicate(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    if card_takes_part(command):
        reason = note(checks, Check.TRANSACTION_COUNTER, check_transaction_counter(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        use_transaction_counter(state, command, context)
        reason = note(checks, Check.LIMITED_USE_KEY, check_limited_use_key(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        use_limited_use_key(state, command, context)
    reason = note(checks, Check.SIMULATION, check_simulation(state, command, context))
    if reason != Reason.APPROVED:
        use_forced_reason(state, command, context)
        return reason
    reason = note(checks, Check.TOKEN_STATE, check_token_state(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.TOKEN_EXPIRY, check_token_expiry(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    if card_takes_part(command):
        reason = note(checks, Check.EXPIRATION_DATE, check_expiration_date(state, command, context))
        if reason != Reason.APPROVED:
            return reason
    reason = note(checks, Check.CARD_STATE, check_card_state(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    if is_no_refund(command):
        reason = note(checks, Check.ACCOUNT_STANDING, check_account_standing(state, command, context))
        if reason != Reason.APPROVED:
            return reason
    reason = note(checks, Check.PIN, check_pin(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.CARDHOLDER_VERIFICATION, check_cardholder_verification(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.EARLY_REVERSAL, check_early_reversal(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    if follows_another(command):
        reason = note(checks, Check.ORIGINAL, check_original(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.SHARED_FIELDS, check_shared_fields(state, command, context))
        if reason != Reason.APPROVED:
            return reason
    reason = note(checks, Check.CURRENCY, check_currency(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.AMOUNT, check_amount(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    if follows_another(command):
        reason = note(checks, Check.ORIGINAL_AMOUNT, check_original_amount(state, command, context))
        if reason != Reason.APPROVED:
            return reason
    if is_no_refund(command):
        reason = note(checks, Check.TOKEN_LIMIT, check_token_limit(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.TRANSACTION_LIMIT, check_transaction_limit(state, command, context))
        if reason != Reason.APPROVED:
            return reason
    if is_new_spending(command, context):
        reason = check_limits_and_rules(state, command, context, findings, result)
        if reason != Reason.APPROVED:
            return reason
    if is_no_refund(command):
        reason = note(checks, Check.AVAILABLE_CREDIT, check_available_credit(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.CASH_LIMIT, check_cash_limit(state, command, context))
        if reason != Reason.APPROVED:
            return reason
    return Reason.APPROVED


@inlined
def decide_for_stand_in(state: State, command: Any, context: MessageContext, findings: Findings) -> Integer:
    """Whether it may be done: the checks for `Asker.STAND_IN`."""
    checks = findings.checks
    reason = note(checks, Check.DUPLICATE, check_duplicate(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    if card_takes_part(command):
        reason = note(checks, Check.TRANSACTION_COUNTER, check_transaction_counter(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        use_transaction_counter(state, command, context)
        reason = note(checks, Check.LIMITED_USE_KEY, check_limited_use_key(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        use_limited_use_key(state, command, context)
    reason = note(checks, Check.TOKEN_STATE, check_token_state(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.TOKEN_EXPIRY, check_token_expiry(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    if card_takes_part(command):
        reason = note(checks, Check.EXPIRATION_DATE, check_expiration_date(state, command, context))
        if reason != Reason.APPROVED:
            return reason
    reason = note(checks, Check.PIN, check_pin(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.CARDHOLDER_VERIFICATION, check_cardholder_verification(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.EARLY_REVERSAL, check_early_reversal(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.CURRENCY, check_currency(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.AMOUNT, check_amount(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.TOKEN_LIMIT, check_token_limit(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.STAND_IN, check_stand_in(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    use_stand_in(state, command, context)
    return Reason.APPROVED


@inlined
def decide_for_advice(state: State, command: Any, context: MessageContext, findings: Findings) -> Integer:
    """Whether it may be done: the checks for `Asker.ADVICE`."""
    checks = findings.checks
    if can_be_compared(command, context):
        reason = note(checks, Check.SHARED_FIELDS, check_advised_fields(state, command, context))
        if reason != Reason.APPROVED:
            return reason
    reason = note(checks, Check.CURRENCY, check_currency(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.AMOUNT, check_advised_amount(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    if is_refund_advice(command):
        note(checks, Check.ORIGINAL_AMOUNT, check_advised_refund(state, command, context))
    return Reason.APPROVED


@inlined
def decide_for_reversal(state: State, command: Any, context: MessageContext, findings: Findings) -> Integer:
    """Whether it may be done: the checks for `Asker.REVERSAL`."""
    checks = findings.checks
    if follows_another(command):
        reason = note(checks, Check.ORIGINAL, check_original(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.SHARED_FIELDS, check_shared_fields(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.ORIGINAL_AMOUNT, check_original_amount(state, command, context))
        if reason != Reason.APPROVED:
            return reason
    return Reason.APPROVED


@inlined
def decide_for_stored_advice(state: State, command: Any, context: MessageContext, findings: Findings) -> Integer:
    """Whether it may be done: the checks for `Asker.STORED_ADVICE`."""
    checks = findings.checks
    if can_be_compared(command, context):
        reason = note(checks, Check.SHARED_FIELDS, check_advised_fields(state, command, context))
        if reason != Reason.APPROVED:
            return reason
    reason = note(checks, Check.AMOUNT, check_advised_amount(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    return Reason.APPROVED


@inlined
def decide_for_stored_reversal(state: State, command: Any, context: MessageContext, findings: Findings) -> Integer:
    """Whether it may be done: the checks for `Asker.STORED_REVERSAL`."""
    checks = findings.checks
    if original_is_open(state, context):
        reason = note(checks, Check.SHARED_FIELDS, check_shared_fields(state, command, context))
        if reason != Reason.APPROVED:
            return reason
        reason = note(checks, Check.ORIGINAL_AMOUNT, check_original_amount(state, command, context))
        if reason != Reason.APPROVED:
            return reason
    return Reason.APPROVED


@inlined
def decide_for_pin_verification(state: State, command: Any, context: MessageContext, findings: Findings) -> Integer:
    """Whether it may be done: the checks for `Asker.PIN_VERIFICATION`."""
    checks = findings.checks
    reason = note(checks, Check.DUPLICATE, check_duplicate(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.TRANSACTION_COUNTER, check_transaction_counter(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    reason = note(checks, Check.LIMITED_USE_KEY, check_limited_use_key(state, command, context))
    if reason != Reason.APPROVED:
        return reason
    return Reason.APPROVED
