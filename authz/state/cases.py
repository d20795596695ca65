"""The row of a case, which is also the pass that its approval gives; and a case as it stands, read only."""

from dataclasses import dataclass

from authz.state.rows import found, row_of_sequence
from authz.state.tables import Counter, State
from authz.vocabulary.cases import CaseDecision, CaseStatus, Queue


@dataclass(frozen=True)
class AccountCase:
    """A case of an account. opened_us, pass_until_us: Unix microseconds; the latter is None where there is no pass.

    amount_minor: what was referred, in the account's currency, and the most that its pass is good for.
    """

    sequence: int
    account_id: int
    queue: Queue
    status: CaseStatus
    amount_minor: int
    opened_us: int
    decision: CaseDecision | None
    pass_until_us: int | None
    is_spent: bool


def case_named(state: State, sequence: int) -> AccountCase | None:
    """The case that a decision has opened, or None where it has opened none. sequence: the decision's."""
    count = min(int(state.counters[Counter.CASES]), len(state.cases))  # they may grow while a thread reads
    place = int(row_of_sequence(state.cases, count, sequence))
    if not found(place):
        return None
    row = state.cases[place].copy()
    return AccountCase(
        sequence=sequence,
        account_id=int(row["account_id"]),
        queue=Queue(int(row["queue"])),
        status=CaseStatus(int(row["status"])),
        amount_minor=int(row["amount_minor"]),
        opened_us=int(row["opened_us"]),
        decision=CaseDecision(int(row["decision"])) if row["decision"] else None,
        pass_until_us=int(row["until_us"]) or None,
        is_spent=bool(row["is_spent"]),
    )
