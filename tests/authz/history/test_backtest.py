"""Back-tests: velocity as it would have been, and nothing changed by asking."""

import numpy as np
import pytest

from authz.history.backtest import backtest
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal, SegmentReader
from authz.journal.records import Batch
from authz.journal.replay import History, apply_batch, replayed
from authz.program.conditions import Filter
from authz.program.document import ProgramDocument, ProgramInvalid, Rule, canonical, with_offsets
from authz.state.stored import rows_in_use
from authz.state.tables import new_state
from authz.vocabulary.commands import Kind
from authz.vocabulary.errors import HistoryUnavailable
from authz.vocabulary.reasons import Reason
from tests.authz.commands import NOW_US, command, opening, set_account, tap

MINUTE_US = 60_000_000
RULE = Rule.model_validate(
    {
        "id": "third-in-an-hour",
        "when": {"attribute": "count_1h", "operator": ">=", "value": 2},
        "action": "decline",
    }
)


def journal_of(directory, *batches):
    """A journal of these batches, stamped a minute apart."""
    journal = SegmentJournal(Directory(directory))
    for number, batch in enumerate(batches):
        batch.commands["time_us"] = NOW_US + number * MINUTE_US
        journal.append(batch._replace(sequence=journal.next_sequence))
    return History(journal)


def test_velocity_is_what_it_would_have_been(tmp_path):
    """Five taps within an hour: had the rule been live, the third to fifth were declined, and counted nowhere."""
    history = journal_of(tmp_path, Batch(0, opening()), *(Batch(0, tap(n)) for n in range(1, 6)))
    before = rows_in_use(replayed(history).state)
    found = backtest(history, RULE)
    assert (found.decisions, found.matches) == (5, 3)
    assert found.changes == {(Reason.APPROVED, Reason.SUSPECTED_FRAUD): 3}
    assert [each.sequence for each in found.examples] == [6, 7, 8]
    assert found.declined_billing_minor == {978: 3 * 1_250}
    assert rows_in_use(replayed(history).state) == before


def test_a_count_in_a_segment_is_that_of_an_account_that_is_in_it_by_then(tmp_path):
    """The third and fourth tap are made in the segment, and see those that were made before."""
    when = RULE.when.model_copy(update={"where": Filter(segments=[7])})
    moved, moved_on = set_account(4, segment=7), set_account(5, segment=8)
    commands = [tap(1), tap(2), moved, tap(3), tap(4), moved_on, tap(5)]
    history = journal_of(tmp_path, Batch(0, opening()), *(Batch(0, each) for each in commands))
    found = backtest(history, RULE.model_copy(update={"when": when}))
    assert [each.sequence for each in found.examples] == [7, 8]


def test_what_a_rule_would_have_declined_in_a_segment(tmp_path):
    """Accounts are in the segments into which they came with their statements, on both sides."""
    bought = {"attribute": "amount_month", "operator": ">=", "value": 40_000}
    segments = [{"number": 5, "id": "buyers", "when": bought}]
    document = ProgramDocument.model_validate({"products": [{"number": 1, "id": "card"}], "segments": segments})
    journal = SegmentJournal(Directory(tmp_path))
    sale = {"kind": Kind.FINANCIAL_REQUEST}
    for made, days, attachment in (
        (command(Kind.ACTIVATE_PROGRAM), 0, canonical(with_offsets(document))),
        (opening(), 0, b""),
        (set_account(4, product=1, cut_day=28), 0, b""),
        (tap(1, 45_000, **sale), 1, b""),
        (tap(2, 2_000, **sale), 7, b""),
        (tap(3, 500, **sale), 7, b""),
        (tap(4, 2_000, **sale), 37, b""),
    ):
        made["time_us"] = NOW_US + days * 24 * 60 * MINUTE_US
        journal.append(Batch(journal.next_sequence, made, attachment))
    over = {"attribute": "amount", "operator": ">", "value": 1_000}
    rule = Rule.model_validate(
        {"id": "r", "when": over, "action": "decline", "applies_to": {"scope": "segment", "id": "5"}}
    )
    found = backtest(History(journal), rule)
    assert [(each.sequence, each.after) for each in found.examples] == [(7, Reason.SUSPECTED_FRAUD)]


