"""The feed between vault and engine: whatever crashes in between, the engine hears everything in order, once."""

import asyncio

import numpy as np
import pytest
import sqlalchemy as sa
import structlog

from authz.engine import Engine
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal
from authz.kernel.undefined_values import Field, first_undefined
from authz.state.billing import LAST_DAY
from authz.state.stored import rows_in_use
from authz.state.tables import Counter
from authz.vocabulary.commands import NO_LIMIT, SegmentIs
from authz.vocabulary.layouts import joined
from simulators.sandbox.feeds import vault_feed
from simulators.sandbox.feeds.vault_feed import VaultFeed, command_of
from tests.clock import ManualClock
from tests.tokenvault.vaults import new_vault
from tokenvault.cards.accounts import change_account, open_account
from tokenvault.cards.cards import issue_card
from tokenvault.events import outbox
from tokenvault.storage import schema
from tokenvault.storage.database import DatabaseUnavailable
from tokenvault.tokens.card_changes import freeze_card


@pytest.fixture
def vault():
    """A vault that announces to nobody."""
    made = new_vault(ManualClock())
    yield made
    made.database.dispose()


def _two_cards(vault):
    for limit in (1_000, 2_000):
        account = open_account(
            vault, currency="EUR", credit_limit_minor=limit, transaction_limit_minor=None, segment=limit // 1_000
        )
        card = issue_card(vault, account.text_id)
    freeze_card(vault, card.text_id)


@pytest.mark.parametrize(("limit", "told"), [(None, NO_LIMIT), (0, 0), (700, 700)])
def test_an_account_without_a_transaction_limit(vault, limit, told):
    """The engine hears that there is none, which is not the same as one of nothing."""
    open_account(vault, currency="EUR", credit_limit_minor=5_000, transaction_limit_minor=limit, segment=0)
    command = command_of(next(iter(outbox.entries_after(vault.database, 0))))
    assert command["transaction_limit_minor"][0] == told


@pytest.mark.parametrize(
    ("billed", "told"), [({}, (0, 0)), ({"product": 3}, (3, 1)), ({"product": 31, "cut_day": 28}, (31, 28))]
)
def test_an_account_with_its_product(vault, billed, told):
    """The engine hears of product and cut day; without a product both are zero."""
    limits = {"credit_limit_minor": 5_000, "transaction_limit_minor": None}
    open_account(vault, currency="EUR", segment=0, **limits, **billed)
    command = command_of(next(iter(outbox.entries_after(vault.database, 0))))
    assert (command["product"][0], command["cut_day"][0]) == told


_DAY, _SECONDS = 20_781, 20_781 * 86_400


@pytest.mark.parametrize(
    ("notice", "told"),
    [
        ({"segment": None, "opened_at": _SECONDS}, (0, SegmentIs.UNPINNED, 0, _DAY)),
        ({"segment": 0, "opened_at": _SECONDS + 86_399}, (0, SegmentIs.PINNED, 0, _DAY)),
        ({"segment": 255, "opened_at": _SECONDS + 86_400, "life_stage": 15}, (255, SegmentIs.PINNED, 15, _DAY + 1)),
        ({"segment": None, "opened_at": 0, "life_stage": 1}, (0, SegmentIs.UNPINNED, 1, 0)),
        ({"segment": 3, "opened_at": (LAST_DAY + 1) * 86_400}, (3, SegmentIs.PINNED, 0, LAST_DAY)),
        ({"segment": 0}, (0, SegmentIs.IMPLIED, 0, 0)),
        ({"segment": 3}, (3, SegmentIs.IMPLIED, 0, 0)),
    ],
)
def test_an_account_with_its_segment(vault, notice, told):
    """The engine hears whether it is pinned, and of the day (UTC) when it was opened; in notices of the version before,
    which have no time of opening, it hears of the segment as it did then.
    """
    state = {"account_id": 9, "currency": "EUR", "credit_limit_minor": 5_000, "transaction_limit_minor": None}
    with vault.database.begin() as connection:
        connection.execute(sa.insert(schema.outbox).values(kind="account", state={**state, **notice}))
    command = command_of(next(iter(outbox.entries_after(vault.database, 0))))
    assert tuple(command[name][0] for name in ("segment", "segment_is", "life_stage", "opened_day")) == told
    assert first_undefined(joined([command])) == (-1, Field.NONE)


