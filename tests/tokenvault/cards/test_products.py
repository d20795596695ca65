"""Products and cut days of accounts: which go together, how they are exchanged, and who hears of it."""

import pytest

from tests.tokenvault.stories import rows
from tokenvault.cards.accounts import change_account, find_account, open_account
from tokenvault.cards.products import check_exchange, cut_day_with
from tokenvault.events import audit, outbox
from tokenvault.events.events import list_events
from tokenvault.vocabulary.errors import FieldError


@pytest.fixture
def opened(vault):
    """Opens accounts."""

    def an_account(**billed):
        limits = {"credit_limit_minor": 10_000, "transaction_limit_minor": None}
        return open_account(vault, currency="EUR", segment=0, **limits, **billed)

    return an_account


def shown(account):
    """Product and cut day."""
    return account.product, account.cut_day


def notices(vault):
    """What the engine has been told of accounts: product and cut day each time."""
    return [shown(entry.notice) for entry in outbox.entries_after(vault.database, 0)]


@pytest.mark.parametrize(
    ("product", "given", "cut_day"), [(0, None, None), (1, None, 1), (31, 1, 1), (1, 28, 28), (7, 15, 15)]
)
def test_the_day_beside_a_product(product, given, cut_day):
    """The first of the month where none is given, and none without a product."""
    assert cut_day_with(product, given) == cut_day


@pytest.mark.parametrize(
    ("product", "given", "field"),
    [(-1, None, "product"), (32, None, "product"), (32, 1, "product"), (0, 1, "cut_day"), (1, 0, "cut_day"),
     (1, 29, "cut_day"), (0, 0, "cut_day")],
)  # fmt: skip
def test_what_goes_with_nothing(product, given, field):
    """The field that has to be corrected is named."""
    with pytest.raises(FieldError) as refused:
        cut_day_with(product, given)
    assert refused.value.field == field


@pytest.mark.parametrize(("before", "after"), [(0, 0), (0, 1), (1, 1), (1, 31)])
def test_products_that_can_follow_each_other(before, after):
    """A first one, the same, and another one."""
    check_exchange(before, after)


def test_a_product_is_not_taken_away():
    """The error says which one the account has."""
    with pytest.raises(FieldError, match=r"product: .* product 3$"):
        check_exchange(3, 0)


@pytest.mark.parametrize(
    ("billed", "told"),
    [({}, (0, None)), ({"product": 3}, (3, 1)), ({"product": 3, "cut_day": 5}, (3, 5))],
)
def test_accounts_are_opened_with_a_product(vault, opened, billed, told):
    """It is kept, and the engine hears of it; one that is opened as before has none."""
    account = opened(**billed)
    assert shown(account) == told
    assert find_account(vault, account.text_id) == account
    assert notices(vault) == [told]


def test_no_account_is_opened_with_a_day_alone(vault, opened):
    """Nothing is kept, and nobody is told."""
    with pytest.raises(FieldError, match=r"^cut_day: is for accounts with a product"):
        opened(cut_day=5)
    assert (rows(vault, "accounts"), notices(vault), rows(vault, "events")) == ([], [], [])


@pytest.mark.parametrize(
    ("before", "changes", "after", "event"),
    [
        ({}, {"product": 2}, (2, 1), {"product": 2, "cut_day": 1}),
        ({}, {"product": 2, "cut_day": 9}, (2, 9), {"product": 2, "cut_day": 9}),
        ({"product": 2, "cut_day": 9}, {"product": 3}, (3, 9), {"product": 3}),
        ({"product": 2, "cut_day": 9}, {"cut_day": 10}, (2, 10), {"cut_day": 10}),
        ({"product": 2, "cut_day": 9}, {"product": 2, "cut_day": 10}, (2, 10), {"cut_day": 10}),
    ],
)
def test_a_change_is_kept_and_told(vault, opened, before, changes, after, event):
    """To the engine whole; in the event what has changed, the day that came with a product among it; and audited."""
    account = opened(**before)
    changed = change_account(vault, account.text_id, changes)
    assert shown(changed) == after
    assert find_account(vault, account.text_id) == changed
    assert notices(vault)[1:] == [after]
    [newest, _] = list_events(vault, limit=9)
    assert (newest.type, newest.data) == ("account.changed", event)
    assert [each.action for each in rows(vault, "audit_entries")][-1] == "account.changed"
    assert audit.verify(vault).sequence == len(rows(vault, "audit_entries"))


@pytest.mark.parametrize(
    ("before", "changes", "field"),
    [
        ({}, {"cut_day": 5}, "cut_day"),
        ({}, {"product": 0, "cut_day": 5}, "cut_day"),
        ({"product": 2}, {"product": 0}, "product"),
        ({"product": 2}, {"product": 0, "cut_day": 5}, "product"),
        ({"product": 2}, {"product": 32}, "product"),
        ({"product": 2}, {"cut_day": 29}, "cut_day"),
        ({"product": 2}, {"credit_limit_minor": 5, "cut_day": 0}, "cut_day"),
    ],
)
def test_a_change_that_is_refused_changes_nothing(vault, opened, before, changes, field):
    """Neither what is wrong nor what is beside it; nobody is told."""
    account = opened(**before)
    with pytest.raises(FieldError) as refused:
        change_account(vault, account.text_id, changes)
    assert refused.value.field == field
    assert find_account(vault, account.text_id) == account
    assert len(notices(vault)) == len(rows(vault, "events")) == 1


@pytest.mark.parametrize(
    ("before", "changes"), [({}, {"product": 0}), ({"product": 2, "cut_day": 9}, {"product": 2, "cut_day": 9})]
)
def test_the_same_again_is_no_change(vault, opened, before, changes):
    """No event and no notice."""
    account = opened(**before)
    assert change_account(vault, account.text_id, changes) == account
    assert len(notices(vault)) == len(rows(vault, "events")) == 1


def test_other_changes_leave_the_product(vault, opened):
    """And the engine hears of it with each of them, as of all else."""
    account = opened(product=4, cut_day=20)
    assert shown(change_account(vault, account.text_id, {"segment": 7})) == (4, 20)
    assert notices(vault) == [(4, 20), (4, 20)]
