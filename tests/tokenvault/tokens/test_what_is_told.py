"""What engine, webhooks and audit trail hear of a token."""

import pytest

from simulators.parties import sandbox_constants
from tests.tokenvault.phones import Phone
from tests.tokenvault.stories import active_token, ask, ask_on_file, event_types, new_card
from tokenvault.cards.accounts import find_account
from tokenvault.emv.cryptograms.cryptogram_versions import LIMITED_USE_TDES, TAPWRIGHT_AES, TAPWRIGHT_SM4
from tokenvault.events import outbox
from tokenvault.events.events import list_events
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.keys.sealing import credential_info
from tokenvault.program.token_domain import DomainWish, TokenDomain
from tokenvault.provisioning.decision import RiskInformation
from tokenvault.tokens.lifecycle import Change, ChangeReason, Initiator, TokenState
from tokenvault.tokens.token_activation import activate_token
from tokenvault.tokens.token_changes import (
    change_token,
    change_tokens_of_card,
    change_tokens_of_device,
    renew_token,
)
from tokenvault.tokens.tokens import TokenLocation, find_token, key_purpose_of, list_tokens
from tokenvault.vocabulary.errors import Conflict, FieldError, Forbidden, NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_text


def token_notices(vault):
    """What the engine was told of tokens, in order."""
    notices = [entry.notice for entry in outbox.entries_after(vault.database, 0)]
    return [notice for notice in notices if isinstance(notice, outbox.TokenNotice)]


def last_event(vault, token):
    """The newest event of a token: its type and its data."""
    event = list_events(vault, limit=1, resource_id=token.text_id)[0]
    return event.type, event.data


def test_the_engine_hears_all_that_it_checks(vault, clock):
    """Whose token, how it signs and where it may pay; its own age and that of its device."""
    card = new_card(vault)
    phone = Phone(vault)
    device = phone.register()
    clock.advance(600)
    wish = DomainWish(frozenset({"contactless", "e_commerce"}), None, frozenset({"276"}), 5_000)
    token = ask(vault, phone, card, device, wish=wish, risk=RiskInformation(device_score=4))
    assert token_notices(vault) == [
        outbox.TokenNotice(
            token_id=token.id,
            account_id=card.account_id,
            card_id=card.id,
            token_pan=token.token_pan,
            expiry="2911",
            state="inactive",
            channels=["contactless", "e_commerce"],
            cryptogram_version=TAPWRIGHT_AES.number,
            key_index=1,
            payment_account_reference=card.payment_account_reference,
            token_requestor_id=sandbox_constants.TOKEN_REQUESTOR_ID,
            created_at=device.created_at + 600,
            device_created_at=device.created_at,
            device_risk=2,
            merchant_id=None,
            countries=["276"],
            transaction_limit_minor=5_000,
        )
    ]
    assert find_account(vault, to_text(Prefix.ACCOUNT, token_notices(vault)[0].account_id)).id == card.account_id


def test_the_engine_hears_of_a_merchants_token(vault):
    """It has no device, so it is as old as itself."""
    token = ask_on_file(vault, new_card(vault))
    told = token_notices(vault)[-1]
    assert (told.state, told.merchant_id, told.device_risk) == ("active", token.merchant_id, 0)
    assert told.device_created_at == told.created_at == token.created_at


def test_the_events_of_a_token(vault):
    """Each says whose it is by the identifiers of the API, how it stands, and who asked why."""
    card = new_card(vault)
    _, token, _ = active_token(vault, card)
    assert event_types(vault, token.text_id) == ["token.requested", "token.approved", "token.activated"]
    change_token(vault, token.text_id, Change.SUSPEND, Initiator.CARDHOLDER, reason=ChangeReason.DEVICE_LOST)
    kind, data = last_event(vault, token)
    assert kind == "token.suspended"
    assert data == {
        "card_id": card.text_id,
        "device_id": to_text(Prefix.DEVICE, token.device_id),
        "token_requestor_id": sandbox_constants.TOKEN_REQUESTOR_ID,
        "token_last4": token.token_pan[-4:],
        "expiry": "2911",
        "state": "suspended",
        "suspended_by": ["cardholder"],
        "initiator": "cardholder",
        "reason": "device_lost",
    }
    change_token(vault, token.text_id, Change.RESUME, Initiator.CARDHOLDER)
    assert last_event(vault, token)[0] == "token.resumed"
    change_token(vault, token.text_id, Change.DEACTIVATE, Initiator.WALLET, reason=ChangeReason.DEVICE_REPLACED)
    assert last_event(vault, token)[0] == "token.deactivated"
    on_file = ask_on_file(vault, card)
    assert last_event(vault, on_file)[1]["device_id"] is None


