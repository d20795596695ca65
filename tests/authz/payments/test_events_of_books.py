"""Events of statements, plans and reliefs: of what an account has to pay by when."""

import pytest

from authz.payments.event_log import EventQuery, event_named, events_behind, events_seen
from authz.payments.events import Position, Source
from authz.payments.viewers import View, Viewer
from authz.vocabulary.commands import Kind
from tests.authz.commands import NOW_US, command, refund, set_account, set_card, set_token, tap
from tests.authz.payments.story import Story
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_text

EVERYBODY = Viewer(everything=True)
DAY_US = 86_400_000_000
ACCOUNT = to_text(Prefix.ACCOUNT, 7)


@pytest.fixture
def story(tmp_path):
    """A history with an account whose product has usual terms; its statements are cut on the 5th."""
    made = Story(tmp_path / "history.db", products=[{"number": 1, "id": "phone_card"}])
    made.tell(set_account(4, product=1, cut_day=5))
    yield made
    made.database.dispose()


def bought(story, amount=12_000):
    """A purchase that is posted at once, and its message."""
    sale = tap(1, amount, kind=Kind.FINANCIAL_REQUEST)
    return story.tell(sale), sale


def split(story, purchase, months=12):
    """The plan that bills a purchase in instalments."""
    return story.tell(command(Kind.START_PLAN, account_id=7, decision=purchase, plan_months=months, fee_ppm=6_000))


def days_later(story, days):
    """An adjustment of the account, so many days later, which ends all days before it."""
    return story.tell(command(Kind.ADJUST, account_id=7, amount_minor=1, time_us=NOW_US + days * DAY_US))


def told(story, **wanted):
    """What happened, without postings, statements and decisions: type, resource, and what is shown of it."""
    query = EventQuery(100, oldest_first=True, **wanted)
    found = events_seen(story.database, EVERYBODY, query)
    return [
        (event.type, event.resource_id, event.data(View.ISSUER)) for event in found if event.source is Source.CHANGE
    ]


def shown(time, day, **what):
    """Data of an event of the account."""
    return {"account_id": ACCOUNT, "time": time, "day": day, "currency": "EUR"} | what


def test_a_plan_that_is_billed_to_its_end(story):
    """It starts with its principal, and ends with the statement that bills the last instalment, on that one's day."""
    number = split(story, bought(story)[0], months=2)
    plan = to_text(Prefix.PLAN, number)
    days_later(story, 50)
    started = shown("2026-11-24T12:00:00Z", "2026-11-24", id=plan, principal=12_000, months=2)
    ended = shown("2027-01-13T12:00:00Z", "2027-01-05", id=plan, end="billed", left=0)
    assert told(story) == [(EventType.PLAN_STARTED, plan, started), (EventType.PLAN_ENDED, plan, ended)]


@pytest.mark.parametrize(
    ("end", "left"),
    [("given_back", 12_000), ("early", 12_000), ("written_off", 12_000)],
)
def test_a_plan_that_ends_before(story, end, left):
    """With a refund of its purchase, early, or with the debt."""
    purchase, sale = bought(story)
    number = split(story, purchase)
    ends = {
        "given_back": lambda: refund(sale),
        "early": lambda: command(Kind.END_PLAN, account_id=7, decision=number, fee_ppm=30_000),
        "written_off": lambda: command(Kind.WRITE_OFF, account_id=7),
    }
    story.tell(ends[end]())
    plan = to_text(Prefix.PLAN, number)
    ended = shown("2026-11-24T12:00:00Z", "2026-11-24", id=plan, end=end, left=left)
    assert told(story)[1:] == [(EventType.PLAN_ENDED, plan, ended)]


@pytest.mark.parametrize(("is_waived", "interest"), [(1, "waived"), (0, "accrues")])
def test_a_relief_from_its_grant_to_the_statement_that_ends_it(story, is_waived, interest):
    """What was due has moved, and the statement that asks again says for how much."""
    bought(story)
    days_later(story, 13)
    story.tell(command(Kind.RELIEVE, account_id=7, months=2, is_waived=is_waived, time_us=NOW_US + 14 * DAY_US))
    days_later(story, 75)
    granted, ended = told(story)
    of_relief = {"due_day": "2027-02-25", "interest": interest}
    at = shown("2026-12-08T12:00:00Z", "2026-12-08", **of_relief, moved=1_200, months=2)
    assert granted == (EventType.RELIEF_GRANTED, ACCOUNT, at)
    minimum = ended[2].pop("minimum")
    assert ended == (EventType.RELIEF_ENDED, ACCOUNT, shown("2027-02-07T12:00:00Z", "2027-02-05", **of_relief))
    with story.database.connect() as connection:
        asked = connection.exec_driver_sql("SELECT minimum_minor FROM statements ORDER BY day DESC").scalars().first()
    assert minimum == asked >= 1_200


