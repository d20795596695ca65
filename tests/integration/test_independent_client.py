"""The whole story without a line of ours on the client's side.

HTTP with the standard library, DPoP and HPKE on elementary operations, `pyiso8583` for the messages, `pyemv` for the
cryptograms. Everything it knows is in ``docs/``; the manufacturer's key is read from there.
"""

import base64
import datetime
import hashlib
import json
import re
import socket
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import iso8583
import pyemv
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from iso8583.specs import default_ascii

from tests.integration import rfc9180

DOCS = Path(__file__).parents[2] / "docs"
ISSUER_KEY, WALLET_KEY = "tapwright-test-issuer", "tapwright-test-wallet"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Wallet:
    """A wallet as somebody else would write it."""

    def __init__(self, base_url, now):
        self._base_url = base_url
        self._now = now
        self.key = ec.generate_private_key(ec.SECP256R1())

    def call(self, method, path, body=None, *, api_key=WALLET_KEY, proven=True):
        """One HTTP call, with a proof by the device's key."""
        url = self._base_url + path
        headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        if proven:
            headers["DPoP"] = self.proof(method, url, api_key)
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as response:
            return json.load(response)

    def proof(self, method, url, api_key):
        """A DPoP proof, signed by hand."""
        point = self.key.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-256"}
        jwk |= {name: _base64url(value.to_bytes(32, "big")) for name, value in (("x", point.x), ("y", point.y))}
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
        claims = {
            "jti": str(uuid.uuid4()),
            "htm": method,
            "htu": url,
            "iat": int(self._now()),
            "ath": _base64url(hashlib.sha256(api_key.encode()).digest()),
        }
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return signed + "." + _base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def attestation(self):
        """A maker's certificate for this wallet's key, made with the key listed in the docs."""
        listed = (DOCS / "test-values.md").read_text()
        key_text, certificate_text = (
            re.search(f"-----BEGIN {kind}-----.*?-----END {kind}-----", listed, re.DOTALL)[0]
            for kind in ("PRIVATE KEY", "CERTIFICATE")
        )
        root_key = serialization.load_pem_private_key(key_text.encode(), None)
        root = x509.load_pem_x509_certificate(certificate_text.encode())
        now = datetime.datetime.fromtimestamp(self._now(), datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody else's phone")]))
            .issuer_name(root.subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=365))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
            .sign(root_key, hashes.SHA256())
        )
        return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()

    def provision(self):
        """From an account to opened credentials."""
        account = self.call(
            "POST", "/v1/accounts", {"currency": "EUR", "credit_limit": 100_000}, api_key=ISSUER_KEY, proven=False
        )
        card = self.call("POST", "/v1/cards", {"account_id": account["id"]}, api_key=ISSUER_KEY, proven=False)
        body = {"name": "somebody else's phone", "attestation_certificates": [self.attestation()]}
        device = self.call("POST", "/v1/devices", body)
        body = {
            "card_id": card["id"],
            "device_id": device["id"],
            "token_requestor_id": "99900000001",
            "cryptogram_profile": "tdes",
        }
        token = self.call("POST", "/v1/tokens", body)
        assert token["decision"]["outcome"] == "approved"
        activation = self.call("POST", f"/v1/tokens/{token['id']}/activate")
        message = _unbase64url(activation["sealed_credentials"])
        private = self.key.private_numbers().private_value.to_bytes(32, "big")
        info = f"tapwright token credentials v1|{token['id']}|{device['id']}"
        assert activation["hpke_info"] == info
        context = rfc9180.receive(rfc9180.DHKEM_P256, private, message[:65], info.encode())
        return account, json.loads(context.open(message[65:]))


SPEC = {key: dict(entry) for key, entry in default_ascii.items()}
SPEC["h"]["max_len"] = 0
SPEC["p"] = {**SPEC["p"], "data_enc": "b", "max_len": 8}
SPEC["1"] = {**SPEC["1"], "data_enc": "b", "max_len": 8}
SPEC["55"] = {**SPEC["55"], "data_enc": "b", "len_enc": "ascii", "len_type": 3, "max_len": 255}