def test_what_changes_nothing_is_not_told(vault):
    """A second suspension by the same, and an activation that is asked for again."""
    phone, token, _ = active_token(vault)
    for _ in range(2):
        activate_token(vault, phone.proven(), token.text_id)
    for _ in range(2):
        change_token(vault, token.text_id, Change.SUSPEND, Initiator.ISSUER)
    assert event_types(vault, token.text_id)[2:] == ["token.activated", "token.suspended"]


def test_a_renewal_is_told(vault, clock):
    """The engine compares the new expiry from now on, and the wallet hears that there are new credentials."""
    _, token, _ = active_token(vault)
    clock.advance(370 * 24 * 3600)
    renewed = renew_token(vault, token.text_id)
    assert find_token(vault, token.text_id) == renewed
    assert token_notices(vault)[-1].expiry == "3011"
    kind, data = last_event(vault, token)
    assert (kind, data["expiry"], data["initiator"]) == ("token.renewed", "3011", "network")


def test_a_token_that_nobody_has_approved_is_not_renewed(vault):
    """It has no PAN to keep."""
    phone = Phone(vault)
    token = ask(vault, phone, new_card(vault), phone.register(), risk=RiskInformation(device_score=1))
    assert token.state in (TokenState.REQUESTED, TokenState.DECLINED)
    with pytest.raises(Conflict) as refused:
        renew_token(vault, token.text_id)
    assert refused.value.code == "token_state_conflict"


def test_refills_are_told(vault):
    """Each limited-use key by its index and its number of taps, never by itself."""
    _, token, credentials = active_token(vault, location=TokenLocation.HOST_CARD_EMULATION)
    kind, data = last_event(vault, token)
    limited = credentials["limited_use_key"]
    assert (kind, data["key_index"], data["uses"]) == ("token.key_replenished", limited["index"], limited["uses"])
    assert data["initiator"] == "wallet"
    assert limited["key"] not in str(data)


def test_a_replaced_token_says_why_it_ended(vault):
    """Its wallet hears that another device has taken over."""
    card = new_card(vault)
    _, old, _ = active_token(vault, card)
    phone = Phone(vault)
    new = ask(vault, phone, card, phone.register(), replaces=old.text_id)
    activate_token(vault, phone.proven(), new.text_id)
    kind, data = last_event(vault, old)
    assert (kind, data["reason"], data["initiator"]) == ("token.deactivated", "device_replaced", "wallet")


def test_a_token_on_file_is_never_activated(vault, phone):
    """There is no device that could get its key."""
    phone.register()
    token = ask_on_file(vault, new_card(vault))
    with pytest.raises(Conflict) as refused:
        activate_token(vault, phone.proven(), token.text_id)
    assert refused.value.code == "token_state_conflict"


def test_credentials_are_bound_to_token_and_device(vault):
    """What is sealed names both, in this order, so that it opens nowhere else."""
    phone, token, _ = active_token(vault)
    again = activate_token(vault, phone.proven(), token.text_id)
    assert again.info == credential_info(token.id, token.device_id) != credential_info(token.device_id, token.id)


def test_a_device_changes_its_own_tokens_only(vault):
    """Another device's proof is refused, for one token and for all of a device; one's own is taken."""
    phone, token, _ = active_token(vault)
    stranger = Phone(vault)
    stranger.register()
    device_id = to_text(Prefix.DEVICE, token.device_id)
    with pytest.raises(Forbidden):
        change_token(vault, token.text_id, Change.SUSPEND, Initiator.WALLET, proven=stranger.proven())
    with pytest.raises(Forbidden):
        change_tokens_of_device(vault, device_id, Change.SUSPEND, Initiator.WALLET, proven=stranger.proven())
    assert find_token(vault, token.text_id).state is TokenState.ACTIVE
    change_token(vault, token.text_id, Change.SUSPEND, Initiator.WALLET, proven=phone.proven())
    changed = change_tokens_of_device(vault, device_id, Change.RESUME, Initiator.WALLET, proven=phone.proven())
    assert [each.state for each in changed] == [TokenState.ACTIVE]
    on_file = ask_on_file(vault, new_card(vault))
    changed = change_token(vault, on_file.text_id, Change.SUSPEND, Initiator.WALLET, proven=phone.proven())
    assert changed.state is TokenState.SUSPENDED


