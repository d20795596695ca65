"""Compiles the functions in advance, so that no message has to wait for it.

Machine code is kept between runs, so this takes seconds once on a machine and a fraction of a second afterwards.
"""

import numba
import numpy as np

from authz.arrays.hash_index import find_row, key_set, rebuilt
from authz.iso8583.chip.chip_data import SIGNED_BYTES_MAX, new_tags
from authz.iso8583.chip.signed_data import DateTolerances, circumstances
from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding.scan import new_places, scan_table, split_frames
from authz.iso8583.messages.answering import room_for_answers, write_answers
from authz.iso8583.messages.reading import read_transactions
from authz.kernel.application import apply, name_accounts
from authz.kernel.checks.findings import new_findings
from authz.kernel.freshness import is_fresh
from authz.kernel.measures.meters import measured
from authz.kernel.undefined_values import first_undefined
from authz.network.advice_limits import says_more
from authz.network.arrivals import names_another
from authz.network.warmth import note_warm
from authz.program.compilation import compiled_program
from authz.program.document import Limit, ProgramDocument
from authz.state.tables import new_state
from authz.vocabulary.commands import COMMAND_BYTES, new_commands, new_results
from authz.vocabulary.layouts import new_messages


def compile_everything() -> None:
    """Call every compiled function that Python calls, with no work to do but arguments of the real types."""
    program = compiled_program(ProgramDocument(limits=[Limit(id="any", window="1h", count_max=0)]), version=0)
    state, commands, messages, findings = new_state(16, program), new_commands(0), new_messages(0), new_findings()
    apply(state, commands, new_results(0), findings)
    name_accounts(state, commands)
    is_fresh(state, new_commands(1), findings)
    first_undefined(commands)
    measured(state, 0, 0, -1, 0, findings.today)
    rebuilt(state.accounts["account_id"], 0, 16)
    key_set(np.zeros(0, np.uint64), 1)
    find_row(state.account_slots, state.accounts["account_id"], np.uint64(1))

    buffer, frames, table, places = (
        np.frombuffer(b"", np.uint8),
        np.zeros((0, 2), np.int32),
        scan_table(built_in()),
        new_places(),
    )
    split_frames(buffer, frames, 0)
    names_another(messages, np.zeros(0, np.int64), np.zeros(0, np.uint64))
    says_more(messages, 0)
    octets = np.zeros((0, COMMAND_BYTES), np.uint8)
    read_transactions(
        buffer,
        frames,
        table,
        places,
        new_tags(),
        messages,
        octets,
        np.zeros((0, SIGNED_BYTES_MAX), np.uint8),
        octets[:, :8].copy(),
        octets[:, 0].copy(),
        np.zeros(0, np.int32),
        circumstances(DateTolerances(), (0,)),
    )
    issuer_data = np.frombuffer(bytearray(), np.uint8).reshape(0, 8)
    write_answers(
        buffer,
        frames,
        table,
        places,
        new_results(0),
        new_results(0)["payment_account_reference"].copy().view(np.uint8).reshape(0, 29),
        issuer_data,
        octets[:, 0].copy(),
        room_for_answers(1),
    )
    note_warm(numba.config.CACHE_DIR)