def test_files_go_while_they_are_read(tmp_path):
    """A network is put back, or a part of its journal is given up: it can be asked for again."""
    journal_of(tmp_path, Batch(0, opening()))

    class Going(Directory):
        """Segments that are there when they are listed, and gone when they are opened."""

        def open(self, name):
            """None."""
            raise FileNotFoundError(name)

    with pytest.raises(HistoryUnavailable, match="while it was read"):
        backtest(History(SegmentReader(Going(tmp_path))), RULE)


def test_money_follows(tmp_path):
    """What would have been declined leaves room for what was not affordable."""
    big = Rule.model_validate(
        {"id": "big", "when": {"attribute": "amount", "operator": ">", "value": 40_000}, "action": "decline"}
    )
    taps = [tap(1, 50_000), tap(2, 50_000), tap(3, 1_000)]
    history = journal_of(tmp_path, Batch(0, opening()), *(Batch(0, each) for each in taps))
    found = backtest(history, big)
    assert found.changes == {
        (Reason.APPROVED, Reason.SUSPECTED_FRAUD): 2,
        (Reason.INSUFFICIENT_FUNDS, Reason.APPROVED): 1,
    }


def test_it_goes_through_changes_of_the_program(tmp_path):
    """Programs that were activated meanwhile are followed, each with the rule put in."""
    program = with_offsets(ProgramDocument.model_validate({"limits": [{"id": "l", "window": "day", "count_max": 3}]}))
    switch = Batch(0, command(Kind.ACTIVATE_PROGRAM), canonical(program))
    history = journal_of(
        tmp_path, Batch(0, opening()), Batch(0, tap(1)), switch, *(Batch(0, tap(n)) for n in range(2, 6))
    )
    found = backtest(history, RULE)
    assert found.matches == 3
    assert found.changes == {
        (Reason.APPROVED, Reason.SUSPECTED_FRAUD): 1,
        (Reason.EXCEEDS_LIMIT, Reason.SUSPECTED_FRAUD): 2,
    }


CAFE = {"scene": "cafe", "need": "dining", "categories": [["5812", "5815"]]}
IN_SCENE = {"attribute": "scene", "operator": "=", "value": "cafe"}


@pytest.mark.parametrize(
    ("earlier", "matched"),
    [
        ([], [5812, 5813, 5814]),
        ([{"scene": "bar", "need": "play", "categories": [["5813", "5813"]]}], [5812, 5814]),
        ([CAFE | {"categories": [["5813", "5813"]]}], [5813]),
    ],
)
def test_earlier_programs_have_the_scenes_that_they_lack(tmp_path, earlier, matched):
    """So a rule about a scene is asked of what came before there was one; what earlier programs say stays as it is."""
    limit = {"id": "l", "window": "day", "count_max": 9, "where": {"scenes": [each["scene"] for each in earlier]}}
    before = ProgramDocument.model_validate({"scenes": earlier, "limits": [limit] if earlier else []})
    switch = Batch(0, command(Kind.ACTIVATE_PROGRAM), canonical(with_offsets(before)))
    taps = [Batch(0, tap(number, merchant_category=code)) for number, code in enumerate((5811, 5812, 5813, 5814), 1)]
    history = journal_of(tmp_path, Batch(0, opening()), switch, *taps)
    now = ProgramDocument.model_validate({"scenes": [CAFE]})
    rule = Rule.model_validate({"id": "x", "when": IN_SCENE, "action": "decline"})
    found = backtest(history, rule, scenes=now.scenes)
    assert [each.sequence for each in found.examples] == [5 + code - 5811 for code in matched]
    with pytest.raises(ProgramInvalid, match="there is no scene 'cafe'"):
        backtest(history, rule)


def test_agrees_with_having_been_live(tmp_path):
    """The other side of a back-test is what a bank with the rule live from the first would have decided."""
    random = np.random.default_rng(7)
    taps = [Batch(0, tap(n, int(random.integers(1, 60_000)))) for n in range(1, 80)]
    history = journal_of(tmp_path, Batch(0, opening()), *taps)
    found = backtest(history, RULE)
    live = with_offsets(ProgramDocument(rules=[RULE.model_copy(update={"state": "live"})]))
    as_was, as_live = new_state(16), new_state(16)
    as_live, _, _ = apply_batch(as_live, command(Kind.ACTIVATE_PROGRAM), canonical(live))
    changed = 0
    for batch in history.journal.read():
        as_was, before, _ = apply_batch(as_was, batch.commands)
        as_live, after, _ = apply_batch(as_live, batch.commands)
        changed += int((before["reason"] != after["reason"]).sum())
    assert sum(found.changes.values()) == changed > 0
