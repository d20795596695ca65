"""``/v1/simulations/undecided_messages``: the latest ISO 8583 messages that were answered without a decision."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from authz.network.recent_undecided import RecentUndecided, UndecidedMessage
from tokenvault.callers.caller import Scope
from tokenvault.http.fields.fields import View
from tokenvault.http.fields.paging import Limit
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires

router = APIRouter(
    prefix="/v1/simulations",
    tags=["simulations"],
    dependencies=[requires(Scope.NETWORK, Scope.SANDBOX)],
    responses=problem.responses(),
)


class UndecidedMessageView(View):
    """A message that was answered without a decision. Nothing of its content but what its sender recognizes it by."""

    time: datetime = Field(description="RFC 3339 time in UTC.", examples=["2026-11-24T10:15:00Z"])
    peer: str = Field(description="Address of the connection that it came on.", examples=["127.0.0.1:50412"])
    reason: str = Field(
        description="Why: `network_management`, `format_error`, `function_not_supported`, `acquirer_not_authorized` or "
        "`unexpected_message`.",
        examples=["network_management"],
    )
    message_type: str | None = Field(description="Message type; null where it could not be read.", examples=["0800"])
    stan: str | None = Field(description="DE 11, null where it could not be read.", examples=["000123"])
    network_code: str | None = Field(description="DE 70; null without one.", examples=["301"])
    response_code: str | None = Field(description="DE 39 of the answer; null where it got none.", examples=["00"])
    field: int | None = Field(description="Number of the field that is wrong, of a format error.", examples=[7])
    offset: int | None = Field(description="Where that field begins, in bytes, if that is known.", examples=[30])
    sentence: str | None = Field(description="The format error as a sentence.", examples=["DE 7 is missing"])

    @classmethod
    def of(cls, message: UndecidedMessage) -> "UndecidedMessageView":
        """Show one."""
        error = message.error
        return cls(
            time=datetime.fromtimestamp(message.time_us / 1e6, UTC),
            peer=message.peer,
            reason=message.why,
            message_type=message.message_type,
            stan=message.stan,
            network_code=message.network_code,
            response_code=message.response_code,
            field=None if error is None else error.field,
            offset=None if error is None else error.offset,
            sentence=None if error is None else error.sentence,
        )


class UndecidedMessageList(View):
    """Messages that were answered without a decision."""

    data: list[UndecidedMessageView] = Field(description="The newest first; the last thousand are kept.", examples=[[]])


def current_undecided(request: Request) -> RecentUndecided:
    """What the network remembers of messages that were not decided."""
    remembered: RecentUndecided = request.app.state.undecided
    return remembered


@router.get("/undecided_messages")
async def list_undecided_messages(
    undecided: Annotated[RecentUndecided, Depends(current_undecided)], limit: Limit = 20
) -> UndecidedMessageList:
    """List messages that were answered without a decision: network management, malformed and unsupported ones. Scope:
    network or sandbox.
    """
    return UndecidedMessageList(data=[UndecidedMessageView.of(each) for each in undecided.newest_first()[:limit]])
