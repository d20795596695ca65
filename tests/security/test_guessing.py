"""Secrets that can be guessed: counted by card and by caller, locked for a time, written down, and told nothing of."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from tests.tokenvault import conftest
from tests.tokenvault.phones import Phone
from tests.tokenvault.stories import active_token, ask, asked, new_card, pan_of, sealed_to_vault
from tokenvault.callers.caller import Caller, current_caller
from tokenvault.cards import guesses
from tokenvault.cards.card_details import panel_value
from tokenvault.cards.contact_points import VerificationMethod
from tokenvault.cards.guesses import OF_CARD, Secret, unlock_card
from tokenvault.cards.pins import PinEncryption, WrongPin, set_pin, verify_pin
from tokenvault.events.audit import list_entries
from tokenvault.events.events import list_events
from tokenvault.provisioning.card_sources import CardSource
from tokenvault.provisioning.policies import Policy, VerificationPolicy, set_policy
from tokenvault.provisioning.push_provisioning import make_payload
from tokenvault.provisioning.token_requests import check_eligibility
from tokenvault.provisioning.verification import (
    WrongCode,
    complete_verification,
    list_messages,
    start_verification,
)
from tokenvault.storage import schema
from tokenvault.tokens.detokenization import Usage, VerificationFailed, detokenize
from tokenvault.tokens.lifecycle import TokenState
from tokenvault.vocabulary.errors import FieldError, NotFound, TooManyRequests
from tokenvault.vocabulary.event_types import EventType

REFUSAL = "sealed_card: holds no PAN, expiry and CVV2 of a card that we have issued"
DETAILS = OF_CARD[Secret.CARD_DETAILS]


clock, vault = conftest.clock, conftest.vault
"""The vault's time, and an empty vault: those of the vault's own tests, not the shared network's."""


@pytest.fixture
def called_by():
    """Says who calls from now on."""
    before = current_caller.set(current_caller.get())
    yield lambda name: current_caller.set(Caller(name, frozenset({"issuer", "wallet", "network"})))
    current_caller.reset(before)


class Thief:
    """A registered device that asks whether cards are eligible, by details typed in."""

    def __init__(self, vault):
        self.vault, self.phone = vault, Phone(vault)
        self.device = self.phone.register()

    def details(self, card, **changes):
        """The true details of a card, with changes."""
        pan = pan_of(self.vault, card)
        return {"pan": pan, "expiry": card.expiry, "cvv2": panel_value(self.vault.keys, pan, card.expiry)} | changes

    def wrong(self, card, number=0):
        """Details with a wrong CVV2."""
        true = int(self.details(card)["cvv2"])
        return self.details(card, cvv2=f"{(true + 1 + number) % 1000:03d}")

    def answer(self, told):
        """What the vault says of details: None where they are right."""
        try:
            self.tried(CardSource(sealed_card=sealed_to_vault(self.vault, told)))
        except FieldError as refused:
            return str(refused)
        return None

    def tried(self, source):
        """Ask whether what a source names is eligible."""
        check_eligibility(self.vault, self.phone.proven(), asked(new_card(self.vault), self.device, source=source))


@pytest.fixture
def thief(vault):
    """Somebody who guesses."""
    return Thief(vault)


def locks(vault):
    """The events that cards were locked or unlocked."""
    told = (EventType.CARD_GUESSES_LOCKED, EventType.CARD_GUESSES_UNLOCKED)
    return [(event.type, event.resource_id) for event in list_events(vault, limit=100) if event.type in told]


def test_all_values_of_a_cvv2(vault, thief):
    """Whoever tries one after the other has five tries; then the right one is as wrong as any, and told as such."""
    card = new_card(vault)
    answers = {thief.answer(thief.wrong(card, number)) for number in range(DETAILS.wrong)}
    answers.add(thief.answer(thief.details(card)))
    assert answers == {REFUSAL}
    assert locks(vault) == [("card.guesses_locked", card.text_id)]
    written = [entry.action for entry in list_entries(vault, limit=100, resource_id=card.text_id)]
    assert written.count("card_details.wrong") == DETAILS.wrong + 1


