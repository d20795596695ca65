"""Guessing through the API: what a wallet's key can find out of a card whose number it knows."""

import json

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey

from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.sandbox.wiring import running_sandbox
from simulators.wallet.phone import Phone, WalletRefused
from tests.conftest import settings_for

ALGORITHMS = ["ECDH-ES", "A256GCM"]
HEADER = {"alg": "ECDH-ES", "enc": "A256GCM"}


@pytest.fixture
def network(tmp_path):
    """A network of one's own: its callers are locked by what is tried here."""
    with running_sandbox(settings_for(tmp_path / "data")) as sandbox:
        yield sandbox


def test_a_cvv2_cannot_be_found_out(network):
    """A card is locked after five guesses, its caller after a hundred; the issuer unlocks the card, time the caller."""
    with Issuer(network.http_url) as issuer:
        card = issuer.issue_card(issuer.open_account("EUR", 100_000)["id"])
        viewer = ECKey.generate_key("P-256")
        public = {name: viewer.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
        shown = issuer.call("POST", f"/v1/cards/{card['id']}/reveal", {"public_key": public})["sealed_card"]
        true = json.loads(jwe.decrypt_compact(shown, viewer, algorithms=ALGORITHMS).plaintext)
        vault_key = ECKey.import_key(issuer.call("GET", "/v1/encryption_keys")["keys"][0])
        phone = Phone(network.http_url)
        phone.register()

        def refusal(number):
            told = true | {"cvv2": f"{(int(true['cvv2']) + number) % 1000:03d}"}
            typed = jwe.encrypt_compact(HEADER, json.dumps(told).encode(), vault_key, algorithms=ALGORITHMS)
            with pytest.raises(WalletRefused) as refused:
                phone.request_token(None, sealed_card=typed)
            return refused.value.status, refused.value.problem["code"], refused.value.problem["detail"]

        refusals = {refusal(number) for number in (1, 2, 3, 4, 5, 0, 6, 0)}
        assert len(refusals) == 1
        assert {status for status, _code, _detail in refusals} == {422}
        issuer.call("DELETE", f"/v1/cards/{card['id']}/wrong_guesses")
        answers = [refusal(1)[:2] for _guess in range(101)]
        assert answers[0] in {told[:2] for told in refusals}
        assert answers[-1] == (429, "too_many_requests")
        assert phone.request_token(card["id"])["id"]
        phone.close()
    with Issuer(network.http_url, sandbox_constants.SANDBOX_API_KEY) as operator:
        trail = operator.call("GET", "/v1/audit_entries?limit=100")["data"]
    assert {"card_details.wrong", "caller.guesses_locked"} <= {entry["action"] for entry in trail}
