"""The vault as a whole: any story of cards, devices and tokens against a model, and what it tells the engine."""

import json
import os
import sqlite3

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from simulators import test_values
from tests.clock import ManualClock
from tests.tokenvault.devices import Phone
from tests.tokenvault.vaults import new_vault
from tokenvault import outbox
from tokenvault.accounts import open_account
from tokenvault.cards import CardState, freeze_card, issue_card, unfreeze_card
from tokenvault.emv.key_derivation import DerivationOption, card_key
from tokenvault.errors import CallerError, Conflict, FieldError, Forbidden, NotFound
from tokenvault.lifecycle import Change, Initiator, TokenState
from tokenvault.pan import PanRange, is_luhn_valid
from tokenvault.sealing import open_on_device
from tokenvault.tokens import activate_token, change_token, find_token, request_token

LIVE = {TokenState.INACTIVE, TokenState.ACTIVE, TokenState.SUSPENDED}


def new_card(vault):
    """A card on an account of its own."""
    account = open_account(vault, currency="EUR", credit_limit_minor=1000, transaction_limit_minor=None, segment=0)
    return issue_card(vault, account.text_id)


def ask(vault, phone, card, device, profile="aes", requestor=test_values.TOKEN_REQUESTOR_ID):
    """Request a token."""
    return request_token(
        vault,
        phone.proven(),
        card_id=card.text_id,
        device_id=device.text_id,
        token_requestor_id=requestor,
        cryptogram_profile=profile,
    )


