"""The decision on an application, row by row, and what always holds of it."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvault.customers.credit_decision import (
    OUTCOMES,
    Applicant,
    CreditPolicy,
    DeviceFacts,
    Outcome,
    Party,
    Reason,
    ScoreBand,
    age_on,
    decide,
)
from tokenvault.vocabulary.votes import Vote

GOOD = Applicant(age=30, city="Shanghai", channel="app", score=720)
POLICY = CreditPolicy()
APP_ONLY = replace(POLICY, open_channels=("app",))
NO_DEVICE = DeviceFacts()


@pytest.mark.parametrize(
    ("applicant", "device", "policy", "outcome", "reasons", "limit"),
    [
        (GOOD, NO_DEVICE, POLICY, "approved", [], 2_000_000),
        (replace(GOOD, score=700), NO_DEVICE, POLICY, "approved", [], 2_000_000),
        (replace(GOOD, score=699), NO_DEVICE, POLICY, "approved", [], 800_000),
        (replace(GOOD, score=580), NO_DEVICE, POLICY, "in_review", ["score_low"], 300_000),
        (replace(GOOD, score=560), NO_DEVICE, POLICY, "in_review", ["score_low"], 300_000),
        (replace(GOOD, score=559), NO_DEVICE, POLICY, "declined", ["score_low"], None),
        (replace(GOOD, city="Lhasa"), NO_DEVICE, POLICY, "declined", ["city_not_open"], None),
        (replace(GOOD, city="SHANGHAI"), NO_DEVICE, POLICY, "approved", [], 2_000_000),
        (replace(GOOD, city="Lhasa"), NO_DEVICE, replace(POLICY, open_cities=()), "approved", [], 2_000_000),
        (replace(GOOD, channel="web"), NO_DEVICE, POLICY, "approved", [], 2_000_000),
        (GOOD, NO_DEVICE, APP_ONLY, "approved", [], 2_000_000),
        (replace(GOOD, channel="web"), NO_DEVICE, APP_ONLY, "declined", ["channel_not_open"], None),
        (replace(GOOD, age=18), NO_DEVICE, POLICY, "approved", [], 2_000_000),
        (replace(GOOD, age=17), NO_DEVICE, POLICY, "declined", ["too_young"], None),
        (replace(GOOD, has_product=True), NO_DEVICE, POLICY, "declined", ["has_product"], None),
        (GOOD, DeviceFacts(score=3), POLICY, "approved", [], 2_000_000),
        (GOOD, DeviceFacts(score=2), POLICY, "in_review", ["device_score_low"], 2_000_000),
        (GOOD, DeviceFacts(score=1), POLICY, "declined", ["device_score_low"], None),
        (GOOD, DeviceFacts(is_compromised=True), POLICY, "declined", ["device_compromised"], None),
        (GOOD, DeviceFacts(recent_applications=2), POLICY, "approved", [], 2_000_000),
        (
            GOOD,
            DeviceFacts(recent_applications=3),
            POLICY,
            "in_review",
            ["too_many_applications_from_device"],
            2_000_000,
        ),
        (GOOD, DeviceFacts(recent_applications=10), POLICY, "declined", ["too_many_applications_from_device"], None),
        (
            replace(GOOD, age=17, city="Lhasa", score=300),
            DeviceFacts(score=2),
            POLICY,
            "declined",
            ["city_not_open", "too_young", "score_low", "device_score_low"],
            None,
        ),
        (replace(GOOD, city="Lhasa", forced=Outcome.APPROVED), NO_DEVICE, POLICY, "approved", [], 5_000_000),
        (replace(GOOD, forced=Outcome.IN_REVIEW), NO_DEVICE, POLICY, "in_review", ["forced_for_a_test"], 300_000),
        (replace(GOOD, forced=Outcome.DECLINED), NO_DEVICE, POLICY, "declined", ["forced_for_a_test"], None),
    ],
)
def test_one_finding_at_a_time(applicant, device, policy, outcome, reasons, limit):
    """Bounds from both sides, and all of several findings."""
    decision = decide(applicant, device, policy)
    assert (decision.outcome, list(decision.reasons), decision.credit_limit_minor) == (outcome, reasons, limit)


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(2000, 5, 17), date(2018, 5, 16), 17),
        (date(2000, 5, 17), date(2018, 5, 17), 18),
        (date(2004, 2, 29), date(2022, 2, 28), 17),
        (date(2004, 2, 29), date(2022, 3, 1), 18),
        (date(2004, 2, 29), date(2024, 2, 29), 20),
    ],
)
def test_age(born, on, age):
    """Full years."""
    assert age_on(born, on) == age


APPLICANTS = st.builds(
    Applicant,
    age=st.integers(0, 120),
    city=st.sampled_from(["Shanghai", "beijing", "Lhasa"]),
    channel=st.sampled_from(["app", "web"]),
    score=st.integers(300, 850),
    forced=st.none() | st.sampled_from(Outcome),
    has_product=st.booleans(),
)
DEVICES = st.builds(
    DeviceFacts,
    score=st.none() | st.integers(1, 5),
    is_compromised=st.booleans(),
    recent_applications=st.integers(0, 20),
)
BANDS = st.builds(ScoreBand, st.integers(300, 850), st.sampled_from([Vote.GREEN, Vote.YELLOW]), st.integers(0, 10**9))
POLICIES = st.builds(
    CreditPolicy,
    open_cities=st.sampled_from([(), ("Shanghai",)]),
    open_channels=st.sampled_from([(), ("app",)]),
    age_min=st.integers(0, 30),
    score_bands=st.lists(BANDS, min_size=1, unique_by=lambda band: band.score_min).map(
        lambda bands: tuple(sorted(bands, key=lambda band: -band.score_min))
    ),
)


@given(APPLICANTS, DEVICES, POLICIES)
def test_the_worst_vote_decides(applicant, device, policy):
    """Unless a test forces an outcome. Only an approval is without reasons, and only a decline without a limit."""
    decision = decide(applicant, device, policy)
    assert set(decision.votes) == set(Party)
    assert decision.outcome is (applicant.forced or OUTCOMES[max(decision.votes.values())])
    assert (decision.reasons == ()) is (decision.outcome is Outcome.APPROVED)
    assert (decision.credit_limit_minor is None) is (decision.outcome is Outcome.DECLINED)
    limits = {band.credit_limit_minor for band in policy.score_bands} | {None}
    assert decision.credit_limit_minor in limits


@given(APPLICANTS.map(lambda each: replace(each, forced=None)), DEVICES, POLICIES)
def test_what_is_worse_is_never_decided_better(applicant, device, policy):
    """A product that is there, a lower device score, or one more application from the device improves nothing."""
    severity = list(Outcome)
    before = severity.index(decide(applicant, device, policy).outcome)
    worse = [
        (replace(applicant, has_product=True), device),
        (replace(applicant, city="Nowhere"), device),
        (applicant, replace(device, is_compromised=True)),
        (applicant, replace(device, recent_applications=device.recent_applications + 1)),
        (applicant, replace(device, score=max(1, (device.score or 5) - 1))),
    ]
    for each in worse:
        assert severity.index(decide(*each, policy).outcome) >= before
    assert Reason.HAS_PRODUCT in decide(*worse[0], policy).reasons
