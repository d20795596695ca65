"""Identification and verification: codes, attempts, resends, and the issuer's own word."""

import re

import pytest

from tests.tokenvault.phones import Phone
from tests.tokenvault.stories import ask, event_types, new_card
from tokenvault.cards.contact_points import VerificationMethod as Method
from tokenvault.provisioning.decision import RiskInformation
from tokenvault.provisioning.policies import Policy, VerificationPolicy, set_policy
from tokenvault.provisioning.verification import (
    WrongCode,
    complete_verification,
    confirm_verification,
    list_messages,
    offered_methods,
    start_verification,
)
from tokenvault.tokens.lifecycle import TokenState
from tokenvault.tokens.token_activation import activate_token
from tokenvault.tokens.tokens import AssuranceMethod, find_token
from tokenvault.vocabulary.errors import Conflict, FieldError, Forbidden

YELLOW = RiskInformation(device_score=2)
CONTACTS = {Method.TEXT_MESSAGE: "+4915123456789", Method.E_MAIL: "ada@example.com"}


@pytest.fixture
def phone(vault):
    """A registered phone."""
    made = Phone(vault)
    made.device = made.register()
    return made


@pytest.fixture
def token(vault, phone):
    """A token that waits for verification."""
    return ask(vault, phone, new_card(vault, CONTACTS), phone.device, risk=YELLOW)


def code_of(vault, token):
    """The newest code that was sent."""
    return re.match(r"\d{6}", list_messages(vault, limit=1, token_id=token.text_id)[0].text)[0]


def wrong(code):
    """Another code."""
    return f"{(int(code) + 1) % 10**6:06d}"


def test_the_way_by_text_message(vault, phone, token):
    """Methods with masked contacts; a code; the token is approved and can be activated."""
    offered = offered_methods(vault, phone.proven(), token.text_id)
    assert [(each.method, each.contact) for each in offered] == [
        (Method.TEXT_MESSAGE, "+49*********89"),
        (Method.E_MAIL, "a***@example.com"),
        (Method.IN_APP, None),
        (Method.CALL_CENTRE, None),
    ]
    with pytest.raises(Conflict):
        activate_token(vault, phone.proven(), token.text_id)
    started = start_verification(vault, phone.proven(), token.text_id, Method.TEXT_MESSAGE)
    assert (started.contact, started.attempts_left, started.resends_left) == ("+49*********89", 3, 3)
    assert started.expires_at == vault.now() + 600
    approved = complete_verification(vault, phone.proven(), token.text_id, code_of(vault, token))
    assert approved.state is TokenState.INACTIVE
    assert approved.assurance_method is AssuranceMethod.INTERACTIVE_ONE_FACTOR
    assert activate_token(vault, phone.proven(), token.text_id).token.state is TokenState.ACTIVE
    assert event_types(vault, token.text_id) == [
        "token.requested",
        "verification.started",
        "verification.completed",
        "token.approved",
        "token.activated",
    ]


def test_wrong_codes_end_the_request(vault, phone, token):
    """Each is counted, and the last declines the token for good."""
    start_verification(vault, phone.proven(), token.text_id, Method.E_MAIL)
    code = code_of(vault, token)
    for left in (2, 1):
        with pytest.raises(WrongCode, match=f"{left} attempts are left"):
            complete_verification(vault, phone.proven(), token.text_id, wrong(code))
    with pytest.raises(WrongCode, match="declined"):
        complete_verification(vault, phone.proven(), token.text_id, wrong(code))
    found = find_token(vault, token.text_id)
    assert found.state is TokenState.DECLINED
    assert found.decision_reasons[-1] == "verification_failed"
    with pytest.raises(Conflict):
        complete_verification(vault, phone.proven(), token.text_id, code)


