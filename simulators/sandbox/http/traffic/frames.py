"""``/v1/simulations/frames``: the latest ISO 8583 frames with their answers, while they are recorded."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from simulators.sandbox.http.traffic.dissected_views import DecodedMessageView
from simulators.sandbox.traffic.frame_recording import BYTES_MAX, FRAMES_MAX, FrameRecording
from simulators.sandbox.traffic.recorded_frames import (
    Frame,
    Wanted,
    authorization_named,
    found_frames,
    frame_number,
    frame_numbered,
)
from tokenvault.background.errands import in_thread
from tokenvault.callers.caller import Scope
from tokenvault.http.fields.fields import Body, View
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires

router = APIRouter(
    prefix="/v1/simulations",
    tags=["simulations"],
    dependencies=[requires(Scope.SANDBOX)],
    responses=problem.responses(404),
)


def current_recording(request: Request) -> FrameRecording:
    """The recording of the sandbox."""
    recording: FrameRecording = request.app.state.frames
    return recording


RecordingDependency = Annotated[FrameRecording, Depends(current_recording)]


class RecordingRequest(Body):
    """Whether frames are recorded."""

    on: bool = Field(
        description="true begins a new recording, unless one goes on; false ends it, and what was recorded stays until "
        "the next one begins.",
        examples=[True],
    )


class RecordingView(View):
    """Whether frames are recorded, and how many there are."""

    on: bool = Field(description="Whether frames are recorded.", examples=[True])
    frames: int = Field(description="Recorded requests that are kept.", examples=[12])
    frames_max: int = Field(description="The most that are kept; the oldest make room.", examples=[FRAMES_MAX])
    bytes: int = Field(description="What requests and answers take in memory.", examples=[4200])
    bytes_max: int = Field(description="The most that they may take.", examples=[BYTES_MAX])

    @classmethod
    def of(cls, recording: FrameRecording) -> "RecordingView":
        """Show it."""
        return cls(
            on=recording.is_on,
            frames=min(recording.frames, recording.frames_max),
            frames_max=recording.frames_max,
            bytes=recording.bytes,
            bytes_max=recording.bytes_max,
        )


class FrameView(View):
    """A recorded request, and what became of it."""

    id: str = Field(description="Identifier of the frame.", examples=["frame_0000000000001"])
    time: datetime = Field(description="When it was taken, RFC 3339 in UTC.", examples=["2026-11-24T10:15:00.123456Z"])
    answered_at: datetime | None = Field(
        description="When its answer was given, RFC 3339; null without one.", examples=["2026-11-24T10:15:00.125Z"]
    )
    port: int = Field(description="Port of the listener that it came to.", examples=[8583])
    dialect: str = Field(description="Dialect of that listener.", examples=["ascii_1987"])
    peer: str = Field(description="Address of the connection that it came on.", examples=["127.0.0.1:50412"])
    message_type: str | None = Field(description="Message type; null where it could not be read.", examples=["0100"])
    stan: str | None = Field(description="DE 11, null where it could not be read.", examples=["000123"])
    response_code: str | None = Field(description="DE 39 of the answer; null without one.", examples=["00"])
    authorization_id: str | None = Field(
        description="The decision, DE 62 of the answer; null where nothing was decided.",
        examples=["auth_000000000001A"],
    )
    format_error: str | None = Field(description="Why the request could not be decoded.", examples=[None])

    @staticmethod
    def outline(frame: Frame) -> dict[str, Any]:
        """What a list shows of a frame."""
        return {
            "id": frame.id,
            "time": _moment(frame.time_us),
            "answered_at": None if frame.answered_us is None else _moment(frame.answered_us),
            "port": frame.port,
            "dialect": frame.request.dialect.name,
            "peer": frame.peer,
            "message_type": frame.request.message_type,
            "stan": frame.stan,
            "response_code": frame.response_code,
            "authorization_id": frame.authorization_id,
            "format_error": frame.request.refusal,
        }

    @classmethod
    def of(cls, frame: Frame) -> "FrameView":
        """Show a frame in a list."""
        return cls(**cls.outline(frame))


class WholeFrameView(FrameView):
    """A recorded request and its answer, field by field."""

    request: DecodedMessageView = Field(description="The request.", examples=[{}])
    answer: DecodedMessageView | None = Field(
        description="Its answer; null where it got none, or none yet.", examples=[None]
    )

    @classmethod
    def of(cls, frame: Frame) -> "WholeFrameView":
        """Show a whole frame."""
        numbers = frame.card_numbers
        answer = None if frame.answer is None else DecodedMessageView.of(frame.answer, numbers)
        return cls(**cls.outline(frame), request=DecodedMessageView.of(frame.request, numbers), answer=answer)


def _moment(time_us: int) -> datetime:
    return datetime.fromtimestamp(time_us / 1e6, UTC)


@router.get("/frame_recording")
async def read_frame_recording(recording: RecordingDependency) -> RecordingView:
    """Read whether ISO 8583 frames are recorded. Scope: sandbox."""
    return RecordingView.of(recording)


@router.post("/frame_recording")
async def switch_frame_recording(recording: RecordingDependency, body: RecordingRequest) -> RecordingView:
    """Begin a recording of ISO 8583 frames, or end it. Scope: sandbox."""
    if body.on:
        recording.turn_on()
    else:
        recording.turn_off()
    return RecordingView.of(recording)


@router.get("/frames")
async def list_frames(
    recording: RecordingDependency,
    limit: Limit = 20,
    starting_after: StartingAfter = None,
    authorization_id: Annotated[
        str | None, Query(description="Only the frame of this decision.", examples=["auth_000000000001A"])
    ] = None,
    stan: Annotated[
        str | None, Query(description="Only frames with this DE 11.", examples=["000123"], pattern=r"^[0-9]{6}$")
    ] = None,
) -> Page[FrameView]:
    """List recorded frames, the newest first. Scope: sandbox."""
    wanted = Wanted(authorization_named(authorization_id), stan)
    before = None if starting_after is None else frame_number(starting_after)
    kept = recording.newest_first()
    return page(
        await in_thread(found_frames, kept, recording.frames_max, wanted, before, limit + 1), limit, FrameView.of
    )


@router.get("/frames/{frame_id}")
async def read_frame(
    recording: RecordingDependency,
    frame_id: Annotated[str, Path(description="Identifier of the frame.", examples=["frame_0000000000001"])],
) -> WholeFrameView:
    """Read a recorded frame and its answer, field by field; card data masked. Scope: sandbox."""
    kept = recording.newest_first()
    return WholeFrameView.of(await in_thread(frame_numbered, kept, recording.frames_max, frame_id))
