"""Checkpoints: the same state from a file, from a file and the rest of the journal, and from the journal alone."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from authz.journal import checkpoint, segment_header
from authz.journal.checkpoint import Checkpoint, checkpoints, read_checkpoint, write_checkpoint
from authz.journal.data_directory import JOURNAL, checkpoints_in, history_in
from authz.journal.disk import Directory
from authz.journal.earlier_layouts import ONE_FOR_ALL_KINDS, SAME_MESSAGES, digest_of
from authz.journal.earlier_rows import take_over
from authz.journal.journal_files import SegmentJournal
from authz.journal.records import Batch
from authz.journal.replay import History, apply_batch, replayed, replayed_command
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, canonical
from authz.program.tables import TERMS
from authz.state.billing import BILLING, PLAN
from authz.state.row_layouts import ACCOUNT, TRANSACTION
from authz.state.stored import rows_in_use, storage_for, stored_arrays
from authz.state.tables import Counter, new_state
from authz.upkeep.checkpointing import Retention, make_checkpoint
from authz.upkeep.journal_tools import dump, verify
from authz.vocabulary.errors import CheckpointDamaged
from authz.vocabulary.layouts import MESSAGE, joined
from tests.authz.commands import set_account, set_card, set_token, tap
from tests.authz.journal.test_replay import a_busy_day

ROOT = Path(__file__).parents[3]


@pytest.fixture
def bank(tmp_path):
    """A data directory with a busy day in many small segments, and the state after it."""
    journal = SegmentJournal(Directory(tmp_path / JOURNAL), segment_bytes=20_000)
    day = a_busy_day()
    for start in range(0, len(day), 20):
        journal.append(Batch(start + 1, day[start : start + 20]))
    state, results, _ = apply_batch(new_state(16), day)
    return tmp_path, journal, day, rows_in_use(state), results


def test_the_same_state_by_every_way(bank):
    """With a checkpoint, without one, and with the segments before it gone."""
    directory, journal, day, expected, results = bank
    disk = checkpoints_in(directory)
    made = make_checkpoint(journal, disk, Retention())
    assert made == journal.sealed_sequence < len(day)
    assert make_checkpoint(journal, disk, Retention()) is None
    assert rows_in_use(replayed(History(journal)).state) == expected
    assert rows_in_use(replayed(History(journal, disk)).state) == expected
    half = apply_batch(new_state(16), day[:made])[0]
    assert rows_in_use(read_checkpoint(disk, made).state) == rows_in_use(half)
    for sequence in (5, made, made + 1, len(day)):
        found = replayed_command(history_in(directory), sequence)
        assert found.result.tobytes() == results[sequence - 1].tobytes()


def test_segments_and_checkpoints_with_other_names_of_fields_are_read(tmp_path, monkeypatch):
    """What the version before wrote: the same bytes, and digests of one layout for commands of all kinds."""
    before = digest_of(ONE_FOR_ALL_KINDS)
    day, disk = a_busy_day(), checkpoints_in(tmp_path)
    half = len(day) // 2
    with monkeypatch.context() as earlier:
        earlier.setattr(segment_header, "_LAYOUTS", before)
        earlier.setattr(checkpoint, "_digest_of_rows", lambda dtype: before if dtype == MESSAGE else digest_of(dtype))
        journal = SegmentJournal(Directory(tmp_path / JOURNAL), segment_bytes=20_000)
        for start in range(0, half, 20):
            journal.append(Batch(start + 1, day[start : min(start + 20, half)]))
        made = make_checkpoint(journal, disk, Retention(0))
        journal.close()
    assert before in (tmp_path / JOURNAL / min(os.listdir(tmp_path / JOURNAL))).read_bytes()[:80]
    assert before.hex().encode() in Path(disk.path(disk.names()[0])).read_bytes()

    assert rows_in_use(read_checkpoint(disk, made).state) == rows_in_use(apply_batch(new_state(16), day[:made])[0])
    journal = SegmentJournal(Directory(tmp_path / JOURNAL), segment_bytes=20_000)
    journal.append(Batch(half + 1, day[half:]))
    journal.close()
    history = history_in(tmp_path)
    expected = rows_in_use(apply_batch(new_state(16), day)[0])
    assert rows_in_use(replayed(history).state) == rows_in_use(replayed(History(history.journal)).state) == expected
    for path in sorted((tmp_path / JOURNAL).iterdir())[:1]:
        path.unlink()  # what retention gives up: now the checkpoint is needed
    assert rows_in_use(replayed(history_in(tmp_path)).state) == expected


@pytest.mark.parametrize("digest", sorted(SAME_MESSAGES), ids=bytes.hex)
def test_checkpoints_with_names_of_messages_fields_in_their_digest_are_read(digest, tmp_path, monkeypatch):
    """Up to 2026-11-29."""
    disk, state = checkpoints_in(tmp_path), new_state(16)
    with monkeypatch.context() as earlier:
        earlier.setattr(checkpoint, "_digest_of_rows", lambda dtype: digest if dtype == MESSAGE else digest_of(dtype))
        write_checkpoint(disk, Checkpoint(7, state, b""))
    assert digest.hex().encode() in Path(disk.path(disk.names()[0])).read_bytes()
    assert rows_in_use(read_checkpoint(disk, 7).state) == rows_in_use(state)


def test_a_message_s_field_may_get_another_name(tmp_path, monkeypatch):
    """A checkpoint by a version with another name for it is read; by one that has it elsewhere, it is not."""
    disk, state = checkpoints_in(tmp_path), new_state(16)
    fields = {name: (form, offset) for name, (form, offset, *_) in MESSAGE.fields.items()}
    form_of_it, place_of_it = fields.pop("stan")
    for sequence, offset in ((7, place_of_it), (8, MESSAGE.itemsize)):
        with monkeypatch.context() as earlier:
            other = _dtype_of(fields | {"trace_number": (form_of_it, offset)})
            earlier.setattr(checkpoint, "MESSAGE", other)
            digest = checkpoint._digest_of_rows(other)
        with monkeypatch.context() as earlier:
            earlier.setattr(
                checkpoint, "_digest_of_rows", lambda dtype, of=digest: of if dtype == MESSAGE else digest_of(dtype)
            )
            write_checkpoint(disk, Checkpoint(sequence, state, b""))
    assert rows_in_use(read_checkpoint(disk, 7).state) == rows_in_use(state)
    with pytest.raises(CheckpointDamaged, match="has another layout"):
        read_checkpoint(disk, 8)


def test_terms_of_the_version_before_are_read(tmp_path):
    """They had no columns for relief, which then does not come by itself."""
    document = ProgramDocument.model_validate({"products": [{"number": 1, "id": "card", "terms": {"rate_ppm": 7}}]})
    state, disk = new_state(16, compiled_program(document, 1)), checkpoints_in(tmp_path)
    before = np.dtype(TERMS.descr[: TERMS.names.index("relief_value")])
    assert digest_of(before).hex() == "4bec74387ade5750"
    terms = np.zeros(len(state.terms), before)
    take_over(terms, state.terms)
    write_checkpoint(disk, Checkpoint(7, state._replace(terms=terms), canonical(document)))
    assert b"4bec74387ade5750" in Path(disk.path(disk.names()[0])).read_bytes()
    read = read_checkpoint(disk, 7).state
    assert rows_in_use(read) == rows_in_use(state)
    assert {name: int(read.terms[1][name]) for name in ("rate_ppm", "grace_days")} == {"rate_ppm": 7, "grace_days": 20}


def test_missed_dues_of_the_version_before_are_no_relief(tmp_path):
    """They were counted further, and now the highest bit says that nights are waived."""
    state, disk = new_state(16), checkpoints_in(tmp_path)
    state.counters[Counter.BILLINGS] = 3
    state.billing["missed"][:3] = 200, 128, 5
    write_checkpoint(disk, Checkpoint(8, state, b""))
    assert read_checkpoint(disk, 8).state.billing["missed"][:3].tolist() == [200, 128, 5]
    arrays = {name: array for name, array in stored_arrays(state).items() if name != "plans"}
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr(checkpoint, "stored_arrays", lambda _: arrays)
        write_checkpoint(disk, Checkpoint(7, state, b""))
    assert read_checkpoint(disk, 7).state.billing["missed"][:3].tolist() == [127, 127, 5]


def test_plans_of_the_version_before_are_read(tmp_path):
    """It did not know on which day a plan has ended early."""
    state, disk = new_state(16), checkpoints_in(tmp_path)
    state.counters[Counter.PLANS] = 1
    state.plans["principal_minor"][0] = 700
    before = np.dtype([("spare_2" if field[0] == "ended_day" else field[0], field[1]) for field in PLAN.descr])
    plans = np.zeros(len(state.plans), before)
    take_over(plans, state.plans)
    write_checkpoint(disk, Checkpoint(7, state._replace(plans=plans), b""))
    assert rows_in_use(read_checkpoint(disk, 7).state) == rows_in_use(state)


def test_accounts_of_the_version_before_are_pinned_to_their_segment(tmp_path):
    """It did not know when they were opened; the segment was the one that the vault had told."""
    state, _, _ = apply_batch(new_state(16), joined([set_account(1, 7, segment=3), set_account(2, 8)]))
    state.accounts["opened_day"][:2] = 0
    disk = checkpoints_in(tmp_path)
    before = np.dtype(ACCOUNT.descr[: ACCOUNT.names.index("opened_day")])
    assert before.itemsize == 56
    accounts = np.zeros(len(state.accounts), before)
    take_over(accounts, state.accounts)
    write_checkpoint(disk, Checkpoint(7, state._replace(accounts=accounts), b""))
    read = read_checkpoint(disk, 7).state
    assert read.accounts["is_pinned"][:2].tolist() == [1, 0]
    assert rows_in_use(read) == rows_in_use(state)


def test_room_behind_the_rows_in_use_is_not_written(tmp_path, monkeypatch):
    """It is addresses and not memory: to write there would ask for all the memory that a bank could ever need."""
    made = np.zeros(6, BILLING)
    made["missed"] = 200
    state, disk = new_state(16), checkpoints_in(tmp_path)
    state.counters[Counter.BILLINGS] = 2
    state.billing["missed"][:2] = 200
    arrays = {name: array for name, array in stored_arrays(state).items() if name != "plans"}
    monkeypatch.setattr(checkpoint, "stored_arrays", lambda _: arrays)
    write_checkpoint(disk, Checkpoint(7, state, b""))
    monkeypatch.setattr(
        checkpoint, "storage_for", lambda name, count: made if name == "billing" else storage_for(name, count)
    )
    read_checkpoint(disk, 7)
    assert made["missed"].tolist() == [127, 127, 200, 200, 200, 200]


def test_transactions_of_the_version_before_are_in_the_segment_of_their_account(tmp_path):
    """In whose list they stand was not written down."""
    disk = checkpoints_in(tmp_path)
    state, _, _ = apply_batch(new_state(16), joined([set_account(1, segment=7), set_card(2), set_token(3), tap(1)]))
    before = np.dtype(
        [(name, "<u2" if name == "message_class" else form) for name, form in TRANSACTION.descr if name != "segment"]
    )
    transactions = np.zeros(len(state.transactions), before)
    take_over(transactions, state.transactions)
    write_checkpoint(disk, Checkpoint(7, state._replace(transactions=transactions), b""))
    read = read_checkpoint(disk, 7).state
    assert read.transactions["segment"][0] == 7
    assert rows_in_use(read) == rows_in_use(state)


def _dtype_of(fields):
    forms, offsets = zip(*fields.values(), strict=True)
    return np.dtype({"names": list(fields), "formats": forms, "offsets": offsets})


def test_old_segments_go(bank):
    """What retention does not ask for is given up, but never what the checkpoint before the last needs."""
    directory, journal, day, _, _ = bank
    disk = checkpoints_in(directory)
    first = make_checkpoint(journal, disk, Retention(0))
    assert journal.begins_after == 0
    more = day[3:103].copy()
    more.view(MESSAGE)["stan"] += 100_000
    journal.append(Batch(len(day) + 1, more))
    journal.append(Batch(len(day) + 101, more[:1]))
    second = make_checkpoint(journal, disk, Retention(0))
    assert checkpoints(disk) == [second, first]
    assert 0 < journal.begins_after <= first
    state = replayed(History(journal, disk)).state
    assert rows_in_use(state) == rows_in_use(apply_batch(new_state(16), joined([day, more, more[:1]]))[0])
    assert replayed_command(history_in(directory), 1) is None
    assert verify(directory).first_sequence == journal.begins_after + 1
    with pytest.raises(CheckpointDamaged, match="begins after command"):
        replayed(History(journal))


def test_a_damaged_checkpoint_is_passed_over(bank):
    """The one before it, or the journal alone, serve as well; every flipped bit is noticed."""
    directory, journal, _, expected, _ = bank
    disk = checkpoints_in(directory)
    made = make_checkpoint(journal, disk, Retention())
    (path,) = (directory / "checkpoints").iterdir()
    whole = path.read_bytes()
    random = np.random.default_rng(3)
    for position in [*random.integers(0, len(whole), 60).tolist(), len(whole) - 1]:
        content = bytearray(whole)
        content[position] ^= 4
        path.write_bytes(content)
        padding = whole[position] == 0 and not damaged(disk, made)
        assert padding or damaged(disk, made)
        assert rows_in_use(replayed(History(journal, disk)).state) == expected
    path.write_bytes(whole[:-5])
    assert damaged(disk, made)


def damaged(disk, sequence):
    """Whether a checkpoint is refused."""
    try:
        read_checkpoint(disk, sequence)
    except CheckpointDamaged:
        return True
    return False


def test_the_process_makes_one(bank):
    """The process that the sandbox starts does the same."""
    directory, journal, *_ = bank
    command = [
        sys.executable,
        "-m",
        "authz.upkeep.at_leisure",
        str(os.getpid()),
        "authz.upkeep.checkpointing",
        str(directory),
        "3",
    ]
    subprocess.run(command, check=True, cwd=ROOT)
    assert checkpoints(checkpoints_in(directory)) == [journal.sealed_sequence]


def test_dump_tells_everything_but_card_numbers(bank):
    """Each command as a line; a token PAN by its last digits only."""
    directory, _, day, *_ = bank
    lines = list(dump(directory, 1, None))
    assert len(lines) == len(day)
    assert '"kind": "set_account"' in lines[0]
    assert all("token_pan" not in line for line in lines)
    assert list(dump(directory, 5, 7)) == lines[4:7]
