"""What is kept and told of requests, codes, policies and portfolios."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from simulators.parties import sandbox_constants
from tests.tokenvault.phones import Phone
from tests.tokenvault.stories import active_token, ask, ask_on_file, asked, new_card, rows
from tokenvault.cards.accounts import list_accounts
from tokenvault.cards.contact_points import VerificationMethod as Method
from tokenvault.emv.cryptograms.cryptogram_versions import LIMITED_USE_AES, TAPWRIGHT_AES, TAPWRIGHT_SM4
from tokenvault.events import outbox
from tokenvault.events.events import list_events
from tokenvault.program.token_domain import DomainWish
from tokenvault.provisioning.bulk_load import LoadPlan, load
from tokenvault.provisioning.decision import Reason, RiskInformation
from tokenvault.provisioning.policies import Policy, Product, Terms, check_terms, product_art, set_policy
from tokenvault.provisioning.token_requests import check_eligibility, request_token
from tokenvault.provisioning.verification import (
    WrongCode,
    complete_verification,
    confirm_verification,
    list_messages,
    offered_methods,
    start_verification,
)
from tokenvault.tokens.lifecycle import Change, Initiator, TokenState
from tokenvault.tokens.token_changes import change_token
from tokenvault.tokens.tokens import AssuranceMethod, TokenLocation, find_token, list_tokens
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError, Forbidden

YELLOW = RiskInformation(device_score=2)


@pytest.fixture
def phone(vault):
    """A registered phone."""
    made = Phone(vault)
    made.device = made.register()
    return made


@pytest.fixture
def token(vault, phone):
    """A token that waits for verification."""
    return ask(vault, phone, new_card(vault, {Method.E_MAIL: "ada@example.com"}), phone.device, risk=YELLOW)


def last_event(vault, resource_id):
    """The newest event of a resource: its type and its data."""
    event = list_events(vault, limit=1, resource_id=resource_id)[0]
    return event.type, event.data


def refused_field(ask_for):
    """The field that a request is refused by."""
    with pytest.raises(FieldError) as refused:
        ask_for()
    return refused.value.field


def test_a_request_is_kept_as_it_was_decided(vault, phone):
    """Votes, reasons, terms, the wallet's score turned into a risk, and who asked."""
    risk = RiskInformation(device_score=2)
    token = ask(vault, phone, new_card(vault), phone.device, risk=risk, terms_version="2026-01")
    assert find_token(vault, token.text_id) == token
    assert (token.decision, token.decision_reasons) == ("require_additional_authentication", ["device_score_low"])
    assert token.votes == {"wallet": "green", "network": "yellow", "issuer": "green"}
    assert (token.terms_version, token.device_risk, token.created_at) == ("2026-01", 4, vault.now())
    assert (token.token_pan, token.pan_sequence_number, token.expiry) == (None, "01", "2911")
    assert token.assurance_method is AssuranceMethod.NO_VERIFICATION
    assert (token.transaction_counter, token.limited_use_key, token.replaces_id) == (0, None, None)
    kind, data = last_event(vault, token.text_id)
    assert (kind, data["initiator"], data["token_last4"]) == ("token.requested", "wallet", None)


@pytest.mark.parametrize(
    ("profile", "location", "version"),
    [
        ("aes", TokenLocation.SECURE_ELEMENT, TAPWRIGHT_AES),
        ("aes", TokenLocation.TRUSTED_EXECUTION_ENVIRONMENT, TAPWRIGHT_AES),
        ("aes", TokenLocation.HOST_CARD_EMULATION, LIMITED_USE_AES),
        ("sm4", TokenLocation.SECURE_ELEMENT, TAPWRIGHT_SM4),
    ],
)
def test_profile_and_location_choose_the_version(vault, phone, profile, location, version):
    """Only a hosted phone gets a version of limited-use keys."""
    token = ask(vault, phone, new_card(vault), phone.device, cryptogram_profile=profile, location=location)
    assert (token.version, token.location) == (version, location)


def test_declined_requests_are_told(vault, phone):
    """By the network, with no PAN; the card can be asked for again."""
    card = new_card(vault)
    token = ask(vault, phone, card, phone.device, risk=RiskInformation(device_score=1))
    assert find_token(vault, token.text_id).state is TokenState.DECLINED
    kind, data = last_event(vault, token.text_id)
    assert (kind, data["initiator"]) == ("token.declined", "network")
    assert ask(vault, phone, card, phone.device).state is TokenState.INACTIVE


