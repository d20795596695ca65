"""``/v1/simulations/format_errors``: the most recent malformed messages and their errors."""

from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from authz.network.recent_format_errors import RecentFormatErrors, SeenFormatError
from tokenvault.callers.caller import Scope
from tokenvault.http.fields.paging import Limit
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires

router = APIRouter(
    prefix="/v1/simulations",
    tags=["simulations"],
    dependencies=[requires(Scope.NETWORK, Scope.SANDBOX)],
    responses=problem.responses(),
)


class FormatErrorView(BaseModel):
    """One malformed message. Nothing of its content but what its sender recognizes it by."""

    time: datetime = Field(description="RFC 3339 time in UTC.", examples=["2026-11-24T10:15:00Z"])
    peer: str = Field(description="Address of the connection that it came on.", examples=["127.0.0.1:50412"])
    message_type: str | None = Field(description="Message type; null where it could not be read.", examples=["0100"])
    transmission_time: str | None = Field(description="DE 7, null where it could not be read.", examples=["1325120000"])
    stan: str | None = Field(description="DE 11, null where it could not be read.", examples=["000123"])
    field: int = Field(
        description="Number of the field that is wrong: 0 for the message type or the whole message, 1 for a bitmap.",
        examples=[7],
    )
    offset: int | None = Field(
        description="Where the field begins, or the message breaks off, in bytes from the message's first; null where "
        "the field is not there, or the message was translated from another dialect.",
        examples=[12],
    )
    code: str = Field(description="The code in DE 44, see docs/wire.md.", examples=["impossible_date"])
    part: str | None = Field(description="The tag or subelement that is wrong, if it is one.", examples=["9F26"])
    sentence: str = Field(description="The error as a sentence.", examples=["DE 7 has an impossible date"])
    additional_response_data: str = Field(description="DE 44 of the answer.", examples=["007 impossible_date"])

    @classmethod
    def of(cls, seen: SeenFormatError) -> "FormatErrorView":
        """Show one."""
        return cls(
            time=datetime.fromtimestamp(seen.time_us / 1e6, UTC),
            peer=seen.peer,
            message_type=seen.message_type,
            transmission_time=seen.transmitted,
            stan=seen.stan,
            field=seen.error.field,
            offset=seen.error.offset,
            code=seen.error.code,
            part=seen.error.part or None,
            sentence=seen.error.sentence,
            additional_response_data=seen.error.additional_response_data,
        )


class FormatErrorList(BaseModel):
    """Malformed messages."""

    data: list[FormatErrorView] = Field(description="The newest first; the last thousand are kept.", examples=[[]])


def current_format_errors(request: Request) -> RecentFormatErrors:
    """What the network remembers of malformed messages."""
    remembered: RecentFormatErrors = request.app.state.format_errors
    return remembered


@router.get("/format_errors")
async def list_format_errors(
    format_errors: Annotated[RecentFormatErrors, Depends(current_format_errors)], limit: Limit = 20
) -> FormatErrorList:
    """List malformed messages and their format errors. Scope: network or sandbox."""
    return FormatErrorList(data=[FormatErrorView.of(seen) for seen in islice(format_errors.newest_first(), limit)])