def test_a_reason_of_somebody_else_changes_nothing(vault):
    """For one token, for those of a device and for those of a card alike."""
    card = new_card(vault)
    _, token, _ = active_token(vault, card)
    wrong = {"reason": ChangeReason.FRAUD_CLEARED}
    with pytest.raises(FieldError):
        change_token(vault, token.text_id, Change.SUSPEND, Initiator.ISSUER, **wrong)
    device_id = to_text(Prefix.DEVICE, token.device_id)
    with pytest.raises(FieldError):
        change_tokens_of_device(vault, device_id, Change.SUSPEND, Initiator.ISSUER, **wrong)
    with pytest.raises(FieldError):
        change_tokens_of_card(vault, card.text_id, Change.SUSPEND, Initiator.ISSUER, **wrong)
    assert find_token(vault, token.text_id) == token


def test_all_tokens_of_a_card_end_in_the_order_they_came(vault, clock):
    """Each with the reason that was given."""
    card = new_card(vault)
    tokens = []
    for _ in range(5):
        tokens.append(active_token(vault, card)[1])
        clock.advance(60)
    lost = {"reason": ChangeReason.CARD_LOST}
    changed = change_tokens_of_card(vault, card.text_id, Change.SUSPEND, Initiator.ISSUER, **lost)
    assert [each.id for each in changed] == [token.id for token in tokens]
    assert {last_event(vault, token)[1]["reason"] for token in tokens} == {"card_lost"}


def test_tokens_are_found(vault):
    """By identifier, card, device and state, the newest first; one that is not there is not found."""
    card = new_card(vault)
    phone = Phone(vault)
    device = phone.register()
    first = ask(vault, phone, card, device)
    second = active_token(vault, card)[1]
    assert find_token(vault, first.text_id) == first
    assert {each.id for each in list_tokens(vault, limit=9, card_id=card.text_id)} == {first.id, second.id}
    assert [each.id for each in list_tokens(vault, limit=9, device_id=device.text_id)] == [first.id]
    assert [each.id for each in list_tokens(vault, limit=9, state=TokenState.ACTIVE)] == [second.id]
    assert list_tokens(vault, limit=9, card_id=new_card(vault).text_id) == []
    newest, oldest = list_tokens(vault, limit=9)
    assert list_tokens(vault, limit=1) == [newest]
    assert list_tokens(vault, limit=9, starting_after=newest.text_id) == [oldest]
    with pytest.raises(NotFound, match="tok_0000000000001"):
        find_token(vault, "tok_0000000000001")


@pytest.mark.parametrize(
    ("version", "purpose"),
    [
        (TAPWRIGHT_AES, KeyPurpose.EMV_MASTER_AES),
        (LIMITED_USE_TDES, KeyPurpose.EMV_MASTER_TDES),
        (TAPWRIGHT_SM4, KeyPurpose.EMV_MASTER_SM4),
    ],
)
def test_keys_stand_behind_versions(version, purpose):
    """A limited-use version has the master keys of its algorithm."""
    assert key_purpose_of(version.number) is purpose


def test_how_a_token_is_shown(vault):
    """By identifier and state: no PAN in a log; its profile as the wallet asked for it, and its domain as narrowed."""
    hosted = {"cryptogram_profile": "tdes", "location": TokenLocation.HOST_CARD_EMULATION}
    wish = DomainWish(frozenset({"contactless"}), "SHOP-1", frozenset({"276"}), 5_000)
    _, token, _ = active_token(vault, wish=wish, **hosted)
    assert repr(token) == f"Token({token.text_id}, active)"
    assert token.cryptogram_profile == "tdes"
    assert token.domain == TokenDomain(frozenset({"contactless"}), "SHOP-1", frozenset({"276"}), 5_000)


def test_the_engine_hears_nothing_of_what_was_never_issued(vault, phone):
    """A request that waits or is declined has no PAN that anybody could pay with; also when it ends."""
    device = phone.register()
    for score in (1, 2):
        token = ask(vault, phone, new_card(vault), device, risk=RiskInformation(device_score=score))
        assert token.token_pan is None
    change_token(vault, token.text_id, Change.DEACTIVATE, Initiator.ISSUER)
    assert token_notices(vault) == []
