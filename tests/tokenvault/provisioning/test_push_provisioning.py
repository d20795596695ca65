"""The issuer's signed payload: what is in it, how long it is good, and what of it is kept."""

import json

import pytest
from joserfc import jws

from tests.tokenvault.phones import Phone
from tests.tokenvault.stories import ask, new_card, rows
from tokenvault.cards.cards import find_card
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.keys.sealed_entry import elliptic_keys
from tokenvault.provisioning.card_sources import CardSource
from tokenvault.provisioning.push_provisioning import make_payload, open_payload
from tokenvault.tokens.card_changes import close_card
from tokenvault.vocabulary.errors import Conflict, FieldError, NotFound


def signing_key(vault):
    """The vault's newest key for payloads."""
    return next(elliptic_keys(vault.keys, KeyPurpose.PUSH_PROVISIONING))


def signed_anew(vault, claims, key=None, **header):
    """Claims signed by the vault's key, with another header."""
    key = key or signing_key(vault)
    header = {"alg": "ES256", "typ": "tapwright-push+jwt", "kid": key.kid} | header
    return jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=["ES256"])


def opened(vault, payload):
    """What a payload says."""
    with vault.reading() as connection:
        return open_payload(vault, connection, payload)


def test_what_a_payload_says(vault):
    """A JWS that names the card and its own end, under the newest key, and is written down without its contents."""
    card = new_card(vault)
    made = make_payload(vault, card.text_id)
    assert made.expires_at == vault.now() + 900
    signed = jws.deserialize_compact(made.payload, signing_key(vault), algorithms=["ES256"])
    claims = json.loads(signed.payload)
    assert (claims["card_id"], claims["exp"], len(claims["jti"])) == (card.text_id, made.expires_at, 32)
    assert signed.headers() == {"alg": "ES256", "typ": "tapwright-push+jwt", "kid": signing_key(vault).kid}
    [entry] = [row for row in rows(vault, "audit_entries") if row.action == "push_payload.made"]
    assert entry.resource_id == card.text_id
    told = opened(vault, made.payload)
    assert (told.card_id, told.expires_at, told.used_for) == (card.text_id, made.expires_at, None)


def test_no_two_payloads_are_one(vault):
    """Each is good for a token of its own, also of the same card."""
    card = new_card(vault)
    digests = {opened(vault, make_payload(vault, card.text_id).payload).digest for _ in range(3)}
    assert len(digests) == 3


def test_a_payload_is_good_for_less_than_a_quarter_of_an_hour(vault, clock):
    """To its last second."""
    made = make_payload(vault, new_card(vault).text_id)
    clock.advance(899)
    assert opened(vault, made.payload).used_for is None
    clock.advance(1)
    with pytest.raises(FieldError) as refused:
        opened(vault, made.payload)
    assert refused.value.field == "push_payload"
    assert "has expired" in refused.value.detail


def test_what_else_the_key_has_signed_is_no_payload(vault):
    """A token of another type, one that is not valid JSON, and one longer than any that we make."""
    claims = {"card_id": new_card(vault).text_id, "jti": "00" * 16, "exp": vault.now() + 900}
    assert opened(vault, signed_anew(vault, claims)).card_id == claims["card_id"]
    long = signed_anew(vault, claims | {"more": "x" * 2048})
    for payload in (signed_anew(vault, claims, typ="JWT"), signed_anew(vault, "text")[:-9], long, "x" * 2049):
        with pytest.raises(FieldError, match="is not a payload that this vault has signed"):
            opened(vault, payload)


def test_a_payload_made_before_a_rotation_is_still_good(vault, monkeypatch):
    """Every key that the vault still has is tried, and the newest signs."""
    card = new_card(vault)
    before = make_payload(vault, card.text_id).payload
    older = signing_key(vault)
    newer = next(elliptic_keys(vault.keys, KeyPurpose.CARD_ENTRY))
    monkeypatch.setattr(
        "tokenvault.provisioning.push_provisioning.elliptic_keys", lambda _keys, _purpose: iter([newer, older])
    )
    assert opened(vault, before).card_id == card.text_id
    after = make_payload(vault, card.text_id).payload
    jws.deserialize_compact(after, newer, algorithms=["ES256"])


def test_closed_and_unknown_cards_have_no_payloads(vault):
    """A conflict, and not found."""
    card = new_card(vault)
    close_card(vault, card.text_id)
    with pytest.raises(Conflict):
        make_payload(vault, card.text_id)
    with pytest.raises(NotFound):
        make_payload(vault, "card_0000000000001")


def test_used_payloads_are_kept_while_they_could_come_again(vault, clock):
    """By a digest, with the token that they brought; older ones are forgotten when the next is used."""
    first = make_payload(vault, new_card(vault).text_id)
    phone = Phone(vault)
    device = phone.register()
    card = find_card(vault, opened(vault, first.payload).card_id)
    token = ask(vault, phone, card, device, source=CardSource(push_payload=first.payload))
    [kept] = rows(vault, "push_payloads")
    assert (kept.token_id, kept.expires_at) == (token.id, first.expires_at)
    assert opened(vault, first.payload).used_for == token.id
    clock.now = first.expires_at
    other = new_card(vault)
    ask(vault, phone, other, device, source=CardSource(push_payload=make_payload(vault, other.text_id).payload))
    assert len(rows(vault, "push_payloads")) == 2
    clock.advance(1)
    third = new_card(vault)
    ask(vault, phone, third, device, source=CardSource(push_payload=make_payload(vault, third.text_id).payload))
    assert len(rows(vault, "push_payloads")) == 2


def test_the_longest_payload(vault):
    """2,048 characters are read; one more is refused, although the vault has signed it."""
    claims = {"card_id": new_card(vault).text_id, "jti": "00" * 16, "exp": vault.now() + 900}
    key = signing_key(vault)
    by_length = {}
    for header_filling in ("", "x", "xx"):
        for filling in range(1250, 1400):
            payload = signed_anew(vault, claims | {"more": "x" * filling}, key, cty=header_filling)
            by_length[len(payload)] = payload
    assert opened(vault, by_length[2048]).card_id == claims["card_id"]
    with pytest.raises(FieldError, match="is not a payload that this vault has signed"):
        opened(vault, by_length[2049])