def test_an_account_is_opened_today(vault):
    """And stays opened on that day, however much later it is changed."""
    account = open_account(vault, currency="EUR", credit_limit_minor=5_000, transaction_limit_minor=None, life_stage=2)
    vault.clock.now += 40 * 86_400
    change_account(vault, account.text_id, {"segment": 3})
    opened, changed = (command_of(entry) for entry in outbox.entries_after(vault.database, 0))
    for command, segment in ((opened, (0, SegmentIs.UNPINNED)), (changed, (3, SegmentIs.PINNED))):
        assert (command["segment"][0], command["segment_is"][0]) == segment
        assert (command["opened_day"][0], command["life_stage"][0]) == (ManualClock().now // 86_400, 2)


def test_a_notice_from_before_there_were_products(vault):
    """An outbox may still hold one after an upgrade: it is about an account that has none."""
    state = dict(vars(outbox.AccountNotice(9, "EUR", 5_000, None, 2)))
    for name in ("product", "cut_day", "life_stage", "opened_at"):
        del state[name]
    with vault.database.begin() as connection:
        connection.execute(sa.insert(schema.outbox).values(kind="account", state=state))
    command = command_of(next(iter(outbox.entries_after(vault.database, 0))))
    assert (command["segment"][0], command["product"][0], command["cut_day"][0]) == (2, 0, 0)
    assert command["segment_is"][0] == SegmentIs.IMPLIED


async def _fed(directory, vault):
    engine = Engine(SegmentJournal(Directory(directory)), lambda: 1, lambda error: None)
    await VaultFeed(vault.database, engine).drain()
    rows = rows_in_use(engine.state)
    await engine.close()
    return rows


def test_what_was_missed_is_heard_after_a_restart(vault, tmp_path):
    """An engine that was down hears later what the vault did meanwhile, and hears nothing twice."""
    _two_cards(vault)
    first = asyncio.run(_fed(tmp_path, vault))
    assert asyncio.run(_fed(tmp_path, vault)) == first
    _two_cards(vault)
    second = asyncio.run(_fed(tmp_path, vault))
    assert second != first
    counters = np.frombuffer(second["counters"], np.int64)
    assert counters[Counter.ACCOUNTS] == 4
    assert counters[Counter.OUTBOX_SEQUENCE] == 10


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("card", {"state": "lost_in_space"}),
        ("account", {"currency": "XXQ"}),
        ("account", {"credit_limit_minor": 1 << 70}),
        ("card", {"unheard_of": 1}),
        ("planet", {}),
    ],
)
def test_a_notice_that_cannot_be_told_blocks_nobody(vault, tmp_path, kind, change):
    """It is set aside, logged and counted; what is behind it is heard, now and later, also where it is the last one."""
    state = {"card_id": 1, "account_id": 1, "state": "active"}
    if kind == "account":
        state = dict(vars(outbox.AccountNotice(9, "EUR", 1, 1, 0)))
    broken = sa.insert(schema.outbox).values(kind=kind, state={**state, **change})

    async def story():
        engine = Engine(SegmentJournal(Directory(tmp_path)), lambda: 1, lambda error: None)
        feed = VaultFeed(vault.database, engine)
        with vault.database.begin() as connection:
            connection.execute(broken)
        await feed.drain()
        _two_cards(vault)
        with vault.database.begin() as connection:
            connection.execute(broken)
        await feed.drain()
        await feed.drain()
        heard = engine.outbox_sequence, int(engine.state.counters[Counter.ACCOUNTS])
        await engine.close()
        return heard, feed.set_aside

    with structlog.testing.capture_logs() as logged:
        assert asyncio.run(story()) == ((6, 2), [1, 7])
    assert [each["outbox_sequence"] for each in logged if each["event"] == "notice_set_aside"] == [1, 7]


def test_a_notice_heard_twice_changes_nothing(vault, tmp_path):
    """A feed that forgot how far it was repeats itself without effect on any row."""
    _two_cards(vault)

    async def story():
        engine = Engine(SegmentJournal(Directory(tmp_path)), lambda: 1, lambda error: None)
        await VaultFeed(vault.database, engine).drain()
        before = rows_in_use(engine.state)
        entries = list(outbox.entries_after(vault.database, 0))
        await engine.run(joined([command_of(entry) for entry in entries]))
        after = rows_in_use(engine.state)
        await engine.close()
        return before, after

    before, after = asyncio.run(story())
    for table in ("accounts", "cards", "tokens", "transactions"):
        assert after[table] == before[table]


