"""Applying: the decision is kept with all that comes of it, or nothing is."""

from dataclasses import replace

import pytest

from simulators.parties import sandbox_constants
from tests.tokenvault.customers.applicants import PRODUCT, applied, asked, new_customer
from tests.tokenvault.phones import Phone
from tests.tokenvault.stories import event_types, rows
from tokenvault.callers.caller import Caller, Scope, current_caller
from tokenvault.cards.accounts import find_account
from tokenvault.cards.cards import find_card
from tokenvault.customers import approval
from tokenvault.customers.application_policies import ApplicationPolicy, set_policy
from tokenvault.customers.applying import apply
from tokenvault.customers.credit_decision import CreditPolicy
from tokenvault.customers.reviewing import find_application, list_applications
from tokenvault.provisioning.card_sources import CardSource
from tokenvault.provisioning.token_requests import TokenRequest, request_token
from tokenvault.vocabulary.errors import Conflict, FieldError, NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_text

TABLES = ("applications", "accounts", "cards", "events", "outbox", "audit_entries")


def test_an_approval_goes_straight_into_the_phone(vault):
    """Account and card are there, on the terms that were asked for, and the payload brings a token onto a device."""
    decided = applied(vault, cut_day=5)
    application = decided.application
    assert (application.state, application.reasons, application.credit_limit_minor) == ("approved", [], 2_000_000)
    account = find_account(vault, to_text(Prefix.ACCOUNT, application.account_id))
    card = find_card(vault, to_text(Prefix.CARD, application.card_id))
    assert (account.credit_limit_minor, account.currency, account.product) == (2_000_000, "CNY", PRODUCT)
    assert (account.cut_day, account.segment, card.account_id) == (5, None, account.id)
    assert event_types(vault, application.text_id) == ["application.submitted", "application.decided"]

    phone = Phone(vault)
    device = phone.register()
    wanted = TokenRequest(
        CardSource(push_payload=decided.payload.payload), sandbox_constants.TOKEN_REQUESTOR_ID, device.text_id
    )
    assert request_token(vault, phone.proven(), wanted).card_id == card.id


def test_the_life_stage_of_a_customer_becomes_the_account_s(vault):
    """Where it is known."""
    decided = apply(vault, asked(new_customer(vault, life_stage=4)))
    assert find_account(vault, to_text(Prefix.ACCOUNT, decided.application.account_id)).life_stage == 4


@pytest.mark.parametrize(
    ("number", "changes", "state", "reasons", "limit"),
    [
        ("force_score_720", {"city": "Lhasa"}, "declined", ["city_not_open"], None),
        ("force_score_580", {}, "in_review", ["score_low"], 300_000),
        ("force_score_720", {"device_score": 1}, "declined", ["device_score_low"], None),
        ("force_score_720", {"device_is_compromised": True}, "declined", ["device_compromised"], None),
        ("force_declined", {}, "declined", ["forced_for_a_test"], None),
    ],
)
def test_without_an_approval_nothing_is_opened(vault, number, changes, state, reasons, limit):
    """But the application is kept, with its reasons."""
    decided = applied(vault, number, **changes)
    application = decided.application
    assert (application.state, application.reasons, application.credit_limit_minor) == (state, reasons, limit)
    assert (application.account_id, application.card_id, decided.payload) == (None, None, None)
    assert rows(vault, "accounts") == rows(vault, "cards") == []
    assert find_application(vault, application.text_id) == application
    assert list_applications(vault, limit=9) == [application]


def test_a_customer_has_a_product_once(vault):
    """Another product is another application."""
    customer = new_customer(vault)
    assert apply(vault, asked(customer)).application.state == "approved"
    assert apply(vault, asked(customer)).application.reasons == ["has_product"]
    assert apply(vault, asked(customer, product=2)).application.state == "approved"
    assert len(rows(vault, "accounts")) == 2


def test_who_waits_for_the_desk_does_not_apply_again(vault):
    """For the same product."""
    customer = new_customer(vault, "force_in_review")
    waiting = apply(vault, asked(customer)).application
    with pytest.raises(Conflict) as refused:
        apply(vault, asked(customer))
    assert (refused.value.code, waiting.text_id in refused.value.message) == ("application_in_review", True)
    assert apply(vault, asked(customer, product=2)).application.state == "in_review"


def test_applications_of_a_device_are_counted_for_a_day(vault, clock):
    """Whoever applies; the device's own name is not kept."""
    states = [applied(vault, f"force_score_720_{n}", device="install-7").application.state for n in range(4)]
    assert states == ["approved", "approved", "approved", "in_review"]
    assert applied(vault, "force_score_720_x", device="install-8").application.state == "approved"
    assert "install" not in repr(rows(vault, "applications"))
    clock.now += 24 * 3600
    assert applied(vault, "force_score_720_y", device="install-7").application.state == "approved"


def test_the_policy_of_the_issuer_decides(vault):
    """And the next one only what comes after it."""
    set_policy(vault, ApplicationPolicy(CreditPolicy(open_cities=("Berlin",)), "EUR"))
    assert applied(vault, "force_score_720_a").application.reasons == ["city_not_open"]
    berlin = applied(vault, "force_score_720_b", city="berlin").application
    assert (berlin.state, berlin.currency) == ("approved", "EUR")


def test_an_operator_applies_for_an_issuer_s_customer(vault):
    """The account is the issuer's."""
    token = current_caller.set(Caller("ada", frozenset({Scope.ISSUER}), "ada"))
    customer = new_customer(vault)
    current_caller.reset(token)
    decided = apply(vault, asked(customer))
    assert find_account(vault, to_text(Prefix.ACCOUNT, decided.application.account_id)).tenant == "ada"


def test_what_is_wrong_is_named(vault):
    """And nothing is kept."""
    customer = new_customer(vault)
    for changes, field in (({"product": 0}, "product"), ({"cut_day": 29}, "cut_day"), ({"product": 32}, "product")):
        with pytest.raises(FieldError) as refused:
            apply(vault, asked(customer, **changes))
        assert refused.value.field == field
    with pytest.raises(NotFound):
        apply(vault, replace(asked(customer), customer_id=to_text(Prefix.CUSTOMER, 5)))
    assert rows(vault, "applications") == []


@pytest.mark.parametrize("at", ["open_account_in", "issue_card_in", "move", "make_payload_in"])
def test_all_or_nothing(vault, monkeypatch, at):
    """Whatever breaks in the middle of an approval, nothing of it is there, and the next try succeeds whole."""
    customer = new_customer(vault)
    before = [rows(vault, table) for table in TABLES]

    def broken(*_arguments, **_named):
        raise RuntimeError("a crash")

    with monkeypatch.context() as patch:
        patch.setattr(approval, at, broken)
        with pytest.raises(RuntimeError):
            apply(vault, asked(customer))
    assert [rows(vault, table) for table in TABLES] == before
    assert apply(vault, asked(customer)).application.state == "approved"
    assert len(rows(vault, "accounts")) == len(rows(vault, "cards")) == 1
