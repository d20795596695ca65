"""Cards that are replaced, renewed and closed, and what becomes of their tokens."""

import pytest

from simulators.parties import sandbox_constants
from tests.tokenvault.phones import Phone
from tests.tokenvault.stories import active_token, ask, event_types, new_card, pan_of, rows
from tests.tokenvault.vaults import new_vault
from tokenvault.cards.cards import CardState, card_with_pan, find_card, list_cards
from tokenvault.cards.contact_points import VerificationMethod
from tokenvault.events import audit, outbox
from tokenvault.events.events import list_events
from tokenvault.program.card_program import PanGeneration
from tokenvault.tokens.card_changes import (
    change_contacts,
    close_card,
    freeze_card,
    renew_card,
    replace_card,
    unfreeze_card,
)
from tokenvault.tokens.lifecycle import Change, ChangeReason, Initiator, TokenState
from tokenvault.tokens.token_activation import activate_token
from tokenvault.tokens.token_changes import change_token, change_tokens_of_card, change_tokens_of_device, renew_token
from tokenvault.tokens.token_requestors import requestor_in
from tokenvault.tokens.tokens import find_token, list_tokens
from tokenvault.vocabulary.errors import Conflict


def test_tokens_follow_a_replaced_card(vault):
    """A new number and expiry, the same PAR; the token pays on, its wallet is told, the old number finds nothing."""
    card = new_card(vault)
    _, token, credentials = active_token(vault, card)
    old = pan_of(vault, card)
    replaced = replace_card(vault, card.text_id, ChangeReason.CARD_STOLEN)
    assert pan_of(vault, card) != old
    assert replaced.payment_account_reference == card.payment_account_reference
    assert credentials["payment_account_reference"] == card.payment_account_reference
    assert find_token(vault, token.text_id) == token
    assert event_types(vault, token.text_id)[-1] == "token.card_changed"
    new = pan_of(vault, card)
    with vault.reading() as connection:
        assert card_with_pan(vault, connection, old) is None
        assert card_with_pan(vault, connection, new).id == card.id


def test_a_renewed_card_keeps_its_number(vault, clock):
    """Only the expiry moves on."""
    card = new_card(vault)
    before = pan_of(vault, card)
    clock.advance(370 * 24 * 3600)
    renewed = renew_card(vault, card.text_id)
    assert (pan_of(vault, card), card.expiry, renewed.expiry) == (before, "3111", "3211")


def test_a_closed_card_takes_its_tokens_with_it(vault):
    """All are deactivated as by the issuer, twice is no error, and nothing opens the card again."""
    card = new_card(vault)
    tokens = [active_token(vault, card)[1] for _ in range(2)]
    assert close_card(vault, card.text_id).state is CardState.CLOSED
    assert close_card(vault, card.text_id).state is CardState.CLOSED
    assert {find_token(vault, token.text_id).state for token in tokens} == {TokenState.DEACTIVATED}
    for change in (freeze_card, renew_card):
        with pytest.raises(Conflict, match="closed"):
            change(vault, card.text_id)
    assert event_types(vault, card.text_id) == ["card.issued", "card.closed"]
    phone = Phone(vault)
    assert ask(vault, phone, card, phone.register()).decision_reasons == ["card_not_active"]


def notices_of(vault, kind):
    """What the engine was told of one kind, in order."""
    notices = [entry.notice for entry in outbox.entries_after(vault.database, 0)]
    return [notice for notice in notices if isinstance(notice, kind)]


def last_event(vault, resource_id):
    """The newest event of a card or token: its type and its data."""
    event = list_events(vault, limit=1, resource_id=resource_id)[0]
    return event.type, event.data


