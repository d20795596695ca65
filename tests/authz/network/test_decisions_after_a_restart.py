"""What waited for the issuer when the engine stopped is decided as it would have been without the restart."""

import asyncio

import pytest

from authz.engine import Engine
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal
from authz.network.realtime_decisioning import IssuerDecisions
from authz.program.document import ProgramDocument
from authz.vocabulary.commands import Kind
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason
from tests.authz.commands import NOW_US, opening, tap
from tests.authz.kernel.accounts.test_posting_kinds import CASH_BACK
from tests.authz.kernel.test_issuer_decisions import ASK


def _engine(directory):
    return Engine(SegmentJournal(Directory(directory)), lambda: NOW_US, [].append)


async def _posted_after_a_restart(directory, is_held):
    """Kinds and amounts of what a purchase of 50.00 with 20.00 in cash posts, which the restart decides."""
    engine = _engine(directory)
    await engine.run(opening())
    await engine.activate(ProgramDocument(rules=[ASK]))
    asked = await engine.run(tap(1, 5_000, kind=Kind.FINANCIAL_REQUEST, **CASH_BACK))
    assert asked["reason"][0] == Reason.AWAITING_ISSUER
    await engine.close()
    engine = _engine(directory)
    if not is_held:
        engine.journaled = lambda sequence: None
    await IssuerDecisions(engine, None, approve_by_default=True).settle_left_over()
    posted = [(PostingKind(row["kind"]), int(row["amount_minor"])) for row in _postings(engine.state)]
    await engine.close()
    return posted


def _postings(state):
    return state.postings.rows[: state.postings.used[0]]


@pytest.mark.parametrize(
    ("is_held", "posted"),
    [(True, [(PostingKind.PURCHASE, 3_000), (PostingKind.CASH, 2_000)]), (False, [(PostingKind.PURCHASE, 5_000)])],
)
def test_cash_of_a_purchase_is_posted_as_cash(is_held, posted, tmp_path):
    """As long as the journal has the purchase; where retention has given it up, the tables do not tell its cash."""
    assert asyncio.run(_posted_after_a_restart(tmp_path, is_held)) == posted


def test_what_the_journal_does_not_have_is_not_told(tmp_path):
    """A number that is nobody's yet; a command that is there is told as it was taken."""

    async def run():
        engine = _engine(tmp_path)
        await engine.run(opening())
        told = [engine.journaled(sequence) for sequence in (3, 4)]
        await engine.close()
        return told

    last, none = asyncio.run(run())
    assert (len(last), int(last["kind"][0]), none) == (1, Kind.SET_TOKEN, None)
