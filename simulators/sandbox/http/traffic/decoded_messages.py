"""``/v1/simulations/decoded_messages``: an ISO 8583 message, field by field."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field, model_validator

from authz.iso8583.dialects.fields import BUILT_IN
from simulators.sandbox.http.traffic.dissected_views import DecodedMessageView
from simulators.sandbox.http.traffic.frames import current_recording
from simulators.sandbox.traffic.frame_recording import FrameRecording
from simulators.sandbox.traffic.given_messages import BASE64, HEXADECIMAL, dialect_called, dissected
from tokenvault.callers.caller import Scope
from tokenvault.http.fields.fields import Body
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires

router = APIRouter(
    prefix="/v1/simulations",
    tags=["simulations"],
    dependencies=[requires(Scope.SANDBOX)],
    responses=problem.responses(),
)

_CHARACTERS_MAX = 200_000
"""More than a message of 64 kB takes in hexadecimal, with spaces."""


class MessageToDecode(Body):
    """A message. Give `hex` or `base64`."""

    hex: str | None = Field(
        None,
        description="The message in hexadecimal; spaces and line ends may stand in it.",
        examples=["303830308220000000000000040000000000000031313235313031353030303030313233333031"],
        max_length=_CHARACTERS_MAX,
    )
    base64: str | None = Field(
        None, description="The message in base64 (RFC 4648, 4).", examples=[None], max_length=_CHARACTERS_MAX
    )
    dialect: str = Field(
        "ascii_1987",
        description=f"The dialect to read it in: {', '.join(BUILT_IN)}, or that of one of `iso_listeners`.",
        examples=["ascii_1987"],
        max_length=100,
    )
    framed: bool = Field(False, description="Whether the message's length stands in front of it.", examples=[False])

    @model_validator(mode="after")
    def _is_one(self) -> "MessageToDecode":
        if (self.hex is None) == (self.base64 is None):
            raise ValueError("give hex or base64, one of them")
        return self


@router.post("/decoded_messages")
def decode_message(
    recording: Annotated[FrameRecording, Depends(current_recording)], body: MessageToDecode
) -> DecodedMessageView:
    """Decode an ISO 8583 message: fields with their places, DE 55 as a tree, card data masked. What is no message is
    refused with 422, and `errors` names field, byte and reason. Scope: sandbox.
    """
    text, form = (body.base64, BASE64) if body.hex is None else (body.hex, HEXADECIMAL)
    dialect = dialect_called(body.dialect, recording.lines)
    return DecodedMessageView.of(dissected(text or "", form, dialect, is_framed=body.framed))
