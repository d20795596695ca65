"""What the program's limits have counted of an account, for people; nothing is changed by looking."""

from dataclasses import dataclass

import numpy as np

from authz.engine import Engine
from authz.hash_index import find_row
from authz.kernel.checks import new_findings
from authz.kernel.meters import measured
from authz.program.document import Limit
from authz.program.tables import Scope


@dataclass(frozen=True)
class Counted:
    """A limit, and how many approved transactions, and how much, its window holds. In the account's currency."""

    limit: Limit
    count: int
    amount_minor: int


def counters_of(engine: Engine, account_id: int) -> list[Counted]:
    """The counters of every limit over windows of an account or its segment. Call it on the engine's loop."""
    state = engine.state
    row = int(find_row(state.account_slots, state.accounts["account_id"], np.uint64(account_id)))
    if row < 0:
        return []
    today, counted = new_findings().today, []
    for number, limit in enumerate(engine.document.limits):
        meter = int(state.program.limits[number]["meter"])
        if meter < 0 or state.program.meters[meter]["scope"] not in (Scope.ACCOUNT, Scope.SEGMENT):
            continue
        count, amount = measured(state, meter, row, engine.now_us, today)
        counted.append(Counted(limit, int(count), int(amount)))
    return counted
