"""``/v1/simulations/messages``: simulated text messages and e-mails to cardholders."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from tokenvault.callers.caller import Scope
from tokenvault.cards.contact_points import VerificationMethod
from tokenvault.http.fields.fields import Timestamp, TokenId, View, timestamp
from tokenvault.http.fields.paging import Limit
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.provisioning import verification
from tokenvault.vocabulary.identifiers import Prefix, to_text

router = APIRouter(
    prefix="/v1/simulations",
    tags=["simulations"],
    dependencies=[requires(Scope.SANDBOX)],
    responses=problem.responses(404),
)


class MessageView(View):
    """A simulated text or mail."""

    id: str = Field(description="Identifier of the message.", examples=["msg_03S7T1B5D9F2H"])
    token_id: TokenId
    method: VerificationMethod = Field(description="How it was sent.", examples=["text_message"])
    recipient: str = Field(description="To whom, masked.", examples=["+49*********89"])
    text: str = Field(description="What it says.", examples=["123456 is your code to add your card to a device."])
    created_at: Timestamp

    @classmethod
    def of(cls, message: verification.Message) -> "MessageView":
        """Show a message."""
        return cls(
            id=to_text(Prefix.MESSAGE, message.id),
            token_id=to_text(Prefix.TOKEN, message.token_id),
            method=message.method,
            recipient=message.recipient,
            text=message.text,
            created_at=timestamp(message.created_at),
        )


class MessageList(View):
    """Messages."""

    data: list[MessageView] = Field(description="The newest first.", examples=[[]])
    has_more: bool = Field(False, description="Always false: older messages are not kept.", examples=[False])


@router.get("/messages")
def list_messages(
    vault: VaultDependency,
    limit: Limit = 20,
    token_id: Annotated[str | None, Query(description="Only about this token.", examples=["tok_05F1V9D8S3KYA"])] = None,
) -> MessageList:
    """List the simulated text messages and e-mails with their one-time codes. Scope: sandbox."""
    found = verification.list_messages(vault, limit=limit, token_id=token_id)
    return MessageList(data=[MessageView.of(message) for message in found], has_more=False)
