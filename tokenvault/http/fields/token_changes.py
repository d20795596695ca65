"""Requests for token lifecycle changes over HTTP, and who may make them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from pydantic import Field

from tokenvault.callers.caller import Scope, acting_as, current_caller
from tokenvault.devices.proof_of_possession import ProvenKey
from tokenvault.http.fields.fields import Body, View
from tokenvault.tokens.lifecycle import ChangeReason, Initiator
from tokenvault.vocabulary.errors import FieldError, Forbidden, Unauthenticated

TokenChangeName = Annotated[
    Literal["suspend", "resume", "deactivate"], Field(description="The change.", examples=["suspend"])
]
ReasonField = Annotated[
    ChangeReason,
    Field(
        description="Why; who may give which reason is in `docs/wallet-integration.md`.",
        examples=["device_lost"],
        strict=False,
    ),
]

_SCOPES = {
    Initiator.CARDHOLDER: Scope.WALLET,
    Initiator.WALLET: Scope.WALLET,
    Initiator.ISSUER: Scope.ISSUER,
    Initiator.NETWORK: Scope.NETWORK,
}


class TokenChange(Body):
    """Who asks for a change, and why."""

    initiator: Initiator = Field(
        description=(
            "On whose behalf: `cardholder` or `wallet` with a wallet key, `issuer` with an issuer key, `network` with "
            "a network key. `cardholder` takes a DPoP proof by the token's device."
        ),
        examples=["issuer"],
        strict=False,
    )
    reason: ReasonField = ChangeReason.OTHER


class ChangedTokens(View):
    """What was changed."""

    token_ids: list[str] = Field(
        description="The changed tokens, oldest first; other tokens were in a state that does not allow the change.",
        examples=[["tok_05F1V9D8S3KYA"]],
    )


@contextmanager
def speaking_for(initiator: Initiator) -> Iterator[None]:
    """What is done meanwhile is done for an initiator, with what is its own. Raises: Forbidden."""
    scope = _SCOPES[initiator]
    if scope not in current_caller.get().scopes:
        raise Forbidden(f"the initiator {initiator} requires an API key with the scope {scope}", code="missing_scope")
    with acting_as(scope):
        yield


def check_cardholder(initiator: Initiator, proven: ProvenKey | None, *, on_device: bool) -> None:
    """Raise Unauthenticated unless the cardholder speaks through a device, where there is one."""
    if initiator is Initiator.CARDHOLDER and on_device and proven is None:
        raise Unauthenticated("the initiator cardholder requires the DPoP proof of the token's device")


def check_issuer(initiator: Initiator) -> Initiator:
    """The initiator, which must be the issuer. Raises: FieldError."""
    if initiator is not Initiator.ISSUER:
        raise FieldError("initiator", "must be issuer for this call")
    return initiator
