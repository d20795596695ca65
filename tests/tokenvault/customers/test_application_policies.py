"""Application policies: each issuer its own, in versions."""

from dataclasses import replace

import pytest

from tests.tokenvault.stories import rows
from tokenvault.callers.caller import Caller, Scope, current_caller
from tokenvault.customers.application_policies import ApplicationPolicy, current_policy, set_policy
from tokenvault.customers.credit_decision import CreditPolicy, ScoreBand
from tokenvault.vocabulary.errors import FieldError
from tokenvault.vocabulary.votes import Vote

OTHER = ApplicationPolicy(
    CreditPolicy(
        open_cities=("Berlin", "München"),
        open_channels=("branch",),
        age_min=21,
        score_bands=(ScoreBand(600, Vote.GREEN, 1), ScoreBand(500, Vote.YELLOW, 0)),
    ),
    "EUR",
    60,
)


def test_what_holds_before_any_is_set(vault):
    """The default, as version 0."""
    assert current_policy(vault) == ApplicationPolicy()


def test_a_policy_is_kept(vault):
    """Whole, under the next version, with a line in the audit trail."""
    assert set_policy(vault, OTHER) == replace(OTHER, version=1)
    assert set_policy(vault, ApplicationPolicy()) == ApplicationPolicy(version=2)
    set_policy(vault, OTHER)
    assert current_policy(vault) == replace(OTHER, version=3)
    assert [entry.action for entry in rows(vault, "audit_entries")] == ["application_policy.set"] * 3


def test_each_issuer_has_its_own(vault):
    """Which others do not see."""
    set_policy(vault, OTHER)
    token = current_caller.set(Caller("bob", frozenset({Scope.ISSUER}), "bob"))
    assert current_policy(vault) == ApplicationPolicy()
    current_caller.reset(token)


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        (ApplicationPolicy(currency="XXQ"), "currency"),
        (ApplicationPolicy(CreditPolicy(score_bands=())), "score_bands"),
        (
            ApplicationPolicy(CreditPolicy(score_bands=(ScoreBand(5, Vote.GREEN, 1), ScoreBand(5, Vote.YELLOW, 1)))),
            "score_bands.1.score_min",
        ),
        (ApplicationPolicy(CreditPolicy(score_bands=(ScoreBand(5, Vote.RED, 1),))), "score_bands.0.vote"),
        (
            ApplicationPolicy(CreditPolicy(score_bands=(ScoreBand(5, Vote.GREEN, 10**12),))),
            "score_bands.0.credit_limit",
        ),
    ],
)
def test_a_policy_that_makes_no_sense_names_the_part(vault, policy, field):
    """And changes nothing."""
    with pytest.raises(FieldError) as refused:
        set_policy(vault, policy)
    assert refused.value.field == field
    assert current_policy(vault) == ApplicationPolicy()
