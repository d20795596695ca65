"""The outcome of a step, compared with its expectation."""

from dataclasses import dataclass, field
from typing import Any

from simulators.terminals.receipt import Receipt
from simulators.testkit.decision_table import failed_check

DONE = "done"

WENT_WELL = frozenset({DONE, "approved", "approved_offline", "verified", "partially_approved", "refused"})
"""The expectation of a step without one: an attack succeeds as a step if it is refused."""


@dataclass(frozen=True)
class Outcome:
    """reason: a decline reason, ``approved``, a problem's code, what a terminal says, or ``done``.

    values: what else can be expected, by name.  receipt: where there was a payment.  decision: as the network explains
    it, where it decided.
    """

    reason: str = DONE
    detail: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    receipt: Receipt | None = None
    decision: dict[str, Any] | None = None

    @property
    def went_well(self) -> bool:
        """The expectation of a step without one."""
        return self.reason in WENT_WELL

    @property
    def declined_by(self) -> str:
        """The rule or limit of the program that declined, as ``rule ID`` or ``limit ID``; empty for all else."""
        check = failed_check(self.decision) if self.decision else ""
        return check if check.startswith(("rule ", "limit ")) else ""

    @property
    def told(self) -> str:
        """The reason with what stands behind it."""
        behind = "; ".join(filter(None, (self.declined_by, self.detail)))
        return f"{self.reason} ({behind})" if behind else self.reason


def of_receipt(receipt: Receipt, decision: dict[str, Any] | None) -> Outcome:
    """The outcome of a payment."""
    reason = receipt.reason_undecided if decision is None else str(decision["reason"])
    values = {
        "response_code": receipt.response_code,
        "approved_amount": receipt.approved_minor,
        "flagged": bool(decision and decision.get("flagged")),
    }
    return Outcome(reason, receipt.detail, values, receipt, decision)
