"""Whether a message is proved to be new, which is required before it may affect anything outside the engine."""

import numpy as np

from authz.arrays.compiled import compiled
from authz.kernel.application import context_of
from authz.kernel.checks.findings import Findings
from authz.kernel.passes import decide_for_pin_verification, identify_for_pin_verification
from authz.state.tables import State
from authz.vocabulary.commands import Kind, Records
from authz.vocabulary.layouts import MESSAGE
from authz.vocabulary.reasons import Reason


@compiled
def is_fresh(state: State, commands: Records, findings: Findings) -> bool:
    """Whether a request would pass every check up to its cryptogram's spending: a right cryptogram over what the
    message says, no message that came before, a transaction counter and a key that were not used up.

    commands: one message, of any layout, with its time.  findings: of nobody else. Changes nothing.
    """
    command = commands.view(MESSAGE)[0]
    kind = np.int64(command["kind"])
    if kind != Kind.AUTHORIZATION_REQUEST and kind != Kind.FINANCIAL_REQUEST:
        return False
    context = context_of(state, command)
    reason = identify_for_pin_verification(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = decide_for_pin_verification(state, command, context, findings)
    return bool(reason == Reason.APPROVED)
