"""A full scenario, and then a search for everything that must not be found: in logs, files, answers and errors."""

import io
import json
import os
import re
import sys
from contextlib import redirect_stderr, redirect_stdout

import httpx
import pytest
from joserfc import jwe
from joserfc.jwk import ECKey

from authz.journal.data_directory import JOURNAL, checkpoints_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentReader
from authz.upkeep.checkpointing import Retention, make_checkpoint
from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.process.logging_setup import configure_logging
from simulators.sandbox.wiring import running_sandbox
from simulators.terminals.terminal import Terminal
from simulators.wallet.card.secure_element import SecureElement
from simulators.wallet.phone import Phone, WalletRefused
from tests.conftest import settings_for
from tests.tokenvault.stories import new_jwk, opened_jwe
from tokenvault.keys.key_ring import KeyPurpose, KeyRing
from tokenvault.storage.database import open_database

NETWORK = {"Authorization": f"Bearer {sandbox_constants.NETWORK_API_KEY}"}
SANDBOX = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
PIN, PHONE_NUMBER = "739158", "+4915198765432"
WHERE_SECRETS_ARE_SHOWN = ("/v1/network/detokenize", "/v1/simulations/messages")
"""The calls whose very purpose it is: for networks, and for the sandbox's inspector."""


class Recorder:
    """Every answer that any client got, but for those that are there to show a secret."""

    def __init__(self):
        self.answers = []

    def __call__(self, response):
        """An httpx hook."""
        response.read()
        if not response.request.url.path.startswith(WHERE_SECRETS_ARE_SHOWN):
            self.answers.append(f"{response.request.url} {response.headers} {response.text}")


def recorded(client, recorder):
    """The client with its answers recorded."""
    client._http.event_hooks["response"].append(recorder)
    return client


def sealed(keys, told):
    """A JSON object, sealed as a wallet does."""
    header = {"alg": "ECDH-ES", "enc": "A256GCM"}
    return jwe.encrypt_compact(
        header, json.dumps(told).encode(), ECKey.import_key(keys[0]), algorithms=[*header.values()]
    )


