"""Every type of event: what makes it happen, or why nothing does that could be asked for over HTTP."""

from collections.abc import Callable
from typing import Any

from simulators.triggers import of_bills, of_cards, of_cases, of_customers, of_payments, of_tokens
from simulators.triggers.stage import Stage
from tokenvault.vocabulary.event_types import EventType

Steps = Callable[[Stage], str]
"""Makes an event happen, and returns the resource that it is about. Raises: NotTriggered, IssuerRefused."""

TRIGGERS: dict[EventType, Steps] = {
    EventType.ACCOUNT_OPENED: of_cards.open_account,
    EventType.ACCOUNT_CHANGED: of_cards.change_account,
    EventType.CUSTOMER_REGISTERED: of_customers.register,
    EventType.APPLICATION_SUBMITTED: of_customers.apply,
    EventType.APPLICATION_REVIEW_STARTED: of_customers.start_review,
    EventType.APPLICATION_DECIDED: of_customers.apply,
    EventType.CARD_ISSUED: of_cards.issue_card,
    EventType.CARD_FROZEN: of_cards.freeze_card,
    EventType.CARD_UNFROZEN: of_cards.unfreeze_card,
    EventType.CARD_REPLACED: of_cards.replace_card,
    EventType.CARD_RENEWED: of_cards.renew_card,
    EventType.CARD_CLOSED: of_cards.close_card,
    EventType.CARD_PIN_SET: of_cards.set_pin,
    EventType.CARD_CONTACTS_CHANGED: of_cards.change_contacts,
    EventType.CARD_GUESSES_LOCKED: of_cards.lock_guesses,
    EventType.CARD_GUESSES_UNLOCKED: of_cards.unlock_guesses,
    EventType.DEVICE_REGISTERED: of_tokens.register_device,
    EventType.TOKEN_REQUESTED: of_tokens.token_on_phone,
    EventType.TOKEN_APPROVED: of_tokens.token_on_phone,
    EventType.TOKEN_DECLINED: of_tokens.decline_token,
    EventType.TOKEN_ACTIVATED: of_tokens.token_on_phone,
    EventType.TOKEN_SUSPENDED: of_tokens.suspend_token,
    EventType.TOKEN_RESUMED: of_tokens.resume_token,
    EventType.TOKEN_DEACTIVATED: of_tokens.deactivate_token,
    EventType.TOKEN_RENEWED: of_tokens.renew_token,
    EventType.TOKEN_CONTROLS_CHANGED: of_tokens.change_controls,
    EventType.TOKEN_CARD_CHANGED: of_tokens.change_card_of_token,
    EventType.TOKEN_KEY_REPLENISHED: of_tokens.replenish_key,
    EventType.TOKEN_CRYPTOGRAM_MADE: of_tokens.make_cryptogram,
    EventType.VERIFICATION_STARTED: of_tokens.start_verification,
    EventType.VERIFICATION_FAILED: of_tokens.fail_verification,
    EventType.VERIFICATION_COMPLETED: of_tokens.complete_verification,
    EventType.AUTHORIZATION_APPROVED: of_payments.approve,
    EventType.AUTHORIZATION_DECLINED: of_payments.decline,
    EventType.AUTHORIZATION_INCREASED: of_payments.increase,
    EventType.AUTHORIZATION_REVERSED: of_payments.reverse,
    EventType.AUTHORIZATION_EXPIRED: of_payments.expire,
    EventType.TRANSACTION_POSTED: of_payments.post,
    EventType.DISPUTE_OPENED: of_payments.open_dispute,
    EventType.DISPUTE_REPRESENTED: of_payments.represent,
    EventType.PAYMENT_RECEIVED: of_bills.receive,
    EventType.PAYMENT_RETURNED: of_bills.give_back,
    EventType.PLAN_STARTED: of_bills.start_plan,
    EventType.PLAN_ENDED: of_bills.end_plan,
    EventType.RELIEF_GRANTED: of_bills.grant_relief,
    EventType.CASE_OPENED: of_cases.open_case,
    EventType.CASE_ANSWERED: of_cases.answer_case,
}

NOT_TRIGGERED: dict[EventType, str] = {
    EventType.PORTFOLIO_LOADED: "a portfolio is loaded by a program that opens the vault's database "
    "(`tokenvault.provisioning.bulk_load`); no call of the HTTP API does it",
    EventType.APPLICATION_EXPIRED: "it takes a week of the server's clock, or the `review_seconds` of the issuer's "
    "application policy",
    **dict.fromkeys(
        (EventType.DUE_MISSED, EventType.STATEMENT_ISSUED, EventType.RELIEF_ENDED, EventType.SEGMENT_CHANGED),
        "it takes weeks of the server's clock, which `tapwright bank close --until DATE` lets pass",
    ),
    **dict.fromkeys(
        (EventType.UNITS_GIVEN, EventType.UNITS_SPENT, EventType.UNITS_EXPIRED, EventType.UNITS_TAKEN_BACK),
        "it takes a program with units; `POST /v1/accounts/{id}/units` gives some of them to an account",
    ),
    EventType.CASE_EXPIRED: "it takes as long as the program lets cases wait, on the server's clock",
}
"""Types that cannot be triggered, and why."""


def described(event_type: EventType) -> str:
    """What is made to happen for an event, or why nothing is: whole sentences."""
    if event_type in NOT_TRIGGERED:
        return f"Cannot be triggered: {NOT_TRIGGERED[event_type]}."
    return (TRIGGERS[event_type].__doc__ or "").partition("\n")[0]


def trigger(stage: Stage, event_type: EventType) -> dict[str, Any]:
    """Make an event happen, and return it as `/v1/events` shows it.

    Raises: KeyError for a type in `NOT_TRIGGERED`; NotTriggered, IssuerRefused, httpx.TransportError.
    """
    return stage.event(event_type, TRIGGERS[event_type](stage))