class VaultStory(RuleBasedStateMachine):
    """Requests and changes in any order; the model is a few dictionaries."""

    cards = Bundle("cards")
    tokens = Bundle("tokens")

    def __init__(self):
        super().__init__()
        self.vault = new_vault(ManualClock())
        self.phones = [Phone(self.vault) for _ in range(2)]
        self.devices = [phone.register() for phone in self.phones]
        self.frozen = {}
        self.states = {}
        self.suspenders = {}
        self.homes = {}
        self.pans = set()

    def teardown(self):
        """Drop the database."""
        self.vault.database.dispose()

    @rule(target=cards)
    def issue(self):
        """A card."""
        card = new_card(self.vault)
        self.frozen[card.id] = False
        return card

    @rule(card=cards, frozen=st.booleans())
    def freeze(self, card, frozen):
        """Frozen or not; twice is no error."""
        changed = (freeze_card if frozen else unfreeze_card)(self.vault, card.text_id)
        assert changed.state is (CardState.FROZEN if frozen else CardState.ACTIVE)
        self.frozen[card.id] = frozen

    @rule(target=tokens, card=cards, which=st.integers(0, 1), profile=st.sampled_from(["aes", "tdes"]))
    def request(self, card, which, profile):
        """One live token for a card on a device; a frozen card is declined."""
        home = (card.id, which)
        live = [token for token, where in self.homes.items() if where == home and self.states[token] in LIVE]
        if live:
            with pytest.raises(Conflict) as refused:
                ask(self.vault, self.phones[which], card, self.devices[which], profile)
            assert refused.value.code == "token_already_exists"
            return find_token(self.vault, live[0])
        token = ask(self.vault, self.phones[which], card, self.devices[which], profile)
        declined = self.frozen[card.id]
        self.states[token.text_id] = TokenState.DECLINED if declined else TokenState.INACTIVE
        self.suspenders[token.text_id] = set()
        self.homes[token.text_id] = home
        assert (token.token_pan is None) == declined
        if not declined:
            assert token.token_pan not in self.pans
            assert is_luhn_valid(token.token_pan)
            assert token.token_pan.startswith(test_values.TOKEN_BIN)
            self.pans.add(token.token_pan)
        return token

    @rule(token=tokens, which=st.integers(0, 1))
    def activate(self, token, which):
        """Its own device may, and opens what it gets; another may not."""
        name = token.text_id
        own = self.homes[name][1] == which
        if own and self.states[name] in (TokenState.INACTIVE, TokenState.ACTIVE):
            activation = activate_token(self.vault, self.phones[which].proven(), name)
            self.states[name] = TokenState.ACTIVE
            sealed = activation.sealed_credentials
            key = self.phones[which].secure_element._SecureElement__device_key
            opened = json.loads(open_on_device(sealed, key, activation.info))
            assert opened["token_pan"] == activation.token.token_pan
            assert opened["token_pan"].encode() not in sealed
        else:
            with pytest.raises(CallerError) as refused:
                activate_token(self.vault, self.phones[which].proven(), name)
            assert isinstance(refused.value, Conflict if own else Forbidden)

    @rule(
        token=tokens,
        change=st.sampled_from([Change.SUSPEND, Change.RESUME]),
        who=st.sampled_from([Initiator.CARDHOLDER, Initiator.WALLET, Initiator.ISSUER]),
    )
    def suspend_or_resume(self, token, change, who):
        """Each suspends and resumes for itself."""
        name, suspenders = token.text_id, self.suspenders[token.text_id]
        active = self.states[name] in (TokenState.ACTIVE, TokenState.SUSPENDED)
        if active and (change is Change.SUSPEND or who in suspenders):
            (suspenders.add if change is Change.SUSPEND else suspenders.discard)(who)
            self.states[name] = TokenState.SUSPENDED if suspenders else TokenState.ACTIVE
            assert change_token(self.vault, name, change, who).state is self.states[name]
        else:
            with pytest.raises(Conflict):
                change_token(self.vault, name, change, who)

    @rule(token=consumes(tokens))
    def deactivate(self, token):
        """For good."""
        name = token.text_id
        if self.states[name] in LIVE:
            change_token(self.vault, name, Change.DEACTIVATE, Initiator.ISSUER)
            self.states[name] = TokenState.DEACTIVATED
            self.suspenders[name] = set()
        else:
            with pytest.raises(Conflict):
                change_token(self.vault, name, Change.DEACTIVATE, Initiator.ISSUER)

    @invariant()
    def stored_as_modelled(self):
        """Every token is in the state that the model says, suspended by whom it says."""
        for name, state in self.states.items():
            token = find_token(self.vault, name)
            assert token.state is state
            assert set(token.suspended_by) == self.suspenders[name]

    @invariant()
    def the_outbox_ends_where_the_vault_stands(self):
        """Hearing the outbox from the start gives every card's and token's present state, in rising numbers."""
        entries = list(outbox.entries_after(self.vault.database, 0, 10_000))
        assert [entry.sequence for entry in entries] == sorted({entry.sequence for entry in entries})
        heard = {}
        for entry in entries:
            match entry.notice:
                case outbox.CardNotice() as card:
                    heard[card.card_id] = card.state
                case outbox.TokenNotice() as token:
                    assert token.card_id in heard, "a card is told before its tokens"
                    heard[token.token_id] = token.state
        for name, state in self.states.items():
            assert heard.get(find_token(self.vault, name).id, "declined") == state
        for card_id, frozen in self.frozen.items():
            assert heard[card_id] == ("frozen" if frozen else "active")


TestVaultStory = VaultStory.TestCase
TestVaultStory.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize(("profile", "option"), [("aes", DerivationOption.C), ("tdes", DerivationOption.A)])
def test_credentials_hold_what_the_network_derives(vault, phone, profile, option):
    """The sealed card key is the one that the issuer's master key gives for this token PAN."""
    device, card = phone.register(), new_card(vault)
    token = ask(vault, phone, card, device, profile)
    activation = activate_token(vault, phone.proven(), token.text_id)
    key = phone.secure_element._SecureElement__device_key
    opened = json.loads(open_on_device(activation.sealed_credentials, key, activation.info))
    master = getattr(test_values, f"EMV_MASTER_KEY_{profile.upper()}")
    derived = card_key(bytes.fromhex(master), token.token_pan, "01", option)
    assert bytes.fromhex(opened["card_key"]) == derived
    assert opened["payment_account_reference"] == card.payment_account_reference
    assert opened["expiry"] == token.expiry == "2911"
    assert card.expiry == "3111"
    assert derived.hex() not in repr(activation).lower()


