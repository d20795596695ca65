"""What waited for the issuer when the engine stopped is decided as it would have been without the restart."""

import asyncio

import pytest
import structlog

from authz.engine import Engine
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal, SegmentReader
from authz.journal.segment_names import name_of_segment
from authz.network.realtime_decisioning import IssuerDecisions
from authz.program.document import ProgramDocument
from authz.upkeep.checkpointing import Retention, make_checkpoint
from authz.vocabulary.commands import Kind
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason
from tests.authz.commands import NOW_US, opening, tap
from tests.authz.kernel.accounts.test_posting_kinds import CASH_BACK
from tests.authz.kernel.test_issuer_decisions import ASK

FIRST, SECOND = 5, 6
"""The numbers of two purchases of 50.00, each with 20.00 in cash; each is in a segment of its own."""

AS_CASH = [(PostingKind.PURCHASE, 3_000), (PostingKind.CASH, 2_000)]
AS_GOODS = [(PostingKind.PURCHASE, 5_000)]


def _engine(directory, segment_bytes=1):
    journal = SegmentJournal(Directory(directory / "journal"), segment_bytes)
    return Engine(journal, lambda: NOW_US, [].append, Directory(directory / "checkpoints"))


async def _waiting_purchases(directory, segment_bytes=1):
    """Stop while both purchases wait. There is a checkpoint behind them, so a start reads neither."""
    engine = _engine(directory, segment_bytes)
    await engine.run(opening())
    await engine.activate(ProgramDocument(rules=[ASK]))
    for atc in (1, 2):
        asked = await engine.run(tap(atc, 5_000, kind=Kind.FINANCIAL_REQUEST, **CASH_BACK))
        assert asked["reason"][0] == Reason.AWAITING_ISSUER
    await engine.run(tap(3, 100))
    await engine.close()
    make_checkpoint(SegmentReader(Directory(directory / "journal")), Directory(directory / "checkpoints"), Retention())


async def _decided_after_the_restart(directory, loss=None):
    """Kinds and amounts of what each purchase posts; the sequences and errors of what was not found.

    loss: called when the engine has started.
    """
    engine = _engine(directory)
    if loss is not None:
        loss(directory / "journal")
    posted = {sequence: [] for sequence in (FIRST, SECOND)}

    def follow(durable):
        for row in durable.postings:
            posted[int(row["sequence"])].append((PostingKind(row["kind"]), int(row["amount_minor"])))

    engine.follow(follow)
    with structlog.testing.capture_logs() as logs:
        await IssuerDecisions(engine, None, approve_by_default=True).settle_left_over()
    await engine.close()
    warned = [(each["sequence"], each["error"]) for each in logs if each["event"] == "command_not_found_in_journal"]
    return posted, warned


def test_cash_of_a_purchase_is_posted_as_cash(tmp_path):
    """As long as the journal has the purchase."""
    asyncio.run(_waiting_purchases(tmp_path))
    assert asyncio.run(_decided_after_the_restart(tmp_path)) == ({FIRST: AS_CASH, SECOND: AS_CASH}, [])


def _forgotten(journal):
    for first in range(1, FIRST + 1):
        (journal / name_of_segment(first)).unlink(missing_ok=True)


def _damaged(journal):
    path = journal / name_of_segment(FIRST)
    octets = bytearray(path.read_bytes())
    octets[-100] ^= 1
    path.write_bytes(octets)


@pytest.mark.parametrize(
    ("loss", "why"),
    [(_forgotten, f"retention has given up the commands up to {FIRST}"), (_damaged, "is damaged at byte")],
)
def test_a_purchase_that_the_journal_has_lost_is_decided_by_the_tables(loss, why, tmp_path):
    """They do not tell its cash. A warning says why it was not read, and the purchase behind it is read."""
    asyncio.run(_waiting_purchases(tmp_path))
    loss(tmp_path / "journal")
    posted, ((sequence, error),) = asyncio.run(_decided_after_the_restart(tmp_path))
    assert posted == {FIRST: AS_GOODS, SECOND: AS_CASH}
    assert sequence == FIRST
    assert why in error


def test_a_segment_that_is_removed_meanwhile_does_not_end_the_start(tmp_path, monkeypatch):
    """Retention may give it up between the list of names and the reading."""
    asyncio.run(_waiting_purchases(tmp_path))
    names = Directory(tmp_path / "journal").names()

    def removed(journal):
        (journal / name_of_segment(FIRST)).unlink()
        monkeypatch.setattr(Directory, "names", lambda disk: names)

    posted, ((sequence, error),) = asyncio.run(_decided_after_the_restart(tmp_path, removed))
    assert posted == {FIRST: AS_GOODS, SECOND: AS_CASH}
    assert sequence == FIRST
    assert "No such file" in error


def test_all_that_waited_is_read_in_one_pass(tmp_path, monkeypatch):
    """A segment may be long, and is walked from its beginning."""
    asyncio.run(_waiting_purchases(tmp_path, segment_bytes=1_000_000))
    passes = []
    monkeypatch.setattr(SegmentReader, "read", _noting(SegmentReader.read, passes))
    assert asyncio.run(_decided_after_the_restart(tmp_path)) == ({FIRST: AS_CASH, SECOND: AS_CASH}, [])
    assert passes[1:] == [(FIRST - 1, SECOND)]  # the first pass is the start's own


def _noting(read, passes):
    def noted(reader, after=0, until=None):
        passes.append((after, until))
        return read(reader, after, until)

    return noted


def test_what_the_journal_does_not_have_is_not_told(tmp_path):
    """A number that is nobody's yet; a command that is there is told as it was taken."""

    async def run():
        engine = _engine(tmp_path)
        await engine.run(opening())
        told = engine.journaled([4, 3])
        await engine.close()
        return told

    with structlog.testing.capture_logs() as logs:
        ((sequence, command),) = asyncio.run(run()).items()
    assert (sequence, len(command), int(command["kind"][0])) == (3, 1, Kind.SET_TOKEN)
    assert [(each["sequence"], each["error"]) for each in logs] == [(4, "the journal ends before it")]
