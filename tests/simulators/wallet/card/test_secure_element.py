"""The secure element: keys stay inside, whatever one tries from outside."""

import base64
import copy
import json
import pickle

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from simulators.wallet.card.secure_element import SecureElement
from tokenvault.emv.cryptograms.cryptogram_versions import TAPWRIGHT_AES, SignedFor
from tokenvault.keys.sealing import seal_to_device
from tokenvault.tokens.credentials import TokenCredentials
from tokenvault.vocabulary.errors import FieldError

CARD_KEY = "00112233445566778899AABBCCDDEEFF"
CREDENTIALS = TokenCredentials(
    token_id="tok_0000000000001",
    token_pan="9999501000000011",
    pan_sequence_number="01",
    expiry="2911",
    service_code="201",
    payment_account_reference="TPW1" + "0" * 25,
    token_requestor_id="99900000001",
    application_identifier="F0000054415057",
    application_interchange_profile="1980",
    issuer_application_data="0601A603A40000",
    card_key=CARD_KEY,
)
OTHER_KIND = base64.b64encode(
    ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
).decode()
"""A private key that cannot be a device key."""

TERMINAL = {
    tag: bytes(length)
    for tag, length in {"9F02": 6, "9F03": 6, "9F1A": 2, "95": 5, "5F2A": 2, "9A": 3, "9C": 1, "9F37": 4}.items()
}


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture
def element():
    """An element with one token."""
    made = SecureElement()
    made.install(_base64url(seal_to_device(CREDENTIALS.encode(), made.public_key(), b"info")), "info")
    return made


def test_it_cannot_be_copied(element):
    """Neither copied nor pickled, and its repr holds no key."""
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be copied"):
            attempt(element)
    assert repr(element) == "SecureElement(1 tokens)"
    assert CARD_KEY not in repr(CREDENTIALS)


def test_no_public_member_gives_a_key(element):
    """What the object offers: a public key, signatures, cryptograms."""
    members = {name for name in dir(element) if not name.startswith("_")}
    assert members == {
        "public_key", "sign_proof", "install", "generate_cryptogram", "wants_refill", "taps_left", "holds",
        "transaction_counter", "credentials", "wrapped", "unwrapped",
    }  # fmt: skip
    assert CARD_KEY not in str(element.credentials(CREDENTIALS.token_id))
    assert not hasattr(element.public_key(), "private_numbers")


def reversed_octets(octets):
    """Stands for a cipher: a different order of the same octets."""
    return octets[::-1]


def test_what_was_wrapped_signs_on(element):
    """The same device key, the same counter, and as many taps left; the element that was wrapped is as it was."""
    element.generate_cryptogram(CREDENTIALS.token_id, TERMINAL)
    again = SecureElement.unwrapped(element.wrapped(reversed_octets), reversed_octets)
    assert again.public_key() == element.public_key()
    assert again.taps_left(CREDENTIALS.token_id) is None
    for each in (again, element):
        signed = each.generate_cryptogram(CREDENTIALS.token_id, TERMINAL)
        assert int.from_bytes(signed["9F36"], "big") == 2
        assert signed["9F26"] == TAPWRIGHT_AES.arqc(bytes.fromhex(CARD_KEY), TERMINAL | signed)
    with pytest.raises(ValueError, match="encrypted, or not at all"):
        element.wrapped(lambda content: b"in front of it " + content)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda content: content.update(format="tapwright-secure-element-2"), "not of the format"),
        (lambda content: content.pop("device_key"), "not the content"),
        (lambda content: content.update(device_key="AAAA"), "deserialize"),
        (lambda content: content.update(device_key=OTHER_KIND), "of another kind"),
        (lambda content: content["tokens"][0].update(credentials="{}"), "not the content"),
        (lambda content: content["tokens"][0].pop("taps_left"), "not the content"),
        (lambda content: content.update(tokens=None), "not the content"),
    ],
)
def test_another_content_is_refused(element, change, complaint):
    """And the error holds no key."""
    content = json.loads(reversed_octets(element.wrapped(reversed_octets)))
    device_key = content["device_key"]
    change(content)
    with pytest.raises(ValueError, match=complaint) as refused:
        SecureElement.unwrapped(json.dumps(content).encode(), bytes)
    assert CARD_KEY not in str(refused.value)
    assert device_key not in str(refused.value)


def test_a_content_that_is_no_json_is_refused():
    """As any other."""
    with pytest.raises(ValueError, match="not the content"):
        SecureElement.unwrapped(b"{", bytes)


def test_a_tap_counts_up_and_signs(element):
    """Each tap uses the next counter, and its cryptogram is the one that the key gives."""
    for counter in (1, 2, 3):
        signed = element.generate_cryptogram(CREDENTIALS.token_id, TERMINAL)
        assert int.from_bytes(signed["9F36"], "big") == counter == element.transaction_counter(CREDENTIALS.token_id)
        assert signed["9F26"] == TAPWRIGHT_AES.arqc(bytes.fromhex(CARD_KEY), TERMINAL | signed)


@pytest.mark.parametrize(
    ("signed_for", "verified", "results"),
    [
        (SignedFor.TAP, True, "03A40000"),
        (SignedFor.TAP, False, "03A00000"),
        (SignedFor.REMOTE, True, "03A40001"),
        (SignedFor.QR_CODE, True, "03A40002"),
    ],
)
def test_what_a_cryptogram_is_good_for_is_signed(element, signed_for, verified, results):
    """The last bits of tag 9F10 tell, and change the cryptogram."""
    signed = element.generate_cryptogram(
        CREDENTIALS.token_id, TERMINAL, signed_for=signed_for, cardholder_verified=verified
    )
    assert signed["9F10"].hex().upper() == "0601A6" + results
    assert signed["9F26"] == TAPWRIGHT_AES.arqc(bytes.fromhex(CARD_KEY), TERMINAL | signed)


def test_counters_survive_a_second_installation(element):
    """Credentials sealed again, because an answer was lost, do not set the counter back."""
    element.generate_cryptogram(CREDENTIALS.token_id, TERMINAL)
    element.install(_base64url(seal_to_device(CREDENTIALS.encode(), element.public_key(), b"info")), "info")
    signed = element.generate_cryptogram(CREDENTIALS.token_id, TERMINAL)
    assert int.from_bytes(signed["9F36"], "big") == 2


def test_credentials_for_others_do_not_open(element):
    """Sealed to another element, or under another info, or in another format."""
    other = SecureElement()
    sealed = _base64url(seal_to_device(CREDENTIALS.encode(), other.public_key(), b"info"))
    with pytest.raises(InvalidTag):
        element.install(sealed, "info")
    with pytest.raises(InvalidTag):
        other.install(sealed, "other info")
    with pytest.raises(FieldError, match="format"):
        other.install(_base64url(seal_to_device(b'{"format": "2"}', other.public_key(), b"info")), "info")
    with pytest.raises(KeyError):
        other.generate_cryptogram(CREDENTIALS.token_id, TERMINAL)