class Acquirer:
    """A terminal as somebody else would write it."""

    def __init__(self, address, credentials):
        self._socket = socket.create_connection(address, 10)
        self._credentials = credentials
        self._stan = 0

    def close(self):
        """Hang up."""
        self._socket.close()

    def chip_data(self, atc, amount="000000001250", *, holder_verified=False):
        """Tags of one tap with the cryptogram that pyemv computes."""
        issuer_data = bytearray.fromhex(self._credentials["issuer_application_data"])
        if holder_verified:
            issuer_data[4] |= 0x04
        values = {
            "9F02": amount,
            "9F03": "000000000000",
            "9F1A": "0276",
            "95": "0000000000",
            "5F2A": "0978",
            "9A": "261124",
            "9C": "00",
            "9F37": f"{atc:04x}C0DE",
            "82": self._credentials["application_interchange_profile"],
            "9F36": f"{atc:04X}",
            "9F10": issuer_data.hex(),
        }
        self.session_key = pyemv.kd.derive_common_sk(
            bytes.fromhex(self._credentials["card_key"]), bytes.fromhex(values["9F36"]) + bytes(6)
        )
        data = bytes.fromhex("".join(values.values()))
        values["9F26"] = pyemv.ac.generate_ac(self.session_key, data, pyemv.ac.PaddingType.EMV).hex()
        values["9F27"] = "80"
        return values

    def authorize(self, chip, amount="000000001250"):
        """Send one 0100; the decoded 0110."""
        self._stan += 1
        request = {
            "t": "0100",
            "3": "000000",
            "4": amount,
            "7": "1124120000",
            "11": f"{self._stan:06d}",
            "22": "071",
            "23": "0" + self._credentials["pan_sequence_number"],
            "32": "12345678901",
            "35": f"{self._credentials['token_pan']}={self._credentials['expiry']}{self._credentials['service_code']}0",
            "37": f"{self._stan:012d}",
            "41": "OTHER001",
            "42": "SOMEBODY ELSE  ",
            "49": "978",
            "55": pyemv.tlv.encode({tag: bytes.fromhex(value) for tag, value in chip.items()}).hex().upper(),
        }
        raw, _ = iso8583.encode(request, SPEC)
        self._socket.sendall(len(raw).to_bytes(2, "big") + raw)
        length = int.from_bytes(self._socket.recv(2, socket.MSG_WAITALL), "big")
        answer, _ = iso8583.decode(self._socket.recv(length, socket.MSG_WAITALL), SPEC)
        assert answer["t"] == "0110"
        assert {name: answer[name] for name in ("11", "37", "41")} == {
            name: request[name] for name in ("11", "37", "41")
        }
        return answer


@pytest.fixture
def client(sandbox, clock):
    """Account, credentials and a line to the network, all got from outside."""
    account, credentials = Wallet(sandbox.http_url, clock).provision()
    acquirer = Acquirer(sandbox.iso_address, credentials)
    yield acquirer, account, credentials
    acquirer.close()


def test_a_foreign_client_is_approved_and_its_answer_checks_out(client, issuer):
    """The tap is approved, and the ARPC is what `pyemv` computes from the same session key."""
    acquirer, account, _ = client
    chip = acquirer.chip_data(atc=1)
    answer = acquirer.authorize(chip)
    assert answer["39"] == "00"
    issuer_data = pyemv.tlv.decode(bytes.fromhex(answer["55"]))["91"]
    arpc, update = issuer_data[:4], issuer_data[4:]
    assert update == bytes.fromhex("00800000")
    assert arpc == pyemv.ac.generate_arpc_2(acquirer.session_key, bytes.fromhex(chip["9F26"]), update)
    assert issuer.balance(account["id"])["held"] == 1250


