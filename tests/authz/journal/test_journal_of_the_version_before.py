"""What commit 8cc48cc has written is read as it is: it had no kind EXPIRE_HOLD, and no merchant's name in messages."""

import base64
import gzip
import json

import pytest

from authz.journal.data_directory import JOURNAL, history_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal
from authz.journal.records import Batch
from authz.journal.replay import replayed, replayed_batches
from authz.state.stored import rows_in_use
from authz.state.tables import Counter
from authz.upkeep.journal_tools import verify
from authz.vocabulary.commands import MESSAGES, Kind
from authz.vocabulary.layouts import MESSAGE
from authz.vocabulary.reasons import Reason
from tests.authz.commands import command, tap
from tests.vector_files import FOLDER

WRITTEN = json.loads((FOLDER / "journal_of_8cc48cc.json").read_text())


@pytest.fixture
def directory(tmp_path):
    """A data directory as that version has left it: four segments, and a checkpoint of what the first three hold."""
    for name, content in WRITTEN["files"].items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(gzip.decompress(base64.b64decode(content)))
    return tmp_path


def without_what_is_covered(directory):
    """Only the checkpoint has the commands that it covers."""
    for segment in sorted((directory / JOURNAL).iterdir())[:-1]:
        segment.unlink()


@pytest.mark.parametrize("prepare", [lambda _directory: None, without_what_is_covered], ids=["whole", "checkpoint"])
def test_what_stands_is_what_stood_then(directory, prepare):
    """From the journal's first command, and from the checkpoint, which has messages that stand-in has stored."""
    prepare(directory)
    found = replayed(history_in(directory))
    assert found.sequence == WRITTEN["sequence"] == verify(directory).last_sequence
    account = found.state.accounts[0]
    assert {name: int(account[name]) for name in WRITTEN["account"]} == WRITTEN["account"]
    advices = found.state.advices[: found.state.counters[Counter.STORED_ADVICES]]
    assert len(advices) == 8
    assert set(advices["merchant_name"].tolist()) == set(advices["merchant_city"].tolist()) == {b""}


def test_each_command_is_answered_as_it_was(directory):
    """And no message has the name of a merchant; the holds that ended then are told now."""
    answered, expired = {}, 0
    for batch in replayed_batches(history_in(directory), after=0):
        answered |= {str(result["sequence"]): Reason(result["reason"]).code for result in batch.results}
        is_message = (batch.commands["kind"] >= MESSAGES.start) & (batch.commands["kind"] < MESSAGES.stop)
        assert set(batch.commands.view(MESSAGE)["merchant_name"][is_message].tolist()) <= {b""}
        expired += len(batch.expiries)
    assert {sequence: answered[sequence] for sequence in WRITTEN["answers"]} == WRITTEN["answers"]
    assert expired == 2


def test_it_is_continued_in_a_segment_of_this_version(directory):
    """With what that version could not have written."""
    before = rows_in_use(replayed(history_in(directory)).state)
    journal = SegmentJournal(Directory(directory / JOURNAL))
    journal.append(Batch(journal.next_sequence, tap(50, 100, merchant_name=b"CAFE", merchant_city=b"BERLIN")))
    journal.append(Batch(journal.next_sequence, command(Kind.EXPIRE_HOLD, decision=5)))
    journal.close()
    assert len(list((directory / JOURNAL).iterdir())) == 5
    assert rows_in_use(replayed(history_in(directory), WRITTEN["sequence"]).state) == before
    assert replayed(history_in(directory)).sequence == WRITTEN["sequence"] + 2
