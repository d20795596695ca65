"""What is an event, and of which type: each thing that happens to a payment once, by the command that did it."""

import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa

from authz.payments.event_log import EventQuery, events_behind, events_seen
from authz.payments.events import Position
from authz.payments.viewers import View, Viewer
from authz.state.tables import Counter
from authz.vocabulary.commands import CryptogramOutcome, Flag, Kind, Operation
from authz.vocabulary.reasons import Reason
from tests.authz.bank import HOUR_US, STAND_IN_LIMITS
from tests.authz.commands import NOW_US, command, issuer_decision, referring, refund, reversal, tap
from tests.authz.payments.story import Story
from tokenvault.vocabulary.identifiers import Prefix, to_text

EVERYBODY = Viewer(everything=True)
ASK = {"id": "ask", "state": "live", "action": "ask", "when": {"attribute": "amount", "operator": ">", "value": 600}}
CASH_BACK = {"operation": Operation.PURCHASE_WITH_CASH_BACK, "cash_minor": 200, "cardholder_verification": 1}


@pytest.fixture
def story(tmp_path):
    """A history with an account, its card and its token; stand-in approves, and more than 6.00 is asked about."""
    made = Story(tmp_path / "history.db", rules=[ASK], stand_in=STAND_IN_LIMITS)
    yield made
    made.database.dispose()


def told(story, after=0):
    """Types and amounts of what happened, in order."""
    found = events_seen(story.database, EVERYBODY, EventQuery(100, Position(after), oldest_first=True))
    return [(event.type.value, event.data(View.ISSUER).get("amount")) for event in found]


def test_an_authorization_from_its_approval_to_its_dispute(story):
    """Each step is one event: approved, increased, completed, refunded, disputed; all of them name one payment."""
    held = tap(1, 500, merchant_name=b"CORNER CAFE", merchant_city=b"BERLIN")
    first = story.tell(held)
    story.tell(referring(Kind.AUTHORIZATION_REQUEST, held, amount_minor=200))
    completion = referring(Kind.FINANCIAL_ADVICE, held, amount_minor=700, stan=600_001)
    completed = story.tell(completion)
    given = refund(completion, amount_minor=100, stan=600_002)
    story.tell(given)
    story.tell(reversal(given))
    story.tell(command(Kind.CHARGEBACK, account_id=7, decision=completed, amount_minor=300))
    story.tell(command(Kind.REPRESENTMENT, account_id=7, decision=completed, amount_minor=300))
    assert told(story) == [
        ("authorization.approved", 500),
        ("authorization.increased", 200),
        ("transaction.posted", 700),
        ("transaction.posted", -100),
        ("authorization.reversed", 100),
        ("transaction.posted", 100),
        ("dispute.opened", -300),
        ("dispute.represented", 300),
    ]
    found = events_seen(story.database, EVERYBODY, EventQuery(100))
    assert {event.payment for event in found} == {first}
    assert len({event.id for event in found}) == 8
    shown = found[-1].data(View.CARDHOLDER)
    assert shown["merchant"] == {"name": "CORNER CAFE", "city": "BERLIN", "category": "5814"}
    assert (shown["amount"], shown["currency"], shown["outcome"]) == (500, "EUR", "approved")


def test_reversals_declines_and_expiries(story):
    """A decline, a reversal with its original, a hold whose time is up and one that its issuer ends."""
    first = story.tell(tap(1, 500))
    story.tell(tap(2, 999_999))
    story.tell(reversal(tap(1, 500)))
    second = story.tell(tap(3, 300))
    story.tell(command(Kind.EXPIRE_HOLD, account_id=7, decision=second))
    third = story.tell(tap(4, 400))
    passed = story.tell(command(Kind.PASS_TIME, time_us=NOW_US + 3_000 * HOUR_US))
    found = events_seen(story.database, EVERYBODY, EventQuery(100, oldest_first=True))
    assert [(event.type.value, event.resource_id) for event in found] == [
        ("authorization.approved", to_text(Prefix.AUTHORIZATION, first)),
        ("authorization.declined", to_text(Prefix.AUTHORIZATION, first + 1)),
        ("authorization.reversed", to_text(Prefix.AUTHORIZATION, first)),
        ("authorization.approved", to_text(Prefix.AUTHORIZATION, second)),
        ("authorization.expired", to_text(Prefix.AUTHORIZATION, second)),
        ("authorization.approved", to_text(Prefix.AUTHORIZATION, third)),
        ("authorization.expired", to_text(Prefix.AUTHORIZATION, third)),
    ]
    assert found[-1].position == Position(passed, 0, 0)


@pytest.mark.parametrize(
    ("messages", "types"),
    [
        ([tap(1, 500, kind=Kind.FINANCIAL_REQUEST)], ["authorization.approved", "transaction.posted"]),
        ([tap(1, 500, kind=Kind.FINANCIAL_ADVICE)], ["transaction.posted"]),
        ([tap(1, 500, kind=Kind.AUTHORIZATION_ADVICE)], ["authorization.approved"]),
        ([tap(1, 500, kind=Kind.AUTHORIZATION_ADVICE, flags=Flag.DECLINED_ELSEWHERE)], ["authorization.declined"]),
        ([tap(1, 500, operation=Operation.REFUND, kind=Kind.FINANCIAL_REQUEST)], ["authorization.declined"]),
        ([reversal(tap(1, 500))], []),
        ([tap(1, 500, cryptogram_outcome=CryptogramOutcome.INVALID)], ["authorization.declined"]),
        ([tap(1, 500, pan=999)], ["authorization.declined"]),
        ([tap(1, 500), tap(1, 500, flags=Flag.REPEAT)], ["authorization.approved"]),
        (
            [
                tap(1, 500, kind=Kind.FINANCIAL_REQUEST, **CASH_BACK),
                reversal(tap(1, 500, kind=Kind.FINANCIAL_REQUEST)),
            ],
            [
                "authorization.approved",
                "transaction.posted",
                "transaction.posted",
                "authorization.reversed",
                "transaction.posted",
            ],
        ),
    ],
    ids=[
        "a sale",
        "a force post",
        "an advice",
        "an advice of a decline",
        "a refund of nothing",
        "a reversal of nothing",
        "a forged cryptogram",
        "an unknown token",
        "a repeat",
        "a sale with cash-back, reversed",
    ],
)
def test_types(story, messages, types):
    """What changes nothing is no event."""
    for message in messages:
        story.tell(message)
    assert [each for each, _ in told(story)] == types


