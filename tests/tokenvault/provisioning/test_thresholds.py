"""Where each threshold of the provisioning policy lies, and what the vault counts towards it."""

from datetime import UTC, datetime

import pytest

from tests.tokenvault.phones import Phone
from tests.tokenvault.stories import active_token, ask, ask_on_file, asked, new_card
from tokenvault.cards.cards import CardState
from tokenvault.provisioning.decision import (
    Circumstances,
    Party,
    ProvisioningPolicy,
    Reason,
    RiskInformation,
    Vote,
    WalletReason,
    decide,
)
from tokenvault.provisioning.policies import Policy, set_policy
from tokenvault.provisioning.token_requests import check_eligibility
from tokenvault.tokens.lifecycle import Change, Initiator
from tokenvault.tokens.token_changes import change_token

POLICY = ProvisioningPolicy()


def votes(risk=None, policy=POLICY, **seen):
    """How the three parties vote."""
    good = {"card_state": CardState.ACTIVE, "card_expiry": "3111", "month": "2611"}
    decision = decide(risk or RiskInformation(), Circumstances(**good | seen), policy)
    return tuple(decision.votes[party] for party in (Party.WALLET, Party.NETWORK, Party.ISSUER))


G, Y, R = Vote.GREEN, Vote.YELLOW, Vote.RED


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("tokens_on_device", {0: (G, G, G), 19: (G, G, G), 20: (G, Y, G), 21: (G, Y, G)}),
        ("tokens_of_card", {19: (G, G, G), 20: (G, G, R)}),
        ("recent_requests", {9: (G, G, G), 10: (G, Y, G), 49: (G, Y, G), 50: (G, R, G)}),
    ],
)
def test_what_the_vault_counts(name, counts):
    """The last count that is well, and the first that is not; each is its own party's vote."""
    assert {count: votes(**{name: count}) for count in counts} == counts


def test_the_greater_count_of_a_device_holds():
    """The vault knows its own tokens only, the wallet those of all services; a wallet that says nothing adds none."""
    assert votes(RiskInformation(tokens_on_device=19)) == (G, G, G)
    assert votes(RiskInformation(tokens_on_device=20)) == (G, Y, G)
    assert votes(RiskInformation(tokens_on_device=1), tokens_on_device=20) == (G, Y, G)


@pytest.mark.parametrize("score", ["device_score", "account_score"])
def test_scores(score):
    """One is red, two is yellow, three and more are well; what nobody says is well too."""
    told = {number: votes(RiskInformation(**{score: number}))[1] for number in (1, 2, 3, 4, 5)}
    assert told == {1: R, 2: Y, 3: G, 4: G, 5: G}
    assert votes(RiskInformation()) == (G, G, G)


def test_other_scores_by_policy():
    """Each score has its own two thresholds."""
    policy = ProvisioningPolicy(device_score_red=2, device_score_yellow=3, account_score_red=3, account_score_yellow=4)
    assert [votes(RiskInformation(device_score=number), policy)[1] for number in (2, 3, 4)] == [R, Y, G]
    assert [votes(RiskInformation(account_score=number), policy)[1] for number in (3, 4, 5)] == [R, Y, G]


def test_young_accounts():
    """By default of any age; else from the first day that the policy names. Nothing said is well."""
    assert votes(RiskInformation(account_age_days=0)) == (G, G, G)
    policy = ProvisioningPolicy(account_age_days_min=30)
    told = {days: votes(RiskInformation(account_age_days=days), policy)[1] for days in (29, 30, None)}
    assert told == {29: Y, 30: G, None: G}


def test_where_the_device_is():
    """A country that nobody expects is yellow; where none is named, or none is expected, nothing is wrong."""
    policy = ProvisioningPolicy(expected_countries=("276", "250"))
    told = {country: votes(RiskInformation(country=country), policy)[2] for country in ("276", "250", "840", None)}
    assert told == {"276": G, "250": G, "840": Y, None: G}
    assert votes(RiskInformation(country="840")) == (G, G, G)


def test_entry_by_hand():
    """Asks for verification, unless the policy says otherwise."""
    assert votes(entered_by_hand=True) == (G, G, Y)
    assert votes(entered_by_hand=True, policy=ProvisioningPolicy(verifies_entry_by_hand=False)) == (G, G, G)