def test_one_live_token_of_a_card_on_a_device(vault, phone):
    """Another card may join it; when it has ended the card may come again."""
    card = new_card(vault)
    token = ask(vault, phone, card, phone.device)
    with pytest.raises(Conflict, match=f"{token.text_id} already exists for this card on this device") as refused:
        ask(vault, phone, card, phone.device)
    assert refused.value.code == "token_already_exists"
    ask(vault, phone, new_card(vault), phone.device)
    ask_on_file(vault, card)
    change_token(vault, token.text_id, Change.DEACTIVATE, Initiator.ISSUER)
    assert ask(vault, phone, card, phone.device).state is TokenState.INACTIVE


def test_devices_taps_and_wishes(vault, phone):
    """A phone's token is for tapping unless it asks for more; a merchant's is what the merchant's are."""
    assert ask(vault, phone, new_card(vault), phone.device).channels == ["contactless"]
    wish = DomainWish(channels=frozenset({"e_commerce", "contactless"}))
    assert ask(vault, phone, new_card(vault), phone.device, wish=wish).channels == ["contactless", "e_commerce"]
    limited = ask(vault, phone, new_card(vault), phone.device, wish=DomainWish(transaction_limit_minor=500))
    assert (limited.channels, limited.transaction_limit_minor) == (["contactless"], 500)
    assert ask_on_file(vault, new_card(vault)).channels == ["e_commerce"]


def test_a_token_is_replaced_by_one_of_its_own_card_and_wallet(vault, phone):
    """Not one of another card, nor one of a merchant, nor one that has ended."""
    card = new_card(vault)
    old = active_token(vault, card)[1]
    others = [active_token(vault, new_card(vault))[1], ask_on_file(vault, card)]
    for other in others:
        assert refused_field(lambda other=other: ask(vault, phone, card, phone.device, replaces=other.text_id)) == (
            "replaces"
        )
    assert ask(vault, phone, card, phone.device, replaces=old.text_id).replaces_id == old.id
    third = Phone(vault)
    device = third.register()
    change_token(vault, old.text_id, Change.DEACTIVATE, Initiator.ISSUER)
    assert refused_field(lambda: ask(vault, third, card, device, replaces=old.text_id)) == "replaces"


def test_refusals_name_their_fields(vault, phone):
    """The profile, what does not fit a wallet or a merchant, and the terms that nobody has seen."""
    card = new_card(vault)
    assert refused_field(lambda: ask(vault, phone, card, phone.device, cryptogram_profile="des")) == (
        "cryptogram_profile"
    )
    assert refused_field(lambda: ask_on_file(vault, card, device_id=phone.device.text_id)) == "device_id"
    assert refused_field(lambda: ask(vault, phone, card, phone.device, terms_version="2025")) == "terms_version"
    assert check_terms(Policy(terms=Terms("7", "New.")), None) is None
    with pytest.raises(Forbidden) as refused:
        request_token(vault, None, asked(card, phone.device))
    assert refused.value.code == "wrong_device"


def test_eligibility_tells_card_and_policy(vault, phone):
    """The card that a request names, and the policy that decides."""
    card = new_card(vault)
    policy = set_policy(vault, Policy(terms=Terms("7", "New.")))
    found = check_eligibility(vault, phone.proven(), asked(card, phone.device, risk=YELLOW))
    assert (found.card, found.policy) == (card, policy)
    assert found.decision.reasons == (Reason.DEVICE_SCORE_LOW,)
    assert [row.action for row in rows(vault, "audit_entries")].count("policy.set") == 1
    assert rows(vault, "policies")[0].created_at == vault.now()


def test_eligibility_by_a_cards_identifier_only_reads(vault, phone, monkeypatch):
    """Nothing can be guessed by that, so no writer waits for it, nor it for one."""
    request, proven = asked(new_card(vault), phone.device), phone.proven()
    monkeypatch.setattr(Vault, "transaction", None)
    assert check_eligibility(vault, proven, request).policy == Policy()


