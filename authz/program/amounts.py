"""Amounts, shares and counts in the terms of a product."""

from typing import Annotated

from pydantic import Field

AMOUNT_MAX = 10**12
"""The greatest amount in terms, minor units: 10 billion of a currency with two decimals. Balances add such amounts up,
and stay far below what 64 bits hold.
"""

MISSED_DUES_MAX = 127
"""The most missed minimums in a row that are counted: the books of an account have seven bits for them."""

_PPM_MAX = 1_000_000

Amount = Annotated[int, Field(ge=0, le=AMOUNT_MAX)]
PartsPerMillion = Annotated[int, Field(ge=0, le=_PPM_MAX)]