def test_a_request_counts_like_a_question(vault, thief):
    """Asking for a token spends the same tries as asking whether one could be had."""
    card = new_card(vault)
    for number in range(DETAILS.wrong):
        source = CardSource(sealed_card=sealed_to_vault(vault, thief.wrong(card, number)))
        with pytest.raises(FieldError, match="holds no PAN"):
            ask(vault, thief.phone, card, thief.device, source=source)
    assert thief.answer(thief.details(card)) == REFUSAL


def test_expiry_dates_count_too(vault, thief):
    """A wrong expiry with the right CVV2 spends a try, and is answered in the same words as any other."""
    card = new_card(vault)
    for month in range(DETAILS.wrong):
        assert thief.answer(thief.details(card, expiry=f"99{month + 1:02d}")) == REFUSAL
    assert thief.answer(thief.details(card)) == REFUSAL


@pytest.mark.parametrize(
    "changes",
    [{"pan": "4000000000000000"}, {"pan": ""}, {"pan": None}, {"expiry": "\ud800"}, {"cvv2": "é"}, {"cvv2": None}],
)
def test_every_wrong_detail_has_one_answer(vault, thief, changes):
    """Unknown numbers, no numbers, no texts."""
    told = thief.details(new_card(vault)) | changes
    assert thief.answer(told) == REFUSAL


def test_a_lock_ends_by_the_vaults_clock(vault, thief, clock):
    """To the second; guessing meanwhile makes it no longer."""
    card = new_card(vault)
    for number in range(DETAILS.wrong):
        thief.answer(thief.wrong(card, number))
    clock.advance(DETAILS.seconds - 1)
    assert thief.answer(thief.details(card)) == REFUSAL
    clock.advance(1)
    assert thief.answer(thief.details(card)) is None


def test_a_lock_ends_when_the_issuer_says_so(vault, thief):
    """It is told as an event."""
    card = new_card(vault)
    for number in range(DETAILS.wrong):
        thief.answer(thief.wrong(card, number))
    unlock_card(vault, card.text_id)
    assert thief.answer(thief.details(card)) is None
    assert [kind for kind, _card in locks(vault)] == ["card.guesses_unlocked", "card.guesses_locked"]
    with pytest.raises(NotFound):
        unlock_card(vault, "card_0000000000000")


def test_who_mistypes_now_and_then_is_not_locked(vault, thief, clock):
    """Right details forget wrong ones before them, and so does a day."""
    card = new_card(vault)
    for forget in (lambda: thief.answer(thief.details(card)), lambda: clock.advance(DETAILS.seconds)) * 2:
        for number in range(DETAILS.wrong - 1):
            thief.answer(thief.wrong(card, number))
        forget()
    assert thief.answer(thief.details(card)) is None
    assert locks(vault) == []


def test_another_card_is_not_locked_with_it(vault, thief):
    """A lock is the card's."""
    locked, other = new_card(vault), new_card(vault)
    for number in range(DETAILS.wrong):
        thief.answer(thief.wrong(locked, number))
    assert thief.answer(thief.details(other)) is None


def test_a_caller_who_guesses_at_many_cards_is_locked(vault, thief, clock, called_by, monkeypatch):
    """No card is tried often; the caller hears when to come back, and nobody else is kept away."""
    monkeypatch.setitem(guesses.OF_CALLER, Secret.CARD_DETAILS, guesses.Bound(4, 3600))
    called_by("wallet-a")
    for _guess in range(4):
        assert thief.answer(thief.wrong(new_card(vault))) == REFUSAL
    right = thief.details(new_card(vault))
    with pytest.raises(TooManyRequests) as refused:
        thief.answer(right)
    assert refused.value.retry_after == 3600
    called_by("wallet-b")
    assert thief.answer(right) is None
    called_by("wallet-a")
    clock.advance(3600)
    assert thief.answer(right) is None
    assert [entry.action for entry in list_entries(vault, limit=200, resource_id="wallet-a")] == [
        "caller.guesses_locked"
    ]