def test_a_verification_is_told_step_by_step(vault, phone, token):
    """Its start with the method, each failure with what is left, its end; asked for by the cardholder."""
    start_verification(vault, phone.proven(), token.text_id, Method.E_MAIL)
    kind, data = last_event(vault, token.text_id)
    assert (kind, data["method"], data["initiator"]) == ("verification.started", "e_mail", "cardholder")
    [message] = list_messages(vault, limit=9, token_id=token.text_id)
    code = message.text[:6]
    with pytest.raises(WrongCode) as refused:
        complete_verification(vault, phone.proven(), token.text_id, code[:5] + str((int(code[5]) + 1) % 10))
    assert refused.value.code == "wrong_code"
    kind, data = last_event(vault, token.text_id)
    assert (kind, data["attempts_left"], data["initiator"]) == ("verification.failed", 2, "cardholder")
    complete_verification(vault, phone.proven(), token.text_id, code)
    completed = list_events(vault, limit=2, resource_id=token.text_id)[1]
    assert (completed.type, completed.data["method"]) == ("verification.completed", "e_mail")
    assert completed.data["initiator"] == "cardholder"
    assert rows(vault, "verifications") == []


def test_a_message_is_kept_as_it_was_sent(vault, phone, token):
    """To whom, masked, when and of which token; its code in no log."""
    start_verification(vault, phone.proven(), token.text_id, Method.E_MAIL)
    [message] = list_messages(vault, limit=9)
    assert (message.token_id, message.method, message.created_at) == (token.id, Method.E_MAIL, vault.now())
    assert message.recipient == "a***@example.com"
    assert re.fullmatch(r"\d{6} is your code to add your card to a device\. Never tell it to anybody\.", message.text)
    assert message.text[:6] not in repr(message)
    assert repr(message).startswith("Message(msg_")
    start_verification(vault, phone.proven(), token.text_id, Method.E_MAIL)
    assert list_messages(vault, limit=1)[0] != message
    assert list_messages(vault, limit=9)[1] == message
    other = ask(vault, phone, new_card(vault), phone.device, risk=YELLOW)
    assert list_messages(vault, limit=9, token_id=other.text_id) == []


def test_codes_have_six_digits(vault, phone, token, monkeypatch):
    """Also those that begin with zeros, each as likely as any other."""
    asked_below = []
    monkeypatch.setattr(type(vault), "random_below", lambda _self, below: asked_below.append(below) or 7)
    start_verification(vault, phone.proven(), token.text_id, Method.E_MAIL)
    assert list_messages(vault, limit=1)[0].text.startswith("000007 ")
    assert asked_below == [1_000_000]
    monkeypatch.undo()
    assert complete_verification(vault, phone.proven(), token.text_id, "000007").state is TokenState.INACTIVE


def test_a_request_that_was_given_up_is_told(vault, phone, token):
    """As ended by the issuer; nothing of the verification is left."""
    start_verification(vault, phone.proven(), token.text_id, Method.E_MAIL)
    code = list_messages(vault, limit=1)[0].text[:6]
    for _ in range(3):
        with pytest.raises(WrongCode):
            complete_verification(vault, phone.proven(), token.text_id, code[::-1] + "0")
    kind, data = last_event(vault, token.text_id)
    assert (kind, data["initiator"], data["state"]) == ("token.declined", "issuer", "declined")
    assert find_token(vault, token.text_id).decision_reasons == ["device_score_low", "verification_failed"]
    assert rows(vault, "verifications") == []


def test_another_device_learns_nothing_of_a_verification(vault, token):
    """Neither the ways that are offered nor whether a code is right; a wrong method is named by its field."""
    other = Phone(vault)
    other.register()
    for call in (
        lambda: offered_methods(vault, other.proven(), token.text_id),
        lambda: complete_verification(vault, other.proven(), token.text_id, "000000"),
    ):
        with pytest.raises(Forbidden):
            call()
    assert refused_field(lambda: confirm_verification(vault, token.text_id, Method.E_MAIL)) == "method"
    assert refused_field(lambda: start_verification(vault, None, token.text_id, Method.TEXT_MESSAGE)) == "method"
    with pytest.raises(Conflict) as refused:
        complete_verification(vault, None, token.text_id, "000000")
    assert refused.value.code == "no_code_sent"


