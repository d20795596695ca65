"""The token lifecycle as one transition table, and the set of parties that have suspended a token.

Pure: a change is a function from one lifecycle state to the next. `tokens` stores it.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from tokenvault.vocabulary.errors import Conflict, FieldError


class Change(StrEnum):
    """A change of a token's state."""

    APPROVE = "approve"
    DECLINE = "decline"
    ACTIVATE = "activate"
    SUSPEND = "suspend"
    RESUME = "resume"
    DEACTIVATE = "deactivate"


_C = Change
_NOTHING: dict[Change, str] = {}


class TokenState(StrEnum):
    """The state of a token. Deactivated and declined are final."""

    # One row a state: its name; its code in the engine (`authz.vocabulary.states.TokenState`, which holds its decline
    # reason), None for a state without a token PAN, of which the engine is not notified; and the state that follows
    # each change, by name. A change without an entry is refused.
    engine_code: int | None
    becomes: dict[Change, str]

    def __new__(cls, name: str, *row: Any) -> "TokenState":
        """A row. Raises: ValueError where a part of it is missing."""
        state = str.__new__(cls, name)
        state._value_ = name
        state.engine_code, state.becomes = row
        return state

    REQUESTED = "requested", None, {_C.APPROVE: "inactive", _C.DECLINE: "declined", _C.DEACTIVATE: "deactivated"}
    INACTIVE = "inactive", 0, {_C.ACTIVATE: "active", _C.DEACTIVATE: "deactivated"}
    # Activated once more: a retry, as the answer to the first call may have been lost.
    ACTIVE = "active", 1, {_C.ACTIVATE: "active", _C.SUSPEND: "suspended", _C.DEACTIVATE: "deactivated"}
    SUSPENDED = "suspended", 2, {_C.SUSPEND: "suspended", _C.RESUME: "active", _C.DEACTIVATE: "deactivated"}
    DEACTIVATED = "deactivated", 3, _NOTHING
    DECLINED = "declined", None, _NOTHING


TRANSITIONS = {(state, change): TokenState(name) for state in TokenState for change, name in state.becomes.items()}

ENDED = tuple(state for state in TokenState if not state.becomes)
"""The states that are final."""


def _reached_from(state: TokenState) -> list[TokenState]:
    reached = [state]
    for each in reached:
        reached += [TokenState(name) for name in each.becomes.values() if name not in reached]
    return reached


LIVING = tuple(state for state in _reached_from(TokenState.ACTIVE) if state not in ENDED)
"""The states of a token that was activated and has not ended."""


class Initiator(StrEnum):
    """The party that requests a change."""

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
class LifecycleState:
    """A token's state, and the parties that have suspended it (empty unless suspended)."""

    state: TokenState
    suspended_by: frozenset[Initiator] = frozenset()


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
"""The reasons that each initiator may give for each change: published in ``docs/wallet-integration.md``."""


def check_reason(change: Change, initiator: Initiator, reason: ChangeReason) -> None:
    """Raise FieldError unless this initiator may give this reason for this change."""
    allowed = REASONS[change, initiator]
    if reason not in allowed:
        raise FieldError("reason", f"must be one of these to {change} as {initiator}: {', '.join(sorted(allowed))}")


def after(current: LifecycleState, change: Change, initiator: Initiator) -> LifecycleState:
    """The lifecycle state of a token after a change.

    A resume takes its initiator out of the set of suspenders; the token is active again only when none is left.
    Raises: Conflict if the state does not allow the change, or the initiator resumes what it did not suspend.
    """
    state = TRANSITIONS.get((current.state, change))
    if state is None:
        raise Conflict(f"cannot {change} a token that is {current.state}", code="token_state_conflict")
    match change:
        case Change.SUSPEND:
            return LifecycleState(state, current.suspended_by | {initiator})
        case Change.RESUME:
            if initiator not in current.suspended_by:
                raise Conflict(f"the token was not suspended by {initiator}", code="token_state_conflict")
            remaining = current.suspended_by - {initiator}
            return replace(current, suspended_by=remaining) if remaining else LifecycleState(state)
        case _:
            return LifecycleState(state)
