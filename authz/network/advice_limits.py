"""The maximum amount of a single advice, by acquirer, because an advice must be accepted.

A force post, a refund advice or a completion beyond the bound is acknowledged, moves nothing, and is listed as an
exception.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.vocabulary.commands import Flag, Kind, Records

ADVICE_LIMIT = 10_000_000
"""The usual bound: 100,000.00 of a currency with two decimals."""

_ADVICES = (Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE)


@compiled
def says_more(commands: Records, amount_minor: Integer) -> bool:
    """Whether any message says more than an amount in DE 4. commands: MESSAGE[n]."""
    most: Integer = 0
    for i in range(len(commands)):
        most = max(most, np.int64(commands[i]["amount_minor"]))
    return bool(most > amount_minor)


@dataclass(frozen=True)
class AdviceLimits:
    """The most that DE 4 of an advice may say, in minor units of DE 49: usually, and by acquirer (DE 32)."""

    usual: int = ADVICE_LIMIT
    by_acquirer: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def _least(self) -> int:
        return min([self.usual, *self.by_acquirer.values()])

    def mark(self, commands: Records) -> None:
        """Set `Flag.BEYOND_ADVICE_LIMIT` in the advices that say more. commands: MESSAGE[n]."""
        if not says_more(commands, self._least):
            return
        for command in commands:
            limit = self.by_acquirer.get(int(command["acquirer"]), self.usual)
            if command["kind"] in _ADVICES and command["amount_minor"] > limit:
                command["flags"] |= Flag.BEYOND_ADVICE_LIMIT