def test_the_wallets_own_reasons():
    """All are yellow but two; one that a policy does not name is none."""
    told = {reason: votes(RiskInformation(reasons=(reason,)))[0] for reason in WalletReason}
    assert {reason for reason, vote in told.items() if vote is R} == {
        WalletReason.DEVICE_RECENTLY_LOST,
        WalletReason.HIGH_RISK,
    }
    assert G not in told.values()
    assert votes(RiskInformation(reasons=(WalletReason.HIGH_RISK,)), ProvisioningPolicy(wallet_reasons={})) == (G, G, G)


def test_a_forced_outcome_keeps_the_votes():
    """The test's own reason is told in place of all others; an approval needs none."""
    good = Circumstances(CardState.FROZEN, "3111", "2611")
    forced = decide(RiskInformation(wallet_account_id="force_approved"), good, POLICY)
    assert (forced.outcome, forced.reasons, forced.votes[Party.ISSUER]) == ("approved", (), R)
    forced = decide(RiskInformation(wallet_account_id="force_declined"), good, POLICY)
    assert (forced.outcome, forced.reasons) == ("declined", (Reason.FORCED_FOR_A_TEST,))


def reasons_of(vault, card, phone, device):
    """Why a request for this card on this device would not simply be approved."""
    return check_eligibility(vault, phone.proven(), asked(card, device)).decision.reasons


def test_requests_of_a_day_are_counted(vault, clock):
    """Also declined ones; a request is recent for less than a day."""
    set_policy(vault, Policy(ProvisioningPolicy(recent_requests_yellow=2, recent_requests_red=3)))
    card, phone = new_card(vault), Phone(vault)
    device = phone.register()
    for _ in range(2):
        ask(vault, phone, card, device, risk=RiskInformation(device_score=1))
    assert reasons_of(vault, card, phone, device) == (Reason.TOO_MANY_RECENT_REQUESTS,)
    assert reasons_of(vault, new_card(vault), phone, device) == ()
    clock.advance(24 * 3600 - 1)
    assert reasons_of(vault, card, phone, device) == (Reason.TOO_MANY_RECENT_REQUESTS,)
    clock.advance(1)
    assert reasons_of(vault, card, phone, device) == ()


def test_live_tokens_are_counted(vault):
    """Of this card on any device, and of any card on this device; not those that have ended."""
    set_policy(vault, Policy(ProvisioningPolicy(tokens_on_device_max=1, tokens_of_card_max=2)))
    card = new_card(vault)
    _, first, _ = active_token(vault, card)
    phone = Phone(vault)
    device = phone.register()
    ask(vault, phone, new_card(vault), device)
    assert reasons_of(vault, new_card(vault), phone, device) == (Reason.TOO_MANY_TOKENS_ON_DEVICE,)
    active_token(vault, card)
    other = Phone(vault)
    fresh = other.register()
    assert reasons_of(vault, card, other, fresh) == (Reason.TOO_MANY_TOKENS_OF_CARD,)
    change_token(vault, first.text_id, Change.DEACTIVATE, Initiator.ISSUER)
    assert reasons_of(vault, card, other, fresh) == ()


def test_a_card_can_be_added_to_the_end_of_its_expiry_month(vault, clock):
    """In its last second it can; in the first of the next month it has expired."""
    card, phone = new_card(vault), Phone(vault)
    device = phone.register()
    assert card.expiry == "3111"
    next_month = int(datetime(2031, 12, 1, tzinfo=UTC).timestamp())
    clock.advance(next_month - 1 - vault.now())
    assert reasons_of(vault, card, phone, device) == ()
    clock.advance(1)
    assert reasons_of(vault, card, phone, device) == (Reason.CARD_EXPIRED,)


def test_a_merchant_has_no_device_to_be_full(vault):
    """However few tokens a device may hold, those on file are not counted towards it."""
    set_policy(vault, Policy(ProvisioningPolicy(tokens_on_device_max=1)))
    assert ask_on_file(vault, new_card(vault)).decision_reasons == []
