"""The provisioning decision row by row, and the ways to name a card."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.parties import sandbox_constants
from tests.tokenvault.phones import Phone
from tests.tokenvault.stories import (
    ask,
    ask_on_file,
    asked,
    event_types,
    new_card,
    new_jwk,
    opened_jwe,
    pan_of,
    rows,
    sealed_to_vault,
)
from tokenvault.cards.card_details import panel_value, reveal_card
from tokenvault.cards.cards import CardState
from tokenvault.program.token_domain import DomainWish
from tokenvault.provisioning.card_sources import CardSource
from tokenvault.provisioning.decision import (
    FORCED_OUTCOMES,
    OUTCOMES,
    Circumstances,
    Outcome,
    Party,
    ProvisioningPolicy,
    Reason,
    RiskInformation,
    Vote,
    WalletReason,
    decide,
)
from tokenvault.provisioning.policies import Policy, Terms, current_policy, set_policy
from tokenvault.provisioning.push_provisioning import LIFETIME_SECONDS, make_payload
from tokenvault.provisioning.token_requests import check_eligibility, request_token
from tokenvault.tokens.card_changes import close_card, freeze_card
from tokenvault.tokens.lifecycle import TokenState
from tokenvault.tokens.tokens import AssuranceMethod, TokenLocation
from tokenvault.vocabulary.errors import Conflict, FieldError, Forbidden

GOOD = Circumstances(CardState.ACTIVE, "3111", "2611")
POLICY = ProvisioningPolicy()

ROWS = [
    (RiskInformation(), GOOD, POLICY, Outcome.APPROVED, ()),
    (RiskInformation(device_score=5, account_score=5), GOOD, POLICY, Outcome.APPROVED, ()),
    (RiskInformation(device_score=3), GOOD, POLICY, Outcome.APPROVED, ()),
    (RiskInformation(device_score=2), GOOD, POLICY, "yellow", (Reason.DEVICE_SCORE_LOW,)),
    (RiskInformation(device_score=1), GOOD, POLICY, "red", (Reason.DEVICE_SCORE_LOW,)),
    (RiskInformation(account_score=2), GOOD, POLICY, "yellow", (Reason.ACCOUNT_SCORE_LOW,)),
    (RiskInformation(account_score=1), GOOD, POLICY, "red", (Reason.ACCOUNT_SCORE_LOW,)),
    (RiskInformation(recommendation=Outcome.APPROVED), GOOD, POLICY, Outcome.APPROVED, ()),
    (
        RiskInformation(recommendation=Outcome.REQUIRE_ADDITIONAL_AUTHENTICATION),
        GOOD,
        POLICY,
        "yellow",
        (Reason.WALLET_RECOMMENDS,),
    ),
    (RiskInformation(recommendation=Outcome.DECLINED), GOOD, POLICY, "red", (Reason.WALLET_RECOMMENDS,)),
    (
        RiskInformation(reasons=(WalletReason.DEVICE_RECENTLY_LOST,)),
        GOOD,
        POLICY,
        "red",
        (WalletReason.DEVICE_RECENTLY_LOST,),
    ),
    (
        RiskInformation(reasons=(WalletReason.TOO_MANY_RECENT_ATTEMPTS,), account_score=1),
        GOOD,
        POLICY,
        "red",
        (WalletReason.TOO_MANY_RECENT_ATTEMPTS, Reason.ACCOUNT_SCORE_LOW),
    ),
    (RiskInformation(reasons=(WalletReason.HIGH_RISK,)), GOOD, ProvisioningPolicy(wallet_reasons={}), "green", ()),
    (
        RiskInformation(account_age_days=3),
        GOOD,
        ProvisioningPolicy(account_age_days_min=4),
        "yellow",
        (Reason.ACCOUNT_TOO_NEW,),
    ),
    (RiskInformation(tokens_on_device=20), GOOD, POLICY, "yellow", (Reason.TOO_MANY_TOKENS_ON_DEVICE,)),
    (
        RiskInformation(country="250"),
        GOOD,
        ProvisioningPolicy(expected_countries=("276",)),
        "yellow",
        (Reason.COUNTRY_NOT_EXPECTED,),
    ),
    (RiskInformation(country="276"), GOOD, ProvisioningPolicy(expected_countries=("276",)), "green", ()),
    (
        RiskInformation(),
        GOOD,
        ProvisioningPolicy(issuer_always_verifies=True),
        "yellow",
        (Reason.ISSUER_ALWAYS_VERIFIES,),
    ),
    (RiskInformation(), Circumstances(CardState.FROZEN, "3111", "2611"), POLICY, "red", (Reason.CARD_NOT_ACTIVE,)),
    (RiskInformation(), Circumstances(CardState.CLOSED, "3111", "2611"), POLICY, "red", (Reason.CARD_NOT_ACTIVE,)),
    (RiskInformation(), Circumstances(CardState.ACTIVE, "2610", "2611"), POLICY, "red", (Reason.CARD_EXPIRED,)),
    (RiskInformation(), Circumstances(CardState.ACTIVE, "2611", "2611"), POLICY, "green", ()),
    (
        RiskInformation(),
        Circumstances(CardState.ACTIVE, "3111", "2611", tokens_of_card=20),
        POLICY,
        "red",
        (Reason.TOO_MANY_TOKENS_OF_CARD,),
    ),
    (
        RiskInformation(),
        Circumstances(CardState.ACTIVE, "3111", "2611", recent_requests=10),
        POLICY,
        "yellow",
        (Reason.TOO_MANY_RECENT_REQUESTS,),
    ),
    (
        RiskInformation(),
        Circumstances(CardState.ACTIVE, "3111", "2611", recent_requests=50),
        POLICY,
        "red",
        (Reason.TOO_MANY_RECENT_REQUESTS,),
    ),
    (
        RiskInformation(),
        Circumstances(CardState.ACTIVE, "3111", "2611", entered_by_hand=True),
        POLICY,
        "yellow",
        (Reason.ENTERED_BY_HAND,),
    ),
]
COLORS = {vote.name.lower(): outcome for vote, outcome in OUTCOMES.items()}


@pytest.mark.parametrize(("risk", "seen", "policy", "outcome", "reasons"), ROWS)
def test_decisions(risk, seen, policy, outcome, reasons):
    """One row a rule: the outcome and its reasons."""
    decision = decide(risk, seen, policy)
    assert decision.outcome is COLORS.get(outcome, outcome)
    assert decision.reasons == reasons


@given(
    st.builds(
        RiskInformation,
        device_score=st.none() | st.integers(1, 5),
        account_score=st.none() | st.integers(1, 5),
        recommendation=st.none() | st.sampled_from(Outcome),
        reasons=st.lists(st.sampled_from(WalletReason), max_size=3).map(tuple),
    ),
    st.builds(
        Circumstances,
        card_state=st.sampled_from(CardState),
        card_expiry=st.sampled_from(["2610", "2611", "3111"]),
        month=st.just("2611"),
        recent_requests=st.integers(0, 60),
        entered_by_hand=st.booleans(),
    ),
)
def test_the_worst_vote_decides(risk, seen):
    """Any red declines, any yellow steps up, all green provisions; and who did not approve has said why."""
    decision = decide(risk, seen, POLICY)
    assert set(decision.votes) == set(Party)
    assert decision.outcome is OUTCOMES[max(decision.votes.values())]
    assert bool(decision.reasons) == (decision.outcome is not Outcome.APPROVED)


@pytest.mark.parametrize(("name", "vote"), FORCED_OUTCOMES.items())
def test_forced_outcomes(vault, name, vote):
    """A magic wallet account forces the outcome, and the token is where that outcome puts it."""
    phone = Phone(vault)
    token = ask(vault, phone, new_card(vault), phone.register(), risk=RiskInformation(wallet_account_id=name))
    states = {Vote.GREEN: TokenState.INACTIVE, Vote.YELLOW: TokenState.REQUESTED, Vote.RED: TokenState.DECLINED}
    assert token.state is states[vote]
    assert (token.token_pan is None) == (vote is not Vote.GREEN)


def test_a_policy_holds_from_now_on(vault):
    """Versions count up, what was said comes back, and the next request is decided by it."""
    assert current_policy(vault) == Policy()
    strict = Policy(ProvisioningPolicy(device_score_yellow=4, expected_countries=("276",)), terms=Terms("7", "New."))
    assert set_policy(vault, strict) == current_policy(vault)
    assert (current_policy(vault).version, current_policy(vault).provisioning) == (1, strict.provisioning)
    phone, card = Phone(vault), new_card(vault)
    device = phone.register()
    with pytest.raises(FieldError, match="show it first"):
        ask(vault, phone, card, device, terms_version="2026-01")
    token = ask(vault, phone, card, device, terms_version="7", risk=RiskInformation(device_score=4))
    assert (token.state, token.terms_version) == (TokenState.REQUESTED, "7")
    assert set_policy(vault, strict).version == 2


def test_eligibility_asks_without_keeping(vault):
    """It says what a request would give, and leaves nothing behind."""
    phone, card = Phone(vault), new_card(vault)
    device = phone.register()
    before = rows(vault, "tokens"), rows(vault, "events")
    found = check_eligibility(vault, phone.proven(), asked(card, device, risk=RiskInformation(device_score=1)))
    assert found.decision.outcome is Outcome.DECLINED
    assert check_eligibility(vault, phone.proven(), asked(card, device)).decision.outcome is Outcome.APPROVED
    assert (rows(vault, "tokens"), rows(vault, "events")) == before


def test_push_payloads_are_good_once(vault, clock):
    """A signed payload brings one token; the same device may repeat itself, another one may not, and age ends it."""
    card = new_card(vault)
    phone, other = Phone(vault), Phone(vault)
    device, other_device = phone.register(), other.register()
    source = CardSource(push_payload=make_payload(vault, card.text_id).payload)
    token = ask(vault, phone, card, device, source=source)
    assert token.assurance_method is AssuranceMethod.ISSUER_ASSERTED
    assert ask(vault, phone, card, device, source=source) == token
    with pytest.raises(Conflict) as refused:
        ask(vault, other, card, other_device, source=source)
    assert refused.value.code == "push_payload_used"
    assert len(rows(vault, "tokens")) == 1
    late = CardSource(push_payload=make_payload(vault, card.text_id).payload)
    clock.advance(LIFETIME_SECONDS)
    with pytest.raises(FieldError, match="has expired"):
        ask(vault, other, card, other_device, source=late)


@pytest.mark.parametrize("spoil", [lambda text: "", lambda text: text[:-4] + "AAAA", lambda text: text.swapcase()])
def test_payloads_that_we_did_not_sign(vault, spoil):
    """Anything else is refused by its field."""
    card, phone = new_card(vault), Phone(vault)
    device = phone.register()
    source = CardSource(push_payload=spoil(make_payload(vault, card.text_id).payload))
    with pytest.raises(FieldError) as refused:
        ask(vault, phone, card, device, source=source)
    assert refused.value.field == "push_payload"


def test_a_card_typed_in_is_verified(vault):
    """PAN, expiry and CVV2, sealed: the right ones name the card and ask for verification."""
    card, phone = new_card(vault), Phone(vault)
    device, pan = phone.register(), pan_of(vault, card)
    told = {"pan": pan, "expiry": card.expiry, "cvv2": panel_value(vault.keys, pan, card.expiry)}
    token = ask(vault, phone, card, device, source=CardSource(sealed_card=sealed_to_vault(vault, told)))
    assert (token.card_id, token.state) == (card.id, TokenState.REQUESTED)
    assert token.decision_reasons == ["entered_by_hand"]


@pytest.mark.parametrize(
    "change",
    [
        {"pan": "9999001000000017"},
        {"pan": "9999001000000018"},
        {"pan": None},
        {"pan": 17},
        {"expiry": "3110"},
        {"cvv2": "0000"},
        {"cvv2": None},
    ],
)
def test_one_refusal_for_every_wrong_detail(vault, change):
    """Nobody learns which part was wrong, and the number does not come back."""
    card, phone = new_card(vault), Phone(vault)
    device, pan = phone.register(), pan_of(vault, card)
    told = {"pan": pan, "expiry": card.expiry, "cvv2": panel_value(vault.keys, pan, card.expiry)} | change
    with pytest.raises(FieldError) as refused:
        ask(vault, phone, card, device, source=CardSource(sealed_card=sealed_to_vault(vault, told)))
    assert str(refused.value) == "sealed_card: holds no PAN, expiry and CVV2 of a card that we have issued"


@pytest.mark.parametrize("sealed", ["", "a.b.c.d.e", "x" * 5000, "e30.e30.e30.e30.e30"])
def test_what_is_no_jwe_is_refused(vault, sealed):
    """By its field."""
    card, phone = new_card(vault), Phone(vault)
    with pytest.raises(FieldError, match="sealed_card"):
        ask(vault, phone, card, phone.register(), source=CardSource(sealed_card=sealed))


def test_exactly_one_way_to_name_a_card():
    """None, or two, are refused."""
    for given_ways in ({}, {"card_id": "x", "push_payload": "y"}):
        with pytest.raises(FieldError, match="exactly one") as refused:
            CardSource(**given_ways)
        assert refused.value.field == "card_id"


def test_what_names_a_card_is_not_shown():
    """A payload or a sealed card in somebody's hands is worth a token: neither stands in a log of requests."""
    for given_way in ({"card_id": "secret"}, {"push_payload": "secret"}, {"sealed_card": "secret"}):
        assert repr(CardSource(**given_way)) == "CardSource()"