def test_an_account_that_comes_into_a_segment_and_leaves_it(tmp_path):
    """With its statements, and without news where it stays where it is."""
    young = {"attribute": "account_age", "operator": "<", "value": 50}
    segments = [{"number": 2, "id": "newcomers", "when": young}]
    story = Story(tmp_path / "history.db", products=[{"number": 1, "id": "phone_card"}], segments=segments)
    story.tell(set_account(4, product=1, cut_day=5))
    bought(story)
    days_later(story, 100)
    at = "2027-03-04T12:00:00Z"
    assert told(story) == [
        (EventType.SEGMENT_CHANGED, ACCOUNT, shown(at, "2026-12-05", segment=2, before=0)),
        (EventType.SEGMENT_CHANGED, ACCOUNT, shown(at, "2027-02-05", segment=0, before=2)),
    ]
    with story.database.connect() as connection:
        cut = connection.exec_driver_sql("SELECT day, segment FROM statements ORDER BY day").all()
    assert cut == [("2026-12-05", 0), ("2027-01-05", 2), ("2027-02-05", 2)]
    found = events_seen(story.database, EVERYBODY, EventQuery(9, type=EventType.SEGMENT_CHANGED))
    assert [event_named(story.database, EVERYBODY, event.key) for event in found] == found
    story.database.dispose()


def test_they_are_found_by_type_by_resource_and_by_identifier(story):
    """A plan's events by the plan, those of reliefs and statements by the account; none under another."""
    number = split(story, bought(story)[0], months=1)
    story.tell(command(Kind.RELIEVE, account_id=7, months=1, is_waived=1))
    days_later(story, 50)
    plan = to_text(Prefix.PLAN, number)
    assert [each[0] for each in told(story, resource_id=plan)] == ["plan.started", "plan.ended"]
    assert [each[0] for each in told(story, resource_id=ACCOUNT)] == ["relief.granted", "relief.ended"]
    for other in (to_text(Prefix.PLAN, number + 1), to_text(Prefix.ACCOUNT, number), to_text(Prefix.PAYMENT, number)):
        assert told(story, resource_id=other) == []
    for each in (EventType.PLAN_STARTED, EventType.PLAN_ENDED, EventType.RELIEF_GRANTED, EventType.RELIEF_ENDED):
        found = events_seen(story.database, EVERYBODY, EventQuery(9, type=each))
        assert [event.type for event in found] == [each]
        assert event_named(story.database, EVERYBODY, found[0].key) == found[0]
    assert told(story, type=EventType.STATEMENT_ISSUED) == []


def test_what_one_command_ends_is_told_piece_by_piece(story):
    """Its postings, then its statements, then its changes, whatever the size of a piece."""
    for number in (1, 2, 3):
        split(story, story.tell(tap(number, 3_000, kind=Kind.FINANCIAL_REQUEST)), months=1)
    last = days_later(story, 50)
    whole, reached = events_behind(story.database, Position(last), 100)
    sources = [event.source for event in whole]
    assert sources == sorted(sources)
    assert sources.count(Source.CHANGE) == 3
    for limit in (1, 2, 4):
        found, place = [], Position(last)
        while True:
            piece, further = events_behind(story.database, place, limit)
            if further == place:
                break
            found, place = found + piece, Position.parse(str(further))
        assert [event.id for event in found] == [event.id for event in whole]
        assert place == reached


def test_issuers_see_what_is_theirs(story):
    """Wallets and networks see nothing of what is due, and other issuers nothing at all."""
    split(story, bought(story)[0])
    viewers = {
        "bank": Viewer(issuer="bank"),
        "other bank": Viewer(issuer="purse"),
        "wallet": Viewer(wallet="purse"),
        "network": Viewer(network=True),
    }
    seen = {
        name: [event for event in events_seen(story.database, viewer, EventQuery(9)) if event.source is Source.CHANGE]
        for name, viewer in viewers.items()
    }
    assert {name: len(events) for name, events in seen.items()} == {
        "bank": 1,
        "other bank": 0,
        "wallet": 0,
        "network": 0,
    }


def test_one_relief_for_all_accounts_is_an_event_for_each(story):
    """Of those that owe something, in the order of their rows."""
    story.tell(set_account(5, account=8, product=1, cut_day=5))
    story.tell(set_card(6, card=80, account=8))
    story.tell(set_token(7, pan=800, card=80, account=8))
    story.tell(set_account(8, account=9, product=1, cut_day=5))
    bought(story)
    story.tell(tap(1, 500, pan=800, kind=Kind.FINANCIAL_REQUEST))
    everybody = {"rows": 16, "of_segment": 65_535, "months": 3, "is_waived": 1}
    relieved = story.tell(command(Kind.RELIEVE_RANGE, **everybody))
    found, _ = events_behind(story.database, Position(relieved), 100)
    assert [(event.type, event.resource_id) for event in found] == [
        (EventType.RELIEF_GRANTED, ACCOUNT),
        (EventType.RELIEF_GRANTED, to_text(Prefix.ACCOUNT, 8)),
    ]
    assert len({event.id for event in found}) == 2