def test_attempts_are_not_won_back_by_another_code(vault, phone, token):
    """A resend makes a new code and voids the old one, but wrong attempts stay counted, and resends end."""
    start_verification(vault, phone.proven(), token.text_id, Method.TEXT_MESSAGE)
    first = code_of(vault, token)
    with pytest.raises(WrongCode):
        complete_verification(vault, phone.proven(), token.text_id, wrong(first))
    for left in (2, 1, 0):
        again = start_verification(vault, phone.proven(), token.text_id, Method.E_MAIL)
        assert (again.resends_left, again.attempts_left) == (left, 2)
    with pytest.raises(Conflict) as refused:
        start_verification(vault, phone.proven(), token.text_id, Method.E_MAIL)
    assert refused.value.code == "no_resends_left"
    codes = {message.text[:6] for message in list_messages(vault, limit=10, token_id=token.text_id)}
    newest = code_of(vault, token)
    for old in codes - {newest}:
        with pytest.raises(WrongCode):
            complete_verification(vault, phone.proven(), token.text_id, old)
        break
    assert complete_verification(vault, phone.proven(), token.text_id, newest).state is TokenState.INACTIVE


def test_codes_grow_old(vault, phone, token, clock):
    """After its lifetime a code is worth nothing; another one is."""
    set_policy(vault, Policy(verification=VerificationPolicy(code_seconds=60)))
    start_verification(vault, phone.proven(), token.text_id, Method.TEXT_MESSAGE)
    code = code_of(vault, token)
    clock.advance(60)
    with pytest.raises(Conflict) as refused:
        complete_verification(vault, phone.proven(), token.text_id, code)
    assert refused.value.code == "code_expired"
    start_verification(vault, phone.proven(), token.text_id, Method.TEXT_MESSAGE)
    clock.advance(59)
    complete_verification(vault, phone.proven(), token.text_id, code_of(vault, token))


@pytest.mark.parametrize(
    ("method", "assurance"),
    [
        (Method.IN_APP, AssuranceMethod.INTERACTIVE_TWO_FACTORS),
        (Method.CALL_CENTRE, AssuranceMethod.INTERACTIVE_ONE_FACTOR),
    ],
)
def test_the_issuer_verifies_itself(vault, phone, token, method, assurance):
    """In its app or by its call centre; no code is sent, and none completes it."""
    start_verification(vault, phone.proven(), token.text_id, method)
    assert list_messages(vault, limit=5, token_id=token.text_id) == []
    with pytest.raises(Conflict) as refused:
        complete_verification(vault, phone.proven(), token.text_id, "000000")
    assert refused.value.code == "no_code_sent"
    with pytest.raises(FieldError):
        confirm_verification(vault, token.text_id, Method.TEXT_MESSAGE)
    confirmed = confirm_verification(vault, token.text_id, method)
    assert (confirmed.state, confirmed.assurance_method) == (TokenState.INACTIVE, assurance)
    with pytest.raises(Conflict):
        confirm_verification(vault, token.text_id, method)


def test_methods_without_a_contact_are_not_offered(vault, phone):
    """A card without contacts can be verified by the issuer only."""
    token = ask(vault, phone, new_card(vault), phone.device, risk=YELLOW)
    methods = [each.method for each in offered_methods(vault, phone.proven(), token.text_id)]
    assert methods == [Method.IN_APP, Method.CALL_CENTRE]
    with pytest.raises(FieldError, match="not available"):
        start_verification(vault, phone.proven(), token.text_id, Method.E_MAIL)


def test_another_device_cannot_verify(vault, token):
    """The code is worth nothing on a device that did not ask."""
    other = Phone(vault)
    other.register()
    with pytest.raises(Forbidden):
        start_verification(vault, other.proven(), token.text_id, Method.TEXT_MESSAGE)


@pytest.mark.parametrize(
    "contacts",
    [
        {Method.TEXT_MESSAGE: "0151 2345"},
        {Method.TEXT_MESSAGE: "+0123456789"},
        {Method.E_MAIL: "ada"},
        {Method.E_MAIL: "a@b"},
    ],
)
def test_contacts_that_are_none(vault, contacts):
    """Each is refused by its field and not shown."""
    with pytest.raises(FieldError) as refused:
        new_card(vault, contacts)
    assert refused.value.field.startswith("contact_points.")
    assert next(iter(contacts.values())) not in str(refused.value)
