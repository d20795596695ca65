"""The ways that a wallet, a merchant and a network take, through HTTP and ISO 8583 to the engine's decision."""

import json
import re
from dataclasses import replace

import httpx
import pytest
from joserfc import jwe
from joserfc.jwk import ECKey

from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.terminals.terminal import Merchant, Terminal
from simulators.wallet.card.contactless_reader import CardAnswer, ReadingFailed
from simulators.wallet.phone import WalletRefused
from tests.tokenvault.stories import new_jwk, opened_jwe
from tokenvault.vocabulary.pan import Track2

NETWORK = {"Authorization": f"Bearer {sandbox_constants.NETWORK_API_KEY}"}
SANDBOX = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
HOSTED = {"location": "host_card_emulation"}


@pytest.fixture
def http(sandbox):
    """A bare client."""
    with httpx.Client(base_url=sandbox.http_url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def card(issuer):
    """A card whose holder can be reached."""
    account = issuer.open_account("EUR", 100_000)
    return issuer.issue_card(account["id"], text_message="+4915123456789")


def reason_of(issuer, receipt):
    """Why a payment came out as it did."""
    return issuer.authorization(receipt.authorization_id)["reason"]


def test_yellow_by_text_message(http, card, new_phone, terminal):
    """Asked for, verified by the code that was sent, activated, paid with."""
    phone = new_phone()
    phone.register()
    token = phone.request_token(card["id"], risk={"device_score": 2})
    assert (token["state"], token["decision"]["outcome"]) == ("requested", "require_additional_authentication")
    with pytest.raises(WalletRefused):
        phone.activate()
    methods = phone.call("GET", f"/v1/tokens/{token['id']}/verification_methods")["methods"]
    assert methods[0] == {"method": "text_message", "contact": "+49*********89"}
    phone.send_code()
    params = {"token_id": token["id"]}
    message = http.get("/v1/simulations/messages", params=params, headers=SANDBOX).json()["data"][0]
    approved = phone.enter_code(re.match(r"\d{6}", message["text"])[0])
    assert (approved["state"], approved["assurance_method"]) == ("inactive", "11")
    phone.activate()
    assert terminal.pay(phone, 1_250).approved


def test_push_provisioning(issuer, card, new_phone, terminal):
    """The issuer's payload in place of the card's identifier."""
    payload = issuer.call("POST", f"/v1/cards/{card['id']}/push_payloads")["push_payload"]
    phone = new_phone()
    phone.provision(None, push_payload=payload)
    assert terminal.pay(phone, 1_250).approved
    other = new_phone()
    other.register()
    with pytest.raises(WalletRefused, match="push_payload_used"):
        other.request_token(None, push_payload=payload)


def test_manual_entry(http, issuer, card, new_phone):
    """What the issuer shows the cardholder is typed in, sealed, and asks for verification."""
    key = new_jwk()
    public = {name: key.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    sealed = issuer.call("POST", f"/v1/cards/{card['id']}/reveal", {"public_key": public})["sealed_card"]
    told = opened_jwe(key, sealed)
    phone = new_phone()
    phone.register()
    keys = phone.call("GET", "/v1/encryption_keys")["keys"]
    header = {"alg": "ECDH-ES", "enc": "A256GCM"}
    text = json.dumps(told).encode()
    typed = jwe.encrypt_compact(header, text, ECKey.import_key(keys[0]), algorithms=list(header.values()))
    token = phone.request_token(None, sealed_card=typed)
    assert token["decision"]["reasons"] == ["entered_by_hand"]
    assert token["card_id"] == card["id"]


def test_limited_use_keys_on_the_wire(issuer, card, new_phone, terminal, sandbox):
    """Ten taps, then the key is used up; a refill pays again; the card key is nowhere on the phone."""
    phone = new_phone()
    phone.provision(card["id"], **HOSTED)
    for tap in range(10):
        assert terminal.pay(phone, 100).approved, tap
        assert phone.wants_refill == (tap >= 6)
    with pytest.raises(ReadingFailed, match="card_refuses"):
        terminal.pay(phone, 100)
    phone.is_tampered = True
    assert reason_of(issuer, terminal.pay(phone, 100)) == "limited_use_key_used_up"
    phone.refill()
    assert not phone.wants_refill
    assert terminal.pay(phone, 100).approved


def test_a_key_that_is_too_old(issuer, card, new_phone, http, terminal, clock):
    """After its day a key is refused, and a new one pays."""
    phone = new_phone()
    phone.provision(card["id"], **HOSTED)
    clock.advance(24 * 3600)
    assert reason_of(issuer, terminal.pay(phone, 100)) == "limited_use_key_expired"
    phone.refill()
    assert terminal.pay(phone, 100).approved


@pytest.mark.parametrize("profile", ["tdes", "sm4"])
def test_other_ciphers(card, new_phone, terminal, profile):
    """Each profile pays."""
    phone = new_phone()
    phone.provision(card["id"], cryptogram_profile=profile)
    assert terminal.pay(phone, 1_250).approved


def test_limited_use_keys_by_tdes(card, new_phone, terminal):
    """As publicly documented."""
    phone = new_phone()
    phone.provision(card["id"], cryptogram_profile="tdes", **HOSTED)
    assert terminal.pay(phone, 1_250).approved


class Shop:
    """A merchant with a card-on-file token: the vault signs each payment."""

    def __init__(self, http, token_id):
        self.http, self.token_id = http, token_id

    def tap(self, values):
        """Answer the merchant's own terminal."""
        body = {"amount": int(values["9F02"].hex()), "currency": "EUR", "country": "276"}
        headers = {"Authorization": f"Bearer {sandbox_constants.WALLET_API_KEY}"}
        made = self.http.post(f"/v1/tokens/{self.token_id}/cryptograms", json=body, headers=headers)
        told = made.raise_for_status().json()
        chip = {tag: bytes.fromhex(value) for tag, value in told["chip_data"].items()}
        values.update({tag: chip[tag] for tag in values if tag in chip})
        return CardAnswer(Track2.parse(told["track2"]), told["pan_sequence_number"], chip)


def test_a_merchant_on_file(http, issuer, card, sandbox, clock):
    """A token without a device pays at its own merchant in e-commerce, and nowhere else."""
    headers = {"Authorization": f"Bearer {sandbox_constants.WALLET_API_KEY}"}
    body = {"card_id": card["id"], "token_requestor_id": sandbox_constants.MERCHANT_REQUESTOR_ID}
    token = http.post("/v1/tokens", json=body, headers=headers).json()
    assert (token["state"], token["location"]) == ("active", "remote")
    shop = Shop(http, token["id"])
    cases = (
        ("810", sandbox_constants.MERCHANT_ID, "approved"),
        ("810", "ANOTHERSHOP0001", "merchant_not_allowed"),
        ("071", sandbox_constants.MERCHANT_ID, "channel_not_allowed"),
    )
    for entry_mode, merchant, expected in cases:
        with_terminal = Terminal(
            sandbox.iso_address, clock=clock, entry_mode=entry_mode, merchant=replace(Merchant(), identifier=merchant)
        )
        transaction = with_terminal.start(999)
        receipt = with_terminal.authorize(transaction, shop.tap(transaction.values))
        assert reason_of(issuer, receipt) == expected
        with_terminal.close()


def test_a_token_with_a_domain_of_its_own(issuer, card, new_phone, terminal):
    """Narrower than the requestor's: in one country, and up to an amount."""
    phone = new_phone()
    phone.provision(card["id"], domain={"countries": ["276"], "transaction_limit": 1_000})
    assert terminal.pay(phone, 1_000).approved
    assert reason_of(issuer, terminal.pay(phone, 1_001)) == "exceeds_limit"
    abroad = new_phone()
    abroad.provision(card["id"], domain={"countries": ["250"]})
    assert reason_of(issuer, terminal.pay(abroad, 1_000)) == "country_not_allowed"


def test_a_closed_card(issuer, card, new_phone, terminal):
    """Its tokens are deactivated at once."""
    phone = new_phone()
    phone.provision(card["id"])
    issuer.call("POST", f"/v1/cards/{card['id']}/close", {})
    assert reason_of(issuer, terminal.pay(phone, 100)) == "token_deactivated"


def test_a_replaced_card_pays_on(issuer, card, new_phone, terminal):
    """The phone notices nothing."""
    phone = new_phone()
    phone.provision(card["id"])
    assert issuer.call("POST", f"/v1/cards/{card['id']}/replace", {})["last4"]
    assert terminal.pay(phone, 100).approved


def test_what_a_network_may_ask(http, issuer, card, new_phone, terminal):
    """With the tap's own data, and without; nobody else may."""
    phone = new_phone()
    phone.provision(card["id"])
    transaction = terminal.start(1_250)
    tap = phone.tap(transaction.values)
    chip = {tag: value.hex().upper() for tag, value in (transaction.values | tap.values).items() if len(tag) <= 4}
    body = {
        "token_pan": tap.track2.pan,
        "expiry": tap.track2.expiry,
        "channel": "contactless",
        "country": "276",
        "chip_data": chip,
    }
    found = http.post("/v1/network/detokenize_with_verification", json=body, headers=NETWORK)
    assert found.status_code == 200, found.text
    assert found.headers["cache-control"] == "no-store"
    assert found.json()["funding_pan"][-4:] == card["last4"]
    wrong = body | {"chip_data": chip | {"9F02": "000000001251"}}
    refused = http.post("/v1/network/detokenize_with_verification", json=wrong, headers=NETWORK)
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_cryptogram")
    plain = http.post("/v1/network/detokenize", json={"token_pan": tap.track2.pan}, headers=NETWORK)
    assert plain.json() == found.json()
    for key in (sandbox_constants.ISSUER_API_KEY, sandbox_constants.WALLET_API_KEY):
        headers = {"Authorization": f"Bearer {key}"}
        assert http.post("/v1/network/detokenize", json={"token_pan": "9" * 16}, headers=headers).status_code == 403
    params = {"resource_id": found.json()["token_id"], "limit": 3}
    trail = http.get("/v1/audit_entries", params=params, headers=SANDBOX).json()["data"]
    assert [entry["action"] for entry in trail] == [
        "token.detokenized",
        "token.detokenized_with_verification",
        "token.detokenized_with_verification",
    ]
    assert [entry["reason"] for entry in trail] == ["told", "invalid_cryptogram", "told"]


def test_a_lost_phone(http, issuer, card, new_phone, terminal):
    """The issuer suspends everything on it, and resumes it when it is found."""
    phone = new_phone()
    phone.provision(card["id"])
    lost = {"initiator": "issuer", "reason": "device_lost"}
    changed = issuer.call("POST", f"/v1/devices/{phone.device_id}/tokens/suspend", lost)
    assert changed == {"token_ids": [phone.token_id]}
    assert reason_of(issuer, terminal.pay(phone, 100)) == "token_suspended"
    found = {"initiator": "issuer", "reason": "device_found"}
    issuer.call("POST", f"/v1/devices/{phone.device_id}/tokens/resume", found)
    assert terminal.pay(phone, 100).approved


def test_a_new_phone(card, new_phone, terminal, issuer):
    """The old one pays until the new one is activated."""
    old, new = new_phone(), new_phone()
    old.provision(card["id"])
    new.register()
    new.request_token(card["id"], replaces=old.token_id)
    assert terminal.pay(old, 100).approved
    new.activate()
    assert terminal.pay(new, 100).approved
    assert reason_of(issuer, terminal.pay(old, 100)) == "token_deactivated"


def test_product_terms_and_art(card, new_phone, http):
    """What a wallet shows before it asks."""
    phone = new_phone()
    phone.register()
    body = {
        "card_id": card["id"],
        "device_id": phone.device_id,
        "token_requestor_id": sandbox_constants.TOKEN_REQUESTOR_ID,
    }
    told = phone.call("POST", "/v1/tokens/eligibility", body)
    assert told["eligible"] is True
    assert told["card_last4"] == card["last4"]
    assert phone.request_token(card["id"], terms_version=told["terms"]["version"])["terms_version"]
    headers = {"Authorization": f"Bearer {sandbox_constants.WALLET_API_KEY}"}
    art = http.get(told["product"]["art_url"], headers=headers)
    assert art.headers["content-type"] == "image/svg+xml"
    assert told["product"]["issuer_name"] in art.text


def test_pages_of_tokens(http, issuer, card, new_phone):
    """Each token once, whatever the size of a page."""
    tokens = {new_phone().provision(card["id"]) for _ in range(5)}
    headers, params, seen = {"Authorization": f"Bearer {sandbox_constants.ISSUER_API_KEY}"}, {"card_id": card["id"]}, []
    for limit in (2, 2, 2):
        page = http.get("/v1/tokens", params=params | {"limit": limit}, headers=headers).json()
        seen += [token["id"] for token in page["data"]]
        params["starting_after"] = seen[-1]
    assert (len(seen), set(seen), page["has_more"]) == (5, tokens, False)


def test_the_issuers_client_reads_lists(issuer: Issuer, card):
    """Cards of an account."""
    listed = issuer.call("GET", f"/v1/cards?account_id={card['account_id']}")
    assert [each["id"] for each in listed["data"]] == [card["id"]]
