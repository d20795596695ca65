"""DPoP proofs as they come over HTTP: the path as it was sent, and one proof for one call."""

import httpx
import pytest

from simulators.parties.sandbox_constants import WALLET_API_KEY
from simulators.wallet.phone import Phone


@pytest.fixture
def phone(new_phone) -> Phone:
    """A phone that is registered."""
    phone = new_phone()
    phone.register()
    return phone


def _read_methods(phone, sandbox, path, *proofs):
    """The answer to a call that a device signs. No token has this identifier: what a good proof leads to is 404."""
    headers = [("Authorization", f"Bearer {WALLET_API_KEY}"), *(("DPoP", proof) for proof in proofs)]
    return httpx.get(sandbox.http_url + path, headers=headers, trust_env=False)


PATH = "/v1/tokens/tok_0000000000001/verification_methods"


@pytest.mark.parametrize(
    ("sent", "signed"),
    [
        (PATH, PATH),
        (PATH.replace("tok", "%74ok"), PATH),
        (PATH, PATH.replace("tok", "%74ok")),
        (PATH.replace("01/", "0%3a/"), PATH.replace("01/", "0%3A/")),
        (PATH, PATH.replace("/tokens", "/x/../tokens")),
    ],
)
def test_the_path_that_was_sent_is_the_one_that_was_signed(phone, sandbox, sent, signed):
    """However client and wallet encode it; a proof that is refused would be 401."""
    assert _read_methods(phone, sandbox, sent, phone.proof("GET", signed)).status_code == 404


def test_an_encoded_slash_is_another_path(phone, sandbox):
    """Decoded paths would make the two one."""
    other = PATH.replace("/verification", "%2Fverification")
    answer = _read_methods(phone, sandbox, PATH, phone.proof("GET", other))
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_dpop_proof")


def test_a_call_carries_one_proof(phone, sandbox):
    """Two proofs would leave open who calls (RFC 9449, 4.3, step 1)."""
    proofs = [phone.proof("GET", PATH) for _ in range(2)]
    answer = _read_methods(phone, sandbox, PATH, *proofs)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_dpop_proof")
