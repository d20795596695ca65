"""What all parts of the program document have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo


class Part(BaseModel):
    """A part of the document: unknown fields are errors, and nothing changes after the check."""

    model_config = ConfigDict(extra="forbid", frozen=True)


IDENTIFIER = r"[a-z0-9][a-z0-9_-]{0,63}"
"""What a name of one's own looks like."""

Identifier = Annotated[
    str, Field(pattern=rf"^{IDENTIFIER}$", description="A name of your own.", examples=["night-atm"])
]

AMOUNT_MAX = 10**12
"""The greatest amount in terms, minor units: 10 billion of a currency with two decimals. Balances add such amounts up,
and stay far below what 64 bits hold.
"""

MISSED_DUES_MAX = 127
"""The most missed minimums in a row that are counted: the books of an account have seven bits for them."""

_PPM_MAX = 1_000_000

Amount = Annotated[int, Field(ge=0, le=AMOUNT_MAX)]
PartsPerMillion = Annotated[int, Field(ge=0, le=_PPM_MAX)]

BOUND_MAX = 2**63 - 1
"""Of what bounds a sum or a count: the compiled program holds it in 64 bits."""

JOURNALED = "journaled"
"""In the context of a validation: the document was activated before, perhaps when less was refused."""


def is_new(info: ValidationInfo) -> bool:
    """Whether a document is submitted now. One from the journal has decided already, and is taken as it is."""
    return not (info.context or {}).get(JOURNALED)
