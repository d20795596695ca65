"""Compiling before the first message waits for it.

Machine code is kept between runs, so this takes seconds once on a machine and a fraction of a second afterwards.
"""

import numpy as np

from authz import kernel
from authz.checks import new_findings
from authz.commands import COMMAND_BYTES, new_commands, new_results
from authz.hash_index import find_row, rebuilt
from authz.iso8583 import transactions
from authz.iso8583.fields import built_in
from authz.iso8583.scan import new_places, scan_table, split_frames
from authz.tables import new_state


def compile_everything() -> None:
    """Call every compiled function that others call, with no work to do but arguments of the real types."""
    state, commands = new_state(16), new_commands(0)
    kernel.apply(state, commands, new_results(0), new_findings())
    kernel.name_accounts(state, commands)
    rebuilt(state.accounts["account_id"], 0, 16)
    find_row(state.account_slots, state.accounts["account_id"], np.uint64(1))

    buffer, frames, table, places = (
        np.frombuffer(b"", np.uint8),
        np.zeros((0, 2), np.int32),
        scan_table(built_in()),
        new_places(),
    )
    split_frames(buffer, frames, 0)
    octets = np.zeros((0, COMMAND_BYTES), np.uint8)
    transactions.read_transactions(
        buffer,
        frames,
        table,
        places,
        commands,
        octets,
        np.zeros((0, transactions.SIGNED_BYTES), np.uint8),
        octets[:, :8].copy(),
        octets[:, 0].copy(),
        np.zeros(0, np.int32),
    )
    issuer_data = np.frombuffer(bytearray(), np.uint8).reshape(0, 8)
    transactions.write_answers(
        buffer,
        frames,
        table,
        places,
        new_results(0),
        issuer_data,
        octets[:, 0].copy(),
        transactions.room_for_answers(1),
    )
