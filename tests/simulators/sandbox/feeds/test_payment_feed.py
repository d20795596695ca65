"""Deliveries of payments: each once, whatever fails on the way; what there is no room for waits in the history."""

from collections import Counter

import pytest
import sqlalchemy as sa

from authz.history.history_rows import position
from authz.payments.events import Position
from authz.vocabulary.commands import Kind
from authz.vocabulary.errors import HistoryUnavailable
from simulators.sandbox.feeds.engine_load import EngineLoad
from simulators.sandbox.feeds.payment_feed import PaymentFeed
from tests.authz.commands import command, tap
from tests.authz.payments.story import Story
from tests.clock import ManualClock
from tests.tokenvault.vaults import drop_database, new_database_url, new_vault
from tokenvault.callers.caller import Caller, Scope, current_caller
from tokenvault.events import payment_deliveries, webhooks
from tokenvault.events.payment_deliveries import PaymentLag
from tokenvault.events.webhooks import DeliveryState, list_deliveries
from tokenvault.storage import schema
from tokenvault.storage.database import DatabaseUnavailable
from tokenvault.vocabulary.event_types import EventType


class _Figures:
    """What the engine has done."""

    commands = 0


class _Engine:
    """An engine whose journal is the story."""

    def __init__(self, story):
        self._story = story
        self.figures = _Figures()

    @property
    def durable_sequence(self):
        """All that was told is durable."""
        return self._story.last


class _Projection:
    """A projection of the story."""

    def __init__(self, story):
        self.database = story.database

    def asked(self, question):
        """Ask its rows."""
        return question(self.database)


@pytest.fixture
def story(tmp_path):
    """A history with an account, its card and its token."""
    made = Story(tmp_path / "history.db")
    yield made
    made.database.dispose()


@pytest.fixture
def vault():
    """A vault on a clock of its own."""
    url = new_database_url()
    made = new_vault(ManualClock(), url)
    yield made
    made.database.dispose()
    drop_database(url)


@pytest.fixture
def feed(story, vault):
    """A feed from one to the other."""
    engine = _Engine(story)
    return PaymentFeed(vault, engine, _Projection(story), EngineLoad(engine.figures), now=vault.clock)


def endpoint(vault, feed, *types, scope=Scope.ISSUER, tenant="bank"):
    """An endpoint of a tenant, from now on."""
    token = current_caller.set(Caller("a key", frozenset({scope}), tenant))
    try:
        return webhooks.add_endpoint(vault, "http://127.0.0.1:1/", types, payments_until=feed.end).endpoint
    finally:
        current_caller.reset(token)


def told(vault, endpoint_id=None):
    """Types of what is to be delivered, how often each."""
    deliveries = list_deliveries(vault, limit=10_000)
    return Counter(each.event.type for each in deliveries if endpoint_id in (None, each.endpoint_id))


def test_each_event_once_for_each_endpoint_that_wants_and_sees_it(story, vault, feed):
    """From where it was added; a wallet with its own view; who wants none, or sees none, gets none."""
    story.tell(tap(1, 100))
    bank = endpoint(vault, feed)
    purse = endpoint(vault, feed, EventType.TRANSACTION_POSTED, scope=Scope.WALLET, tenant="purse")
    network = endpoint(vault, feed, scope=Scope.NETWORK, tenant="net")
    other, cards = endpoint(vault, feed, tenant="other"), endpoint(vault, feed, EventType.CARD_ISSUED)
    story.tell(tap(2, 200))
    story.tell(tap(3, 300, kind=Kind.FINANCIAL_REQUEST))
    feed.look()
    feed.look()
    approved, posted = EventType.AUTHORIZATION_APPROVED, EventType.TRANSACTION_POSTED
    assert told(vault, bank.id) == {approved: 2, posted: 1}
    assert told(vault, purse.id) == {posted: 1}
    assert told(vault, network.id) == {approved: 2}
    assert told(vault, other.id) == told(vault, cards.id) == {}
    shown = {each.endpoint_id: each.event.data for each in list_deliveries(vault, limit=99)}
    assert "account_id" not in shown[purse.id]
    assert "account_id" not in shown[network.id]
    assert "account_id" in shown[bank.id]
    (idle,) = [each for each in webhooks.list_endpoints(vault, limit=9) if each.id == cards.id]
    assert idle.payments_until is None