def test_a_frozen_card_is_told_once(vault):
    """Freezing and unfreezing show at once, reach the engine and the events; saying it twice tells nobody again."""
    card = new_card(vault)
    for change, state in ((freeze_card, CardState.FROZEN), (unfreeze_card, CardState.ACTIVE)):
        for _ in range(2):
            assert change(vault, card.text_id).state is state
        assert find_card(vault, card.text_id).state is state
    states = [notice.state for notice in notices_of(vault, outbox.CardNotice)]
    assert states == ["active", "frozen", "active"]
    assert event_types(vault, card.text_id) == ["card.issued", "card.frozen", "card.unfrozen"]


def test_what_is_told_of_a_card_that_changes(vault, clock):
    """A replacement, a renewal and new contacts each have an event with the card's new digits and expiry."""
    card = new_card(vault)
    _, token, _ = active_token(vault, card)
    replaced = replace_card(vault, card.text_id, ChangeReason.CARD_STOLEN)
    assert replaced.last4 == pan_of(vault, card)[-4:]
    kind, data = last_event(vault, card.text_id)
    assert (kind, data["last4"], data["reason"]) == ("card.replaced", replaced.last4, "card_stolen")
    clock.advance(370 * 24 * 3600)
    renewed = renew_card(vault, card.text_id)
    kind, data = last_event(vault, card.text_id)
    assert (kind, data["expiry"]) == ("card.renewed", "3211")
    assert renewed == find_card(vault, card.text_id)
    kind, data = last_event(vault, token.text_id)
    assert (kind, data["card_last4"], data["card_expiry"]) == ("token.card_changed", replaced.last4, "3211")
    assert data["initiator"] == "issuer"
    assert event_types(vault, token.text_id)[-2:] == ["token.card_changed"] * 2
    change_contacts(vault, card.text_id, {VerificationMethod.E_MAIL: "ada@example.com"})
    assert last_event(vault, card.text_id)[0] == "card.contacts_changed"


def test_what_is_told_of_a_card_that_is_closed(vault):
    """The engine hears of the card, and each token says who ended it and why."""
    card = new_card(vault)
    _, token, _ = active_token(vault, card)
    close_card(vault, card.text_id, ChangeReason.ACCOUNT_CLOSED)
    assert notices_of(vault, outbox.CardNotice)[-1].state == "closed"
    assert notices_of(vault, outbox.TokenNotice)[-1].state == "deactivated"
    for resource in (card, token):
        assert last_event(vault, resource.text_id)[1]["reason"] == "account_closed"
    assert last_event(vault, token.text_id)[1]["initiator"] == "issuer"


def test_all_tokens_of_a_device_or_card(vault):
    """Those that can change do, the others stay; a resume takes back one's own suspension only."""
    phone = Phone(vault)
    device = phone.register()
    first, second = new_card(vault), new_card(vault)
    active = ask(vault, phone, first, device)
    activate_token(vault, phone.proven(), active.text_id)
    waiting = ask(vault, phone, second, device)
    other = active_token(vault, first)[1]
    lost = {"reason": ChangeReason.DEVICE_LOST}
    changed = change_tokens_of_device(vault, device.text_id, Change.SUSPEND, Initiator.CARDHOLDER, **lost)
    assert [token.id for token in changed] == [active.id]
    changed = change_tokens_of_card(vault, first.text_id, Change.SUSPEND, Initiator.ISSUER)
    assert {token.id for token in changed} == {active.id, other.id}
    changed = change_tokens_of_device(vault, device.text_id, Change.RESUME, Initiator.WALLET)
    assert changed == []
    changed = change_tokens_of_card(vault, first.text_id, Change.RESUME, Initiator.ISSUER)
    assert {token.id: token.state for token in changed} == {
        active.id: TokenState.SUSPENDED,
        other.id: TokenState.ACTIVE,
    }
    changed = change_tokens_of_device(vault, device.text_id, Change.DEACTIVATE, Initiator.WALLET, **lost)
    assert {token.id for token in changed} == {active.id, waiting.id}


