"""Keys on phones and on file: limited-use keys, cryptograms that the vault makes, and what a network may ask."""

import os

import pytest

from simulators.parties import sandbox_constants
from tests.tokenvault.phones import Phone
from tests.tokenvault.stories import active_token, ask_on_file, new_card, opened, pan_of, rows, sealed_to_vault
from tests.tokenvault.vaults import new_vault
from tokenvault.cards.pins import PinEncryption, WrongPin, set_pin, verify_pin
from tokenvault.emv.ciphers.block_cipher import tdes_encrypt
from tokenvault.emv.cryptograms.cryptogram_versions import TOKEN_CRYPTOGRAM_VERSIONS
from tokenvault.emv.keys import dukpt_aes, dukpt_tdes
from tokenvault.emv.keys.key_derivation import card_key
from tokenvault.emv.keys.limited_use_keys import KeyIndex
from tokenvault.emv.pin import pin_block
from tokenvault.events import outbox
from tokenvault.program.card_program import LimitedUse
from tokenvault.tokens.card_changes import close_card
from tokenvault.tokens.detokenization import Usage, VerificationFailed, detokenize
from tokenvault.tokens.file_cryptograms import make_cryptogram
from tokenvault.tokens.lifecycle import Change, Initiator
from tokenvault.tokens.token_activation import replenish_key
from tokenvault.tokens.token_changes import change_token
from tokenvault.tokens.tokens import TokenLocation
from tokenvault.vocabulary.errors import Conflict, FieldError, Forbidden, NotFound

HOSTED = {"location": TokenLocation.HOST_CARD_EMULATION}
TERMINAL = {
    "9F02": bytes.fromhex("000000001250"), "9F03": bytes(6), "9F1A": b"\x02\x76", "95": bytes(5),
    "5F2A": b"\x09\x78", "9A": b"\x26\x11\x24", "9C": b"\0", "9F37": b"\1\2\3\4",
}  # fmt: skip


@pytest.mark.parametrize("profile", ["aes", "tdes"])
def test_a_hosted_phone_never_gets_the_card_key(vault, profile):
    """It gets a limited-use key with its index, and the engine is told how long and how often it is good."""
    _, token, credentials = active_token(vault, cryptogram_profile=profile, **HOSTED)
    limited = credentials["limited_use_key"]
    assert "card_key" not in credentials
    version = TOKEN_CRYPTOGRAM_VERSIONS[token.cryptogram_version]
    master = bytes.fromhex(getattr(sandbox_constants, f"EMV_MASTER_KEY_{profile.upper()}"))
    derived = version.limited_use_key(card_key(master, token.token_pan, "01", version.option), limited["index"])
    assert bytes.fromhex(limited["key"]) == derived
    assert limited["index"] == KeyIndex.at(vault.now(), 0).text()
    assert (limited["uses"], limited["refill_at"], limited["ends_at"]) == (10, 3, vault.now() + 24 * 3600)
    assert credentials["issuer_application_data"].endswith("0" + limited["index"])
    notices = [entry.notice for entry in outbox.entries_after(vault.database, 0)]
    assert notices[-1] == outbox.LimitedUseKeyNotice(token.token_pan, limited["index"], limited["ends_at"], 10)


def test_refills_count_up_within_the_hour(vault, clock):
    """Each key has an index of its own; a new hour begins anew; a suspended token gets none."""
    phone, token, first = active_token(vault, **HOSTED)
    seen = [first["limited_use_key"]["index"]]
    for _ in range(2):
        seen.append(opened(phone, replenish_key(vault, phone.proven(), token.text_id))["limited_use_key"]["index"])
    assert [index[-2:] for index in seen] == ["00", "01", "02"]
    clock.advance(3600)
    again = opened(phone, replenish_key(vault, phone.proven(), token.text_id))["limited_use_key"]["index"]
    assert again[-2:] == "00"
    assert again > seen[-1]
    change_token(vault, token.text_id, Change.SUSPEND, Initiator.ISSUER)
    with pytest.raises(Conflict):
        replenish_key(vault, phone.proven(), token.text_id)


def test_a_secure_element_is_not_refilled(vault):
    """It holds the card key."""
    phone, token, _ = active_token(vault)
    with pytest.raises(Conflict) as refused:
        replenish_key(vault, phone.proven(), token.text_id)
    assert refused.value.code == "no_limited_keys"