def test_the_picture_of_a_card_is_well_formed(vault):
    """Names are escaped, and each colour is where it belongs."""
    product = Product("<Gold> & more", 'Bank "A"', "112233", "445566")
    drawing = ElementTree.fromstring(product_art(product))
    namespace = {"svg": "http://www.w3.org/2000/svg"}
    assert [text.text for text in drawing.findall(".//svg:text", namespace)] == ['Bank "A"', "<Gold> & more"]
    assert drawing.find("svg:rect", namespace).get("fill") == "#112233"
    assert {group.get("stroke") or group.get("fill") for group in drawing.findall("svg:g", namespace)} == {"#445566"}
    assert drawing.get("viewBox") == "0 0 1536 969"


def test_a_portfolio_is_kept_and_told_as_it_was_planned(vault, monkeypatch):
    """Accounts of the plan's currency and credit, tokens however the chunks fall, and an event for each chunk."""
    monkeypatch.setattr("tokenvault.provisioning.bulk_load.CHUNK", 4)
    heard = []
    load(vault, LoadPlan(9, 6, sandbox_constants.MERCHANT_REQUESTOR_ID, "JPY", 70_000), heard.append)
    accounts = list_accounts(vault, limit=99)
    assert {(each.currency, each.credit_limit_minor, each.segment) for each in accounts} == {("JPY", 70_000, None)}
    told = [event.data for event in list_events(vault, limit=9, oldest_first=True)]
    assert told == [{"accounts": 4, "tokens": 4}, {"accounts": 4, "tokens": 2}, {"accounts": 1, "tokens": 0}]
    tokens = list_tokens(vault, limit=99)
    assert {(each.state, each.location, each.decision) for each in tokens} == {
        (TokenState.ACTIVE, TokenLocation.REMOTE, "approved")
    }
    assert {each.assurance_method for each in tokens} == {AssuranceMethod.ISSUER_ASSERTED}
    assert {(each.pan_sequence_number, each.expiry, each.channels[0]) for each in tokens} == {
        ("01", "2911", "e_commerce")
    }
    references = {row.payment_account_reference for row in rows(vault, "cards")}
    assert len(references) == 9
    assert all(re.fullmatch(r"[0-9A-Z]{29}", reference) for reference in references)
    assert all(reference.startswith(sandbox_constants.PAR_PREFIX) for reference in references)
    notices = [entry.notice for entry in outbox.entries_after(vault.database, 0)]
    by_token = {notice.token_id: notice for notice in notices if isinstance(notice, outbox.TokenNotice)}
    cards = {row.id: row for row in rows(vault, "cards")}
    by_card = {notice.card_id: notice.account_id for notice in notices if isinstance(notice, outbox.CardNotice)}
    assert by_card == {card.id: card.account_id for card in cards.values()}
    for each in tokens:
        card = cards[each.card_id]
        assert by_token[each.id].account_id == card.account_id
        assert by_token[each.id].payment_account_reference == card.payment_account_reference
        assert by_token[each.id].device_created_at == each.created_at


@pytest.mark.parametrize("tokens", [-1, 3])
def test_a_plan_of_impossible_tokens(tokens):
    """At most one an account, and not fewer than none."""
    assert refused_field(lambda: LoadPlan(2, tokens, sandbox_constants.MERCHANT_REQUESTOR_ID)) == "tokens"
    LoadPlan(2, 2, sandbox_constants.MERCHANT_REQUESTOR_ID)
    LoadPlan(2, 0, sandbox_constants.MERCHANT_REQUESTOR_ID)


def test_a_policy_is_kept_without_a_version_of_its_own(vault):
    """The version is what the vault counts: a policy that was read at version 1 and put in force again becomes 2."""
    first = set_policy(vault, Policy(terms=Terms("7", "New.")))
    assert (first.version, set_policy(vault, first).version) == (1, 2)
    assert all(
        set(row.document) == {"provisioning", "verification", "terms", "product"} for row in rows(vault, "policies")
    )


def test_who_has_a_device_and_who_has_none(vault, phone):
    """A wallet that names no device is told that it must, a merchant that names one that it must not."""
    card = new_card(vault)
    with pytest.raises(FieldError, match=r"is required: .* is a wallet"):
        ask(vault, phone, card, phone.device, device_id=None)
    with pytest.raises(FieldError, match=r"is left out: .* is a merchant"):
        ask_on_file(vault, card, device_id=phone.device.text_id)
