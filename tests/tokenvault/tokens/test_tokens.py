"""Tokens: what a request needs, what a device gets, and what the database never holds."""

import itertools
import json
import os
import sqlite3

import pytest

from simulators.parties import sandbox_constants
from tests.tokenvault.phones import Phone
from tests.tokenvault.stories import ask, asked, new_card
from tests.tokenvault.vaults import new_vault
from tokenvault.emv.keys.key_derivation import DerivationOption, card_key
from tokenvault.events import outbox
from tokenvault.keys.sealing import open_on_device
from tokenvault.provisioning.card_sources import CardSource
from tokenvault.provisioning.token_requests import request_token
from tokenvault.tokens.lifecycle import Change, Initiator, TokenState
from tokenvault.tokens.token_activation import activate_token
from tokenvault.tokens.token_changes import change_token
from tokenvault.vocabulary.errors import Conflict, FieldError, Forbidden, NotFound
from tokenvault.vocabulary.pan import PanRange


@pytest.mark.parametrize(
    ("profile", "option"), [("aes", DerivationOption.C), ("tdes", DerivationOption.A), ("sm4", DerivationOption.SM)]
)
def test_credentials_hold_what_the_network_derives(vault, phone, profile, option):
    """The sealed card key is the one that the issuer's master key gives for this token PAN."""
    device, card = phone.register(), new_card(vault)
    token = ask(vault, phone, card, device, cryptogram_profile=profile)
    activation = activate_token(vault, phone.proven(), token.text_id)
    key = phone.secure_element._SecureElement__device_key
    opened = json.loads(open_on_device(activation.sealed_credentials, key, activation.info))
    master = getattr(sandbox_constants, f"EMV_MASTER_KEY_{profile.upper()}")
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

    def refused(kind, proven=None, **changes):
        with pytest.raises(kind):
            request_token(vault, proven or phone.proven(), asked(card, device, **changes))

    refused(NotFound, source=CardSource(card_id="card_0000000000001"))
    refused(NotFound, device_id="dev_0000000000001")
    refused(NotFound, source=CardSource(card_id=device.text_id))
    refused(FieldError, token_requestor_id="99900000009")
    refused(FieldError, cryptogram_profile="des")
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
    cards = itertools.cycle([new_card(vault), new_card(vault)])

    def one_more_token():
        phone = Phone(vault)
        ask(vault, phone, next(cards), phone.register())

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
