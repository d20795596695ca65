"""Reviews: answered once by the desk, or over when their time has passed."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clock import ManualClock
from tests.tokenvault.customers.applicants import applied, asked, new_customer
from tests.tokenvault.stories import event_types, rows
from tests.tokenvault.vaults import new_vault
from tokenvault.cards.accounts import find_account
from tokenvault.customers.application_policies import ApplicationPolicy, set_policy
from tokenvault.customers.applications import ApplicationState
from tokenvault.customers.applying import apply
from tokenvault.customers.reviewing import (
    approve_in_review,
    decline_in_review,
    expire_due,
    find_application,
    list_applications,
)
from tokenvault.vocabulary.errors import Conflict, NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_text

REVIEW = ApplicationPolicy().review_seconds


@pytest.fixture
def waiting(vault):
    """An application that waits for the desk."""
    return applied(vault, "force_score_580").application


@pytest.mark.parametrize(("granted", "limit"), [(None, 300_000), (150_000, 150_000), (0, 0)])
def test_the_desk_approves(vault, waiting, granted, limit):
    """With its own limit, or the one of the score."""
    decided = approve_in_review(vault, waiting.text_id, granted)
    application = decided.application
    assert (application.state, application.decided_by, application.reasons) == ("approved", "desk", ["score_low"])
    assert find_account(vault, to_text(Prefix.ACCOUNT, application.account_id)).credit_limit_minor == limit
    assert decided.payload is not None
    assert find_application(vault, waiting.text_id) == application
    told = ["application.submitted", "application.review_started", "application.decided"]
    assert event_types(vault, waiting.text_id) == told


def test_the_desk_declines(vault, waiting):
    """Nothing is opened."""
    decided = decline_in_review(vault, waiting.text_id)
    application = decided.application
    assert (application.state, application.reasons) == ("declined", ["score_low", "desk_declined"])
    assert (application.credit_limit_minor, decided.payload, rows(vault, "accounts")) == (None, None, [])


def test_an_answer_is_the_only_one(vault, waiting):
    """Whatever the second says."""
    approve_in_review(vault, waiting.text_id)
    for again in (approve_in_review, decline_in_review):
        with pytest.raises(Conflict) as refused:
            again(vault, waiting.text_id)
        assert refused.value.code == "application_not_in_review"
    assert len(rows(vault, "accounts")) == 1


def test_what_is_decided_already_is_not_reviewed(vault):
    """Nor what nobody has applied for."""
    approved = applied(vault).application
    with pytest.raises(Conflict):
        approve_in_review(vault, approved.text_id)
    with pytest.raises(NotFound):
        decline_in_review(vault, to_text(Prefix.APPLICATION, 5))


def test_a_review_ends_with_its_time(vault, clock, waiting):
    """Not a second earlier. Whoever looks sees it, and the customer may apply again."""
    clock.now += REVIEW - 1
    assert find_application(vault, waiting.text_id).state == "in_review"
    assert expire_due(vault) == 0
    clock.now += 1
    expired = find_application(vault, waiting.text_id)
    assert (expired.state, expired.decided_by, expired.credit_limit_minor) == ("expired", "time", None)
    assert event_types(vault, waiting.text_id)[-1] == "application.expired"
    assert rows(vault, "audit_entries")[-1].actor == "system"
    with pytest.raises(Conflict):
        approve_in_review(vault, waiting.text_id)


def test_an_answer_that_comes_too_late(vault, clock, waiting):
    """Is refused, also before anybody has looked."""
    clock.now += REVIEW
    with pytest.raises(Conflict) as refused:
        approve_in_review(vault, waiting.text_id)
    assert "expired" in refused.value.message


def test_lists_know_the_time(vault, clock):
    """The desk's queue has no review that is over, and the next application is not kept waiting by one."""
    customer = new_customer(vault, "force_in_review")
    apply(vault, asked(customer))
    clock.now += REVIEW
    assert apply(vault, asked(customer)).application.state == "in_review"
    states = [each.state for each in list_applications(vault, limit=9)]
    assert states == ["in_review", "expired"]
    assert len(list_applications(vault, limit=9, state=ApplicationState.IN_REVIEW)) == 1


def test_many_reviews_end_together(vault, clock):
    """More than one transaction ends."""
    set_policy(vault, ApplicationPolicy(review_seconds=60))
    for number in range(103):
        applied(vault, f"force_in_review_{number}")
    clock.now += 60
    assert expire_due(vault) == 103
    assert expire_due(vault) == 0


STEPS = st.lists(st.sampled_from(["apply", "approve", "decline", "look", "wait", "expire"]), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.sampled_from(["force_in_review", "force_score_720", "force_score_580"]))
def test_never_two_accounts_from_one_application(steps, number):
    """In whatever order a customer, the desk and the clock come, and however often they try again."""
    clock = ManualClock()
    vault = new_vault(clock)
    customer = new_customer(vault, number)
    for step in steps:
        newest = (list_applications(vault, limit=1) or [None])[0]
        with suppress(Conflict):
            match step:
                case "apply":
                    apply(vault, asked(customer))
                case "approve" if newest:
                    approve_in_review(vault, newest.text_id, 100_000)
                case "decline" if newest:
                    decline_in_review(vault, newest.text_id)
                case "wait":
                    clock.now += REVIEW // 2 + 1
                case "expire":
                    expire_due(vault)
        applications, accounts = rows(vault, "applications"), rows(vault, "accounts")
        approved = [each for each in applications if each.state == "approved"]
        assert {each.account_id for each in approved} == {each.id for each in accounts}
        assert {each.card_id for each in approved} == {each.id for each in rows(vault, "cards")}
        assert all(each.account_id is None for each in applications if each.state != "approved")
        assert sum(each.state == "in_review" for each in applications) <= 1
    vault.database.dispose()
