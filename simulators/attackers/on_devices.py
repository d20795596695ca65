"""Attacks on device binding: forged attestations and captured DPoP proofs."""

import base64
import uuid
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from simulators.attackers.attack import Attack
from simulators.parties import sandbox_constants
from simulators.parties.manufacturer import Manufacturer
from simulators.wallet.card.secure_element import SecureElement
from tokenvault.devices.proof_of_possession import access_token_hash


class ForgedAttestation(Attack):
    """A device with a forged attestation: self-signed, under a root with a copied name, or for another key."""

    name = "forged-attestation"
    refusals = frozenset({"attestation_certificates"})

    def prepare(self) -> None:
        """Make a root that looks like the manufacturer's."""
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        subject = sandbox_constants.manufacturer_root().subject
        now = datetime.fromtimestamp(self.scene.clock.wall_clock(), UTC)
        self.root = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self.root_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.root_key, hashes.SHA256())
        )
        self.http = self.scene.new_client()

    def attempt(self) -> str:
        """Register; returns the field that was found wrong."""
        element, now = SecureElement(), self.scene.clock.wall_clock()
        match self.random.choice(["own root", "self-signed", "another's key", "changed", "too old"]):
            case "own root":
                chain = [Manufacturer(self.root, self.root_key).attest(element.public_key(), "phone", now)]
                if self.random.random() < 0.5:
                    chain.append(self.root)
            case "self-signed":
                chain = [self._self_signed(now)]
            case "another's key":
                chain = [Manufacturer().attest(SecureElement().public_key(), "phone", now)]
            case "changed":
                return self._register(element, [self._changed(Manufacturer().attest(element.public_key(), "a", now))])
            case _:
                past = now - 40 * 365 * 24 * 3600
                chain = [Manufacturer().attest(element.public_key(), "phone", past)]
        return self._register(element, [each.public_bytes(Encoding.DER) for each in chain])

    def _self_signed(self, now: float) -> x509.Certificate:
        own = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "phone")])
        moment = datetime.fromtimestamp(now, UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(moment - timedelta(minutes=5))
            .not_valid_after(moment + timedelta(days=365))
            .sign(own, hashes.SHA256())
        )

    def _changed(self, certificate: x509.Certificate) -> bytes:
        """One bit of a real certificate flipped, in its signature."""
        data = bytearray(certificate.public_bytes(Encoding.DER))
        data[-1 - self.random.randrange(20)] ^= 1 << self.random.randrange(8)
        return bytes(data)

    def _register(self, element: SecureElement, chain: list[bytes]) -> str:
        body = {"name": "phone", "attestation_certificates": [base64.b64encode(each).decode() for each in chain]}
        url = f"{self.scene.http_url}/v1/devices"
        proof = element.sign_proof(_claims("POST", url, self.scene.clock.wall_clock()))
        response = self.http.post("/v1/devices", json=body, headers=_headers(proof))
        if response.is_success:
            return "registered"
        return str(response.json()["errors"][0]["field"])


class StolenProof(Attack):
    """A captured DPoP proof that is used for another call."""

    name = "stolen-proof"
    refusals = frozenset({"invalid_dpop_proof", "replayed_dpop_proof"})

    def prepare(self) -> None:
        """Overhear how the phone fetches its credentials."""
        self.phone = self.scene.new_victim().phone
        self.http = self.scene.new_client()
        self.path = f"/v1/tokens/{self.phone.token_id}/activate"
        self.used = self.phone.proof("POST", self.path)
        self.http.post(self.path, headers=_headers(self.used)).raise_for_status()

    def attempt(self) -> str:
        """The same proof again, an unused one for another call or after its time, or one that was changed."""
        match self.random.choice(["again", "another path", "another method", "too old", "changed"]):
            case "again":
                return self._outcome(self.used)
            case "another path":
                other = uuid.UUID(bytes=self.random.randbytes(16))
                return self._outcome(self.phone.proof("POST", f"/v1/devices/{other}"))
            case "another method":
                return self._outcome(self.phone.proof(self.random.choice(["GET", "PUT", "DELETE"]), self.path))
            case "too old":
                self.phone.clock_ahead = -self.random.uniform(600, 86_400)
                proof = self.phone.proof("POST", self.path)
                self.phone.clock_ahead = 0.0
                return self._outcome(proof)
        head, _, signature = self.phone.proof("POST", self.path).rpartition(".")
        place = self.random.randrange(len(signature) - 2)
        other_letter = "A" if signature[place] != "A" else "B"
        return self._outcome(f"{head}.{signature[:place]}{other_letter}{signature[place + 1 :]}")

    def _outcome(self, proof: str) -> str:
        response = self.http.post(self.path, headers=_headers(proof))
        return "accepted" if response.is_success else str(response.json()["code"])


def _claims(method: str, url: str, now: float) -> dict[str, object]:
    return {
        "jti": str(uuid.uuid4()),
        "htm": method,
        "htu": url,
        "iat": int(now),
        "ath": access_token_hash(sandbox_constants.WALLET_API_KEY),
    }


def _headers(proof: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {sandbox_constants.WALLET_API_KEY}", "DPoP": proof}
