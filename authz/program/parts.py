"""What all parts of the program document have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo


class Part(BaseModel):
    """A part of the document: unknown fields are errors, and nothing changes after the check."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Identifier = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="A name of your own.", examples=["night-atm"])
]

JOURNALED = "journaled"
"""In the context of a validation: the document was activated before, perhaps when less was refused."""


def is_new(info: ValidationInfo) -> bool:
    """Whether a document is submitted now. One from the journal has decided already, and is taken as it is."""
    return not (info.context or {}).get(JOURNALED)
