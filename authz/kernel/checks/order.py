"""The ordered pass over a message as one table: which check comes when, for whom, and what it uses up.

One row a check. The compiled passes (`passes`), the checks' numbers (`numbers`), the explanation of a decision and the
table in docs/wire.md are made from these rows. To add a check, write a function that begins with `check_` and a row for
it here, then run ``python -m authz.kernel.generation``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, unique
from typing import Any

from authz.kernel.accounts.message_context import (
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
from authz.kernel.checks.forcing import check_simulation, use_forced_reason
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
from authz.vocabulary.commands import Kind

Function = Callable[..., Any]


@unique
class Asker(IntEnum):
    """A pass over the table of checks. `ASKERS` describes for which messages it is made."""

    ISSUER = 0
    STAND_IN = 1
    ADVICE = 2
    REVERSAL = 3
    STORED_ADVICE = 4
    STORED_REVERSAL = 5
    PIN_VERIFICATION = 6


ASKERS = {
    Asker.ISSUER: ("issuer", "A request (0100, 0200) while the issuer is available."),
    Asker.STAND_IN: ("stand-in", "A request while the issuer is unavailable: the network answers on its behalf."),
    Asker.ADVICE: ("advice", "An advice (0120, 0220) while the issuer is available."),
    Asker.REVERSAL: ("reversal", "A reversal (0400, 0420) while the issuer is available."),
    Asker.STORED_ADVICE: ("stored advice", "An advice while the issuer is unavailable, before it is stored."),
    Asker.STORED_REVERSAL: ("stored reversal", "A reversal while the issuer is unavailable, before it is stored."),
    Asker.PIN_VERIFICATION: (
        "PIN verification",
        "A request with a PIN, before the PIN is verified: only a new message may use a try. Nothing is used up.",
    ),
}
"""The name of each in documents, and the messages that it decides on."""
assert set(ASKERS) == set(Asker), "every asker is named"

LOOKS_ONLY = frozenset({Asker.PIN_VERIFICATION})
"""The passes that use nothing up."""


def always() -> bool:
    """The condition of a check that every message of its asker passes."""
    return True


def asked_by(*askers: Asker, when: Function = always) -> dict[Asker, Function]:
    """Askers that pass a check under the same condition."""
    return dict.fromkeys(askers, when)


REQUESTS = asked_by(Asker.ISSUER, Asker.STAND_IN, Asker.PIN_VERIFICATION)
EVERYBODY = asked_by(*Asker)
BY_CARD = asked_by(Asker.ISSUER, Asker.STAND_IN, Asker.PIN_VERIFICATION, when=card_takes_part)
DECIDERS = asked_by(Asker.ISSUER, Asker.STAND_IN)
DECIDERS_BY_CARD = asked_by(Asker.ISSUER, Asker.STAND_IN, when=card_takes_part)
TAPS = DECIDERS_BY_CARD | asked_by(Asker.PIN_VERIFICATION)
FOLLOW_UPS = asked_by(Asker.ISSUER, Asker.REVERSAL, when=follows_another)
FOLLOW_UPS_TO_STORE = FOLLOW_UPS | asked_by(Asker.STORED_REVERSAL, when=original_is_open)
SPENDING = asked_by(Asker.ISSUER, when=is_no_refund)


@dataclass(frozen=True)
class Row:
    """One check in the order.

    check: returns a `Finding`, or, where it takes `findings`, writes findings of its own and returns the reason.
    asked_by: the passes that make this check, each with the condition under which a message takes it. Functions are
    called with what their parameters name: state, command, context, findings, result.
    saw, bound: the words in which an explanation shows the finding's two numbers, see `history.check_wording`.
    name: of the check, if not the function's without `check_`. Rows for different passes may share it, and with it the
    words of the first of them: the others have none of their own.
    when_passed, when_declined: use up what can be used only once, such as a counter.
    declines: false for a check that is made for its finding only.

    Raises: ValueError for a row without a pass, or for functions with other names than these.
    """

    check: Function
    asked_by: Mapping[Asker, Function]
    saw: str = "{seen}"
    bound: str = "{bound}"
    name: str = ""
    when_passed: Function | None = None
    when_declined: Function | None = None
    declines: bool = True

    def __post_init__(self) -> None:
        function = self.check.__name__
        if not function.startswith("check_"):
            raise ValueError(f"{function}: a check's name begins with check_")
        if not self.declines and (self.when_passed or self.when_declined):
            raise ValueError(f"{function}: a check that is asked for its finding only uses nothing up")
        if not self.asked_by:
            raise ValueError(f"{function}: no pass makes this check")
        for effect in (self.when_passed, self.when_declined):
            if effect is not None and not effect.__name__.startswith("use_"):
                raise ValueError(f"{effect.__name__}: the name of what uses something up begins with use_")
        if not self.name:
            object.__setattr__(self, "name", function.removeprefix("check_"))


IDENTIFYING = (
    Row(check_token, EVERYBODY, "{seen.known}", "a token of this network"),
    Row(check_operation, EVERYBODY, "{seen.operation}", "one that is served"),
    Row(check_channel, BY_CARD, "{seen.channel}", "one of: {bound.channels}"),
    Row(check_merchant, BY_CARD, "{seen.merchant}", "{bound.restricted_merchant}"),
    Row(check_country, BY_CARD, "{seen:03d}", "{bound.countries}"),
    Row(check_cryptogram, BY_CARD, "{seen.cryptogram_outcome}", "valid, of the token's version"),
    Row(check_entry_mode, BY_CARD, "{seen.channel}", "signed by the phone: {bound.signed_for}"),
    Row(check_signed_operation, BY_CARD, "{seen.operation}", "{bound.signed_operation}"),
    Row(check_signed_amount, BY_CARD, "{seen.amount}", "signed by the phone: {bound.amount}"),
    Row(check_signed_currency, BY_CARD, "{seen.currency}", "signed by the phone: {bound.currency}"),
    Row(
        check_signed_circumstances,
        BY_CARD,
        "{seen.circumstances}",
        "cash-back, day and country as signed by the phone, and DE 7 near the network's clock",
    ),
)
"""Identification: is this a valid token, used in its domain, with data that matches what the phone signed?