def test_a_new_phone_takes_over(vault):
    """The new token has its own PAN; the old one ends when the new one is activated, not before."""
    card = new_card(vault)
    _, old, _ = active_token(vault, card)
    phone = Phone(vault)
    new = ask(vault, phone, card, phone.register(), replaces=old.text_id)
    assert new.token_pan != old.token_pan
    assert find_token(vault, old.text_id).state is TokenState.ACTIVE
    activate_token(vault, phone.proven(), new.text_id)
    assert find_token(vault, old.text_id).state is TokenState.DEACTIVATED
    activate_token(vault, phone.proven(), new.text_id)


def test_a_renewed_token_keeps_its_number(vault, clock):
    """Only the expiry moves on, and its device gets new credentials by activating again."""
    _, token, credentials = active_token(vault)
    clock.advance(370 * 24 * 3600)
    renewed = renew_token(vault, token.text_id)
    assert (renewed.token_pan, credentials["expiry"], renewed.expiry) == (token.token_pan, "2911", "3011")
    change_token(vault, token.text_id, Change.DEACTIVATE, Initiator.ISSUER)
    with pytest.raises(Conflict):
        renew_token(vault, token.text_id)


def test_several_devices_each_have_a_token(vault):
    """Phone, watch and band: each with a PAN of its own, all with one PAR."""
    card = new_card(vault)
    credentials = [active_token(vault, card)[2] for _ in range(3)]
    assert len({each["token_pan"] for each in credentials}) == 3
    assert len({each["payment_account_reference"] for each in credentials}) == 1


def test_pages(vault):
    """The newest first, page by page, each once."""
    cards = [new_card(vault) for _ in range(7)]
    seen, last = [], None
    while page := list_cards(vault, limit=3, starting_after=last):
        seen += [card.id for card in page]
        last = page[-1].text_id
    assert sorted(seen) == sorted(card.id for card in cards)
    assert [card.id for card in list_cards(vault, limit=9, account_id=None)] == seen
    token = active_token(vault, cards[0])[1]
    assert [each.id for each in list_tokens(vault, limit=9, card_id=cards[0].text_id)] == [token.id]
    assert list_tokens(vault, limit=9, state=TokenState.SUSPENDED) == []


def test_contacts_can_change(vault):
    """Masked anew, sealed anew."""
    card = new_card(vault, {VerificationMethod.E_MAIL: "ada@example.com"})
    changed = change_contacts(vault, card.text_id, {VerificationMethod.TEXT_MESSAGE: "+4915123456789"})
    assert changed.masked_contacts == {"text_message": "+49*********89"}
    assert change_contacts(vault, card.text_id, {}).masked_contacts == {}


def test_format_preserving_token_pans(clock):
    """FF1 gives each token another PAN of the token range, and never one of the funding range."""
    vault = new_vault(clock, pan_generation=PanGeneration.FORMAT_PRESERVING)
    card = new_card(vault)
    pans = [active_token(vault, card)[1].token_pan for _ in range(5)]
    assert len(set(pans)) == 5
    assert all(pan.startswith(sandbox_constants.TOKEN_BIN) for pan in pans)
    vault.database.dispose()


def test_requestors(vault):
    """Those of the program are there; identifiers have 11 digits behind the provider's code."""
    with vault.reading() as connection:
        for identifier in (sandbox_constants.TOKEN_REQUESTOR_ID, sandbox_constants.MERCHANT_REQUESTOR_ID):
            assert requestor_in(connection, identifier).identifier == identifier
            assert identifier.startswith(vault.program.service_provider_code)


def test_every_change_is_audited(vault):
    """Each event has its entry in the trail, in the same order, and the trail is whole."""
    card = new_card(vault)
    active_token(vault, card)
    close_card(vault, card.text_id)
    told = [(row.type, row.resource_id) for row in sorted(rows(vault, "events"), key=lambda row: row.sequence)]
    entries = [(entry.action, entry.resource_id) for entry in reversed(audit.list_entries(vault, limit=100))]
    assert [entry for entry in entries if entry in told] == told
    assert audit.verify(vault).sequence == len(entries)