def test_forged_payloads_are_counted_by_caller(vault, thief, called_by, monkeypatch):
    """A payload names no card unless we have signed it; what is only too old is no guess."""
    monkeypatch.setitem(guesses.OF_CALLER, Secret.PUSH_PAYLOAD, guesses.Bound(3, 3600))
    called_by("wallet-a")
    good = make_payload(vault, new_card(vault).text_id).payload
    for _guess in range(3):
        with pytest.raises(FieldError, match="not a payload that this vault has signed"):
            thief.tried(CardSource(push_payload=good[:-4] + "AAAA"))
    with pytest.raises(TooManyRequests):
        thief.tried(CardSource(push_payload=good))
    thief.tried(CardSource(card_id=new_card(vault).text_id))
    assert len([e for e in list_entries(vault, limit=200, resource_id="wallet-a") if "wrong" in e.action]) == 3


def test_expiry_dates_of_tokens_are_counted(vault):
    """A network that tries them one after the other is not told the right one; the refusal is always the same."""
    _phone, token, _credentials = active_token(vault)
    right = Usage(token.expiry, "contactless", None, None, {})
    bound = OF_CARD[Secret.TOKEN_EXPIRY]
    refusals = set()
    for month in [*range(bound.wrong), None]:
        usage = right if month is None else replace(right, expiry=f"98{month + 1:02d}")
        with pytest.raises(VerificationFailed) as refused:
            detokenize(vault, token.token_pan, usage)
        refusals.add((refused.value.code, str(refused.value)))
    assert refusals == {("expiration_mismatch", "the expiry is not the token's")}
    assert [kind for kind, _card in locks(vault)] == ["card.guesses_locked"]


def test_pins_over_http_are_counted_by_caller(vault, called_by, monkeypatch):
    """Two tries at each of many cards lock no card, but the caller."""
    monkeypatch.setitem(guesses.OF_CALLER, Secret.PIN, guesses.Bound(4, 3600))
    called_by("network-a")
    tries = []
    for _card in range(2):
        card = new_card(vault)
        _phone, token, _credentials = active_token(vault, card)
        set_pin(vault, card.text_id, sealed_to_vault(vault, {"pin": "4711"}))
        tries += [token.token_pan] * 2
    wrong = {"block": bytes(8), "ksn": bytes(10), "encryption": PinEncryption.DUKPT_TDES}
    for token_pan in tries:
        with pytest.raises(WrongPin):
            verify_pin(vault, token_pan=token_pan, **wrong)
    with pytest.raises(TooManyRequests):
        verify_pin(vault, token_pan=tries[0], **wrong)


def test_one_time_codes_are_counted_over_all_tokens_of_a_card(vault, clock, monkeypatch):
    """Asking for another token wins no attempts; the right code of a locked card is answered as a wrong one."""
    monkeypatch.setitem(guesses.OF_CARD, Secret.ONE_TIME_CODE, guesses.Bound(4, 24 * 3600))
    policy = Policy(verification=VerificationPolicy(attempts=3))
    set_policy(vault, policy)
    card = new_card(vault, {VerificationMethod.TEXT_MESSAGE: "+4915112345678"})
    answers = []

    def enter(token, phone, is_right):
        true = list_messages(vault, limit=1, token_id=token.text_id)[0].text[:6]
        code = true if is_right else f"{(int(true) + 1) % 1_000_000:06d}"
        with pytest.raises(WrongCode) as refused:
            complete_verification(vault, phone.proven(), token.text_id, code)
        answers.append(str(refused.value))

    for tries in ((False, False, False), (False, True, True)):
        phone = Phone(vault)
        device = phone.register()
        source = CardSource(sealed_card=sealed_to_vault(vault, Thief(vault).details(card)))
        token = ask(vault, phone, card, device, source=source)
        assert token.state is TokenState.REQUESTED
        start_verification(vault, phone.proven(), token.text_id, VerificationMethod.TEXT_MESSAGE)
        for is_right in tries:
            enter(token, phone, is_right)
    assert answers[:3] == answers[3:]
    assert locks(vault) == [("card.guesses_locked", card.text_id)]


def test_what_is_kept_of_guesses_holds_none(vault, thief, called_by):
    """Neither the trail nor the counters show what was tried."""
    called_by("wallet-a")
    card = new_card(vault)
    told = thief.wrong(card)
    thief.answer(told)
    with vault.reading() as connection:
        rows = connection.execute(sa.select(schema.wrong_guesses)).all()
    shown = repr(rows) + repr(list_entries(vault, limit=5))
    assert told["pan"] not in shown
    assert f"'{told['cvv2']}'" not in shown
    assert {row.secret for row in rows} == {"card_details"}
