"""The examples in `docs/events.md` are events of a story that is told here, to the letter."""

import json
import re
from pathlib import Path

from authz.payments.event_log import EventQuery, events_seen
from authz.payments.events import moment
from authz.payments.viewers import View, Viewer
from authz.vocabulary.commands import Kind
from tests.authz.bank import HOUR_US
from tests.authz.commands import NOW_US, command, referring, reversal, set_account, set_card, set_token, tap
from tests.authz.payments.story import Story
from tokenvault.vocabulary.event_types import PAYMENT_EVENTS

DOCUMENT = Path(__file__).parents[3] / "docs" / "events.md"
SHOP = {
    "merchant": b"CAFE00000000001",
    "merchant_name": b"CORNER CAFE",
    "merchant_city": b"BERLIN",
    "retrieval_reference": b"632810000001",
}
WALLETS = ("authorization.approved", "transaction.posted")
"""Of these a wallet's view is shown too."""


def documented(path):
    """One event of each type as its issuer sees it, and some as a wallet does: what a webhook carries."""
    young = {"attribute": "account_age", "operator": "<", "value": 90}
    segments = [{"number": 2, "id": "newcomers", "when": young}]
    points = {"number": 1, "id": "points", "price": 1, "expires_days": 5}
    products = [{"number": 1, "id": "phone_card"}]
    story = Story(path, products=products, segments=segments, units=[points])
    held = tap(1, 1_250, **SHOP)
    story.tell(held)
    story.tell(tap(2, 999_900, **SHOP))
    story.tell(referring(Kind.AUTHORIZATION_REQUEST, held, amount_minor=500, **SHOP))
    completed = story.tell(referring(Kind.FINANCIAL_ADVICE, held, amount_minor=1_750, stan=600_001, **SHOP))
    story.tell(command(Kind.CHARGEBACK, decision=completed, amount_minor=1_750))
    story.tell(command(Kind.REPRESENTMENT, decision=completed, amount_minor=1_750))
    other = tap(3, 900, **SHOP)
    story.tell(other)
    story.tell(reversal(other, **SHOP))
    story.tell(tap(4, 300, **SHOP))
    story.tell(command(Kind.PASS_TIME, time_us=NOW_US + 170 * HOUR_US))
    _live_with_a_bill(story)
    found = events_seen(story.database, Viewer(everything=True), EventQuery(100, oldest_first=True))
    story.database.dispose()
    first = {event.type.value: event for event in reversed(found)}
    shown = {name: _body(event, View.ISSUER) for name, event in first.items()}
    return shown | {f"{name} of a wallet": _body(first[name], View.CARDHOLDER) for name in WALLETS}


def _live_with_a_bill(story):
    """Another account splits a purchase, is relieved until its first statement, ends instalments, and has points."""
    story.tell(set_account(4, account=8, limit_minor=200_000, transaction_limit_minor=200_000, product=1, cut_day=5))
    story.tell(set_card(5, card=80, account=8))
    story.tell(set_token(6, pan=800, card=80, account=8))
    bought = story.tell(tap(5, 120_000, pan=800, kind=Kind.FINANCIAL_REQUEST, time_us=NOW_US + 171 * HOUR_US, **SHOP))
    its = {"account_id": 8, "time_us": NOW_US + 172 * HOUR_US}
    plan = story.tell(command(Kind.START_PLAN, decision=bought, plan_months=12, fee_ppm=6_000, **its))
    story.tell(command(Kind.RELIEVE, months=1, is_waived=1, **its))
    its["time_us"] += 14 * 24 * HOUR_US
    story.tell(command(Kind.END_PLAN, decision=plan, fee_ppm=30_000, fee_min=1_000, **its))
    story.tell(command(Kind.GIVE_UNITS, unit=1, amount=86, **its))
    story.tell(command(Kind.REDEEM, unit=1, amount=40, **its))
    story.tell(command(Kind.GIVE_UNITS, unit=1, amount=-36, **its))
    its["time_us"] += 6 * 24 * HOUR_US
    story.tell(command(Kind.ADJUST, amount_minor=1, **its))


def _body(event, view):
    return {
        "id": event.id,
        "type": event.type.value,
        "timestamp": moment(event.time_us // 1_000_000 * 1_000_000),
        "resource_id": event.resource_id,
        "data": event.data(view),
    }


def test_examples_are_what_is_sent(tmp_path):
    """Each example, and an example for each type."""
    expected = list(documented(tmp_path / "history.db").values())
    examples = re.findall(r"^```json\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    shown = [event for event in map(json.loads, examples) if event["type"] in PAYMENT_EVENTS]
    assert len(shown) == len(expected) == 18 + len(WALLETS)
    for event in expected:
        assert event in shown, f"docs/events.md has no such example: {json.dumps(event, indent=2)}"