A request that passes these and was answered before is answered from memory, see `authorization`.
"""

DECIDING = (
    Row(check_duplicate, REQUESTS, "STAN {seen:06d}", "not sent before; found {bound.decision}"),
    Row(
        check_transaction_counter,
        TAPS,
        "counter {seen}",
        "not used before, and at most {bound.counter_jump} above the highest so far, {bound}",
        when_passed=use_transaction_counter,
    ),
    Row(
        check_limited_use_key,
        TAPS,
        "{seen.signing_key}",
        "{bound.taps_left}",
        when_passed=use_limited_use_key,
    ),
    Row(
        check_simulation,
        asked_by(Asker.ISSUER),
        "{seen.forced_reason}",
        "no decline asked for",
        when_declined=use_forced_reason,
    ),
    Row(check_token_state, DECIDERS, "{seen.token_state}", "{bound.token_state}"),
    Row(check_token_expiry, DECIDERS, "month {seen:04d}", "at most {bound:04d}"),
    Row(check_expiration_date, DECIDERS_BY_CARD, "{seen:04d}", "equal to {bound:04d}"),
    Row(check_card_state, asked_by(Asker.ISSUER), "{seen.card_state}", "{bound.card_state}"),
    Row(check_account_standing, SPENDING, "{seen} missed in a row", "{bound.dues_missed}"),
    Row(check_pin, DECIDERS, "{seen.pin}", "the card's, if any"),
    Row(check_cardholder_verification, DECIDERS, "{seen.verification}", "{bound.required_verification}"),
    Row(check_early_reversal, DECIDERS, "STAN {seen:06d}", "not reversed before; found {bound.decision}"),
    Row(check_original, FOLLOW_UPS, "STAN {seen:06d}", "approved and open; found {bound.decision}"),
    Row(check_shared_fields, FOLLOW_UPS_TO_STORE, "{seen.differing_field}", "{bound.equal_fields}"),
    Row(
        check_advised_fields,
        asked_by(Asker.ADVICE, Asker.STORED_ADVICE, when=can_be_compared),
        name="shared_fields",
    ),
    Row(
        check_currency,
        asked_by(Asker.ISSUER, Asker.STAND_IN, Asker.ADVICE),
        "{seen.currency}",
        "{bound.currency}, or a rate to it",
    ),
    Row(check_amount, DECIDERS, "{seen.amount}", "{bound.fitting_amount}"),
    Row(check_advised_amount, asked_by(Asker.ADVICE, Asker.STORED_ADVICE), name="amount"),
    Row(check_original_amount, FOLLOW_UPS_TO_STORE, "{seen.billing}", "what is left: {bound.billing}"),
    Row(
        check_advised_refund,
        asked_by(Asker.ADVICE, when=is_refund_advice),
        name="original_amount",
        declines=False,
    ),
    Row(
        check_token_limit,
        asked_by(Asker.ISSUER, when=is_no_refund) | asked_by(Asker.STAND_IN),
        "{seen.limited_amount}",
        "{bound.token_limit}",
    ),
    Row(check_transaction_limit, SPENDING, "{seen.amount_within_limit}", "{bound.transaction_limit}"),
    Row(check_limits_and_rules, asked_by(Asker.ISSUER, when=is_new_spending)),
    Row(check_available_credit, SPENDING, "{seen.billing}", "at most {bound.billing}"),
    Row(check_cash_limit, SPENDING, "{seen.billing}", "{bound.cash_limit}"),
    Row(
        check_stand_in,
        asked_by(Asker.STAND_IN),
        "{seen.billing}",
        "stand-in approves at most {bound.billing}",
        when_passed=use_stand_in,
    ),
)
"""Whether the transaction is allowed, and whether limits, rules and available credit permit its amount."""

ORDER = IDENTIFYING + DECIDING

ASKER_OF: dict[Kind, Asker] = {
    Kind.AUTHORIZATION_REQUEST: Asker.ISSUER,
    Kind.AUTHORIZATION_ADVICE: Asker.ADVICE,
    Kind.FINANCIAL_REQUEST: Asker.ISSUER,
    Kind.FINANCIAL_ADVICE: Asker.ADVICE,
    Kind.REVERSAL_REQUEST: Asker.REVERSAL,
    Kind.REVERSAL_ADVICE: Asker.REVERSAL,
}
"""Who asks the checks of each kind of message while the issuer is there."""


def writes_its_own_findings(row: Row) -> bool:
    """Whether a check has no number among the findings, because it writes those of limits and rules."""
    return "findings" in parameters(row.check)


def parameters(function: Function) -> tuple[str, ...]:
    """What a compiled or ordinary function asks for, by name."""
    code = getattr(function, "py_func", function).__code__
    return tuple(code.co_varnames[: code.co_argcount])


def names_of_checks(*askers: Asker) -> tuple[str, ...]:
    """The names of the checks that leave a finding, in their order: all of them, or those that one of these asks.

    The place of each among all is its number.
    """
    asked = (row for row in ORDER if not askers or not row.asked_by.keys().isdisjoint(askers))
    return tuple(dict.fromkeys(row.name for row in asked if not writes_its_own_findings(row)))
