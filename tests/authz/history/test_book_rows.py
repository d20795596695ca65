"""Statements and changes of plans and reliefs in the history: every row once, whatever was dropped on the way."""

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from authz.history.book_rows import account_changes, change_rows, statement_rows, statements
from authz.history.history_file import open_history
from authz.history.projection import Projection, _weight
from authz.journal.data_directory import JOURNAL, history_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal
from authz.journal.records import Batch, Durable
from authz.journal.replay import apply_batch
from authz.program.document import ProgramDocument, canonical
from authz.state.tables import made_by, new_state
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import joined
from tests.authz.commands import NOW_US, command, opening, set_account, tap

WAIT_SECONDS = 30
DAY_US = 86_400_000_000
PROGRAM = ProgramDocument.model_validate({"products": [{"number": 1, "id": "phone_card"}]})


def batches():
    """A purchase in two instalments, a relief of two months, and an end of all days of a winter."""
    yield command(Kind.ACTIVATE_PROGRAM), canonical(PROGRAM)
    yield joined([opening(), set_account(4, product=1, cut_day=5)]), b""
    bought = tap(1, 12_000, kind=Kind.FINANCIAL_REQUEST)
    yield joined([bought, tap(2, 3_000, kind=Kind.FINANCIAL_REQUEST)]), b""
    split = command(Kind.START_PLAN, account_id=7, decision=6, plan_months=2, fee_ppm=6_000)
    yield joined([split, command(Kind.RELIEVE, account_id=7, months=2, is_waived=1)]), b""
    yield command(Kind.ADJUST, account_id=7, amount_minor=1, time_us=NOW_US + 120 * DAY_US), b""


@pytest.fixture
def told(tmp_path):
    """The same in a journal, with what came of it."""
    journal, state, made = SegmentJournal(Directory(tmp_path / JOURNAL)), new_state(16), []
    for commands, document in batches():
        first = journal.next_sequence
        journal.append(Batch(first, commands, document))
        state, results, _ = apply_batch(state, commands, document)
        made.append(Durable(first, commands, results, *made_by(state)))
    journal.close()
    return tmp_path, made


def rows(projected):
    """All that its tables say of books."""
    with projected.database.connect() as connection:
        return [
            [dict(row._mapping) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for table in (statements, account_changes)
        ]


def test_rows_are_what_commands_have_brought_about(told):
    """As they come, and again when they were dropped and are read from the journal."""
    directory, durables = told
    last = durables[-1].last
    made = Projection(open_history(directory / "history.db"), history_in(directory), lambda: last, issuer_of=str)
    made.start()
    for durable in durables:
        made.follow(durable)
    assert made.wait_for(last, WAIT_SECONDS)
    cut = [row for durable in durables for row in statement_rows(durable, str)]
    changed = [row for durable in durables for row in change_rows(durable, str)]
    assert [row["kind"] for row in changed] == ["plan_started", "relief_granted", "relief_ended", "plan_ended"]
    assert len(cut) == 4
    assert rows(made) == [cut, changed]
    made.drop()
    assert made.wait_for(last, WAIT_SECONDS)
    assert rows(made) == [cut, changed]
    made.close()
    made.database.dispose()


def test_a_row_tells_what_its_kind_has(told):
    """Of a plan, its number; of its end, why; of a relief, until when and whether interest is waived."""
    started, granted, ended, last = [row for durable in told[1] for row in change_rows(durable, "bank {}".format)]
    for row in (started, granted, ended, last):
        assert (row["account_id"], row["issuer"], row["currency"]) == (7, "bank 7", "EUR")
    assert (started["plan"], started["amount_minor"], started["months"]) == (started["sequence"], 12_000, 2)
    assert (last["plan"], last["plan_end"], last["day"]) == (started["plan"], "billed", "2027-02-05")
    assert (ended["part"], last["part"]) == (0, 1) or (last["part"], ended["part"]) == (0, 1)
    for relief in (granted, ended):
        assert (relief["plan"], relief["plan_end"], relief["is_waived"]) == (None, None, True)
        assert relief["until"] == "2027-01-25"
    assert {row["is_waived"] for row in (started, last)} == {row["until"] for row in (started, last)} == {None}


def test_changes_weigh_in_the_queue(told, monkeypatch):
    """One relief may be for a whole range of accounts."""
    monkeypatch.setattr("authz.history.projection._ROWS_WEIGH_AS_A_COMMAND", 1)
    durable = told[1][3]
    assert _weight(durable) == len(durable.commands) == 2
    assert _weight(replace(durable, changes=np.repeat(durable.changes, 50))) == len(durable.postings) + 100