def test_stand_in_is_told_once(story):
    """When it answers; of the advices that the issuer hears later only what they post is told."""
    story.tell(command(Kind.SWITCH_ISSUER, is_down=1))
    held = tap(2, 100)
    for message in (tap(1, 500, kind=Kind.FINANCIAL_REQUEST), held, reversal(held)):
        story.tell(message)
    story.tell(command(Kind.SWITCH_ISSUER, is_down=0))
    answered = [("authorization.approved", 500), ("authorization.approved", 100), ("authorization.reversed", 100)]
    assert told(story) == answered
    counters = story.state.counters
    while counters[Counter.FORWARDED_ADVICES] < counters[Counter.STORED_ADVICES]:
        place = int(counters[Counter.FORWARDED_ADVICES])
        story.tell(story.state.advices[place : place + 1])
        counters = story.state.counters
    assert told(story) == [*answered, ("transaction.posted", 500)]


@pytest.mark.parametrize("reason", [Reason.APPROVED, Reason.SUSPECTED_FRAUD])
def test_an_issuers_decision_is_told_when_it_comes(story, reason):
    """Not while the message waits; then at the place of the command that settled it, behind what came meanwhile."""
    waiting = tap(1, 700)
    first = story.tell(waiting)
    assert told(story) == []
    story.tell(tap(2, 200))
    settled = story.tell(issuer_decision(waiting, first, reason))
    found = events_seen(story.database, EVERYBODY, EventQuery(9, oldest_first=True))
    expected = "authorization.approved" if reason is Reason.APPROVED else "authorization.declined"
    assert [event.type.value for event in found] == ["authorization.approved", expected]
    assert (found[1].position.sequence, found[1].key.sequence) == (settled, first)


def test_a_span_is_read_in_pieces_and_misses_nothing(story):
    """Whatever the size of a piece: the same events, also where many belong to one command."""
    for atc in range(1, 8):
        story.tell(tap(atc, 100))
    story.tell(command(Kind.PASS_TIME, time_us=NOW_US + 3_000 * HOUR_US))
    last = story.tell(tap(8, 100, kind=Kind.FINANCIAL_REQUEST, time_us=NOW_US + 3_001 * HOUR_US))
    whole, reached = events_behind(story.database, Position(0), 100)
    assert len(whole) == 7 + 7 + 2
    assert reached == Position.behind(last)
    for limit in (1, 2, 3, 5):
        found, place = [], Position(0)
        while True:
            piece, further = events_behind(story.database, place, limit)
            assert len(piece) <= limit
            if further == place:
                break
            found, place = found + piece, Position.parse(str(further))
        assert [event.id for event in found] == [event.id for event in whole]
        assert place == reached


def test_rows_that_are_made_anew_are_no_events_that_did_not_happen(story):
    """While the history is behind a place, nothing is read and the place stays."""
    last = story.tell(tap(1, 100))
    _, reached = events_behind(story.database, Position(0), 10)
    with story.database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM decisions")
        connection.exec_driver_sql("UPDATE position SET sequence = 0")
    assert events_behind(story.database, reached, 10) == ([], reached)
    assert events_behind(story.database, Position(last), 10) == ([], Position(last))


def test_what_is_read_together_is_of_one_moment(story):
    """Rows that are deleted while events are read are still among them: nothing is passed over."""
    last = story.tell(tap(1, 100))
    again = []

    def drop_once(_connection, _cursor, statement, *_rest):
        if "FROM position" in statement and not again:
            again.append(statement)
            with closing(sqlite3.connect(story.database.url.database, isolation_level=None)) as other:
                other.executescript("BEGIN; DELETE FROM decisions; UPDATE position SET sequence = 0; COMMIT")

    sa.event.listen(story.database, "after_cursor_execute", drop_once)
    found, reached = events_behind(story.database, Position(0), 10)
    assert again
    assert [event.type.value for event in found] == ["authorization.approved"]
    assert reached == Position.behind(last)
    assert events_behind(story.database, Position(0), 10) == ([], Position.behind(0))


def test_tenants_see_their_own(story):
    """An issuer and a wallet see what is theirs; others nothing."""
    story.tell(tap(1, 100))
    seen = {
        name: len(events_seen(story.database, Viewer(**roles), EventQuery(9)))
        for name, roles in {
            "bank": {"issuer": "bank"},
            "purse": {"wallet": "purse"},
            "both": {"issuer": "bank", "wallet": "purse"},
            "other bank": {"issuer": "purse"},
            "other purse": {"wallet": "bank"},
            "network": {"network": True},
        }.items()
    }
    assert seen == {"bank": 1, "purse": 1, "both": 1, "other bank": 0, "other purse": 0, "network": 1}
