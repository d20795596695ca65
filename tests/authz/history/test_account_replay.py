"""What the commands of one account leave is what the whole journal has left of it, its books included."""

import numpy as np
import pytest

from authz.history.account_replay import AccountReplay
from authz.history.explanation import explained
from authz.history.past import WholeReplay
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal, SegmentReader
from authz.journal.records import Batch
from authz.journal.replay import History, replayed_command
from authz.kernel.measures.calendar import DAY_US
from authz.program.document import ProgramDocument, canonical, with_offsets
from authz.state.tables import postings_made
from authz.vocabulary.commands import Kind
from tests.authz.commands import NOW_US, command, opening, set_account, tap


def a_program(rate_ppm, time_zone):
    """One whose product 1 has this rate."""
    terms = {"number": 1, "id": "phone_card", "terms": {"rate_ppm": rate_ppm}}
    return canonical(with_offsets(ProgramDocument.model_validate({"products": [terms], "time_zone": time_zone})))


def with_segment(number):
    """One that puts every account into this segment."""
    when = {"attribute": "missed_dues", "operator": ">=", "value": 0}
    segments = [{"number": number, "id": "all", "when": when}]
    document = {"products": [{"number": 1, "id": "phone_card"}], "segments": segments}
    return canonical(with_offsets(ProgramDocument.model_validate(document)))


def on_day(days, kind, **values):
    """A command so many days after the first."""
    return command(kind, time_us=NOW_US + days * DAY_US, **values)


def replayed_both_ways(tmp_path, *entries):
    """The last command as its account's commands alone replay it, and as the whole journal does.

    entries: commands, each with what travels beside it.
    """
    journal = SegmentJournal(Directory(tmp_path))
    for made, attachment in entries:
        journal.append(Batch(journal.next_sequence, made, attachment))
    last = journal.last_sequence
    journal.close()
    index = AccountReplay(SegmentReader(Directory(tmp_path)))
    index.read_on()
    own, whole = index.command(last), replayed_command(History(SegmentReader(Directory(tmp_path))), last)
    assert own is not None
    assert whole is not None
    return own, whole


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/Los_Angeles"])
def test_terms_hold_from_the_day_behind_their_program(tmp_path, zone):
    """Also where the account rested for months before and after the switch, in another zone than before."""
    payment = on_day(200, Kind.PAYMENT, account_id=7, amount_minor=100)
    spent = tap(1, 45_000, kind=Kind.FINANCIAL_REQUEST, account_id=7, token_id=701, card_id=70)
    own, whole = replayed_both_ways(
        tmp_path,
        (command(Kind.ACTIVATE_PROGRAM), a_program(500, "UTC")),
        (opening(), b""),
        (set_account(4, product=1, cut_day=5), b""),
        (spent, b""),
        (on_day(71, Kind.ACTIVATE_PROGRAM), a_program(9_000, zone)),
        (payment, b""),
    )
    assert own.state.billing[0] == whole.state.billing[0]
    assert np.array_equal(own.state.general, whole.state.general)
    assert own.result["posted_minor"] == whole.result["posted_minor"] != 44_900


def test_an_account_is_classified_as_it_was_before_its_program_was_switched(tmp_path):
    """The days that were over were closed before that, for all accounts and under the program of then."""
    spent = tap(1, 45_000, kind=Kind.FINANCIAL_REQUEST, account_id=7, token_id=701, card_id=70)
    own, whole = replayed_both_ways(
        tmp_path,
        (command(Kind.ACTIVATE_PROGRAM), with_segment(5)),
        (opening(), b""),
        (set_account(4, product=1, cut_day=5), b""),
        (spent, b""),
        (on_day(71, Kind.CLOSE_DAY, day=NOW_US // DAY_US + 70, first_row=0, rows=9), b""),
        (on_day(71, Kind.ACTIVATE_PROGRAM), with_segment(6)),
        (on_day(72, Kind.PAYMENT, account_id=7, amount_minor=100), b""),
    )
    assert own.state.accounts[0]["segment"] == whole.state.accounts[0]["segment"] == 5
    assert own.state.billing[0] == whole.state.billing[0]


def test_what_a_close_of_days_has_posted_is_not_told_of_the_command_behind_it(tmp_path):
    """The books are the same without it, and so is what a tap has posted itself."""
    journal = SegmentJournal(Directory(tmp_path))
    tapped = {"account_id": 7, "token_id": 701, "card_id": 70, "kind": Kind.FINANCIAL_REQUEST}
    places = {}
    for name, made, attachment in (
        ("program", command(Kind.ACTIVATE_PROGRAM), a_program(500, "UTC")),
        ("opening", opening(), b""),
        ("product", set_account(4, product=1, cut_day=5), b""),
        ("before", tap(1, 45_000, **tapped), b""),
        ("close", on_day(70, Kind.CLOSE_DAY, rows=9, day=(NOW_US // DAY_US) + 69), b""),
        ("first", tap(2, 100, time_us=NOW_US + 70 * DAY_US, **tapped), b""),
        ("second", tap(3, 100, time_us=NOW_US + 70 * DAY_US, **tapped), b""),
        ("unclosed", tap(4, 100, time_us=NOW_US + 140 * DAY_US, **tapped), b""),
    ):
        places[name] = journal.next_sequence + len(made) - 1
        journal.append(Batch(journal.next_sequence, made, attachment))
    journal.close()
    index = AccountReplay(SegmentReader(Directory(tmp_path)))
    index.read_on()
    history = History(SegmentReader(Directory(tmp_path)))
    whole = {name: replayed_command(history, at) for name, at in places.items()}
    assert len(postings_made(whole["close"].state)) > 2, "interest and late fees"
    assert len(postings_made(whole["first"].state)) == 0, "declined: dues were missed"
    told = {}
    for name in ("before", "first", "second", "unclosed"):
        own, all_of_it = index.command(places[name]), whole[name]
        assert own.state.billing[0] == all_of_it.state.billing[0]
        assert own.result["posted_minor"] == all_of_it.result["posted_minor"]
        told[name] = explained(index, places[name]).postings
        assert told[name] == explained(WholeReplay(history), places[name]).postings
    assert {name: len(postings) for name, postings in told.items()} == {
        "before": 1, "first": 0, "second": 0, "unclosed": 0
    }  # fmt: skip