def play(network, recorder, monkeypatch):
    """Cards, phones of every kind, codes, PINs, payments, refusals, ceremonies; returns what must not be found."""
    secrets = {}
    opened = []
    install = SecureElement.install

    def watched(self, text, info):
        name = install(self, text, info)
        opened.append(self._SecureElement__tokens[name])
        return name

    monkeypatch.setattr(SecureElement, "install", watched)
    issuer, terminal = recorded(Issuer(network.http_url), recorder), Terminal(network.iso_address)
    http = httpx.Client(base_url=network.http_url, trust_env=False, event_hooks={"response": [recorder]}, timeout=30)
    account = issuer.open_account("EUR", 100_000)["id"]
    card = issuer.issue_card(account, text_message=PHONE_NUMBER, e_mail="grace.hopper@example.com")
    key = new_jwk()
    public = {name: key.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    told = opened_jwe(key, issuer.call("POST", f"/v1/cards/{card['id']}/reveal", {"public_key": public})["sealed_card"])
    secrets["funding PAN"] = told["pan"]
    secrets["contact"] = PHONE_NUMBER
    keys = issuer.call("GET", "/v1/encryption_keys")["keys"]
    issuer.call("PUT", f"/v1/cards/{card['id']}/pin", {"sealed_pin": sealed(keys, {"pin": PIN})})
    for more in (
        {},
        {"location": "host_card_emulation"},
        {"cryptogram_profile": "tdes"},
        {"cryptogram_profile": "sm4"},
    ):
        phone = recorded(Phone(network.http_url), recorder)
        phone.provision(card["id"], **more)
        assert terminal.pay(phone, 1_000).approved
        with pytest.raises(WalletRefused):
            phone.call("POST", "/v1/tokens", {"card_id": card["id"], "device_id": phone.device_id})
        phone.close()
    secrets |= verify_by_code(network, recorder, http, card, sealed(keys, told))
    wrong = sealed(keys, told | {"cvv2": "000" if told["cvv2"] != "000" else "001"})
    body = {"sealed_card": wrong, "token_requestor_id": sandbox_constants.MERCHANT_REQUESTOR_ID}
    assert http.post("/v1/tokens", json=body, headers=SANDBOX).status_code == 422
    # A caller that makes every mistake: secrets in the clear, in the wrong places.
    for path in (
        "/v1/cards",
        "/v1/tokens",
        "/v1/accounts",
        f"/v1/cards/{card['id']}/pin",
        "/v1/network/pin_verifications",
    ):
        http.post(path, json={"pan": told["pan"], "pin": PIN, told["pan"][:6]: PIN}, headers=SANDBOX)
    tokens = issuer.call("GET", f"/v1/tokens?card_id={card['id']}")["data"]
    http.post("/v1/network/detokenize", json={"token_pan": opened[0].token_pan}, headers=NETWORK)
    pin_try = {"token_pan": opened[0].token_pan, "encryption": "dukpt_tdes", "key_serial_number": "FF" * 10,
               "pin_block": "00" * 8}  # fmt: skip
    assert http.post("/v1/network/pin_verifications", json=pin_try, headers=NETWORK).status_code == 409
    components = [os.urandom(32).hex(), os.urandom(32).hex()]
    ceremony = {"format": "D", "components": components}
    assert http.post("/v1/keys/protection_key", json=ceremony, headers=SANDBOX).status_code == 201
    assert http.post("/v1/keys/export", json={"purpose": "emv_master_aes", "version": 1}, headers=SANDBOX).is_success
    assert http.post("/v1/keys/rotations", json={"purpose": "pan_sealing"}, headers=SANDBOX).status_code == 202
    for path in (
        "/v1/keys",
        "/v1/audit_entries?limit=100",
        "/v1/events?limit=100",
        "/v1/cards",
        "/v1/tokens",
        "/metrics",
    ):
        http.get(path, headers=SANDBOX)
    issuer.change_token(tokens[0]["id"], "suspend")
    issuer.call("POST", f"/v1/cards/{card['id']}/replace", {})
    secrets["protection key component"] = components[0]
    for number, credentials in enumerate(opened):
        key_text = credentials.card_key or credentials.limited_use_key.key
        secrets[f"key of phone {number}"] = key_text
    for client in (issuer, terminal, http):
        client.close()
    return secrets


def verify_by_code(network, recorder, http, card, typed):
    """A card that is typed in, its code, a wrong one first; returns the code."""
    phone = recorded(Phone(network.http_url), recorder)
    phone.register()
    token = phone.request_token(None, sealed_card=typed)
    phone.send_code()
    params = {"token_id": token["id"]}
    text = http.get("/v1/simulations/messages", params=params, headers=SANDBOX).json()["data"][0]["text"]
    code = re.match(r"\d{6}", text)[0]
    with pytest.raises(WalletRefused):
        phone.enter_code(f"{(int(code) + 1) % 10**6:06d}")
    phone.enter_code(code)
    phone.activate()
    phone.close()
    return {"one-time code": text}


def everything_written(directory):
    """The bytes of every file below a directory, but the root key's."""
    for folder, _, names in os.walk(directory):
        for name in names:
            if name != "root.key":
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    yield path, file.read()


def forms_of(secret):
    """How a secret could lie somewhere: as text, in hexadecimal, packed, as a number."""
    forms = {secret.encode(), secret.upper().encode(), secret.lower().encode()}
    if secret.isdigit():
        forms.add(bytes.fromhex(secret if len(secret) % 2 == 0 else secret + "F"))
        if len(secret) > 9:
            forms |= {int(secret).to_bytes(8, "big"), int(secret).to_bytes(8, "little")}
    elif re.fullmatch(r"[0-9A-Fa-f]{32,}", secret):
        forms.add(bytes.fromhex(secret))
    return forms


def test_nothing_that_is_secret_is_found(tmp_path, monkeypatch):
    """Funding PANs, keys, PINs, codes and contacts: not in a log, file, answer or error, in no form."""
    recorder, log = Recorder(), io.StringIO()
    directory = tmp_path / "data"
    with redirect_stdout(log), redirect_stderr(log):
        configure_logging("debug", "json")
        try:
            with running_sandbox(settings_for(directory)) as network:
                secrets = play(network, recorder, monkeypatch)
                reader = SegmentReader(Directory(directory / JOURNAL))
                make_checkpoint(reader, checkpoints_in(directory), Retention())
                while_running = dict(everything_written(directory))
                ring = network_keys(directory)
        finally:
            sys.stdout.flush()
            configure_logging("warning", "console")
    for purpose in KeyPurpose:
        for version in ring.versions(purpose):
            if (purpose, version) not in network.settings.given_keys():
                secrets[f"{purpose} {version}"] = ring.key(purpose, version).hex()
    secrets["root key"] = (directory / "root.key").read_bytes().hex()
    places = while_running | dict(everything_written(directory))
    places |= {f"answer {number}": answer.encode() for number, answer in enumerate(recorder.answers)}
    places["log"] = log.getvalue().encode()
    assert b"ready" in places["log"]
    assert len(recorder.answers) > 40
    assert any("journal" in place for place in places)
    found = [
        (name, place)
        for name, secret in secrets.items()
        for form in forms_of(secret)
        for place, content in places.items()
        if form in content
    ]
    assert found == []
    # Six digits lie everywhere by chance; where text is written they must not stand alone.
    pin = re.compile(rb"(?<![0-9A-Za-z_-])" + PIN.encode() + rb"(?![0-9A-Za-z_-])")
    assert [place for place, content in places.items() if pin.search(content)] == []


def network_keys(directory):
    """The vault's keys, opened beside the server."""
    settings = settings_for(directory)
    database = open_database(settings.database_url)
    ring = KeyRing.open(database, settings.open_root_key(may_be_made=False), {}, os.urandom)
    database.dispose()
    return ring


def test_the_search_finds_what_is_there(tmp_path):
    """Each form in which a secret could lie is found, so that finding nothing means something."""
    pan, key = "9999001000000017", "00112233445566778899AABBCCDDEEFF"
    for number, form in enumerate([*forms_of(pan), *forms_of(key)]):
        (tmp_path / f"{number}").write_bytes(b"before" + form + b"after")
    contents = dict(everything_written(tmp_path)).values()
    assert all(any(form in content for content in contents) for form in forms_of(pan) | forms_of(key))
    assert bytes.fromhex(pan) in forms_of(pan)
    assert bytes.fromhex(key) in forms_of(key)