def test_keys_of_an_hour_end(clock):
    """At most a hundred in an hour."""
    vault = new_vault(clock, limited_use=LimitedUse(3600, 1, 0))
    phone, token, _ = active_token(vault, **HOSTED)
    for _ in range(99):
        replenish_key(vault, phone.proven(), token.text_id)
    with pytest.raises(Conflict) as refused:
        replenish_key(vault, phone.proven(), token.text_id)
    assert refused.value.code == "too_many_keys"
    vault.database.dispose()


def test_tokens_on_file_sign_in_the_vault(vault):
    """Each call counts up; the cryptogram is right; a token on a phone, and one that is not active, sign nothing."""
    card = new_card(vault)
    token = ask_on_file(vault, card)
    for counter in (1, 2):
        made = make_cryptogram(vault, token.text_id, amount_minor=999, currency="EUR", country="276")
        assert made.values["9F36"] == counter.to_bytes(2, "big")
        assert made.values["9F02"].hex() == "000000000999"
        key = card_key(bytes.fromhex(sandbox_constants.EMV_MASTER_KEY_AES), token.token_pan, "01", token.version.option)
        assert made.values["9F26"] == token.version.arqc(key, made.values)
    with pytest.raises(FieldError):
        make_cryptogram(vault, token.text_id, amount_minor=1, currency="XXX", country="276")
    _, on_phone, _ = active_token(vault, card)
    with pytest.raises(Conflict) as refused:
        make_cryptogram(vault, on_phone.text_id, amount_minor=1, currency="EUR", country="276")
    assert refused.value.code == "token_not_on_file"
    change_token(vault, token.text_id, Change.SUSPEND, Initiator.ISSUER)
    with pytest.raises(Conflict):
        make_cryptogram(vault, token.text_id, amount_minor=1, currency="EUR", country="276")


def usage_of(token, signed, **changes):
    """A good use of a token, with changes."""
    good = {"expiry": token.expiry, "channel": token.channels[0], "merchant_id": token.merchant_id, "country": "276"}
    return Usage(**good | {"values": signed} | changes)


def test_detokenization_with_verification(vault):
    """A right cryptogram within the domain tells the funding PAN; what is wrong is named, and tells nothing."""
    card = new_card(vault)
    token = ask_on_file(vault, card)
    values = make_cryptogram(vault, token.text_id, amount_minor=999, currency="EUR", country="276").values
    found = detokenize(vault, token.token_pan, usage_of(token, values))
    assert (found.funding_pan, found.funding_expiry) == (pan_of(vault, card), card.expiry)
    assert found.funding_pan not in repr(found)
    for changes, code in (
        ({"expiry": "2910"}, "expiration_mismatch"),
        ({"channel": "contactless"}, "channel_not_allowed"),
        ({"merchant_id": "ANOTHER"}, "merchant_not_allowed"),
        ({"values": values | {"9F02": bytes.fromhex("000000000998")}}, "invalid_cryptogram"),
        ({"values": values | {"9F10": values["9F10"][:1] + b"\2" + values["9F10"][2:]}}, "invalid_cryptogram"),
        ({"values": values | {"9F36": b"\1"}}, "invalid_cryptogram"),
    ):
        with pytest.raises(VerificationFailed) as refused:
            detokenize(vault, token.token_pan, usage_of(token, values, **changes))
        assert refused.value.code == code
        assert found.funding_pan not in str(refused.value)
    with pytest.raises(FieldError, match="9F26"):
        detokenize(vault, token.token_pan, usage_of(token, {"9F10": values["9F10"]}))
    change_token(vault, token.text_id, Change.SUSPEND, Initiator.ISSUER)
    with pytest.raises(VerificationFailed) as refused:
        detokenize(vault, token.token_pan, usage_of(token, values))
    assert refused.value.code == "token_suspended"
    assert detokenize(vault, token.token_pan).funding_pan == found.funding_pan
    told = [(row.action, row.reason) for row in rows(vault, "audit_entries") if "detokenized" in row.action]
    assert told[0] == ("token.detokenized_with_verification", "told")
    assert told[-1] == ("token.detokenized", "told")
    assert ("token.detokenized_with_verification", "token_suspended") in told
    with pytest.raises(NotFound):
        detokenize(vault, "9999501000000000")


@pytest.mark.parametrize("profile", ["aes", "tdes"])
def test_detokenization_of_a_hosted_phone(vault, profile):
    """The network's question is answered for the phone's newest key, and for no other."""
    _, token, credentials = active_token(vault, cryptogram_profile=profile, **HOSTED)
    limited = credentials["limited_use_key"]
    values = TERMINAL | {
        "82": bytes.fromhex(credentials["application_interchange_profile"]),
        "9F36": b"\0\1",
        "9F10": bytes.fromhex(credentials["issuer_application_data"]),
    }
    values["9F26"] = token.version.arqc(bytes.fromhex(limited["key"]), values)
    assert detokenize(vault, token.token_pan, usage_of(token, values)).token == token
    other = values | {"9F10": values["9F10"][:-1] + b"\x77"}
    with pytest.raises(VerificationFailed):
        detokenize(vault, token.token_pan, usage_of(token, other))


