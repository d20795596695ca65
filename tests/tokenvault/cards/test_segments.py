"""Segments that accounts are pinned to, and stages of life: what is kept of them, and who hears of it."""

import pytest

from tests.tokenvault.stories import rows
from tokenvault.cards.accounts import change_account, find_account, open_account
from tokenvault.events import outbox
from tokenvault.events.events import list_events


@pytest.fixture
def opened(vault):
    """Opens accounts."""

    def an_account(**classified):
        limits = {"credit_limit_minor": 10_000, "transaction_limit_minor": None}
        return open_account(vault, currency="EUR", **limits, **classified)

    return an_account


def shown(account):
    """Pinned segment and stage of life."""
    return account.segment, account.life_stage


def notices(vault):
    """What the engine has been told of accounts."""
    return [entry.notice for entry in outbox.entries_after(vault.database, 0)]


@pytest.mark.parametrize(
    ("classified", "kept"),
    [
        ({}, (None, 0)),
        ({"segment": None}, (None, 0)),
        ({"segment": 0}, (0, 0)),
        ({"segment": 255}, (255, 0)),
        ({"life_stage": 15}, (None, 15)),
        ({"segment": 3, "life_stage": 1}, (3, 1)),
    ],
)
def test_an_account_is_pinned_to_the_segment_that_it_is_opened_with(vault, opened, classified, kept):
    """To the first one too, and to none where none is given; the engine hears of it, and of when it was opened."""
    account = opened(**classified)
    assert shown(account) == kept
    assert find_account(vault, account.text_id) == account
    [told] = notices(vault)
    assert (shown(told), told.opened_at) == (kept, vault.now())


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ({}, {"segment": 0}, (0, 0)),
        ({}, {"segment": 3}, (3, 0)),
        ({"segment": 3}, {"segment": 4}, (4, 0)),
        ({"segment": 3}, {"segment": None}, (None, 0)),
        ({"segment": 0}, {"segment": None}, (None, 0)),
        ({}, {"life_stage": 15}, (None, 15)),
        ({"life_stage": 15}, {"life_stage": 0}, (None, 0)),
        ({"segment": 3, "life_stage": 2}, {"segment": None, "life_stage": 4}, (None, 4)),
    ],
)
def test_a_change_is_kept_and_told(vault, clock, opened, before, changes, after):
    """To the engine whole, with the time of the opening; in the event what has changed, null where it is unpinned."""
    account = opened(**before)
    clock.now += 86_400 * 400
    changed = change_account(vault, account.text_id, changes)
    assert shown(changed) == after
    assert find_account(vault, account.text_id) == changed
    told = notices(vault)[-1]
    assert (shown(told), told.opened_at) == (after, account.created_at)
    [newest, _] = list_events(vault, limit=9)
    assert (newest.type, newest.data) == ("account.changed", changes)


@pytest.mark.parametrize(
    ("before", "changes"),
    [
        ({}, {"segment": None}),
        ({"segment": 0}, {"segment": 0}),
        ({"segment": 3, "life_stage": 2}, {"segment": 3, "life_stage": 2}),
        ({}, {"life_stage": 0}),
    ],
)
def test_the_same_again_is_no_change(vault, opened, before, changes):
    """No event and no notice."""
    account = opened(**before)
    assert change_account(vault, account.text_id, changes) == account
    assert len(notices(vault)) == len(rows(vault, "events")) == 1


def test_other_changes_leave_both(vault, opened):
    """And the engine hears of them again with each."""
    account = opened(segment=3, life_stage=2)
    assert shown(change_account(vault, account.text_id, {"credit_limit_minor": 5})) == (3, 2)
    assert [shown(told) for told in notices(vault)] == [(3, 2), (3, 2)]