def test_one_flipped_bit_is_declined(client, issuer):
    """One bit of the ARQC, the amount or the counter: each is declined, and the untouched tap still goes through."""
    acquirer, account, _ = client
    chip = acquirer.chip_data(atc=1)
    for tag in ("9F26", "9F02", "9F36", "9F37", "9F10"):
        flipped = bytearray.fromhex(chip[tag])
        flipped[-1] ^= 1
        changed = chip | {tag: flipped.hex().upper()}
        answer = acquirer.authorize(changed, amount=changed["9F02"])
        assert (tag, answer["39"]) == (tag, "88")
        assert issuer.authorization(answer["62"])["reason"] == "invalid_cryptogram"
    assert acquirer.authorize(chip, amount="000000001251")["39"] == "88"
    assert issuer.balance(account["id"])["held"] == 0
    assert acquirer.authorize(chip)["39"] == "00"


def test_the_wallet_says_whether_it_verified_its_holder(client, issuer):
    """By the bit of tag 9F10 that the documents name, which is signed; tag 9F34 is anybody's word."""
    acquirer, _, _ = client
    unsigned = acquirer.chip_data(1) | {"9F34": "410302"}
    for chip, expected in (
        (unsigned, "not verified, as far as proven"),
        (acquirer.chip_data(2, holder_verified=True), "verified by the device, which signed for it (9F10)"),
    ):
        checks = issuer.authorization(acquirer.authorize(chip)["62"])["checks"]
        assert {check["name"]: check["saw"] for check in checks}["cardholder_verification"] == expected


def test_out_of_order_taps_are_accepted_once(client):
    """Counters may arrive out of order inside the window, each once; below the window none does."""
    acquirer, _, _ = client
    assert [acquirer.authorize(acquirer.chip_data(atc))["39"] for atc in (5, 3, 4, 100, 90)] == ["00"] * 5
    assert [acquirer.authorize(acquirer.chip_data(atc))["39"] for atc in (3, 100, 90, 36)] == ["63"] * 4
    assert acquirer.authorize(acquirer.chip_data(37))["39"] == "00"


def test_another_device_cannot_open_the_credentials(sandbox, clock):
    """What is sealed to one device opens with no other key, and with no other info."""
    wallet = Wallet(sandbox.http_url, clock)
    wallet.key = ec.generate_private_key(ec.SECP256R1())
    _, credentials = wallet.provision()
    thief = ec.generate_private_key(ec.SECP256R1())
    activation = wallet.call("POST", f"/v1/tokens/{credentials['token_id']}/activate")
    message = _unbase64url(activation["sealed_credentials"])
    info = activation["hpke_info"].encode()
    for key, use in ((thief, info), (wallet.key, info + b"x")):
        private = key.private_numbers().private_value.to_bytes(32, "big")
        context = rfc9180.receive(rfc9180.DHKEM_P256, private, message[:65], use)
        with pytest.raises(Exception, match=r"^$") as refused:
            context.open(message[65:])
        assert type(refused.value).__name__ == "InvalidTag"


def test_a_stolen_proof_is_worth_nothing(sandbox, clock):
    """A DPoP proof works once, for one method and URL, and only with its API key."""
    wallet = Wallet(sandbox.http_url, clock)
    _, credentials = wallet.provision()
    url = f"{sandbox.http_url}/v1/tokens/{credentials['token_id']}/activate"
    proof = wallet.proof("POST", url, WALLET_KEY)

    def post(to, api_key):
        headers = {"Authorization": f"Bearer {api_key}", "DPoP": proof}
        try:
            with urllib.request.urlopen(urllib.request.Request(to, b"", headers, method="POST")) as response:
                return response.status, ""
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)["code"]

    assert post(url.replace("activate", "suspend"), WALLET_KEY) == (401, "invalid_dpop_proof")
    assert post(url, "tapwright-test-sandbox") == (401, "invalid_dpop_proof")
    assert post(url, WALLET_KEY) == (200, "")
    assert post(url, WALLET_KEY) == (401, "replayed_dpop_proof")
