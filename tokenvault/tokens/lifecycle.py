"""A token's life as one transition table, and the set of those who suspended it.

Pure: a change is a function from life to life; storing it is `tokens`' concern.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from tokenvault.errors import Conflict, FieldError


class TokenState(StrEnum):
    """Where a token stands. Deactivated and declined are final."""

    REQUESTED = "requested"
    INACTIVE = "inactive"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"
    DECLINED = "declined"


class Change(StrEnum):
    """What can happen to a token."""

    APPROVE = "approve"
    DECLINE = "decline"
    ACTIVATE = "activate"
    SUSPEND = "suspend"
    RESUME = "resume"
    DEACTIVATE = "deactivate"


class Initiator(StrEnum):
    """Who asks for a change."""

    CARDHOLDER = "cardholder"
    WALLET = "wallet"
    ISSUER = "issuer"
    NETWORK = "network"


class ChangeReason(StrEnum):
    """Why a token is suspended, resumed or deactivated."""

    CARDHOLDER_REQUEST = "cardholder_request"
    DEVICE_LOST = "device_lost"
    DEVICE_STOLEN = "device_stolen"
    DEVICE_FOUND = "device_found"
    DEVICE_REPLACED = "device_replaced"
    REMOVED_FROM_WALLET = "removed_from_wallet"
    CARD_LOST = "card_lost"
    CARD_STOLEN = "card_stolen"
    CARD_FOUND = "card_found"
    CARD_CLOSED = "card_closed"
    ACCOUNT_CLOSED = "account_closed"
    SUSPECTED_FRAUD = "suspected_fraud"
    CONFIRMED_FRAUD = "confirmed_fraud"
    FRAUD_CLEARED = "fraud_cleared"
    OTHER = "other"


@dataclass(frozen=True)
class TokenLife:
    """State, and who holds it suspended (empty unless suspended)."""

    state: TokenState
    suspended_by: frozenset[Initiator] = frozenset()


_S, _C = TokenState, Change
TRANSITIONS: dict[tuple[TokenState, Change], TokenState] = {
    (_S.REQUESTED, _C.APPROVE): _S.INACTIVE,
    (_S.REQUESTED, _C.DECLINE): _S.DECLINED,
    (_S.REQUESTED, _C.DEACTIVATE): _S.DEACTIVATED,
    (_S.INACTIVE, _C.ACTIVATE): _S.ACTIVE,
    (_S.INACTIVE, _C.DEACTIVATE): _S.DEACTIVATED,
    (_S.ACTIVE, _C.ACTIVATE): _S.ACTIVE,  # a retry: the answer to the first call may have been lost
    (_S.ACTIVE, _C.SUSPEND): _S.SUSPENDED,
    (_S.ACTIVE, _C.DEACTIVATE): _S.DEACTIVATED,
    (_S.SUSPENDED, _C.SUSPEND): _S.SUSPENDED,
    (_S.SUSPENDED, _C.RESUME): _S.ACTIVE,
    (_S.SUSPENDED, _C.DEACTIVATE): _S.DEACTIVATED,
}


_I, _R = Initiator, ChangeReason
_OF_A_DEVICE = {_R.DEVICE_LOST, _R.DEVICE_STOLEN}
_OF_A_CARD = {_R.CARD_LOST, _R.CARD_STOLEN}
REASONS: dict[tuple[Change, Initiator], frozenset[ChangeReason]] = {
    (change, initiator): frozenset(reasons | {_R.OTHER})
    for change, initiator, reasons in (
        (_C.SUSPEND, _I.CARDHOLDER, {_R.CARDHOLDER_REQUEST, *_OF_A_DEVICE}),
        (_C.SUSPEND, _I.WALLET, {_R.SUSPECTED_FRAUD, *_OF_A_DEVICE}),
        (_C.SUSPEND, _I.ISSUER, {_R.CARDHOLDER_REQUEST, _R.SUSPECTED_FRAUD, *_OF_A_DEVICE, *_OF_A_CARD}),
        (_C.SUSPEND, _I.NETWORK, {_R.SUSPECTED_FRAUD}),
        (_C.RESUME, _I.CARDHOLDER, {_R.CARDHOLDER_REQUEST, _R.DEVICE_FOUND}),
        (_C.RESUME, _I.WALLET, {_R.DEVICE_FOUND, _R.FRAUD_CLEARED}),
        (_C.RESUME, _I.ISSUER, {_R.CARDHOLDER_REQUEST, _R.DEVICE_FOUND, _R.CARD_FOUND, _R.FRAUD_CLEARED}),
        (_C.RESUME, _I.NETWORK, {_R.FRAUD_CLEARED}),
        (_C.DEACTIVATE, _I.CARDHOLDER, {_R.CARDHOLDER_REQUEST, *_OF_A_DEVICE}),
        (_C.DEACTIVATE, _I.WALLET, {_R.REMOVED_FROM_WALLET, _R.DEVICE_REPLACED, *_OF_A_DEVICE}),
        (
            _C.DEACTIVATE,
            _I.ISSUER,
            {
                _R.CARDHOLDER_REQUEST,
                _R.CARD_CLOSED,
                _R.ACCOUNT_CLOSED,
                _R.CONFIRMED_FRAUD,
                *_OF_A_DEVICE,
                *_OF_A_CARD,
            },
        ),
        (_C.DEACTIVATE, _I.NETWORK, {_R.CONFIRMED_FRAUD}),
    )
}
"""Who may ask for what for which reasons: published in ``docs/wallet-integration.md``."""


def check_reason(change: Change, initiator: Initiator, reason: ChangeReason) -> None:
    """Raise FieldError unless this initiator may ask for this change for this reason."""
    allowed = REASONS[change, initiator]
    if reason not in allowed:
        raise FieldError("reason", f"to {change} as {initiator} is one of: {', '.join(sorted(allowed))}")


def after(life: TokenLife, change: Change, initiator: Initiator) -> TokenLife:
    """The life of a token after a change.

    A resume takes its initiator out of the set of suspenders; the token is active again only when none is left.
    Raises: Conflict if the state does not allow the change, or the initiator resumes what it did not suspend.
    """
    state = TRANSITIONS.get((life.state, change))
    if state is None:
        raise Conflict(f"cannot {change} a token that is {life.state}", code="token_state_conflict")
    match change:
        case Change.SUSPEND:
            return TokenLife(state, life.suspended_by | {initiator})
        case Change.RESUME:
            if initiator not in life.suspended_by:
                raise Conflict(f"the token was not suspended by {initiator}", code="token_state_conflict")
            remaining = life.suspended_by - {initiator}
            return replace(life, suspended_by=remaining) if remaining else TokenLife(state)
        case _:
            return TokenLife(state)