KSN_TDES, KSN_AES = bytes.fromhex("FFFF9876543210E00001"), bytes.fromhex("123456789012345600000001")


def typed(pin, token_pan, block_format):
    """What a terminal sends of a PIN: block, KSN, encryption."""
    if block_format == 4:
        base = bytes.fromhex(sandbox_constants.PIN_BASE_KEY_AES)
        usage, key_type = dukpt_aes.KeyUsage.PIN_ENCRYPTION, dukpt_aes.KeyType.AES_128
        key = dukpt_aes.working_key(base, KSN_AES, usage, key_type)
        block = pin_block.encipher_format_4(key, pin, token_pan, os.urandom)
        return {"block": block, "ksn": KSN_AES, "encryption": PinEncryption.DUKPT_AES}
    base = bytes.fromhex(sandbox_constants.PIN_BASE_KEY_TDES)
    key = dukpt_tdes.working_key(base, KSN_TDES, dukpt_tdes.Variant.PIN)
    block = tdes_encrypt(key, pin_block.encode(block_format, pin, token_pan, os.urandom))
    return {"block": block, "ksn": KSN_TDES, "encryption": PinEncryption.DUKPT_TDES}


@pytest.mark.parametrize("block_format", [0, 1, 3, 4])
def test_pins(vault, block_format):
    """The right PIN passes in every format; three wrong ones lock it; setting it anew unlocks it."""
    card = new_card(vault)
    _, token, _ = active_token(vault, card)

    def verify(pin):
        verify_pin(vault, token_pan=token.token_pan, **typed(pin, token.token_pan, block_format))

    with pytest.raises(Conflict) as refused:
        verify("1234")
    assert refused.value.code == "pin_not_set"
    set_pin(vault, card.text_id, sealed_to_vault(vault, {"pin": "4711"}))
    verify("4711")
    for left in (2, 1):
        with pytest.raises(WrongPin, match=f"{left} tries"):
            verify("4712")
    verify("4711")
    for _ in range(3):
        with pytest.raises(WrongPin):
            verify("4712")
    with pytest.raises(Conflict) as refused:
        verify("4711")
    assert refused.value.code == "pin_tries_exceeded"
    set_pin(vault, card.text_id, sealed_to_vault(vault, {"pin": "0815"}))
    verify("0815")


def test_a_block_that_holds_no_pin_counts_as_wrong(vault):
    """As does one of another PAN; one of another length is a bad field."""
    card = new_card(vault)
    _, token, _ = active_token(vault, card)
    set_pin(vault, card.text_id, sealed_to_vault(vault, {"pin": "4711"}))
    for sent in (typed("4711", "9999501000000017", 0), typed("4711", token.token_pan, 0) | {"block": bytes(8)}):
        with pytest.raises(WrongPin):
            verify_pin(vault, token_pan=token.token_pan, **sent)
    with pytest.raises(FieldError):
        verify_pin(vault, token_pan=token.token_pan, **typed("4711", token.token_pan, 0) | {"block": bytes(16)})
    with pytest.raises(FieldError):
        verify_pin(vault, token_pan=token.token_pan, **typed("4711", token.token_pan, 4) | {"ksn": bytes(10)})
    with pytest.raises(NotFound):
        verify_pin(vault, token_pan="9999501000000000", **typed("4711", token.token_pan, 0))


@pytest.mark.parametrize("pin", ["123", "1" * 13, "12a4", 1234, None])
def test_what_is_no_pin_is_not_set(vault, pin):
    """Refused by its field, and not shown."""
    card = new_card(vault)
    with pytest.raises(FieldError, match="sealed_pin"):
        set_pin(vault, card.text_id, sealed_to_vault(vault, {"pin": pin}))
    close_card(vault, card.text_id)
    with pytest.raises(Conflict):
        set_pin(vault, card.text_id, sealed_to_vault(vault, {"pin": "1234"}))


def test_another_phone_gets_no_key(vault):
    """Refills are for the token's own device."""
    _, token, _ = active_token(vault, **HOSTED)
    other = Phone(vault)
    other.register()
    with pytest.raises(Forbidden, match="was not signed by"):
        replenish_key(vault, other.proven(), token.text_id)