def test_a_revealed_card_can_be_typed_in(vault):
    """What the issuer shows the cardholder, sealed to who shows it, is what the wallet types in."""
    card, key = new_card(vault), new_jwk()
    told = opened_jwe(key, reveal_card(vault, card.text_id, key.as_dict(private=False)))
    assert told["pan"] == pan_of(vault, card)
    assert (len(told["cvv2"]), told["expiry"]) == (3, card.expiry)
    phone = Phone(vault)
    source = CardSource(sealed_card=sealed_to_vault(vault, told))
    assert ask(vault, phone, card, phone.register(), source=source).card_id == card.id
    with pytest.raises(FieldError, match="public JWK"):
        reveal_card(vault, card.text_id, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"})
    close_card(vault, card.text_id)
    with pytest.raises(Conflict, match="closed"):
        reveal_card(vault, card.text_id, key.as_dict(private=False))


def test_tokens_on_file_belong_to_their_merchant(vault):
    """No device, active at once, good at one merchant; one live token of a card at a merchant."""
    card = new_card(vault)
    token = ask_on_file(vault, card)
    assert (token.state, token.location, token.device_id) == (TokenState.ACTIVE, TokenLocation.REMOTE, None)
    assert (token.channels, token.merchant_id) == (["e_commerce"], sandbox_constants.MERCHANT_ID)
    assert event_types(vault, token.text_id) == ["token.requested", "token.approved", "token.activated"]
    with pytest.raises(Conflict, match="at this merchant"):
        ask_on_file(vault, card)
    freeze_card(vault, card.text_id)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"device_id": None}, "device_id"),
        ({"token_requestor_id": sandbox_constants.MERCHANT_REQUESTOR_ID}, "device_id"),
        ({"location": TokenLocation.REMOTE}, "location"),
        ({"location": TokenLocation.HOST_CARD_EMULATION, "cryptogram_profile": "sm4"}, "cryptogram_profile"),
        ({"wish": DomainWish(channels=frozenset({"keyed"}))}, "domain.channels"),
        ({"wish": DomainWish(countries=frozenset({"27"}))}, "countries"),
        ({"wish": DomainWish(countries=frozenset({"276", "278"}))}, "countries"),
        ({"wish": DomainWish(transaction_limit_minor=0)}, "transaction_limit"),
        ({"replaces": "self"}, "replaces"),
    ],
)
def test_requests_that_do_not_fit_together(vault, changes, field):
    """Each is refused by its field, and nothing is kept."""
    card, phone = new_card(vault), Phone(vault)
    device = phone.register()
    if changes.get("replaces"):
        other = Phone(vault)
        changes = {"replaces": ask(vault, other, new_card(vault), other.register()).text_id}
    before = rows(vault, "tokens")
    with pytest.raises(FieldError) as refused:
        request_token(vault, phone.proven(), asked(card, device, **changes))
    assert refused.value.field == field
    assert rows(vault, "tokens") == before


def test_a_device_asks_for_itself(vault):
    """A request for a device without its proof is refused."""
    card, phone = new_card(vault), Phone(vault)
    with pytest.raises(Forbidden):
        request_token(vault, None, asked(card, phone.register()))