@pytest.mark.parametrize("fails", ["before", "after"])
def test_a_failure_loses_and_doubles_nothing(story, vault, feed, monkeypatch, fails):
    """Whether the transaction was undone, or committed without anybody hearing of it."""
    made = endpoint(vault, feed)
    for atc in range(1, 6):
        story.tell(tap(atc, 100))
    put = payment_deliveries.put_payments

    def failing(*arguments):
        if fails == "after":
            put(*arguments)
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(payment_deliveries, "put_payments", failing)
    with pytest.raises(DatabaseUnavailable):
        feed.look()
    assert sum(told(vault).values()) == (5 if fails == "after" else 0)
    monkeypatch.undo()
    again = PaymentFeed(vault, feed._engine, feed._projection, feed._load, now=vault.clock)
    again.look()
    again.look()
    assert told(vault, made.id) == {EventType.AUTHORIZATION_APPROVED: 5}


def test_somebody_else_who_tells_an_endpoint_doubles_nothing(story, vault, feed, monkeypatch):
    """Two feeds that have read the same: the second one's deliveries are not made."""
    endpoint(vault, feed)
    story.tell(tap(1, 100))
    stale = payment_deliveries.payment_listeners(vault)
    feed.look()
    monkeypatch.setattr("simulators.sandbox.feeds.payment_feed.payment_listeners", lambda _vault: stale)
    feed.look()
    assert told(vault) == {EventType.AUTHORIZATION_APPROVED: 1}


def test_what_there_is_no_room_for_waits_in_the_history(story, vault, feed, monkeypatch):
    """An endpoint that answers nobody gets so many and no more; one that answers goes on, and misses none."""
    monkeypatch.setattr(payment_deliveries, "UNTRIED_MAX", 3)
    monkeypatch.setattr("simulators.sandbox.feeds.payment_feed._AT_ONCE", 4)
    slow, quick = endpoint(vault, feed), endpoint(vault, feed)
    for atc in range(1, 11):
        story.tell(tap(atc, 100))
    for _ in range(10):
        feed.look()
        with vault.transaction() as connection:
            table = schema.webhook_deliveries
            done = sa.update(table).where(table.c.endpoint_id == quick.id)
            connection.execute(done.values(state=DeliveryState.DELIVERED, attempts=1))
    assert sum(told(vault, slow.id).values()) == 3
    assert sum(told(vault, quick.id).values()) == 10
    assert feed.lag(slow.id).commands == 8  # of the third it is not known yet whether it has brought about more
    assert feed.lag(quick.id) == PaymentLag()
    assert feed.greatest_lag.commands == 8
    with vault.transaction() as connection:
        connection.execute(sa.update(table).values(state=DeliveryState.DELIVERED, attempts=1))
    feed.look()
    assert sum(told(vault, slow.id).values()) == 6


def test_how_far_an_endpoint_is_behind(story, vault, feed):
    """Commands, and seconds since it was level; nothing once it has caught up."""
    made = endpoint(vault, feed)
    feed.look()
    assert feed.lag(made.id) == PaymentLag()
    story.tell(tap(1, 100))
    with story.database.begin() as connection:  # the history lags
        connection.execute(sa.update(position).values(sequence=1))
    vault.clock.advance(7)
    feed.look()
    assert feed.lag(made.id) == PaymentLag(1, 7)
    with story.database.begin() as connection:
        connection.execute(sa.update(position).values(sequence=story.last))
    feed.look()
    assert feed.lag(made.id) == PaymentLag()
    assert feed.lag(42) == PaymentLag()


def test_what_is_no_event_moves_the_place(story, vault, feed):
    """So that it is not read again."""
    made = endpoint(vault, feed)
    story.tell(command(Kind.SWITCH_ISSUER, is_down=1))
    feed.look()
    (found,) = webhooks.list_endpoints(vault, limit=9)
    assert (found.id, found.payments_until) == (made.id, str(Position.behind(story.last)))


def test_a_removed_endpoint_is_told_nothing(story, vault, feed, monkeypatch):
    """Also where it is removed while its deliveries are made."""
    made = endpoint(vault, feed)
    story.tell(tap(1, 100))
    stale = payment_deliveries.payment_listeners(vault)
    webhooks.remove_endpoint(vault, made.text_id)
    monkeypatch.setattr("simulators.sandbox.feeds.payment_feed.payment_listeners", lambda _vault: stale)
    feed.look()
    assert told(vault) == {}


def test_without_an_endpoint_nothing_is_read(story, vault, feed, monkeypatch):
    """Nobody wants payments: the history is not asked."""

    def asked(_question):
        raise HistoryUnavailable("asked")

    monkeypatch.setattr(feed._projection, "asked", asked)
    story.tell(tap(1, 100))
    assert feed.look() is False
    endpoint(vault, feed)
    story.tell(tap(2, 100))
    with pytest.raises(HistoryUnavailable):
        feed.look()