def test_a_request_that_fails_leaves_nothing(vault, phone):
    """An unknown card, device, requestor or profile, or another device's key: refused, nothing told, nothing kept."""
    device, card = phone.register(), new_card(vault)
    before = list(outbox.entries_after(vault.database, 0))
    stranger = Phone(vault)
    stranger.register()

    def refused(kind, **changes):
        values = {
            "proven": phone.proven(),
            "card_id": card.text_id,
            "device_id": device.text_id,
            "token_requestor_id": test_values.TOKEN_REQUESTOR_ID,
            "cryptogram_profile": "aes",
        } | changes
        proven = values.pop("proven")
        with pytest.raises(kind):
            request_token(vault, proven, **values)

    refused(NotFound, card_id="card_0000000000001")
    refused(NotFound, device_id="dev_0000000000001")
    refused(NotFound, card_id=device.text_id)
    refused(FieldError, token_requestor_id="99900000009")
    refused(FieldError, cryptogram_profile="sm4")
    refused(Forbidden, proven=stranger.proven())
    assert list(outbox.entries_after(vault.database, 0)) == before
    assert ask(vault, phone, card, device).state is TokenState.INACTIVE


def test_an_expired_card_is_declined(vault, phone, clock):
    """A card is good to the end of its expiry month, and then its requests are declined."""
    device, card = phone.register(), new_card(vault)
    clock.now = 1_953_849_599.0  # 2031-12-01 00:00 UTC, less a second
    token = ask(vault, phone, card, device)
    assert token.decision == "approved"
    change_token(vault, token.text_id, Change.DEACTIVATE, Initiator.ISSUER)
    clock.advance(1)
    assert ask(vault, phone, card, device).decision_reasons == ["card_expired"]


def _until_refused(issue):
    """Call until it is refused, at the latest when the ten numbers of a range are taken; the refusal."""
    for _ in range(11):
        try:
            issue()
        except Conflict as refused:
            return refused
    raise AssertionError("more numbers were issued than the range holds")


def test_full_ranges_are_conflicts(clock):
    """When the numbers of a range are taken, issuing says so."""
    vault = new_vault(clock, funding_range=PanRange("99990010999999", 16), token_range=PanRange("99995010999999", 16))
    card = new_card(vault)

    def one_more_token():
        phone = Phone(vault)
        ask(vault, phone, card, phone.register())

    assert _until_refused(one_more_token).code == "pan_range_exhausted"
    assert _until_refused(lambda: new_card(vault)).code == "pan_range_exhausted"
    vault.database.dispose()


def test_no_funding_pan_lies_in_the_database(tmp_path, clock, monkeypatch):
    """The file of the database holds no funding PAN, as text or packed, though each can be found again."""
    drawn = []
    original = PanRange.pan

    def watched(self, index):
        pan = original(self, index)
        drawn.append(pan)
        return pan

    monkeypatch.setattr(PanRange, "pan", watched)
    vault = new_vault(clock, url=f"sqlite:///{tmp_path / 'vault.db'}")
    cards = [new_card(vault) for _ in range(20)]
    vault.database.dispose()
    with sqlite3.connect(tmp_path / "vault.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = b"".join((tmp_path / name).read_bytes() for name in os.listdir(tmp_path))
    assert len(drawn) == 20
    for pan, card in zip(drawn, cards, strict=True):
        assert pan.encode() not in content
        assert bytes.fromhex(pan) not in content
        assert int(pan).to_bytes(8, "big") not in content
        assert pan not in repr(card)
        assert card.last4 == pan[-4:]
