"""Findings of the checks, limits and rules for a command, kept for its explanation."""

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from authz.arrays.by_reference import by_reference
from authz.arrays.compiled import Integer, inlined
from authz.kernel.checks.numbers import Check
from authz.program.periods import Today, new_today
from authz.program.tables import LIMITS_MAX, RULES_MAX
from authz.vocabulary.attributes import ATTRIBUTES_MAX
from authz.vocabulary.commands import Records, record

FINDING = record([("seen", "i8"), ("bound", "i8"), ("reached", "u4"), ("reason", "u4")])
"""What one check saw of one command."""

Finding: TypeAlias = tuple[Integer, Integer, Integer]
"""What a check returns: what it saw, the bound that it held it against, and the reason to decline or `APPROVED`."""

RUN = 128
"""How many commands `prefetching` looks at together: what they need fits the processor's second cache."""


@by_reference
class Findings(NamedTuple):
    """What was found of one command: the checks, the limits, the rules, and the values that the rules saw.

    checks: FINDING[len(Check)].  limits: FINDING[LIMITS_MAX].  rules: uint8[RULES_MAX], see `rules`.
    values: int64[ATTRIBUTES_MAX].

    Nothing found, but kept from one decision to the next: ahead: int64[RUN, 2], see `prefetching`.  today: see
    `calendar`.
    """

    checks: Records
    limits: Records
    rules: npt.NDArray[np.uint8]
    values: npt.NDArray[np.int64]
    ahead: npt.NDArray[np.int64]
    today: Today


def new_findings() -> Findings:
    """Room for one command's findings."""
    return Findings(
        np.zeros(len(Check), FINDING),
        np.zeros(LIMITS_MAX, FINDING),
        np.zeros(RULES_MAX, np.uint8),
        np.zeros(ATTRIBUTES_MAX, np.int64),
        np.zeros((RUN, 2), np.int64),
        new_today(),
    )


@inlined
def note(findings: Records, check: Integer, finding: Finding) -> Integer:
    """Write down what a check has returned, and return its reason."""
    seen, bound, reason = finding
    findings[check]["seen"] = seen
    findings[check]["bound"] = bound
    findings[check]["reached"] = 1
    findings[check]["reason"] = reason
    return reason
