"""A token's life as one transition table, and the set of those who suspended it.

Pure: a change is a function from life to life; storing it is `tokens`' concern.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from tokenvault.errors import Conflict


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


@dataclass(frozen=True)
class TokenLife:
    """State, and who holds it suspended (empty unless suspended)."""

    state: TokenState
    suspended_by: frozenset[Initiator] = frozenset()


_S, _C = TokenState, Change
TRANSITIONS: dict[tuple[TokenState, Change], TokenState] = {
    (_S.REQUESTED, _C.APPROVE): _S.INACTIVE,
    (_S.REQUESTED, _C.DECLINE): _S.DECLINED,
    (_S.INACTIVE, _C.ACTIVATE): _S.ACTIVE,
    (_S.INACTIVE, _C.DEACTIVATE): _S.DEACTIVATED,
    (_S.ACTIVE, _C.ACTIVATE): _S.ACTIVE,  # a retry: the answer to the first call may have been lost
    (_S.ACTIVE, _C.SUSPEND): _S.SUSPENDED,
    (_S.ACTIVE, _C.DEACTIVATE): _S.DEACTIVATED,
    (_S.SUSPENDED, _C.SUSPEND): _S.SUSPENDED,
    (_S.SUSPENDED, _C.RESUME): _S.ACTIVE,
    (_S.SUSPENDED, _C.DEACTIVATE): _S.DEACTIVATED,
}


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
