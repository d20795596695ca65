"""Types of events: what happens to customers, accounts, cards and tokens in the vault, and what is paid with them.

The vault makes the former. It knows the names of the latter, because its webhooks deliver both.
"""

from enum import StrEnum


class EventType(StrEnum):
    """What can happen. A type keeps its meaning once it is in use."""

    PORTFOLIO_LOADED = "portfolio.loaded"
    ACCOUNT_OPENED = "account.opened"
    ACCOUNT_CHANGED = "account.changed"
    CUSTOMER_REGISTERED = "customer.registered"
    APPLICATION_SUBMITTED = "application.submitted"
    APPLICATION_REVIEW_STARTED = "application.review_started"
    APPLICATION_DECIDED = "application.decided"
    APPLICATION_EXPIRED = "application.expired"
    CARD_ISSUED = "card.issued"
    CARD_FROZEN = "card.frozen"
    CARD_UNFROZEN = "card.unfrozen"
    CARD_REPLACED = "card.replaced"
    CARD_RENEWED = "card.renewed"
    CARD_CLOSED = "card.closed"
    CARD_PIN_SET = "card.pin_set"
    CARD_CONTACTS_CHANGED = "card.contacts_changed"
    CARD_GUESSES_LOCKED = "card.guesses_locked"
    CARD_GUESSES_UNLOCKED = "card.guesses_unlocked"
    DEVICE_REGISTERED = "device.registered"
    TOKEN_REQUESTED = "token.requested"  # noqa: S105 - a name, as are those below
    TOKEN_APPROVED = "token.approved"  # noqa: S105
    TOKEN_DECLINED = "token.declined"  # noqa: S105
    TOKEN_ACTIVATED = "token.activated"  # noqa: S105
    TOKEN_SUSPENDED = "token.suspended"  # noqa: S105
    TOKEN_RESUMED = "token.resumed"  # noqa: S105
    TOKEN_DEACTIVATED = "token.deactivated"  # noqa: S105
    TOKEN_RENEWED = "token.renewed"  # noqa: S105
    TOKEN_CONTROLS_CHANGED = "token.controls_changed"  # noqa: S105
    TOKEN_CARD_CHANGED = "token.card_changed"  # noqa: S105
    TOKEN_KEY_REPLENISHED = "token.key_replenished"  # noqa: S105
    TOKEN_CRYPTOGRAM_MADE = "token.cryptogram_made"  # noqa: S105
    VERIFICATION_STARTED = "verification.started"
    VERIFICATION_FAILED = "verification.failed"
    VERIFICATION_COMPLETED = "verification.completed"
    AUTHORIZATION_APPROVED = "authorization.approved"
    AUTHORIZATION_DECLINED = "authorization.declined"
    AUTHORIZATION_INCREASED = "authorization.increased"
    AUTHORIZATION_REVERSED = "authorization.reversed"
    AUTHORIZATION_EXPIRED = "authorization.expired"
    TRANSACTION_POSTED = "transaction.posted"
    DISPUTE_OPENED = "dispute.opened"
    DISPUTE_REPRESENTED = "dispute.represented"
    PAYMENT_RECEIVED = "payment.received"
    PAYMENT_RETURNED = "payment.returned"
    DUE_MISSED = "due.missed"
    STATEMENT_ISSUED = "statement.issued"
    PLAN_STARTED = "plan.started"
    PLAN_ENDED = "plan.ended"
    RELIEF_GRANTED = "relief.granted"
    RELIEF_ENDED = "relief.ended"
    SEGMENT_CHANGED = "segment.changed"
    UNITS_GIVEN = "units.given"
    UNITS_SPENT = "units.spent"
    UNITS_EXPIRED = "units.expired"
    UNITS_TAKEN_BACK = "units.taken_back"
    CASE_OPENED = "case.opened"
    CASE_ANSWERED = "case.answered"
    CASE_EXPIRED = "case.expired"


PAYMENT_EVENTS = frozenset(
    {
        EventType.AUTHORIZATION_APPROVED,
        EventType.AUTHORIZATION_DECLINED,
        EventType.AUTHORIZATION_INCREASED,
        EventType.AUTHORIZATION_REVERSED,
        EventType.AUTHORIZATION_EXPIRED,
        EventType.TRANSACTION_POSTED,
        EventType.DISPUTE_OPENED,
        EventType.DISPUTE_REPRESENTED,
        EventType.PAYMENT_RECEIVED,
        EventType.PAYMENT_RETURNED,
        EventType.DUE_MISSED,
        EventType.STATEMENT_ISSUED,
        EventType.PLAN_STARTED,
        EventType.PLAN_ENDED,
        EventType.RELIEF_GRANTED,
        EventType.RELIEF_ENDED,
        EventType.SEGMENT_CHANGED,
        EventType.UNITS_GIVEN,
        EventType.UNITS_SPENT,
        EventType.UNITS_EXPIRED,
        EventType.UNITS_TAKEN_BACK,
        EventType.CASE_OPENED,
        EventType.CASE_ANSWERED,
        EventType.CASE_EXPIRED,
    }
)
"""What happens to payments: derived from what the engine has decided, see `authz.payments`."""