def test_feeds_at_the_same_time_tell_once(vault, tmp_path):
    """Many announcements at once: each entry becomes one command."""
    _two_cards(vault)

    async def story():
        engine = Engine(SegmentJournal(Directory(tmp_path)), lambda: 1, lambda error: None)
        feed = VaultFeed(vault.database, engine)
        await asyncio.gather(*(feed.drain() for _ in range(20)))
        commands = engine.durable_sequence
        await engine.close()
        return commands

    assert asyncio.run(story()) == 5


def _card_on_an_account_that_cannot_be_told(vault):
    """Notices 1 (of the account) and 2 (of the card); the account's own is spoilt, and returned as it was."""
    account = open_account(vault, currency="EUR", credit_limit_minor=1_000, transaction_limit_minor=None, segment=0)
    issue_card(vault, account.text_id)
    first = schema.outbox.c.sequence == 1
    with vault.database.begin() as connection:
        state = connection.execute(sa.select(schema.outbox.c.state).where(first)).scalar_one()
        connection.execute(sa.update(schema.outbox).where(first).values(state={**state, "currency": "XXQ"}))
    return account, state


def _mended(vault, state):
    with vault.database.begin() as connection:
        connection.execute(sa.update(schema.outbox).where(schema.outbox.c.sequence == 1).values(state=state))


def _retried(vault, directory, *changes):
    """What was set aside, and the engine's counters, at first and after each change."""

    async def story():
        engine = Engine(SegmentJournal(Directory(directory)), lambda: 1, lambda error: None)
        feed, seen = VaultFeed(vault.database, engine), []
        for change in (lambda: None, *changes):
            change()
            await feed.retry()
            counters = engine.state.counters
            names = (Counter.OUTBOX_SEQUENCE, Counter.ACCOUNTS, Counter.CARDS)
            seen.append((list(feed.set_aside), *(int(counters[name]) for name in names)))
        await engine.close()
        return seen

    return asyncio.run(story())


def test_what_was_set_aside_is_told_as_soon_as_it_can_be(vault, tmp_path):
    """With what is about it: a card of an account that is not known stops no engine. Nothing is said twice."""
    _, state = _card_on_an_account_that_cannot_be_told(vault)
    seen = _retried(vault, tmp_path, lambda: None, lambda: _mended(vault, state), lambda: None)
    assert seen[0] == seen[1] == ([1, 2], 0, 0, 0)
    assert seen[2] == seen[3] == ([], 4, 1, 1)


def test_what_something_newer_was_said_of_is_not_told_again(vault, tmp_path):
    """The newest state wins, also over what is told late."""
    account, state = _card_on_an_account_that_cannot_be_told(vault)

    def say_something_newer():
        with vault.database.begin() as connection:
            outbox.put(connection, outbox.AccountNotice(account.id, "EUR", 77, NO_LIMIT, 0))
        _mended(vault, state)

    assert _retried(vault, tmp_path, say_something_newer)[-1] == ([], 4, 1, 1)
    assert len(list(outbox.entries_after(vault.database, 0))) == 4


def test_what_nobody_has_announced_is_heard_after_a_while(vault, tmp_path, monkeypatch):
    """Also after the database was away, which is a line in the log and no traceback."""
    monkeypatch.setattr(vault_feed, "_RETRY_SECONDS", 0)
    asked, entries_after = [], outbox.entries_after

    def away_at_first(*arguments):
        asked.append(arguments)
        if len(asked) == 1:
            raise DatabaseUnavailable("database: away")
        return entries_after(*arguments)

    monkeypatch.setattr(outbox, "entries_after", away_at_first)
    _two_cards(vault)

    async def story():
        engine = Engine(SegmentJournal(Directory(tmp_path)), lambda: 1, lambda error: None)
        retrying = asyncio.create_task(VaultFeed(vault.database, engine).keep_retrying())
        while engine.outbox_sequence < 5:
            await asyncio.sleep(0)
        retrying.cancel()
        await asyncio.wait([retrying])
        await engine.close()

    with structlog.testing.capture_logs() as logged:
        asyncio.run(asyncio.wait_for(story(), 30))
    assert [each for each in logged if each["event"] == "notices_not_read"] == [
        {"event": "notices_not_read", "log_level": "warning", "error": "database: away"}
    ]


def test_a_notice_that_is_gone_is_set_aside_no_longer(vault, tmp_path):
    """Somebody took it out of the outbox."""
    _card_on_an_account_that_cannot_be_told(vault)

    def remove():
        with vault.database.begin() as connection:
            connection.execute(sa.delete(schema.outbox))

    assert _retried(vault, tmp_path, remove)[-1] == ([], 0, 0, 0)
